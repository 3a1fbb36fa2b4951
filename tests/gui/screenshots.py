#!/usr/bin/python3
"""Makes the README's pictures: the window light and dark, wide and narrow.

    screenshots.py ENGRAM FOLDER
"""
import os
import sys

import driver  # first: starts this again inside a display of its own
import subprocess
import tempfile
import time

from driver import Atspi, wait_for, xdotool

FOLDER = os.path.abspath(sys.argv[2])
PROMPT = ["--prompt", "The mother tongue of Angela Merkel is", "--subject", "Angela Merkel", "--trace"]


def shoot(program, name):
    """Few colours: such pictures are small."""
    path = os.path.join(FOLDER, name)
    program.screenshot(path)
    subprocess.run(["mogrify", "-strip", "+dither", "-colors", "250", "-define", "png:compression-level=9", path], check=True)


def point_at_map(program):
    extents = Atspi.Component.get_extents(program.heatmap(), Atspi.CoordType.WINDOW)
    xdotool("mousemove", str(extents.x + int(extents.width * 0.745)), str(extents.y + int(extents.height * 0.20)))
    xdotool("mousemove_relative", "2", "2")
    time.sleep(0.7)


def start(size, dark=False):
    # What the program before has left behind is not offered.
    environment = {"XDG_STATE_HOME": tempfile.mkdtemp(dir=os.environ["XDG_RUNTIME_DIR"]), "ADW_DEBUG_COLOR_SCHEME": "prefer-dark" if dark else "prefer-light"}
    program = driver.Program(*PROMPT, size=size, environment=environment)
    program.wait_for_end()
    xdotool("key", "alt+p")
    time.sleep(1)
    return program


def make_wide(session):
    for name, dark in [("window.png", False), ("window-dark.png", True)]:
        session.program = start((1100, 760), dark)
        driver.start_again("--prompt", "The Eiffel Tower is located in", "--subject", "Eiffel Tower", "--trace")
        wait_for("a second tab", lambda: len(session.program.tabs()) == 2)
        session.program.wait_for_end()
        xdotool("key", "ctrl+Page_Up")
        session.program.wait_for_end()
        point_at_map(session.program)
        shoot(session.program, name)
        session.program.kill()


def make_narrow(session):
    for name, dark in [("narrow.png", False), ("narrow-dark.png", True)]:
        session.program = start((380, 760), dark)
        xdotool("mousemove", "190", "5")  # away from the map
        if dark:
            xdotool("key", "F9")  # the panel
        time.sleep(1.5)
        shoot(session.program, name)
        session.program.kill()


driver.main([make_wide, make_narrow])
