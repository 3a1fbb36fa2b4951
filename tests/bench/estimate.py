#!/usr/bin/env python3
"""How good estimates are: against the exact traces of many facts, at every site, as a table for docs/estimate.md.

    estimate.py ENGRAM-CLI [--model data/demo] [--facts 200] [--steps 0,1,5] [--json FILE]
    estimate.py ENGRAM-CLI --order [--model …] [--facts 200] [--prompt TEXT --subject TEXT]

Takes facts of data/demo/facts.txt in a fixed random order, of which the model knows the answer (clean probability at least
0.5) and corruption takes it away (at most half of that is left), and traces each at all sites, exactly and by estimates.
Over the cells that a trace computes: Pearson's and Spearman's correlation of the estimated with the exact scores, how many of
the ten highest cells are the same, and the largest miss; the means over facts. Time is processor time, of both threads.

With --order: after which share of a trace in the order of the estimates (its runs: computed cells x samples, so that nothing else
on the machine counts) the cells of the ten highest scores are exact, beside the share that they are themselves, than which no
order can be better, and the same in the usual order.
"""
import argparse
import json
import math
import random
import re
import resource
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMPTS = [
    ("The Eiffel Tower is located in", "Eiffel Tower", "Paris"),
    ("The Space Needle is located in downtown", "Space Needle", "Seattle"),
    ("The mother tongue of Angela Merkel is", "Angela Merkel", "German"),
    ("Apple Inc. was founded by Steve", "Apple Inc.", "Jobs"),
]


def read_facts(path):
    """(prompt, subject, answer) of every sentence; the prompts of the page first, then the others in a fixed order."""
    relations, facts = {}, []
    for line in map(str.strip, path.read_text(encoding="utf-8").splitlines()):
        head = re.fullmatch(r"\[(\w+)(?: : (\w+))?\]", line)
        if not line or line.startswith("#"):
            continue
        if head:
            name, base = head.groups()
            relation = relations[name] = list(relations[base]) if base else []
        elif line.startswith("~ "):
            relation.append(line[2:])
        else:
            subject, answer = line.split(" = ")
            for phrasing in relation:
                before = phrasing.split(" {A}")[0]
                shown = subject[0].upper() + subject[1:] if "{S}" in before else subject
                facts.append((before.replace("{S}", shown).replace("{s}", subject), shown, answer))
    random.Random(1).shuffle(facts)
    return PROMPTS + facts


def ranks(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    found = [0.0] * len(values)
    for rank, i in enumerate(order):
        found[i] = rank
    return found


def pearson(a, b):
    ma, mb = statistics.fmean(a), statistics.fmean(b)
    ab = sum((x - ma) * (y - mb) for x, y in zip(a, b))
    aa, bb = sum((x - ma) ** 2 for x in a), sum((y - mb) ** 2 for y in b)
    return ab / math.sqrt(aa * bb) if aa > 0 and bb > 0 else float("nan")


def compare(estimate, exact, low, high):
    """Of one site's cells that are computed: those that are known without it are the low or the high score itself."""
    pairs = [(e, x) for row, other in zip(estimate, exact) for e, x in zip(row, other)
             if min(abs(x - low), abs(x - high)) > 1e-9 * high]
    e, x = [p[0] for p in pairs], [p[1] for p in pairs]
    top = min(10, len(pairs))
    best = [set(sorted(range(len(v)), key=lambda i: -v[i])[:top]) for v in (e, x)]
    return {"pearson": pearson(e, x), "spearman": pearson(ranks(e), ranks(x)), "top": len(best[0] & best[1]),
            "miss": max(abs(a - b) for a, b in pairs)}


class Runner:
    def __init__(self, cli, model):
        self.cli, self.model = cli, model

    def run(self, *arguments):
        """The document, and processor seconds; None where it fails."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([self.cli, *arguments, "--json", "--model", self.model, "--device", "cpu"],
                              capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return (json.loads(done.stdout) if done.returncode == 0 else None), seconds


def grids(document, name):
    """Of each site."""
    found = {document["site"]: document[name]}
    found.update({site["site"]: site[name] for site in document.get("more_sites", [])})
    return found


def measure(runner, fact, steps):
    """{(site, steps): comparison}, and the seconds; None of a fact that says nothing."""
    prompt, subject, answer = fact
    trace = ("trace", prompt, "--subject", subject, "--target", answer, "--site", "all")
    quick, _ = runner.run(*trace, "--estimate")
    if quick is None or quick["high_score"] < 0.5 or quick["low_score"] > quick["high_score"] / 2:
        return None
    _, idle = runner.run("tokenize", prompt)
    exact, exact_time = runner.run(*trace)
    found, times = {}, {"exact": exact_time - idle}
    low, high = exact["low_score"], exact["high_score"]
    for n in steps:
        document, seconds = runner.run(*trace, "--estimate", "--ig", str(n))
        times[n] = seconds - idle
        scores = grids(exact, "scores")
        for site, estimate in grids(document, "estimate").items():
            found[site, n] = compare(estimate, scores[site], low, high)
    return found, times


def stream(runner, arguments):
    """The events of a trace."""
    command = [runner.cli, "trace", *arguments, "--stream", "--threads", "1", "--model", runner.model, "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def share_until_exact(events):
    """(share of all runs until the ten highest are exact, share of the ninth, share that the ten are themselves)."""
    result = events[-1]
    low, high, samples = result["low_score"], result["high_score"], result["samples"]
    scores = {(l, t): x for l, row in enumerate(result["scores"]) for t, x in enumerate(row)
              if min(abs(x - low), abs(x - high)) > 1e-9 * high}
    top = sorted(scores, key=lambda cell: -scores[cell])[:10]
    done, known, exact = 0, {}, []
    for event in events:
        cell = (event.get("layer"), event.get("position"))
        if event["event"] != "cell" or cell not in scores:
            continue
        done += event["samples"] - known.get(cell, 0)
        known[cell] = event["samples"]
        if event["samples"] == samples and cell in top:
            exact.append(done / (len(scores) * samples))
    exact = sorted(exact)
    return exact[-1], exact[-2], len(top) / len(scores)


def measure_order(runner, facts, count):
    rows = []
    for prompt, subject, answer in facts:
        if len(rows) == count:
            break
        asked = [prompt, "--subject", subject] + (["--target", answer] if answer else [])
        ordered = stream(runner, asked)
        result = ordered[-1]
        if answer and (result["high_score"] < 0.5 or result["low_score"] > result["high_score"] / 2):
            continue
        rows.append((*share_until_exact(ordered), share_until_exact(stream(runner, asked + ["--no-estimate"]))[0]))
    mean = [100 * statistics.fmean(column) for column in zip(*rows)]
    print(f"{len(rows)} prompts: the ten highest are exact after {mean[0]:.0f}% of all runs, nine of them after {mean[1]:.0f}%; "
          f"they are {mean[2]:.0f}% themselves; in the usual order after {mean[3]:.0f}%")


def print_table(results, sites, steps):
    print("| site | " + " | ".join(f"Pearson, {n} steps | Spearman | top 10 | largest miss" for n in steps) + " |")
    print("|---|" + "---|" * (4 * len(steps)))
    for site in sites:
        cells = []
        for n in steps:
            of = [found[site, n] for found, _ in results]
            mean = {key: statistics.fmean(v for v in (o[key] for o in of) if not math.isnan(v)) for key in of[0]}
            worst = max(o["miss"] for o in of)
            cells.append(f"{mean['pearson']:.2f} | {mean['spearman']:.2f} | {mean['top']:.1f} | "
                         f"{mean['miss']:.2f} (at most {worst:.2f})")
        print(f"| `{site}` | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cli")
    parser.add_argument("--model", default=str(ROOT / "data" / "demo"))
    parser.add_argument("--facts", type=int, default=200)
    parser.add_argument("--steps", default="0,1,5")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--order", action="store_true")
    parser.add_argument("--prompt")
    parser.add_argument("--subject")
    options = parser.parse_args()
    steps = [int(n) for n in options.steps.split(",")]
    if options.order:
        facts = read_facts(ROOT / "data" / "demo" / "facts.txt")
        asked = [(options.prompt, options.subject, None)] if options.prompt else facts
        measure_order(Runner(options.cli, options.model), asked, options.facts)
        return
    runner, results, n_passed = Runner(options.cli, options.model), [], 0
    for number, fact in enumerate(read_facts(ROOT / "data" / "demo" / "facts.txt")):
        if len(results) == options.facts:
            break
        result = measure(runner, fact, steps)
        n_passed += result is None
        if result is None:
            continue
        results.append(result)
        if number < len(PROMPTS):
            print(fact[0], {n: {k: round(v, 3) for k, v in result[0]["resid", n].items()} for n in steps}, flush=True)
    sites = list(dict.fromkeys(site for site, _ in results[0][0]))
    print(f"\n{len(results)} facts; {n_passed} others are not known, or not touched by corruption\n")
    print_table(results, sites, steps)
    exact = sum(times["exact"] for _, times in results)
    for n in steps:
        share = sum(times[n] for _, times in results) / exact
        print(f"\nprocessor time of an estimate of all sites, {n} steps: {100 * share:.1f}% of all sites' exact traces")
    if options.json:
        options.json.write_text(json.dumps([{f"{s} {n}": v for (s, n), v in found.items()} for found, _ in results]))


if __name__ == "__main__":
    main()
