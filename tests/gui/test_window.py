#!/usr/bin/python3
"""A prompt is typed, marked and traced, stopped and gone on with, as a person and as a screen reader meet it."""
import driver  # first: starts this again inside a display of its own
import re
import time

from driver import Atspi, find, find_all, is_on_screen, text_of, type_into, wait_for, xdotool

PROMPT = "The mother tongue of Angela Merkel is"
SUBJECT = "Angela Merkel"


def test_first_start_shows_a_finished_trace(session):
    program = session.start()
    program.wait_for_all_cells()
    prompt = program.find("text", "Prompt")
    assert text_of(prompt) == "The Eiffel Tower is located in", text_of(prompt)


def test_every_control_has_a_name(session):
    """GTK calls one without a name after its class."""
    roles = ["push button", "toggle button", "check box", "combo box", "spin button", "text", "list", "list item", "page tab", "page tab list"]
    nameless = [
        (node.get_role_name(), driver.name_of(node))
        for node in driver.walk(session.program.root)
        if node.get_role_name() in roles and re.match("(Gtk|Adw|Eg|$)", driver.name_of(node)) and is_on_screen(node)
    ]
    assert nameless == [], nameless
    assert session.program.button("Model: Demo model · 8 layers")


def test_predictions_follow_the_typing(session):
    program = session.program
    type_into("p", PROMPT)
    type_into("b", SUBJECT)
    wait_for("the typed prompt", lambda: text_of(program.find("text", "Prompt")) == PROMPT)
    program.wait("the answer among the predictions", name=re.compile("^“ German”: "))


def test_old_map_is_kept_until_trace_is_pressed(session):
    name = session.program.heatmap().get_name()
    assert not name.endswith(f"by {session.program.n_chips()} tokens"), name


def test_trace_fills_the_map(session):
    program = session.program
    program.press("Trace")
    program.wait_for_end()
    program.wait("the sentence", name=re.compile("^In the subject: restoring layer"))
    wait_for("the title", lambda: program.title() == f"{SUBJECT} → “German”")


def test_cells_are_read_by_arrow_keys(session):
    program = session.program
    xdotool("key", "alt+p")
    for _ in range(20):
        if program.heatmap().get_state_set().contains(Atspi.StateType.FOCUSED):
            break
        xdotool("key", "Tab")
        time.sleep(0.2)
    xdotool("key", "Down", "Down", "Down", "End")
    wait_for(
        "the cell in the description",
        lambda: re.match(
            r"Layer 2, “␣is”, position \d+: [\d.< ]+ ± [\d.]+, normalized [\d.]+\.", program.heatmap().get_description()
        ),
    )


def test_pointer_pins_a_cell(session):
    program = session.program
    extents = Atspi.Component.get_extents(program.heatmap(), Atspi.CoordType.WINDOW)
    x, y = extents.x + int(extents.width * 0.745), extents.y + int(extents.height * 0.3)
    xdotool("mousemove", str(x), str(y))
    xdotool("mousemove_relative", "2", "2")
    wait_for("the cell in the description", lambda: re.match(r"Layer \d+, “␣Merkel”", program.heatmap().get_description()))
    xdotool("click", "1")
    program.wait("the pinned cell in words", name=re.compile(r"^layer \d+ at “␣Merkel” \(5\): "))


def test_subject_is_marked_by_dragging(session):
    program = session.program
    xdotool("key", "alt+p")
    time.sleep(0.5)  # the panel scrolls back to its top
    chips = [find(program.root, "list", "Tokens").get_child_at_index(i) for i in (4, 5)]
    where = [Atspi.Component.get_extents(chip, Atspi.CoordType.WINDOW) for chip in chips]
    xdotool("mousemove", str(where[0].x + 4), str(where[0].y + where[0].height // 2))
    xdotool("mousedown", "1")
    xdotool("mousemove", str(where[0].x + 20), str(where[0].y + where[0].height // 2))
    wait_for("the first token alone", lambda: text_of(program.find("text", "Subject")) == "Angela")
    xdotool("mousemove", str(where[1].x + 10), str(where[1].y + where[1].height // 2))
    xdotool("mouseup", "1")
    wait_for("both tokens", lambda: text_of(program.find("text", "Subject")) == SUBJECT)


def test_subject_is_marked_by_keys(session):
    program = session.program
    xdotool("key", "Left")
    wait_for("the token before", lambda: text_of(program.find("text", "Subject")) == "Angela")
    xdotool("key", "shift+Right")
    wait_for("both tokens", lambda: text_of(program.find("text", "Subject")) == SUBJECT)


def test_wrong_subject_is_said_at_its_field(session):
    program = session.program
    type_into("b", "Emmanuel Macron")
    message = program.wait("the message", name=re.compile("The subject “Emmanuel Macron” is not in the prompt"))
    assert message.get_role_name() == "label"
    assert not program.button("Trace").get_state_set().contains(Atspi.StateType.SENSITIVE)
    type_into("b", SUBJECT)
    wait_for("the button", lambda: program.button("Trace").get_state_set().contains(Atspi.StateType.SENSITIVE))


def test_bytes_that_are_no_character_are_shown(session):
    program = session.program
    driver.start_again("--prompt", "Pi is π", "--subject", "Pi")
    wait_for("a byte", lambda: re.search("⟨[0-9A-F]{2}⟩", " ".join(map(driver.name_of, find_all(program.root, "label")))))
    type_into("p", PROMPT)
    type_into("b", SUBJECT)


def stopped_at(program):
    for node in find_all(program.root, name=re.compile(r"^Stopped at \d+%")):
        if is_on_screen(node):
            return int(re.search(r"\d+", driver.name_of(node))[0])
    return None


def test_stop_keeps_what_is_there(session):
    program = session.program
    type_into("s", "3000")
    xdotool("key", "ctrl+Return")
    wait_for("the first cells of the second tab", lambda: len(program.tabs()) == 2 and program.heatmap())
    program.press("Stop")
    wait_for("the word", lambda: stopped_at(program) is not None)


def test_continue_goes_on_from_there(session):
    program = session.program
    before = stopped_at(program)
    program.press("Continue")
    wait_for("progress beyond it", lambda: program.button("Stop"))
    time.sleep(0.5)
    xdotool("key", "Escape")
    wait_for("the word", lambda: stopped_at(program) is not None)
    assert stopped_at(program) >= before, (stopped_at(program), before)


def test_other_settings_start_at_once(session):
    program = session.program
    program.press("Continue")
    type_into("s", "12")
    xdotool("key", "F5")
    program.wait_for_end()
    assert stopped_at(program) is None


def test_each_tab_has_its_settings(session):
    program = session.program
    assert len(program.tabs()) == 2, program.tabs()
    xdotool("key", "ctrl+Page_Up")
    wait_for("the first tab's samples", lambda: text_of(program.find("spin button", "Samples")) == "10")
    xdotool("key", "ctrl+Page_Down")
    wait_for("the second tab's samples", lambda: text_of(program.find("spin button", "Samples")) == "12")


def test_closed_tab_can_be_brought_back(session):
    program = session.program
    xdotool("key", "ctrl+w")
    program.wait("the toast", name=re.compile("^Closed Angela Merkel"))
    wait_for("the first tab's samples", lambda: text_of(program.find("spin button", "Samples")) == "10")
    program.press("Undo")
    wait_for("the second tab's samples", lambda: text_of(program.find("spin button", "Samples")) == "12")


def test_hardly_corrupted_subject_is_warned_of(session):
    program = session.program
    type_into("n", "0.1")
    xdotool("key", "ctrl+Return")
    program.wait("the warning", name=re.compile("^The subject is hardly corrupted"))
    program.press("Double the Noise")
    wait_for("twice the noise", lambda: text_of(program.find("spin button", "Noise")) == "0.2")
    program.wait_for_end()


def test_closing_while_tracing_asks_first(session):
    program = session.program
    type_into("s", "3000")
    xdotool("key", "ctrl+Return")
    wait_for("the Stop button", lambda: program.button("Stop"))
    xdotool("key", "ctrl+q")
    program.wait("the question", name=re.compile("^A trace is under way"))
    xdotool("key", "Escape")
    time.sleep(1)  # GTK 4.8 dies of a look at a window that is just closing
    assert program.button("Stop")
    xdotool("key", "ctrl+q")
    program.wait("the question", name=re.compile("^A trace is under way"))
    xdotool("key", "alt+s")
    assert program.process.wait(driver.TIMEOUT) == 0, program.process.returncode


def test_nothing_was_complained_of(session):
    assert not session.program.complaints(), "\n".join(session.program.complaints())


driver.main(
    [
        test_first_start_shows_a_finished_trace,
        test_every_control_has_a_name,
        test_predictions_follow_the_typing,
        test_old_map_is_kept_until_trace_is_pressed,
        test_trace_fills_the_map,
        test_cells_are_read_by_arrow_keys,
        test_pointer_pins_a_cell,
        test_subject_is_marked_by_dragging,
        test_subject_is_marked_by_keys,
        test_wrong_subject_is_said_at_its_field,
        test_bytes_that_are_no_character_are_shown,
        test_stop_keeps_what_is_there,
        test_continue_goes_on_from_there,
        test_other_settings_start_at_once,
        test_each_tab_has_its_settings,
        test_closed_tab_can_be_brought_back,
        test_hardly_corrupted_subject_is_warned_of,
        test_closing_while_tracing_asks_first,
        test_nothing_was_complained_of,
    ]
)
