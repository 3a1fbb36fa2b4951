#!/usr/bin/python3
"""What is taken from under a trace: the model's file is cut short, the disk fills up, the folder for what is not saved goes.
Each time the window lives on."""
import driver  # first: starts this again inside a display of its own
import os
import re
import resource
import shutil

from driver import set_setting, wait_for, xdotool

DEMO = os.path.join(os.environ["ENGRAM_DATA_DIR"], "demo")
STATE = os.path.join(os.environ["XDG_STATE_HOME"], "engram", "unsaved")
FOREVER, SHORT = "5000", "3"


def kept():
    return [name for folder, _, names in os.walk(STATE) for name in names if name.endswith(".npz")]


def trace(program, samples):
    set_setting("samples", samples)
    xdotool("key", "ctrl+Return")


def wait_for_trace(program):
    wait_for("a trace under way", lambda: program.button("Stop") and (program.cells() or (0, 0))[0] > 0)


def test_a_model_that_is_cut_short_ends_the_trace_with_a_sentence(session):
    folder = session.path("model")
    shutil.copytree(DEMO, folder)
    set_setting("samples", FOREVER)
    program = session.start("--model", folder)
    wait_for_trace(program)
    weights = next(name for name in os.listdir(folder) if name.endswith(".safetensors"))
    os.truncate(os.path.join(folder, weights), 4096)
    program.wait("what happened", name=re.compile(re.escape(weights)))
    driver.start_again("--model", "demo")
    program.wait("the other model", name="Demo model · 8 layers")
    trace(program, SHORT)
    program.wait_for_end()


def test_a_full_disk_does_not_stop_a_trace(session):
    program = session.program
    limits = resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (100, limits[1]))
    trace(program, "150")
    program.wait_for_end()
    assert all(os.path.getsize(os.path.join(folder, name)) == 0 or name.endswith(".npz") for folder, _, names in os.walk(STATE) for name in names)
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, limits)
    trace(program, SHORT)
    program.wait_for_end()
    wait_for("the result in its file", kept)


def test_a_state_folder_that_goes_does_not_stop_a_trace(session):
    program = session.program
    shutil.rmtree(STATE)
    trace(program, "150")
    program.wait_for_end()
    program.quit()


driver.main(
    [
        test_a_model_that_is_cut_short_ends_the_trace_with_a_sentence,
        test_a_full_disk_does_not_stop_a_trace,
        test_a_state_folder_that_goes_does_not_stop_a_trace,
    ]
)
