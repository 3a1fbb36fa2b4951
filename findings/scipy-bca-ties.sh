#!/bin/sh
# SciPy 1.17.1, scipy.stats.bootstrap, its default method BCa on the median of numbers with ties (effects of which many are
# 0, ranks, peak layers): the interval is (nan, nan), where the percentile method has one and where BCa has one for the
# mean of the same numbers; it depends on the values, not on their count.
. "$(dirname "$0")/lib.sh"
packages numpy==2.4.6 scipy==1.17.1
python_here <<'PY'
import math
import numpy as np, scipy
from scipy.stats import bootstrap

def interval(data, statistic, method):
    found = bootstrap((np.array(data, float),), statistic, rng=1, method=method).confidence_interval
    return float(found.low), float(found.high)

print("SciPy", scipy.__version__)
for data in ([0, 0, 0, 0, 1], [0, 2, 1, 0, 1, 1, 2, 0, 2, 1, 1, 2]):
    found = {(statistic.__name__, method): interval(data, statistic, method) for statistic in (np.mean, np.median) for method in ("percentile", "BCa")}
    print(data, found)
    for (statistic, method), (low, high) in found.items():
        assert (math.isnan(low) and math.isnan(high)) == (statistic == "median" and method == "BCa"), (statistic, method)
low, high = interval(np.random.RandomState(0).randn(12), np.median, "BCa")
assert low < high
PY
