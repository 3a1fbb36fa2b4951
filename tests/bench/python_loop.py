#!/usr/bin/env python3
"""The four prompts from Python against four calls of engram-cli: seconds, and CPU seconds of both sides, medians of some rounds.

    python3 tests/bench/python_loop.py [ROUNDS [MODEL]]      (ENGRAM_CLI names the program)
"""
import os
import resource
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python"))
import engram  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
MODEL = sys.argv[2] if len(sys.argv) > 2 else None
FACTS = [
    ("The Eiffel Tower is located in", "Eiffel Tower"),
    ("The Space Needle is located in downtown", "Space Needle"),
    ("The mother tongue of Angela Merkel is", "Angela Merkel"),
    ("Apple Inc. was founded by Steve", "Apple Inc"),
]


def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(work, cpu):
    begin, before = time.monotonic(), cpu() + time.process_time()
    work()
    return time.monotonic() - begin, cpu() + time.process_time() - before


def main():
    model = engram.load(MODEL)
    program = engram.find_program()
    named = ["--model", MODEL] if MODEL else []

    def loop():
        for prompt, subject in FACTS:
            model.trace(prompt, subject=subject)

    def many():
        model.trace_many(FACTS)

    def calls():
        for prompt, subject in FACTS:
            subprocess.run([*program, "trace", prompt, "--subject", subject, "--json", *named], check=True, stdout=subprocess.DEVNULL)

    loop()
    found = {name: [] for name in ("calls", "loop", "many")}
    for _ in range(ROUNDS):
        found["calls"].append(measure(calls, cpu_of_children))
        found["loop"].append(measure(loop, lambda: cpu_of(model._engine.pid)))
        found["many"].append(measure(many, lambda: cpu_of(model._engine.pid)))
    for name, values in found.items():
        wall, cpu = (statistics.median(column) for column in zip(*values))
        print(f"{name:6s} {wall:7.3f} s {cpu:7.3f} CPU s   (best {min(value[0] for value in values):.3f} s)")


if __name__ == "__main__":
    main()
