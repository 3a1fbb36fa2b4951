#!/usr/bin/python3
"""Sites, corruptions, sweeps and devices are chosen in the panel, and the map shows what was asked for."""
import os

# The whole panel, opened, without scrolling.
os.environ["ENGRAM_TEST_SCREEN"] = "1280x1500x24"
import driver  # first: starts this again inside a display of its own  # noqa: E402
import re
import time

from driver import Atspi, click, find_all, has_state, is_on_screen, name_of, text_of, wait_for, xdotool


NOTEBOOK = os.path.join(
    os.environ.get("G_TEST_SRCDIR", os.path.join(os.path.dirname(__file__), "..")), "golden", "example_trace.npz"
)
SENTENCE = re.compile("^(In|After) the subject: |^At the last token|^Most important: |^Nothing in the subject")


def on_screen(program, role, name):
    """Of rows that are scrolled away, none."""
    return wait_for(f"{role} {name}", lambda: next(filter(is_on_screen, find_all(program.root, role, name)), None))


def open_row(program, title):
    click(on_screen(program, "label", title))
    time.sleep(0.5)


def choose(program, row, choice):
    """One entry of a drop-down row."""
    driver.open_list(program, lambda: on_screen(program, "label", row))
    driver.go_down_to(program, choice)
    xdotool("key", "Return")
    wait_for("the list to close", lambda: not driver.is_in_list(program))


def tick(program, site):
    driver.go_down_to(program, site)
    xdotool("key", "Tab")
    box = wait_for("its box", lambda: next(filter(lambda n: n.get_role_name() == "check box", [driver.focused(program)]), None))
    xdotool("key", "space")
    wait_for("the tick", lambda: has_state(box, Atspi.StateType.CHECKED))
    return box


def trace_is_possible(program):
    button = program.button("Trace")
    return button is not None and has_state(button, Atspi.StateType.SENSITIVE)


def trace(program):
    program.press("Trace")
    time.sleep(0.3)  # as long as it takes until Stop is there
    wait_for("the end", lambda: not program.button("Stop") and program.find(name=re.compile(r"cells in .*· cpu")))


def maps(program):
    return next(filter(is_on_screen, find_all(program.root, name="Sites")), None)


def test_device_row_says_why_there_is_no_cuda(session):
    program = session.start(size=(1100, 1400))
    program.wait_for_all_cells()
    open_row(program, "More")
    program.wait("the reason", name=re.compile("^Processor · CUDA is not used: "))
    program.wait("what computed", name=re.compile(r"^48 cells in .* · cpu$"))
    open_row(program, "More")


def test_one_site_has_no_small_maps(session):
    assert maps(session.program) is None


def test_several_sites_have_a_map_each(session):
    program = session.program
    driver.open_list(program, lambda: on_screen(program, "label", "Site"))
    box = tick(program, "Mixer output")
    assert "before it is added" in box.get_description(), box.get_description()
    xdotool("key", "shift+Tab")
    tick(program, "State")
    xdotool("key", "Escape")
    program.wait("their number", "label", "3 sites")
    trace(program)
    node = wait_for("the small maps", lambda: maps(program))
    assert node.get_description() == "Residual stream, 1 of 3", node.get_description()
    program.wait("cells of all three", name=re.compile("^144 cells in "))


def test_one_click_shows_another_site(session):
    program = session.program
    sentence = name_of(program.find("label", SENTENCE))
    extents = Atspi.Component.get_extents(maps(program), Atspi.CoordType.WINDOW)
    xdotool("mousemove", str(extents.x + extents.width // 2), str(extents.y + extents.height // 2), "click", "1")
    wait_for("the second map", lambda: maps(program).get_description() == "Mixer output, 2 of 3")
    wait_for("another sentence", lambda: name_of(program.find("label", SENTENCE)) != sentence)


def test_damage_is_of_the_clean_run(session):
    program = session.program
    open_row(program, "Restoring")
    choose(program, "Direction", "Damage the clean run")
    trace(program)
    program.wait("the sentence", name=re.compile("^In the subject: damaging layer"))


def test_layers_have_one_value_each(session):
    program = session.program
    choose(program, "A cell is", "All tokens of a layer")
    trace(program)
    wait_for("the bar", lambda: program.heatmap().get_name().endswith("8 layers by 1 tokens"))
    program.wait("the sentence", name=re.compile("damaging (layer|any of several layers)"))


def test_nonsense_is_said_where_it_stands(session):
    program = session.program
    choose(program, "A cell is", "A layer’s state from a token on")
    program.wait("the sentence", "label", re.compile("^The sweep “carry” is one of what later tokens read"))
    wait_for("Trace to be insensitive", lambda: not trace_is_possible(program))
    program.press("Reset")
    program.wait_gone("the sentence", "label", re.compile("^The sweep “carry”"))
    wait_for("Trace", lambda: trace_is_possible(program))
    open_row(program, "Restoring")


def test_another_subject_takes_its_place(session):
    program = session.program
    open_row(program, "Corruption")
    choose(program, "Kind", "Another subject")
    program.wait("what is missing", "label", "No text is given to swap the subject for")
    click(on_screen(program, "text", "Another subject"))
    driver.type_text("Space Needle")
    program.wait("what it is now", "label", "Another subject · Space Needle")
    wait_for("no samples", lambda: not has_state(program.find("list item", "Samples"), Atspi.StateType.SENSITIVE))
    trace(program)
    program.wait("the sentence", name=SENTENCE)


def test_each_tab_has_its_settings(session):
    program = session.program
    xdotool("key", "ctrl+Page_Up")
    wait_for("the tab before", lambda: program.find("label", re.compile("Damage the clean run")))
    xdotool("key", "ctrl+Page_Down")
    program.wait("the swap", "label", "Another subject · Space Needle")


def test_nothing_was_complained_of(session):
    assert not session.program.complaints(), "\n".join(session.program.complaints())
    session.program.quit()


def test_first_file_brings_its_settings(session):
    program = session.start(NOTEBOOK)
    wait_for("its prompt", lambda: text_of(program.find("text", "Prompt")) == "The mother tongue of Angela Merkel is")
    program.quit()


driver.main(
    [
        test_device_row_says_why_there_is_no_cuda,
        test_one_site_has_no_small_maps,
        test_several_sites_have_a_map_each,
        test_one_click_shows_another_site,
        test_damage_is_of_the_clean_run,
        test_layers_have_one_value_each,
        test_nonsense_is_said_where_it_stands,
        test_another_subject_takes_its_place,
        test_each_tab_has_its_settings,
        test_nothing_was_complained_of,
        test_first_file_brings_its_settings,
    ]
)
