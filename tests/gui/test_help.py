#!/usr/bin/python3
"""What helps at the first start: the tour, and “What am I looking at?”; speaks TAP.

    test_help.py ENGRAM
"""
import os
import re
import subprocess
import time

import driver

CALLOUTS = ["Say something that the model knows", "Trace", "Read the map"]
QUESTION = "What am I looking at?"


def callout(session, title):
    return next(filter(driver.is_on_screen, driver.find_all(session.program.root, "label", title)), None)


def focused(session):
    """The name of what has the keyboard."""
    for node in driver.walk(session.program.root):
        if driver.has_state(node, driver.Atspi.StateType.FOCUSED):
            return driver.name_of(node) or driver.text_of(node)
    return None


def callouts(session):
    """How many are open."""
    return len([n for n in driver.find_all(session.program.root, "label", re.compile(r"^\d of 3$")) if driver.is_on_screen(n)])


def wait_for_stop(session, i):
    driver.wait_for(f"the callout {CALLOUTS[i]}", lambda: callout(session, CALLOUTS[i]) and callout(session, f"{i + 1} of 3"))
    name = "Done" if i == 2 else "Next"
    driver.wait_for(f"the focus on {name}", lambda: focused(session) == name)


def show_tour_from_menu(session):
    driver.xdotool("key", "F10")
    session.program.wait("the menu", "menu item", "About Engram")
    time.sleep(0.3)
    driver.xdotool("key", "Up", "Up", "Return")


def go_to_subject(session):
    """With the pointer: a callout lets it go elsewhere."""
    driver.click(session.program.find("text", "Subject"))
    driver.wait_for("the subject", lambda: focused(session) == "Subject")


def test_the_first_start_shows_three_callouts(session):
    driver.set_setting("tour-seen", "false")
    program = session.start()
    for i in range(3):
        wait_for_stop(session, i)
        driver.xdotool("key", "Return")
    program.wait_gone("the tour", "label", CALLOUTS[-1])


def test_the_focus_goes_back(session):
    show_tour_from_menu(session)
    wait_for_stop(session, 0)
    driver.xdotool("key", "Escape")
    driver.wait_for("its end", lambda: callouts(session) == 0)
    driver.wait_for("the menu's button", lambda: focused(session) == "Main Menu")


def test_skip_is_reached_by_tab(session):
    show_tour_from_menu(session)
    wait_for_stop(session, 0)
    driver.xdotool("key", "Tab")
    driver.wait_for("the focus on Skip", lambda: focused(session) == "Skip")
    driver.xdotool("key", "Tab")
    driver.wait_for("the focus on Next", lambda: focused(session) == "Next")
    driver.xdotool("key", "shift+Tab")
    driver.wait_for("the focus on Skip", lambda: focused(session) == "Skip")
    driver.xdotool("key", "space")
    driver.wait_for("its end", lambda: callouts(session) == 0)


def test_escape_ends_the_tour_from_anywhere(session):
    show_tour_from_menu(session)
    wait_for_stop(session, 0)
    driver.xdotool("key", "Return")
    wait_for_stop(session, 1)
    go_to_subject(session)
    assert callouts(session) == 1
    driver.xdotool("key", "Escape")
    driver.wait_for("its end", lambda: callouts(session) == 0)
    assert focused(session) == "Subject", focused(session)


def test_a_second_tour_ends_the_first(session):
    show_tour_from_menu(session)
    wait_for_stop(session, 0)
    driver.xdotool("key", "Return")
    wait_for_stop(session, 1)
    go_to_subject(session)
    show_tour_from_menu(session)
    wait_for_stop(session, 0)
    assert callouts(session) == 1, callouts(session)
    driver.xdotool("key", "Escape")
    driver.wait_for("its end", lambda: callouts(session) == 0)


def test_every_key_is_in_the_list_once(session):
    program = session.program
    driver.xdotool("key", "ctrl+question")
    program.wait("the list", "label", "See the whole map")
    keys = [driver.name_of(n) for n in driver.find_all(program.root, "label") if driver.is_on_screen(n)]
    for key in ["F5", "F8", "F9", "F10", "0"]:
        assert keys.count(key) == 1, (key, keys)
    for title in ["Mark a token as the subject", "Mark more or fewer tokens", "Copy cells of the table"]:
        assert title in keys, (title, keys)
    driver.xdotool("key", "Escape")
    program.wait_gone("the list", "label", "See the whole map")


def question_button(program):
    """GTK's menu button has the name, and so has the button within it that is pressed."""
    buttons = [node for node in driver.find_all(program.root, "push button", QUESTION) if driver.is_on_screen(node)]
    return buttons[-1] if buttons else None


def test_the_question_is_answered_by_a_drawing(session):
    program = session.program
    question = driver.wait_for("the question", lambda: question_button(program))
    driver.press(question)
    driver.wait_for("the explanation", lambda: program.find("label", re.compile("^Each cell of the map is a run of its own")))
    driver.wait_for("the drawing", lambda: program.find("image", re.compile("^Three runs: clean")))


def shots_differ(session, seconds):
    """Whether the screen changes while the help is open; one round of the drawing takes four seconds."""
    time.sleep(1)
    sums, end = set(), time.monotonic() + seconds
    while time.monotonic() < end and len(sums) < 2:
        name = session.path("moving.png")
        subprocess.run(["import", "-window", "root", name], check=True)
        sums.add(subprocess.run(["identify", "-format", "%#", name], check=True, capture_output=True, text=True).stdout)
        time.sleep(0.25)
    return len(sums) > 1


def test_the_drawing_moves(session):
    # A busy machine may take seconds for a picture.
    assert shots_differ(session, driver.TIMEOUT)
    driver.xdotool("key", "Escape")
    session.program.quit()


def test_the_second_start_shows_no_tour(session):
    program = session.start()
    program.wait_for_end()
    time.sleep(1.5)
    assert callout(session, CALLOUTS[0]) is None
    program.quit()


def test_the_drawing_stands_still_where_motion_is_reduced(session):
    folder = os.path.join(os.environ["XDG_CONFIG_HOME"], "gtk-4.0")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "settings.ini"), "w", encoding="utf-8") as file:
        file.write("[Settings]\ngtk-enable-animations=false\n")
    program = session.start()
    program.wait_for_end()
    test_the_question_is_answered_by_a_drawing(session)
    driver.xdotool("mousemove", "1270", "890")  # where no tooltip comes
    assert not shots_differ(session, 5)


def test_nothing_was_complained_of(session):
    assert session.program.complaints() == [], session.program.complaints()


driver.main([value for name, value in list(globals().items()) if name.startswith("test_")])
