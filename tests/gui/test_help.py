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


def test_the_first_start_shows_three_callouts(session):
    driver.set_setting("tour-seen", "false")
    program = session.start()
    for i, title in enumerate(CALLOUTS):
        driver.wait_for(f"the callout {title}", lambda: callout(session, title))
        driver.wait_for("its place", lambda: callout(session, f"{i + 1} of 3"))
        program.press("Done" if title == CALLOUTS[-1] else "Next")
    program.wait_gone("the tour", "label", CALLOUTS[-1])


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


def shots_differ(session):
    """Whether the screen changes while the help is open, within one round of the drawing (four seconds) and a little more."""
    time.sleep(1)
    sums, end = set(), time.monotonic() + 5
    while time.monotonic() < end and len(sums) < 2:
        name = session.path("moving.png")
        subprocess.run(["import", "-window", "root", name], check=True)
        sums.add(subprocess.run(["identify", "-format", "%#", name], check=True, capture_output=True, text=True).stdout)
        time.sleep(0.25)
    return len(sums) > 1


def test_the_drawing_moves(session):
    assert shots_differ(session)
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
    assert not shots_differ(session)
    driver.xdotool("key", "Escape")


def test_nothing_was_complained_of(session):
    assert session.program.complaints() == [], session.program.complaints()


driver.main([value for name, value in list(globals().items()) if name.startswith("test_")])
