#!/usr/bin/python3
"""The user guide's commands, run as they stand there, in an empty folder; speaks TAP.

    test_guide.py SOURCES ENGRAM-CLI
"""
import os
import re
import subprocess
import sys
import tempfile

SOURCES, CLI = (os.path.abspath(argument) for argument in sys.argv[1:3])
GUIDE = os.path.join(SOURCES, "docs/guide.md")
# What no example is to say of itself.
NOTHING = ["changes next to nothing", "stands out beyond", "takes nothing away", "has next to no probability", "hardly corrupted"]
LINK = re.compile(r"\]\(([^)#]+)")


def blocks():
    """(the heading before it, the commands) of each block that is to be run."""
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    heading, found = "", []
    for match in re.finditer(r"^## ([^\n]+)$|^```sh\n(.*?)^```$", text, re.M | re.S):
        if match[1]:
            heading = match[1]
        else:
            found.append((heading, match[2]))
    return found


def dead_links():
    """Of files that the documentation names and that are not there."""
    dead = []
    for name in ["README.md", "CONTRIBUTING.md", "docs/README.md", "docs/guide.md", "docs/architecture.md", "src/README.md"]:
        path = os.path.join(SOURCES, name)
        with open(path, encoding="utf-8") as file:
            for link in LINK.findall(file.read()):
                if "://" not in link and not os.path.exists(os.path.join(os.path.dirname(path), link)):
                    dead.append(f"{name}: {link}")
    return dead


def main():
    tests = blocks()
    assert len(tests) >= 8, f"the guide has {len(tests)} blocks of commands"
    failed = False
    print(f"1..{len(tests) + 1}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        bin_folder = os.path.join(folder, "bin")
        work = os.path.join(folder, "work")
        os.makedirs(bin_folder)
        os.makedirs(work)
        os.symlink(CLI, os.path.join(bin_folder, "engram-cli"))
        environment = dict(os.environ, HOME=folder, PATH=bin_folder + ":" + os.environ["PATH"])
        for i, (heading, commands) in enumerate(tests, 1):
            result = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", commands], cwd=work, env=environment, capture_output=True, text=True, check=False)
            shows = not any(part in result.stdout + result.stderr for part in NOTHING)
            good = result.returncode == 0 and shows and (result.stdout != "" or "-o " in commands or ">" in commands)
            print(f"{'ok' if good else 'not ok'} {i} - {heading}: {commands.strip().splitlines()[0]}".replace("#", "\\#"), flush=True)
            if not good:
                failed = True
                for line in (result.stdout[-2000:] + result.stderr[-2000:]).splitlines():
                    print("# " + line)
    dead = dead_links()
    print(f"{'not ok' if dead else 'ok'} {len(tests) + 1} - no link leads nowhere")
    for link in dead:
        print("# " + link)
    sys.exit(failed or bool(dead))


main()
