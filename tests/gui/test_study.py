#!/usr/bin/python3
"""A study in the window: facts are opened, run, filtered, looked at one by one, paused, saved, and gone on with after the
program was killed."""
import driver  # first: starts this again inside a display of its own
import csv
import os
import re
import time

from driver import Atspi, click, find, find_all, has_state, is_on_screen, name_of, press, search, start_again, type_text, wait_for, xdotool

DEMO_FACTS = os.path.join(os.environ.get("ENGRAM_DATA_DIR", os.path.join(os.path.dirname(__file__), "../../data")), "demo/facts.jsonl")
N_FACTS = 12


def write_facts(session, name, lines):
    path = session.path(name)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)
    return path


def read_demo_facts(n):
    """Every so many-th: of several relations."""
    with open(DEMO_FACTS, encoding="utf-8") as file:
        lines = file.readlines()
    return lines[:: len(lines) // n][:n]


def place(title):
    """The pointer's coordinates are the window's when it is at the screen's corner; in front by itself."""
    found = wait_for(f"the window {title}", lambda: search("--name", f"^{re.escape(title)}$"))
    xdotool("windowsize", found[-1], "1100", "700")
    xdotool("windowmove", found[-1], "0", "0")
    xdotool("windowraise", found[-1])
    xdotool("windowfocus", found[-1])
    return found[-1]


def windows(program):
    """(GTK 4.8 gives a second window no role.)"""
    all_windows = [program.root.get_child_at_index(i) for i in range(program.root.get_child_count())]
    return [node for node in all_windows if node is not None]


def frame(program, title):
    return next((node for node in windows(program) if name_of(node) == title), None)


def labels(program, pattern, title="facts.jsonl"):
    window = frame(program, title)
    if window is not None:
        yield from (name_of(node) for node in find_all(window, "label", re.compile(pattern)) if is_on_screen(node))


def wait_for_label(program, pattern, title="facts.jsonl"):
    """The first one: those above the table, which takes long to walk through."""
    return wait_for(f"the words {pattern}", lambda: next(labels(program, pattern, title), None))


def done(words):
    return int(re.search(r"\d+", words)[0])


def wait_for_more(program, before, title):
    """More facts done than these words say."""
    wait_for("more facts", lambda: done(next(labels(program, r"^(Paused at )?\d+ of \d+ facts", title), "0")) > done(before))


def rows(program):
    """Subjects that are listed, by what their facts are."""
    with open(DEMO_FACTS, encoding="utf-8") as file:
        subjects = set(re.findall(r'"subject": "([^"]+)"', file.read()))
    return [name for name in labels(program, ".") if name in subjects]


def choose(program, title, *keys):
    """Of a drop-down, by the keyboard."""
    driver.open_list(program, lambda: find(frame(program, "facts.jsonl"), "combo box", title))
    xdotool("key", *keys, "Return")


def test_a_study_named_at_the_start_is_in_front(session):
    title = "first.jsonl"
    program = session.start(write_facts(session, title, read_demo_facts(N_FACTS)))
    wait_for_label(program, f"^{N_FACTS} facts$", title)
    wait_for("both windows", lambda: len(search("--class", "engram")) == 2)
    assert search("--class", "engram")[-1:] == search("--name", f"^{re.escape(title)}$")


def test_models_are_got_from_a_study_too(session):
    program = session.program
    place("first.jsonl")
    click(next(find_all(frame(program, "first.jsonl"), "push button", re.compile("^Model: "))))
    press(wait_for("the menu item", lambda: next(filter(is_on_screen, find_all(program.root, "menu item", "Get a Model…")), None)))
    wait_for("the dialog", lambda: frame(program, "Get a Model"))
    place("first.jsonl")
    program.quit()


def test_facts_are_listed_before_they_are_run(session):
    path = write_facts(session, "facts.jsonl", read_demo_facts(N_FACTS))
    program = session.start()
    program.wait_for_end()
    start_again(path)
    place("facts.jsonl")
    wait_for_label(program, f"^{N_FACTS} facts$")
    wait_for_label(program, "^Not started$")
    assert wait_for("the rows", lambda: rows(program))


def test_rows_fill_as_it_runs(session):
    program = session.program
    program.press("Start")
    wait_for_label(program, "^Finished$")
    counts = wait_for_label(program, f"^{N_FACTS} facts · ")
    numbers = {state: int(n) for n, state in re.findall(r"(\d+) (traced|not known|unaffected|failed)", counts)}
    assert sum(numbers.values()) == N_FACTS and numbers["traced"] >= N_FACTS // 2, counts
    # Clean, corrupted and effect of each that was traced.
    wait_for("their numbers", lambda: len(list(labels(program, r"^(0\.\d{3}|1\.000)$"))) >= 3 * numbers["traced"])
    wait_for_label(program, r"most at layer \d")
    session.counts = numbers


def test_facts_are_searched_and_filtered(session):
    program = session.program
    all_rows = rows(program)
    assert len(all_rows) == N_FACTS, all_rows
    xdotool("key", "ctrl+f")
    type_text(all_rows[3].lower())
    wait_for("one row", lambda: rows(program) == [all_rows[3]])
    xdotool("key", "Escape")
    wait_for("all rows", lambda: rows(program) == all_rows)
    choose(program, "State", "Down", "Down")
    wait_for("those that were traced", lambda: len(rows(program)) == session.counts["traced"])
    choose(program, "State", "Up", "Up")
    wait_for("all rows", lambda: rows(program) == all_rows)


def test_a_fact_is_opened_in_a_tab(session):
    program = session.program
    subject = rows(program)[0]
    click(next(node for node in find_all(frame(program, "facts.jsonl"), "label", subject) if is_on_screen(node)))
    wait_for_label(program, f"^“.*{subject}.*” → “")
    program.press("Open Trace")
    wait_for("its tab", lambda: any(title.startswith(f"{subject} → ") for title in program.tabs()))
    # The study's own cells, all of them, at once.
    wait_for("its cells", lambda: program.cells() and program.cells()[0] == program.cells()[1] > 0)


def test_the_table_is_saved_as_csv(session):
    program = session.program
    place("facts.jsonl")
    path = session.path("table.csv")
    xdotool("key", "ctrl+s")
    program.wait("the dialog", None, re.compile("^Save Table$"))
    driver.choose_path(path)
    wait_for("the file", lambda: os.path.exists(path))
    with open(path, encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["subject"] for row in table] == rows(program)
    traced = [row for row in table if row["state"] == "traced"]
    assert len(traced) == session.counts["traced"]
    for row in traced:
        assert abs(float(row["clean"]) - float(row["corrupted"]) - float(row["effect"])) < 1e-12, row


def test_a_study_is_not_begun_twice(session):
    """Its window comes to the front instead."""
    program = session.program
    studies = os.path.join(os.environ["XDG_DATA_HOME"], "engram/studies")
    before = os.listdir(studies)
    start_again(os.path.join(session.folder, "facts.jsonl"))
    second = wait_for("a second window", lambda: [w for w in windows(program) if name_of(w) == "facts.jsonl"][1:])[0]
    start = wait_for("its button", lambda: next(filter(is_on_screen, find_all(second, "push button", "Start")), None))
    wait_for("it to be sensitive", lambda: has_state(start, Atspi.StateType.SENSITIVE))
    press(start)
    program.wait("what became of it", "label", "This study is in this window already")
    assert os.listdir(studies) == before, os.listdir(studies)


def test_relations_are_compared_and_their_figure_exported(session):
    program = session.program
    place("facts.jsonl")
    driver.choose_in_menu(frame(program, "facts.jsonl"), "Compare With…")
    driver.focus_window("Compare With")
    xdotool("key", "Home", "Down", "Return")  # behind "Another Study…", the first relation
    picture = driver.export_comparison(session.path("relations.svg"))
    for words in ["A: demo, resid", "B: demo, resid, ", "Relative depth"]:
        assert words in picture, words


def test_a_broken_file_is_named_with_its_line(session):
    program = session.program
    path = write_facts(session, "broken.jsonl", [*read_demo_facts(2), '{"prompt": "no subject"}\n'])
    start_again(path)
    assert "broken.jsonl:3" in name_of(program.wait("the error", "label", re.compile("broken.jsonl:3")))
    program.close_banner()
    program.quit()


def test_what_was_under_way_is_there_after_a_kill(session):
    # More than any machine traces meanwhile.
    lines = [re.sub('"id": "', f'"id": "{i}-', line) for i in range(20) for line in read_demo_facts(400)]
    title = "many.jsonl"
    program = session.start(write_facts(session, title, lines))
    place(title)
    program.press("Start")
    wait_for_label(program, r"^[1-9]\d* of \d+ facts", title)
    program.press("Pause")
    paused = wait_for_label(program, r"^Paused at \d+ of", title)
    program.press("Resume")
    wait_for_more(program, paused, title)
    program.kill()
    program = session.start()
    again = wait_for_label(program, r"^Paused at \d+ of", title)
    assert done(again) > done(paused), (paused, again)
    place(title)
    program.press("Resume")
    wait_for_more(program, again, title)
    xdotool("key", "Escape")
    wait_for_label(program, r"^Paused at \d+ of", title)
    assert all("schema" in line for line in program.complaints()), program.complaints()
    program.quit()


driver.main(
    [
        test_a_study_named_at_the_start_is_in_front,
        test_models_are_got_from_a_study_too,
        test_facts_are_listed_before_they_are_run,
        test_rows_fill_as_it_runs,
        test_facts_are_searched_and_filtered,
        test_a_fact_is_opened_in_a_tab,
        test_the_table_is_saved_as_csv,
        test_a_study_is_not_begun_twice,
        test_relations_are_compared_and_their_figure_exported,
        test_a_broken_file_is_named_with_its_line,
        test_what_was_under_way_is_there_after_a_kill,
    ]
)
