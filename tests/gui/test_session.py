#!/usr/bin/python3
"""The end of the session: a session manager is told while a trace is under way, and no longer. The manager
(session_manager.py) answers to its name on the test's own bus."""
import driver  # first: starts this again inside a display of its own
import json
import os
import re
import subprocess
import sys
import threading

from driver import set_setting, wait_for, xdotool

LOGOUT = 1


class Manager:
    def __init__(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "session_manager.py")
        self.process = subprocess.Popen([sys.executable, script, driver.APP_ID], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.calls = []
        threading.Thread(target=self.listen, daemon=True).start()
        wait_for("the session manager", lambda: self.calls)

    def listen(self):
        for line in self.process.stdout:
            self.calls.append(json.loads(line))

    def said(self, method):
        return [arguments for name, *arguments in self.calls if name == method]

    def is_held_up(self):
        return len(self.said("Inhibit")) > len(self.said("Uninhibit"))

    def tell(self, signal):
        self.process.stdin.write(signal + "\n")
        self.process.stdin.flush()


MANAGER = None


def n_cells(program):
    return (program.cells() or (0, 0))[0]


def test_log_out_is_held_up_while_a_trace_is_under_way(session):
    global MANAGER
    MANAGER = Manager()
    set_setting("samples", "3000")
    program = session.start()
    wait_for("the program to ask that the session goes on", MANAGER.is_held_up)
    name, _window, reason, flags = MANAGER.said("Inhibit")[0]
    assert (name, reason, flags) == (driver.APP_ID, "A trace is under way", LOGOUT), (name, reason, flags)
    program.press("Stop")
    wait_for("the program to let the session go", lambda: MANAGER.said("Uninhibit"))
    assert [1] == [cookie for cookie, in MANAGER.said("Uninhibit")], MANAGER.calls


def test_a_session_that_ends_all_the_same_loses_nothing(session):
    program = session.program
    n_held_up = len(MANAGER.said("Inhibit"))
    xdotool("key", "ctrl+Return")
    wait_for("the trace", lambda: len(MANAGER.said("Inhibit")) > n_held_up and n_cells(program) > 0)
    MANAGER.tell("EndSession 0")
    wait_for("its consent", lambda: MANAGER.said("EndSessionResponse"))
    assert MANAGER.said("EndSessionResponse")[0][0] is True
    MANAGER.tell("Stop")
    assert program.process.wait(driver.TIMEOUT) == 0, program.read_log()
    program = session.start()
    # The first one is kept, too, for it took long enough; the second one if it had begun to know something.
    program.wait("the offer", name=re.compile(r"^(2 traces of the last time were|1 trace of the last time was) not saved$"))
    program.press("Reopen")
    wait_for("its cells", lambda: n_cells(program) > 0)


driver.main(
    [
        test_log_out_is_held_up_while_a_trace_is_under_way,
        test_a_session_that_ends_all_the_same_loses_nothing,
    ]
)
