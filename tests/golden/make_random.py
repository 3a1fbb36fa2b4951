#!/usr/bin/env python3
"""Makes tests/golden/random.txt: numbers of numpy.random.RandomState, for test-core.c.

A line is "seed operation values..": the operations of one seed continue one stream, in order. "uint32" are raw numbers,
"skip N" draws N of them, "double" is random_sample(), "normal" is randn() of as many values as follow (odd counts leave
NumPy's second value cached), "uniform" is uniform(-1, 1), "chisquare:K" is chisquare(K), "randint:N" is
randint(N). Floats are hexadecimal.
"""

import pathlib

import numpy as np


def lines(seed):
    state = np.random.RandomState(seed)

    def uint32s(n):
        return np.frombuffer(state.bytes(4 * n), dtype="<u4").tolist()

    def floats(values):
        return [value.hex() for value in values.tolist()]

    yield ["uint32", *uint32s(8)]
    yield ["double", *floats(state.random_sample(5))]
    yield ["normal", *floats(state.randn(3))]
    yield ["double", *floats(state.random_sample(2))]
    yield ["normal", *floats(state.randn(2))]
    # Past the end of the 624 words, where the state is made anew.
    uint32s(1400)
    yield ["skip", 1400]
    yield ["uint32", *uint32s(4)]
    yield ["normal", *floats(state.randn(7))]
    yield ["normal", *floats(state.randn(1))]
    yield ["uniform", *floats(state.uniform(-1, 1, 5))]
    for degrees in (3, 2.5, 17):
        yield [f"chisquare:{degrees}", *floats(state.chisquare(degrees, 40))]
    for n in (1, 2, 10, 1024, 1025, 2**31 + 1):
        yield [f"randint:{n}", *state.randint(n, size=9).tolist()]
    yield ["normal", *floats(state.randn(2))]


def main():
    with open(pathlib.Path(__file__).resolve().parent / "random.txt", "w", encoding="ascii") as file:
        for seed in (0, 1, 42, 2**32 - 1):
            for line in lines(seed):
                print(seed, *line, file=file)


if __name__ == "__main__":
    main()
