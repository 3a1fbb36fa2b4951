"""A test script's results in TAP: functions named test_… are run in their order."""
import subprocess
import sys
import traceback


class Skip(Exception):
    pass


def output_of(*command, **options):
    """What a program prints; fails with what it said when it fails."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, f"{command} ended with {result.returncode}:\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    return result.stdout


def run(tests, *arguments):
    print(f"1..{len(tests)}", flush=True)
    failed = False
    for i, test in enumerate(tests, 1):
        name = test.__name__.removeprefix("test_").replace("_", " ")
        try:
            test(*arguments)
            print(f"ok {i} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {i} - {name} # SKIP {reason}", flush=True)
        except Exception:
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            print(f"not ok {i} - {name}", flush=True)
            failed = True
    sys.exit(failed)
