#!/bin/sh
# SciPy 1.17.1, scipy.stats.bootstrap with `batch`: documented as a limit on memory. For one sample it is no more than that.
# For two unpaired samples the same seed gives another interval for each `batch`, since every batch draws for the first
# sample and then for the second. And an int means one generator as `rng=` and another as `random_state=`.
. "$(dirname "$0")/lib.sh"
packages numpy==2.4.6 scipy==1.17.1
python_here <<'PY'
import numpy as np, scipy
from scipy.stats import bootstrap

facts = np.random.RandomState(0).standard_exponential(40)
others = np.random.RandomState(1).standard_exponential(33)

def interval(data, statistic, **options):
    found = bootstrap(data, statistic, method="percentile", **options).confidence_interval
    return float(found.low), float(found.high)

def difference(a, b, axis):
    return np.mean(a, axis=axis) - np.mean(b, axis=axis)

one = {interval((facts,), np.mean, rng=1, batch=batch) for batch in (None, 1000, 100)}
two = [interval((facts, others), difference, rng=1, batch=batch) for batch in (None, 1000, 100)]
named = [interval((facts,), np.mean, rng=1), interval((facts,), np.mean, random_state=1)]
print("SciPy", scipy.__version__)
print("one sample, batch None, 1000, 100:", one)
print("two samples, batch None, 1000, 100:", two)
print("rng=1 and random_state=1:", named)
assert len(one) == 1
assert len(set(two)) == 3
assert named[0] != named[1]
PY
