"""Writes analysis/*.npz and analysis.json: traces as files, and what NumPy makes of them by the notebook's lines.

Run: python3 -m venv venv && venv/bin/pip install numpy==2.4.6 && venv/bin/python make_analysis.py (under tests/golden).
Averages are of float64: float32 scores are widened first. argsort is the stable one, which is what NumPy's default is
for up to 16 values.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def analyze(path):
    """The notebook's sections 4 to 6; values that are not there (NaN) are left out."""
    result = np.load(path)
    scores = result["scores"].astype(np.float64)
    subj_start, subj_end = result["subject_range"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # rows without a value
        layer_avg = np.nanmean(scores, axis=1)
        subject_layer_avg = np.nanmean(scores[:, subj_start : subj_end + 1], axis=1)
        overall, subject = np.nanmean(layer_avg), np.nanmean(subject_layer_avg)
    top_layers = [l for l in np.argsort(layer_avg, kind="stable") if not np.isnan(layer_avg[l])][-5:][::-1]
    low, high = float(result["low_score"]), float(result["high_score"])
    normalized = np.clip((scores - low) / (high - low), 0, 1)
    if not np.isnan(scores).any():  # exactly the notebook's lines, then
        assert (layer_avg == scores.mean(axis=1)).all() and overall == layer_avg.mean()
        assert (subject_layer_avg == scores[:, subj_start : subj_end + 1].mean(axis=1)).all()
    best = np.unravel_index(np.nanargmax(scores), scores.shape)
    return {
        "best": [int(best[0]), int(best[1])],
        "best_score": scores[best],
        "layer_average": layer_avg,
        "subject_average": subject_layer_avg,
        "top_layers": [int(l) for l in top_layers],
        "overall": overall,
        "subject": subject,
        "ratio": subject / overall,
        "normalized": normalized.ravel(),
    }


def plain(value):
    if isinstance(value, np.ndarray):
        return [plain(x) for x in value]
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    return value


def save(name, scores, subject_range, low=0.05, high=0.9):
    tokens = np.array([f" t{i}" for i in range(scores.shape[1])])
    np.savez(
        HERE / "analysis" / f"{name}.npz",
        scores=scores,
        low_score=low,
        high_score=high,
        input_tokens=tokens,
        subject_range=np.array(subject_range),
        target_token=" x",
        prompt="".join(tokens),
        subject="".join(tokens[subject_range[0] : subject_range[1] + 1]),
    )


def main():
    (HERE / "analysis").mkdir(exist_ok=True)
    random = np.random.RandomState(7)
    ties = np.full((9, 4), 0.25)
    ties[3, 1] = ties[6, 2] = ties[6, 0] = 0.5
    save("ties", ties, (1, 2))
    save("all-equal", np.full((7, 3), 0.125), (0, 0))
    holes = random.rand(6, 11)
    holes[2] = np.nan
    holes[0, :5] = np.nan
    holes[4, 9] = np.nan
    save("holes", holes, (3, 4))
    save("wide", random.rand(20, 40).astype(np.float32), (5, 30))
    save("one-cell", np.array([[0.4]]), (0, 0))
    save("wide-double", random.rand(4, 301), (200, 299))  # sums of float32 are exact in any order
    save("three-layers", random.rand(3, 8), (6, 7))

    paths = [HERE / "example_trace.npz", *sorted((HERE / "analysis").glob("*.npz"))]
    cases = {str(path.relative_to(HERE)): {k: plain(v) for k, v in analyze(path).items()} for path in paths}
    (HERE / "analysis.json").write_text(json.dumps(cases, indent=0) + "\n")


main()
