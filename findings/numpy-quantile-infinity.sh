#!/bin/sh
# NumPy 2.4.6: the median and the quantile 0.5 of the same numbers. One infinite log probability makes the quantile nan
# when it is above, and not when it is below; float32 data give other last bits; and the type of the result is decided by
# how the 0.5 is typed: a Python float keeps float32, np.float64(0.5) or a list gives float64.
. "$(dirname "$0")/lib.sh"
packages numpy==2.4.6
python_here <<'PY'
import numpy as np

np.seterr(all="ignore")
below, above = np.array([-np.inf, 0.0]), np.array([0.0, np.inf])
print("NumPy", np.__version__)
print("[-inf, 0]: median", np.median(below), "quantile", np.quantile(below, 0.5))
print("[0, inf]: median", np.median(above), "quantile", np.quantile(above, 0.5))
assert np.median(below) == np.quantile(below, 0.5) == -np.inf
assert np.median(above) == np.inf and np.isnan(np.quantile(above, 0.5))

scores = np.random.RandomState(0).randn(1000, 6).astype(np.float32)
equal = np.mean(np.median(scores, axis=1) == np.quantile(scores, 0.5, axis=1))
types = [np.quantile(scores, q).dtype.name for q in (0.5, np.float64(0.5), [0.5])]
print("rows of six float32 whose median is the quantile 0.5:", equal)
print("types of quantile(float32, 0.5 | np.float64(0.5) | [0.5]):", types)
assert 0.5 < equal < 0.95
assert types == ["float32", "float64", "float64"]
PY
