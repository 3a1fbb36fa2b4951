#!/usr/bin/python3
"""The window in each language, in one whose texts are longer by 40 %, and with texts of twice their size in a window of
360 pixels: no label is cut; speaks TAP.

    test_languages.py SOURCES ON-XVFB WINDOW-LABELS
"""
import gettext
import io
import os
import re
import subprocess
import sys
import tempfile

SOURCES, ON_XVFB, PROGRAM = (os.path.abspath(argument) for argument in sys.argv[1:4])
# What a translation must keep: formats, mnemonics, line ends.
KEPT = re.compile(r'(%[-0-9.\'*]*(?:<PRI[a-z0-9]+>|z?[a-zA-Z%])|\\n|_)')


def longer(text):
    """The text with each vowel doubled until it is longer by 40 %, its formats untouched."""
    parts = KEPT.split(text)
    missing = round(0.4 * sum(len(part) for part in parts[::2]))
    for i in range(0, len(parts), 2):
        for vowel in "aeiou":
            n = min(parts[i].count(vowel), missing)
            parts[i] = parts[i].replace(vowel, vowel + {"a": "á", "e": "é", "i": "í", "o": "ó", "u": "ú"}[vowel], n)
            missing -= n
    words = [i for i in range(0, len(parts), 2) if re.search(r"\w", parts[i])]
    if words:
        # Behind the last words, even when a format ends the text.
        parts[words[-1]] += "ḿ" * max(missing, 0)
    return "".join(parts)


def make_pseudo(folder):
    """A catalog of the longer texts, as the language xx would have it."""
    target = os.path.join(folder, "eo/LC_MESSAGES")
    os.makedirs(target)
    with open(os.path.join(SOURCES, "po/engram.pot"), encoding="utf-8") as file:
        blocks = file.read().split("\n\n")
    head = '\nmsgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
    with open(os.path.join(folder, "eo.po"), "w", encoding="utf-8") as file:
        file.write(head)
        for block in blocks[1:]:
            lines = [line for line in block.splitlines() if line and not line.startswith("#") and not line.startswith("msgstr")]
            fields, name = {}, None
            for line in lines:
                match = re.match(r'(msg\w+) "(.*)"$', line)
                if match:
                    name = match[1]
                    fields[name] = match[2]
                elif name:
                    fields[name] += line[1:-1]
            if not fields.get("msgid"):
                continue
            file.write("\n" + "".join(f'{field} "{value}"\n' for field, value in fields.items()))
            if "msgid_plural" in fields:
                file.write(f'msgstr[0] "{longer(fields["msgid"])}"\nmsgstr[1] "{longer(fields["msgid_plural"])}"\n')
            else:
                file.write(f'msgstr "{longer(fields["msgid"])}"\n')
    subprocess.run(["msgfmt", os.path.join(folder, "eo.po"), "-o", os.path.join(target, "engram.mo")], check=True)


# A text of each part of the window, which shows that the part was opened, and in which language.
KNOWN = [
    "Next token",
    "What am I looking at?",
    "Residual stream",
    "_Open Folder…",
    "_Export Figure…",
    "The prompt and its answer above the picture",
    "shortcut window\4Eight rows up and down",
]


def missing_texts(catalog, text):
    """What of the known texts is not there in the language, or is there in English."""
    compiled = subprocess.run(["msgfmt", "-o", "-", catalog], stdout=subprocess.PIPE, check=True).stdout if catalog else None
    translations = gettext.GNUTranslations(io.BytesIO(compiled)) if compiled else gettext.NullTranslations()
    shown = [line.removeprefix("label: ") for line in text.splitlines() if line.startswith("label: ")]
    for known in KNOWN:
        english = known.split("\4")[-1].replace("_", "")
        wanted = translations.gettext(known).split("\4")[-1]
        wanted = wanted.replace("_", "")
        if wanted not in shown or (catalog and english in shown):
            yield f"“{english}” is not shown as “{wanted}”"


def labels(language, folder, locale_folder=None, options=()):
    """(exit status, what it printed) of the window in a language."""
    environment = dict(os.environ, LANGUAGE=language, LC_ALL="C.UTF-8", GSETTINGS_BACKEND="memory", GSK_RENDERER="cairo", HOME=folder)
    if locale_folder:
        environment["ENGRAM_LOCALE_DIR"] = locale_folder
    environment["ASAN_OPTIONS"] = ":".join(filter(None, [environment.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    result = subprocess.run(["bash", ON_XVFB, PROGRAM, *options], env=environment, capture_output=True, text=True, check=False, timeout=180)
    return result.returncode, result.stdout, result.stderr


def main():
    with open(os.path.join(SOURCES, "po/LINGUAS"), encoding="utf-8") as file:
        languages = ["en", *file.read().split(), "pseudo", "large"]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        make_pseudo(os.path.join(folder, "pseudo"))
        print(f"1..{len(languages)}", flush=True)
        for i, language in enumerate(languages, 1):
            pseudo = language == "pseudo"
            large = language == "large"
            status, text, errors = labels(
                "eo" if pseudo else "en" if large else language,
                folder,
                os.path.join(folder, "pseudo") if pseudo else None,
                ["--large"] if large else [],
            )
            if "# SKIP" in text:
                print(f"ok {i} - {language} # SKIP {text.split('# SKIP')[1].strip()}", flush=True)
                continue
            if not large:
                catalog = None if language == "en" else os.path.join(folder, "pseudo/eo.po") if pseudo else os.path.join(SOURCES, f"po/{language}.po")
                missing = list(missing_texts(catalog, text))
                errors += "\n".join(missing)
                status = status or bool(missing)
            text = "\n".join(line for line in text.splitlines() if not line.startswith("label: ")) + "\n"
            print(f"{'ok' if status == 0 else 'not ok'} {i} - no label is cut in {'texts of twice their size' if large else language}", flush=True)
            if status != 0:
                failed = True
                for line in (text + errors[-1500:]).splitlines():
                    print("# " + line)
    sys.exit(failed)


main()
