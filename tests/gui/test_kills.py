#!/usr/bin/python3
"""The window killed at random moments: no file of it is half-written, and what it had shown for some seconds is there again.

    test_kills.py ENGRAM [KILLS [SEED]]
"""
import driver  # first: starts this again inside a display of its own
import glob
import os
import random
import re
import shutil
import struct
import sys
import time
import zipfile

from driver import GLib, set_setting, wait_for

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
# Seconds that a kill may cost: of a trace under way, and of one that has ended, which is written at once.
UNDER_WAY, ENDED = 10, 3
STATE = os.path.join(os.environ["XDG_STATE_HOME"], "engram")


def arrays(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, path
        return {name: archive.read(name) for name in archive.namelist()}


def check_files():
    """All that lies there is whole. Returns how many results."""
    results = [path for path in glob.glob(STATE + "/**", recursive=True, include_hidden=True) if path.endswith(".npz")]
    for path in results:
        (complete,) = struct.unpack("<q", arrays(path)["complete.npy"][-8:])
        assert complete in (0, 1), path
    return len(results)


def look(program):
    """(when, cells done, whether the trace has ended), as a person sees it."""
    now, cells = time.monotonic(), program.cells()
    ended = any(driver.is_on_screen(node) for node in driver.find_all(program.root, name=re.compile("cells in ")))
    return now, cells[0] if cells else 0, ended


def watch(program, seconds):
    """What the window showed until the end of so many seconds, a few times a second."""
    end, seen = time.monotonic() + seconds, []
    while True:
        try:
            seen.append(look(program))
        except GLib.Error:
            # A node went while it was looked at.
            pass
        if time.monotonic() > end:
            return seen
        time.sleep(min(0.25, max(0, end - time.monotonic())))


def owed(seen, killed):
    """How many cells must be there again: 0 where nothing must."""
    return max([n for when, n, ended in seen if killed - when > (ENDED if ended else UNDER_WAY)], default=0)


def reopen(session, n_cells, n_files):
    program = session.start()
    if n_files == 0:
        assert n_cells == 0, n_cells
        return
    program.wait("the offer", name=re.compile("not saved$"))
    program.press("Reopen")
    wait_for("its cells", lambda: (program.cells() or (0, 0))[0] >= n_cells and len(program.tabs()) > 1)


def kill_once(session, chance):
    # Most end soon; of the others some are killed before their first save, and some after.
    samples, longest = chance.choice([("3", 6), ("3", 6), ("60", 6), ("4000", 3), ("4000", 14)])
    set_setting("samples", samples)
    program = session.start()
    wait_for("the chips", lambda: program.n_chips() > 0)
    program.press("Trace")  # one that nobody asks for is not kept
    started = time.monotonic()
    seen = watch(program, chance.random() * longest)
    program.process.kill()
    killed = time.monotonic()
    program.process.wait(driver.TIMEOUT)
    wait_for("the dead program to leave the tree", lambda: not program.is_in_tree())
    n_files = check_files()
    n_cells = owed(seen, killed)
    cells = seen[-1][1] if seen else 0
    print(f"# {samples} samples, {cells} cells after {killed - started:.1f} s: {n_files} files, {n_cells} cells owed", flush=True)
    reopen(session, n_cells, n_files)
    session.program.kill()
    check_files()
    shutil.rmtree(STATE, ignore_errors=True)
    return n_cells > 0


def test_nothing_that_was_shown_is_lost(session):
    print(f"# seed {SEED}", flush=True)
    chance = random.Random(SEED)
    n_owed = sum(kill_once(session, chance) for _ in range(KILLS))
    print(f"# {KILLS} kills, after {n_owed} of which something had to be there", flush=True)


driver.main([test_nothing_that_was_shown_is_lost])
