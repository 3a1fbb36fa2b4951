#!/bin/sh
# marimo 0.25.2: mo.cache, mo.lru_cache and mo.persistent_cache know an array by its bytes, in the order in which they lie
# in memory, and by its first dimension there: not by its shape, its order or its type. A matrix and its transpose are the
# same to them: a cached mean over the first axis, asked of x and then of x.T, answers x's means, with x's length. So are
# (layers, heads, tokens) and (layers, heads * tokens), views of another type, zeros of int64 and of float64. Nothing
# warns. A copy by np.ascontiguousarray(x.T) is told apart, and joblib's hash tells all of them apart.
. "$(dirname "$0")/lib.sh"
packages marimo==0.25.2 numpy==2.4.6 joblib==1.6.0
cat >"$folder/notebook.py" <<'PY'
import marimo

app = marimo.App()


@app.cell
def _():
    import joblib
    import marimo as mo
    import numpy as np
    return joblib, mo, np


@app.cell
def _(joblib, mo, np):
    def told_apart(keep, first, second):
        @keep
        def itself(x):
            return x.copy()

        itself(first)
        back = itself(second)
        return back.shape == second.shape and back.dtype == second.dtype and np.array_equal(back, second)

    @mo.cache
    def mean_of_tokens(x):
        return x.mean(0)

    print("marimo", mo.__version__)
    scores = np.arange(12.0).reshape(3, 4)
    print("means over the first axis of 3 x 4:", mean_of_tokens(scores), "- of its transpose:", mean_of_tokens(scores.T), "- are:", scores.T.mean(0))
    assert np.array_equal(mean_of_tokens(scores.T), scores.mean(0)) and scores.T.mean(0).shape == (3,)

    cube = np.arange(24.0).reshape(2, 3, 4)
    square = np.random.RandomState(0).randn(3, 3)
    pairs = {
        "3 x 4 and its transpose": (scores, scores.T, False),
        "3 x 3 and its transpose": (square, square.T, False),
        "3 x 4 and a copy of its transpose": (scores, np.ascontiguousarray(scores.T), True),
        "2 x 3 x 4 and 2 x 12": (cube, cube.reshape(2, 12), False),
        "2 x 3 x 4 and 2 x 4 x 3": (cube, cube.reshape(2, 4, 3), False),
        "3 x 4 and 4 x 3, the same bytes": (scores, scores.reshape(4, 3), True),
        "zeros, float64 and int64": (np.zeros(4), np.zeros(4, np.int64), False),
        "float64 seen as int64": (scores, scores.view(np.int64), False),
    }
    for name, (first, second, expected) in pairs.items():
        apart = told_apart(mo.cache, first, second)
        print(f"{name:34}: {'told apart' if apart else 'the same to mo.cache'}")
        assert apart == expected and joblib.hash(first) != joblib.hash(second)
    for keep in (mo.lru_cache, mo.persistent_cache):
        assert not told_apart(keep, scores, scores.T)
    print("mo.lru_cache and mo.persistent_cache: 3 x 4 and its transpose are the same to them, too")
    return


if __name__ == "__main__":
    app.run()
PY
python_here <<'PY'
import runpy
runpy.run_path("notebook.py", run_name="__main__")
PY
