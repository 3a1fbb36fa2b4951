#!/usr/bin/python3
"""The tree keeps its shape: arrows, circles, screens, heads and overviews; speaks TAP.

    test_structure.py SOURCES
"""
import os
import re
import sys
from pathlib import Path

SOURCES = Path(sys.argv[1]).resolve()
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(SOURCES / "tests/install"))

import make_map  # noqa: E402
import rules  # noqa: E402
import tap  # noqa: E402
import tree  # noqa: E402

FILES = tree.read_tree(SOURCES / "src")


def lies_in(path, rooms):
    return any(path == room or path.startswith(room.rstrip("/") + "/") for room in rooms)


def assert_only_known(offenders, known, promise):
    """offenders: {key: what is wrong}. Each must be known, and what is known must be there."""
    new = [text for key, text in offenders.items() if key not in known]
    gone = [f"tests/structure/rules.py: {key} is no longer needed in its list" for key in known if key not in offenders]
    assert not new and not gone, "\n".join([promise, *new, *gone])


def assert_only_below(offenders, known, promise):
    """The same, where what is known may be a folder with a / at its end."""
    new = [text for path, text in offenders.items() if path not in known and not any(path.startswith(it) for it in known if it.endswith("/"))]
    gone = [
        f"tests/structure/rules.py: {it} is no longer needed in its list"
        for it in known
        if not any(path == it or (it.endswith("/") and path.startswith(it)) for path in offenders)
    ]
    assert not new and not gone, "\n".join([promise, *new, *gone])


def families():
    """The folders of the families."""
    return {str(Path(name).parent) for name in FILES[rules.FAMILIES].quoted} - {"network", "core", "formats"}


def is_allowed(file, header):
    room, to = file.folder, str(Path(header).parent)
    if room == to:
        return True
    if to in families():
        return file.path == rules.FAMILIES
    only = rules.ONLY.get((room.split("/")[0], to))
    return to in rules.ROOMS.get(room, []) and (only is None or header in only)


def test_every_include_follows_an_arrow():
    offenders = {}
    for file in FILES.values():
        for header in file.quoted:
            if header not in FILES:
                offenders[file.path, header] = f"src/{file.path} includes {header}, which is not a path below src/"
            elif not is_allowed(file, header):
                offenders[file.path, header] = f"src/{file.path} may not include {header}"
    assert_only_known(offenders, rules.INCLUDES, "docs/design.md §2, tests/structure/rules.py: ROOMS")


def test_every_folder_has_its_arrows():
    missing = sorted({file.folder for file in FILES.values()} - set(rules.ROOMS))
    gone = sorted(room for room in rules.ROOMS if not (SOURCES / "src" / room).is_dir())
    assert not missing and not gone, f"tests/structure/rules.py, ROOMS: missing {missing}, no folder {gone}"


def test_the_arrows_make_no_circle():
    circles = tree.find_circles({room: set(below) & set(rules.ROOMS) - {room} for room, below in rules.ROOMS.items()})
    # A folder and the folders in it are one.
    circles = [circle for circle in circles if len({room.split("/")[0] for room in circle}) > 1]
    assert not circles, circles


def test_kernels_include_the_engine_alone():
    for path in sorted((SOURCES / "kernels").glob("*.cu*")):
        for header, _ in tree.INCLUDE.findall(path.read_text(encoding="utf-8")):
            assert not header or "/" not in header or header.startswith(("engine/", "formats/tensor")), f"{path.name} includes {header}"


def test_toolkits_stay_where_they_belong():
    wrong = [
        f"src/{file.path} includes <{header}>"
        for file in FILES.values()
        for header in file.system
        for pattern, rooms in rules.TOOLKITS
        if re.match(pattern, header) and not lies_in(file.path, rooms)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_files_include_each_other_in_a_circle():
    offenders = {tuple(circle): "a circle: " + ", ".join(circle) for circle in tree.find_circles(tree.component_graph(FILES, rules.INNER))}
    assert_only_known(offenders, rules.CIRCLES, "tests/structure/rules.py: CIRCLES")


def test_no_function_is_longer_than_a_screen():
    offenders = {
        (it.path, it.name): f"src/{it.path}:{it.line}: {it.name} has {it.lines} lines, the most is {rules.MOST_LINES}"
        for file in FILES.values()
        for it in file.functions()
        if it.lines > rules.MOST_LINES
    }
    assert_only_known(offenders, rules.LONG_FUNCTIONS, "tests/structure/rules.py: LONG_FUNCTIONS")


SAMPLE = """
/* a { in a comment,
{
 */
static const struct
{
  int a;
} table[] = {
  { 1 },
};

typedef enum
{
  A,
} Kind;

#if A
int
first (int a, char b)
#endif
{
  if (a == '{')
    {
      puts ("}\\"\\n{");
    }
}

__attribute__ ((noreturn)) static void
second (void)
{
}
"""


def test_functions_are_found():
    """A test of length that finds no functions would always pass."""
    sample = tree.File("sample.c", SAMPLE)
    assert [(it.name, it.lines) for it in sample.functions()] == [("first", 6), ("second", 2)], [(it.name, it.lines) for it in sample.functions()]
    assert len([it for file in FILES.values() for it in file.functions()]) > 2000


def test_every_c_file_says_at_its_head_what_it_is_for():
    offenders = {
        file.path: f"src/{file.path} does not begin with a sentence in /* … */ that says what it is for"
        for file in FILES.values()
        if file.path.endswith(".c") and not re.search(r"\w.*\.", file.head())
    }
    assert_only_below(offenders, rules.NO_HEAD, "tests/structure/rules.py: NO_HEAD")


def test_every_folder_has_an_overview():
    folders = set()
    for file in FILES.values():
        folder = Path(file.folder)
        folders |= {str(it) for it in [folder, *folder.parents] if str(it) != "."}
    offenders = {folder: f"src/{folder} has no OVERVIEW.md" for folder in sorted(folders) if not (SOURCES / "src" / folder / "OVERVIEW.md").exists()}
    assert_only_known(offenders, rules.NO_OVERVIEW, "tests/structure/rules.py: NO_OVERVIEW")


def test_no_family_is_named_above_the_network():
    above = [file for file in FILES.values() if lies_in(file.path, rules.NO_FAMILY)]
    # GPtrArray is GLib's.
    words = re.compile(rf"(?i:{rules.FAMILY_WORDS})(?!r)")
    wrong = []
    texts = set()
    for file in above:
        wrong += [f"src/{file.path} includes {header}" for header in file.quoted if words.search(header)]
        wrong += [f"src/{file.path} names {name}" for name in re.findall(r"[A-Za-z_]\w*", file.code) if words.search(name)]
        for text in re.findall(r'"((?:\\.|[^"\\\n])*)"', tree.blank(file.text, keep_strings=True)):
            if words.search(text) and text not in file.quoted:
                texts.add(text)
                if text not in rules.FAMILY_TEXTS:
                    wrong.append(f"src/{file.path} says “{text}”: texts about a family come from its table")
    wrong += [f"tests/structure/rules.py: “{text}” is no longer said" for text in rules.FAMILY_TEXTS - texts]
    assert not wrong, "\n".join(wrong)


def test_sites_are_names_above_the_network():
    wrong = [
        f"src/{file.path} has {', '.join(found)}"
        for file in FILES.values()
        if not lies_in(file.path, rules.SITE_ROOMS) and (found := sorted(set(re.findall(rules.SITE_INDEX, file.code))))
    ]
    assert not wrong, "\n".join(wrong)


def pages():
    """The pages that speak of the code."""
    found = [SOURCES / name for name in ("README.md", "CONTRIBUTING.md")]
    for folder in ("src", "docs", "tests", "kernels"):
        found += sorted((SOURCES / folder).rglob("*.md"))
    return found


def test_what_comments_cite_is_there():
    sections = set(re.findall(r"^## (\d+)\.", (SOURCES / "docs/design.md").read_text(encoding="utf-8"), re.M))
    wrong = []
    for folder in ("src", "kernels", "tests"):
        for path in sorted((SOURCES / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".cc", ".cu", ".py", ".md") and path.is_file():
                cited = re.findall(r"design(?:\.md)?\s(?:\*\s)?§(\d+)", path.read_text(encoding="utf-8"))
                wrong += [f"{path.relative_to(SOURCES)} cites docs/design.md §{number}" for number in cited if number not in sections]
    assert not wrong, "\n".join(wrong)


def test_no_page_names_a_file_that_is_not_there():
    """Links, and in the pages about the code names of its files in backquotes, by their path or the end of it."""
    there = [str(path.relative_to(SOURCES)) for folder in ("src", "docs", "tests", "kernels", "data", "po", "packaging", "flatpak", "ui") for path in (SOURCES / folder).rglob("*") if path.is_file()]
    there += [path.name for path in SOURCES.iterdir() if path.is_file()]
    ends = {"/".join(parts[i:]) for parts in (name.split("/") for name in there) for i in range(len(parts))}
    wrong = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        at = page.relative_to(SOURCES)
        for link in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in link and not (page.parent / link).exists():
                wrong.append(f"{at}: the link {link} leads nowhere")
        if page.name == "OVERVIEW.md" or at.parts[0] == "docs" and at.name != "guide.md":
            for name in re.findall(r"`([\w./-]+\.(?:c|h|cc|cu|py|sh|ui|md))`", text):
                if os.path.normpath(name).removeprefix("../").removeprefix("../") not in ends:
                    wrong.append(f"{at} names {name}, which is not there")
    assert not wrong, "\n".join(wrong)


def test_the_map_of_tests_is_up_to_date():
    there = SOURCES / "tests/MAP.md"
    assert there.exists() and there.read_text(encoding="utf-8") == make_map.make_map(SOURCES / "tests"), "run tests/structure/make_map.py"


if __name__ == "__main__":
    tap.run([value for name, value in list(globals().items()) if name.startswith("test_")])
