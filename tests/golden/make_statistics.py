"""Writes statistics.json: what NumPy makes of one value a fact (src/study/statistics.h says which line is which number).

Run: python3 -m venv venv && venv/bin/pip install numpy==2.4.6 && venv/bin/python make_statistics.py (under tests/golden).
The values are RandomState's, which the test draws again: standard_normal(n·width), each row with a trend over layers, in
some cases rounded to quarters, so that values, means and peaks are equal to one another.
"""

import json
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
RESAMPLES = 2000
# n, width, seed, rounded
CASES = [(40, 8, 3, False), (40, 6, 4, True), (2, 3, 5, False), (1, 4, 6, False), (97, 1, 7, False), (3, 5, 8, True)]
# n of a, n of b, width, seed of a, seed of b, paired
PAIRS = [(40, 40, 8, 9, 10, True), (40, 23, 5, 11, 12, False), (1, 9, 4, 13, 14, False)]


def draw(n, width, seed, rounded=False):
    trend = np.arange(width) * (width - 1 - np.arange(width)) / (width * width)
    values = np.random.RandomState(seed).standard_normal(n * width).reshape(n, width) + trend
    return np.round(values * 4) / 4 if rounded else values


def intervals(means):
    lower, upper = np.percentile(means, [2.5, 97.5], axis=0)
    peaks = means.argmax(axis=1)
    return {
        "lower": lower,
        "upper": upper,
        "peak_lower": np.percentile(peaks, 2.5, method="lower"),
        "peak_upper": np.percentile(peaks, 97.5, method="higher"),
    }


def describe(values):
    n = len(values)
    found = {"mean": values.mean(axis=0), "peak": values.mean(axis=0).argmax()}
    found["quartiles"] = np.percentile(values, [25, 50, 75], axis=0)
    if n > 1:
        found["sem"] = values.std(axis=0, ddof=1) / math.sqrt(n)
        rows = np.random.RandomState(1).randint(n, size=(RESAMPLES, n))
        found |= intervals(values[rows].mean(axis=1))
    return found


def describe_unpaired(a, b):
    found = {"mean": a.mean(axis=0) - b.mean(axis=0)}
    found["peak"] = found["mean"].argmax()
    if min(len(a), len(b)) > 1:
        found["sem"] = np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
        random = np.random.RandomState(1)
        rows_a = random.randint(len(a), size=(RESAMPLES, len(a)))
        rows_b = random.randint(len(b), size=(RESAMPLES, len(b)))
        found |= intervals(a[rows_a].mean(axis=1) - b[rows_b].mean(axis=1))
    return found


def plain(found):
    return {name: np.asarray(value).tolist() for name, value in found.items()}


def main():
    cases = [
        {"n": n, "width": width, "seed": seed, "rounded": rounded, **plain(describe(draw(n, width, seed, rounded)))}
        for n, width, seed, rounded in CASES
    ]
    pairs = []
    for n_a, n_b, width, seed_a, seed_b, paired in PAIRS:
        a, b = draw(n_a, width, seed_a), draw(n_b, width, seed_b)
        found = describe(a - b) if paired else describe_unpaired(a, b)
        pairs.append({"n_a": n_a, "n_b": n_b, "width": width, "seed_a": seed_a, "seed_b": seed_b, "paired": paired, **plain(found)})
    curve, places = np.array([3.0, -1.0, 4.5, 2.0]), np.linspace(0, 1, 8)
    document = {
        "cases": cases,
        "pairs": pairs,
        "depths": {"values": curve.tolist(), "places": places.tolist(), "read": np.interp(places, np.linspace(0, 1, 4), curve).tolist()},
    }
    (HERE / "statistics.json").write_text(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
