#!/usr/bin/env python3
"""Writes rome/: files of ROME's causal_trace.py (numpy.savez of calculate_hidden_flow's result: [tokens, layers], a range
with an exclusive end), and of the notebook's project, which puts three texts beside them (needs numpy)."""
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parent / "rome"
TOKENS = ["The", " Space", " Need", "le", " is", " in"]


def main():
    OUT.mkdir(exist_ok=True)
    grid = np.linspace(0.1, 0.9, 24).reshape(6, 4).astype(np.float32)
    rome = dict(scores=grid, low_score=np.float32(0.1), high_score=np.float32(0.9), input_ids=np.arange(6), input_tokens=TOKENS, subject_range=(1, 4),
                answer=" Seattle", window=10, correct_prediction=True, kind="")
    texts = dict(target_token=" Seattle", prompt="".join(TOKENS), subject="Space Needle")
    np.savez(OUT / "plain.npz", **rome)
    np.savez(OUT / "mlp.npz", **{**rome, "kind": "mlp"})
    np.savez(OUT / "none.npz", **{**rome, "kind": None})
    np.savez(OUT / "texts.npz", **rome, **texts)
    np.savez(OUT / "square.npz", **{**rome, "scores": np.linspace(0.1, 0.9, 36).reshape(6, 6).astype(np.float32)}, **texts)
    np.savez(OUT / "end.npz", **{**rome, "subject_range": (3, 6)})
    np.savez(OUT / "wrong-prediction.npz", correct_prediction=False)
    np.savez(OUT / "notebook.npz", **{**rome, "scores": grid.T, "subject_range": (1, 3)} | texts)
    with np.load(OUT / "notebook.npz") as saved:
        kept = {name: saved[name] for name in saved.files if name not in ("answer", "kind")}
    np.savez(OUT / "notebook.npz", **kept)
    for name, change in {"beyond": dict(subject_range=(1, 7)), "empty": dict(subject_range=(2, 2)), "shape": dict(scores=grid.T), "kind": dict(kind="heads")}.items():
        np.savez(OUT / f"bad-{name}.npz", **{**rome, **change})


if __name__ == "__main__":
    main()
