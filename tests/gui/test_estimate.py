#!/usr/bin/python3
"""Estimates in the window: hatched and said to be estimated, exact on demand, apart from scores when a trace is stopped.

With ENGRAM_PICTURE_DIR set, a picture of each kind of map is left there.
"""
import os

import driver  # first: starts this again inside a display of its own
import re
import time

from driver import TIMEOUT, Atspi, is_on_screen, find_all, set_setting, wait_for, xdotool

PROMPT = ["--prompt", "The Space Needle is located in downtown", "--subject", "Space Needle", "--trace"]
SITES = ["resid", "mixer", "conv_in", "conv", "gate", "delta", "B", "C", "selection", "state", "conv_state", "ssm"]
PICTURES = os.environ.get("ENGRAM_PICTURE_DIR")


def on_screen(program, name):
    return next(filter(is_on_screen, find_all(program.root, name=re.compile(name))), None)


def says(program, text):
    return wait_for(text, lambda: on_screen(program, text))


def description(program):
    return program.heatmap().get_description()


def shoot(program, name):
    if PICTURES:
        time.sleep(0.7)
        program.screenshot(os.path.join(PICTURES, name + ".png"))


def test_estimates_alone_are_said_to_be_estimated(session):
    set_setting("estimate", "'only'")
    set_setting("site", "'resid,mixer,ssm'")
    program = session.start(*PROMPT)
    says(program, "cells estimated in ")
    says(program, "^Estimated: the subject matters most at Layer 1 · “␣Needle”")
    says(program, "^Estimated to first order, and not computed")
    wait_for("no score", lambda: description(program).endswith("0 of 56 cells computed, the others estimated"))
    says(program, "of 1680 cells|168 cells estimated")
    shoot(program, "estimated")


def test_one_site_is_made_exact_and_the_others_stay_estimated(session):
    program = session.program
    program.press("Compute Exactly")
    says(program, "^82 of 168 cells computed, the others estimated")
    wait_for("all scores of the site", lambda: program.cells() == (56, 56))
    says(program, "^The estimate before was at most 0[.][0-9]+ off [(]10 of 10 highest confirmed[)], correlation 0[.]9")
    wait_for("nothing more to compute here", lambda: program.button("Compute Exactly") is None)
    shoot(program, "one-exact")


def test_a_click_on_another_map_makes_that_exact(session):
    program = session.program
    maps = wait_for("the small maps", lambda: on_screen(program, "^Sites$"))
    extents = Atspi.Component.get_extents(maps, Atspi.CoordType.WINDOW)
    xdotool("mousemove", str(extents.x + extents.width // 2), str(extents.y + extents.height // 2), "click", "1")
    wait_for("an estimated map", lambda: program.cells() == (13, 56) and program.button("Compute Exactly"))
    xdotool("key", "Return")
    says(program, "^125 of 168 cells computed, the others estimated")
    wait_for("all of its scores", lambda: program.cells() == (56, 56))


def test_stopped_both_kinds_are_apart(session):
    session.program.kill()
    set_setting("estimate", "'first'")
    set_setting("site", "'" + ",".join(SITES) + "'")
    set_setting("samples", "100")
    # What the tests before have left is not offered.
    session.environment = {"XDG_STATE_HOME": session.path("state")}
    program = session.start(*PROMPT, environment=session.environment)
    wait_for("the map in a moment", lambda: on_screen(program, "^Hatched cells are estimated|^Estimated; spot"))
    says(program, "^Estimated; spot check: within 0[.][0-9]+ [(][0-9]+ of 10 highest confirmed[)]")
    shoot(program, "mixed")
    program.press("Stop")
    says(program, "^Stopped at ")
    session.cells = done, all_cells = program.cells()
    assert 13 < done < all_cells, (done, all_cells)
    assert "the others estimated" in description(program), description(program)


def test_opened_again_it_goes_on_to_the_end(session):
    session.program.kill()
    set_setting("site", "'resid'")
    set_setting("samples", "10")
    program = session.start(environment=session.environment)
    program.press("Reopen")
    wait_for("both kinds of cells", lambda: program.cells() == session.cells and "the others estimated" in description(program))
    program.press("Continue")
    # Twelve sites, under sanitizers and beside other tests.
    wait_for("the end", lambda: on_screen(program, "^The estimate before was "), 4 * TIMEOUT)
    wait_for("all scores", lambda: program.cells() == (56, 56) and on_screen(program, "^672 cells in "))
    shoot(program, "exact")


TESTS = [
    test_estimates_alone_are_said_to_be_estimated,
    test_one_site_is_made_exact_and_the_others_stay_estimated,
    test_a_click_on_another_map_makes_that_exact,
    test_stopped_both_kinds_are_apart,
    test_opened_again_it_goes_on_to_the_end,
]

if __name__ == "__main__":
    driver.main(TESTS)
