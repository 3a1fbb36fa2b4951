#!/usr/bin/env python3
"""What `meson test` found, from its logs.

    results.py LOGS to-run-again         the names of the window's tests that are worth another try, in one line: a few that
                                         failed, but by no sanitizer's word, nor `kills`, which tries other moments each time
    results.py LOGS count STATUS         "N passed, N failed, N skipped" of every TAP subtest; STATUS is meson test's

Every TAP subtest counts as a test; so does a program without TAP, and one that dies without saying which of its subtests
failed. What testlog-again.json has was run once more, and counts as it did then.
"""
import json
import os
import re
import sys


def read(path):
    """{name: test}"""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8", errors="replace") as lines:
        return {test["name"]: test for test in map(json.loads, lines)}


def is_bad(test):
    return test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")


def is_worth_another_try(test):
    said = (test.get("stdout") or "") + (test.get("stderr") or "")
    return ":gui" in test["name"] and not test["name"].endswith(" kills") and not re.search("Sanitizer|runtime error:", said)


def to_run_again(first):
    bad = [test for test in first.values() if is_bad(test)]
    # More of them are no accident.
    few = 0 < len(bad) <= 3
    return [test["name"].split(" / ")[-1] for test in bad if few and is_worth_another_try(test)]


def count_of(test):
    """(passed, failed, skipped)"""
    passed = failed = skipped = 0
    results = re.findall(r"^ *(ok|not ok)\b(.*)$", test.get("stdout") or "", re.M)
    for result, rest in results:
        if re.search(r"# *SKIP", rest, re.I):
            skipped += 1
        elif result == "ok" or re.search(r"# *TODO", rest, re.I):
            passed += 1
        else:
            failed += 1
    if is_bad(test) and failed == 0:
        failed = 1
    elif not results and not is_bad(test):
        skipped, passed = (1, 0) if test["result"] == "SKIP" else (0, 1)
    return passed, failed, skipped


def count(first, again, status):
    again = {name: test for name, test in again.items() if name in first and is_bad(first[name])}
    for name, test in again.items():
        what = "failed again" if is_bad(test) else "passed alone: a race, of the test or of the program"
        print(f"{name} failed beside other tests, and {what}.")
    tests = {**first, **again}
    passed, failed, skipped = (sum(column) for column in zip(*map(count_of, tests.values()))) if tests else (0, 0, 0)
    # meson's own failures, of which no test knows.
    if passed + failed == 0 or (status != "0" and not any(map(is_bad, first.values()))):
        print("No test was run." if passed == 0 else "meson test failed.")
        failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed > 0


def main(logs, what, *status):
    first, again = (read(os.path.join(logs, name)) for name in ["testlog.json", "testlog-again.json"])
    if what == "count":
        sys.exit(count(first, again, *status))
    print(*to_run_again(first))


main(*sys.argv[1:])
