#!/usr/bin/env python3
"""Random valid checkpoints are read as transformers reads them (answers.txt, make_answers.py). Speaks TAP.

    test_checkpoints.py ANSWERS-PROGRAM [FIRST LAST]     of 3,000; needs nothing but Python
"""
import os
import subprocess
import sys
import tempfile

import recipes

HERE = os.path.dirname(os.path.abspath(__file__))
# Random networks magnify rounding: transformers in float32 is up to 6e-5 from itself in float64.
TOLERANCE = 1e-4


def read(line):
    """[(token, probability)], or None for a refusal."""
    try:
        pairs = [pair.split(":") for pair in line.split()]
        return [(int(token), float(probability)) for token, probability in pairs]
    except ValueError:
        return None


def agree(found, expected):
    """Tokens as probable as each other may come in either order."""
    if found is None or len(found) != len(expected):
        return False
    others = dict(expected)
    for i, (token, probability) in enumerate(found):
        if abs(probability - expected[i][1]) > TOLERANCE or abs(probability - others.get(token, expected[-1][1])) > TOLERANCE:
            return False
    return True


def describe(number):
    recipe = recipes.make(number)
    return f"{recipe.config}, {recipe.container} × {recipe.n_files}{' in ' + recipe.frame if recipe.frame else ''}, {next(iter(recipe.tensors))} …"


def main():
    program = os.path.abspath(sys.argv[1])
    with open(os.path.join(HERE, "answers.txt"), encoding="ascii") as file:
        answers = file.read().splitlines()
    first, last = (int(argument) for argument in sys.argv[2:4]) if len(sys.argv) > 3 else (0, len(answers))
    wrong = []
    with tempfile.TemporaryDirectory() as top:
        folders = [os.path.join(top, str(number)) for number in range(first, last)]
        for number, folder in zip(range(first, last), folders):
            recipes.write(recipes.make(number), folder)
        told = subprocess.run([program, recipes.PROMPT], input="\n".join(folders) + "\n", stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    assert len(told) == len(folders), (len(told), len(folders))
    for number, line in zip(range(first, last), told):
        expected = answers[number].split(maxsplit=1)[1]
        if not agree(read(line), read(expected)):
            wrong.append(number)
            print(f"# {number}: {line}, expected {expected}\n#   {describe(number)}")
    print(f"1..1\n{'not ' if wrong else ''}ok 1 - {last - first} checkpoints are read as transformers reads them, but for {len(wrong)}")
    sys.exit(bool(wrong))


main()
