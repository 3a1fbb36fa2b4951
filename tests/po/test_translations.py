#!/usr/bin/python3
"""Every text that is marked is translated into every language, and formally right; speaks TAP. What is missing is named:
`po/update.sh` puts it into po/LANGUAGE.po with an empty msgstr.

    test_translations.py SOURCES
"""
import gettext
import io
import os
import re
import subprocess
import sys

SOURCES = os.path.abspath(sys.argv[1])
# One word for one thing: a text that has the English word has this one, too (or that itself, as the value of an option).
WORDS = {
    "de": {"prompt": "prompt", "heatmap": "heatmap"},
    "es": {"prompt": "prompt", "heatmap": "mapa de calor"},
    "fr": {"prompt": "amorce", "heatmap": "carte thermique"},
    "ja": {"prompt": "プロンプト", "heatmap": "ヒートマップ"},
    "pt_BR": {"prompt": "prompt", "heatmap": "mapa de calor"},
    "ru": {"prompt": "запрос", "heatmap": "карт"},
    "zh_CN": {"prompt": "提示", "heatmap": "热图"},
}
# What was said wrongly once.
WRONG = {"de": [r"\bgefolgt (wird|werden)\b"]}


def wording(language, catalog):
    """What differs from the language's words."""
    compiled = subprocess.run(["msgfmt", "-o", "-", catalog], stdout=subprocess.PIPE, check=True).stdout
    translations = gettext.GNUTranslations(io.BytesIO(compiled))._catalog
    for key, text in translations.items():
        english = (key[0] if isinstance(key, tuple) else key).split("\4")[-1]
        for word, wanted in WORDS[language].items():
            if re.search(rf"\b{word}s?\b", english, re.I) and not any(each in text.replace("_", "").lower() for each in [wanted, word]):
                yield f"{language}: no {wanted} in “{text}”, which is “{english}”"
        for wrong in WRONG.get(language, []):
            if re.search(wrong, text):
                yield f"{language}: {wrong} in “{text}”"


# Words that say by themselves what they are, and names.
CLEAR = (
    "Automatic Blues Cancel Cividis Close Engram Examples File Greens Heatmap Model Oranges Processor Progress Purples Reds Title Viridis"
).split()
# Sites of GPT-2's attention: one comment, at "Queries", explains them all, and each one's description is the next text.
CLEAR += "Heads Keys Values".split()


def uncommented():
    """Texts that nobody can translate without a word of explanation, and that have none: placeholders side by side, more
    placeholders than words, and single words with neither context nor comment."""
    placeholder = r"%(?!%)[^a-zA-Z<]*(?:<PRI[du]64>|[a-z]+)"
    with open(os.path.join(SOURCES, "po/engram.pot"), encoding="utf-8") as file:
        blocks = file.read().split("\n\n")[1:]
    for block in blocks:
        match = re.search(r'^msgid (("[^\n]*"\n?)+)', block, re.M)
        text = "".join(re.findall(r'"(.*)"', match[1]))
        n = len(re.findall(placeholder, text))
        n_words = len(re.findall(r"[a-zA-Z]{2,}", re.sub(placeholder, " ", text)))
        unclear = re.search("%s%s", text) or (n > 1 and n > n_words)
        single = re.fullmatch("[A-Z][a-z]+", text) and text not in CLEAR and not re.search(r"^msgctxt|^#: data/", block, re.M)
        if (unclear or single) and not re.search(r"^#\. TRANSLATORS: ", block, re.M):
            yield f"“{text}” needs a comment for translators"


def main():
    with open(os.path.join(SOURCES, "po/LINGUAS"), encoding="utf-8") as file:
        languages = file.read().split()
    script = os.path.join(SOURCES, "po/update.sh")
    untranslated = subprocess.run([script, "--untranslated"], capture_output=True, text=True, check=False)
    failed = False
    print(f"1..{len(languages) + 1}", flush=True)
    for i, language in enumerate(languages, 1):
        check = subprocess.run(
            ["msgfmt", "--check", "--check-accelerators=_", "-o", os.devnull, os.path.join(SOURCES, f"po/{language}.po")],
            capture_output=True,
            text=True,
            check=False,
        )
        missing = [line for line in untranslated.stdout.splitlines() if line.startswith(language + ": ")]
        missing += wording(language, os.path.join(SOURCES, f"po/{language}.po"))
        good = check.returncode == 0 and not missing and untranslated.returncode in (0, 1)
        print(f"{'ok' if good else 'not ok'} {i} - {language} is complete and right", flush=True)
        if not good:
            failed = True
            for line in [*missing, *check.stderr.splitlines(), *untranslated.stderr.splitlines()]:
                print("# " + line)
    unclear = list(uncommented())
    print(f"{'not ok' if unclear else 'ok'} {len(languages) + 1} - translators are told what unclear texts mean", flush=True)
    for line in unclear:
        print("# " + line)
    sys.exit(failed or bool(unclear))


main()
