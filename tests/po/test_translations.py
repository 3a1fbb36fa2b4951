#!/usr/bin/python3
"""Every text that is marked is translated into every language, and formally right; speaks TAP. What is missing is named:
`po/update.sh` puts it into po/LANGUAGE.po with an empty msgstr.

    test_translations.py SOURCES
"""
import os
import subprocess
import sys

SOURCES = os.path.abspath(sys.argv[1])


def main():
    with open(os.path.join(SOURCES, "po/LINGUAS"), encoding="utf-8") as file:
        languages = file.read().split()
    script = os.path.join(SOURCES, "po/update.sh")
    untranslated = subprocess.run([script, "--untranslated"], capture_output=True, text=True, check=False)
    failed = False
    print(f"1..{len(languages)}", flush=True)
    for i, language in enumerate(languages, 1):
        check = subprocess.run(
            ["msgfmt", "--check", "--check-accelerators=_", "-o", os.devnull, os.path.join(SOURCES, f"po/{language}.po")],
            capture_output=True,
            text=True,
            check=False,
        )
        missing = [line for line in untranslated.stdout.splitlines() if line.startswith(language + ": ")]
        good = check.returncode == 0 and not missing and untranslated.returncode in (0, 1)
        print(f"{'ok' if good else 'not ok'} {i} - {language} is complete and right", flush=True)
        if not good:
            failed = True
            for line in [*missing, *check.stderr.splitlines(), *untranslated.stderr.splitlines()]:
                print("# " + line)
    sys.exit(failed)


main()
