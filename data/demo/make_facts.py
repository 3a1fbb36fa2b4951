"""Writes facts.jsonl, a study's facts: each fact of facts.txt in the first phrasing of its relation.

    python3 make_facts.py

The subject is the text without its article; the target is the whole answer, of which a trace follows the first token.
"""
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent


def without_article(subject):
    return subject.removeprefix("the ").removeprefix("The ")


def read_facts(path=HERE / "facts.txt"):
    """Relation, prompt, subject, answer of each fact, in the file's order."""
    relation, phrasing = None, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            relation, phrasing = line.strip("[]").split(":")[0].strip(), None
        elif line.startswith("~ "):
            phrasing = phrasing or line[2:]
        elif line and not line.startswith("#"):
            subject, answer = line.split(" = ")
            filled = phrasing.replace("{S}", subject[0].upper() + subject[1:]).replace("{s}", subject)
            yield relation, filled[: filled.index("{A}")].rstrip(), without_article(subject), answer


def main():
    with open(HERE / "facts.jsonl", "w", encoding="utf-8") as file:
        for number, (relation, prompt, subject, answer) in enumerate(read_facts(), 1):
            if subject not in prompt:
                subject = subject[0].upper() + subject[1:]
            fact = {"id": f"{relation}-{number}", "prompt": prompt, "subject": subject, "target": answer, "relation": relation}
            file.write(json.dumps(fact, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
