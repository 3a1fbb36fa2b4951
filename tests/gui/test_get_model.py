#!/usr/bin/python3
"""Getting a model in the window, from a Hub of our own on the loopback."""
import driver  # first: starts this again inside a display of its own
import os
import re
import subprocess
import sys
import time

from driver import find_all, is_on_screen, name_of, press, start_again, wait_for, xdotool

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../hub"))
from hub_server import Hub  # noqa: E402

DEMO = os.path.join(os.environ["ENGRAM_DATA_DIR"], "demo")
KNOWN, TYPED = "state-spaces/mamba-130m-hf", "engram/tiny"
FILES = {name: open(os.path.join(DEMO, name), "rb").read() for name in ("config.json", "model.safetensors", "tokenizer.json")}
HUB = Hub({KNOWN: FILES, TYPED: FILES})
for variable in [name for name in os.environ if "proxy" in name.lower() or name in ("HF_TOKEN", "HF_HUB_OFFLINE")]:
    del os.environ[variable]


def dialog(program):
    windows = [program.root.get_child_at_index(i) for i in range(program.root.get_child_count())]
    return next((window for window in windows if window is not None and name_of(window) == "Get a Model"), None)


def wait_for_dialog_to_go():
    """By the X server: GTK 4.8 dies when a client asks for a window by its number that was there when it counted them."""

    def gone():
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^Get a Model$"], capture_output=True, text=True, check=False)
        return not found.stdout.strip()

    wait_for("the dialog to go", gone)
    time.sleep(0.3)


def open_dialog(program):
    driver.click(program.button(re.compile("^Model: ")))
    item = wait_for("its menu item", lambda: next(filter(is_on_screen, find_all(program.root, "menu item", "Get a Model…")), None))
    press(item)
    return wait_for("the dialog", lambda: dialog(program))


def says(program, pattern):
    """GLib's sizes have a space that does not break."""
    labels = find_all(dialog(program), "label")
    return any(is_on_screen(label) and re.search(pattern, name_of(label).replace("\u00a0", " ")) for label in labels)


def row(program, name):
    return next(filter(is_on_screen, find_all(dialog(program), "list item", re.compile("^" + re.escape(name)))), None)


def type_name(program, text):
    xdotool("key", "alt+n")
    time.sleep(0.2)
    driver.type_text(text)


def n_requests():
    return len(HUB.log)


def test_nothing_is_asked_before_a_person_asks(session):
    program = session.start(environment={"HF_ENDPOINT": HUB.url, "HF_HUB_DOWNLOAD_TIMEOUT": "20"})
    program.wait_for_end()
    open_dialog(program)
    wait_for("the list", lambda: row(program, KNOWN))
    assert says(program, "^129 million parameters, about 516.5 MB$")
    assert n_requests() == 0


def test_typing_narrows_the_list(session):
    program = session.program
    type_name(program, "FALCON")
    wait_for("fewer rows", lambda: row(program, KNOWN) is None and row(program, "tiiuae/falcon-mamba-7b"))
    assert len([item for item in find_all(dialog(program), "list item") if is_on_screen(item)]) <= 2
    type_name(program, "https://somewhere.org/state-spaces/mamba-130m-hf")
    wait_for("the one of the address", lambda: row(program, KNOWN) and not row(program, "tiiuae/falcon-mamba-7b"))
    assert n_requests() == 0


def test_what_comes_is_measured_and_stopping_keeps_it(session):
    program = session.program
    HUB.piece, HUB.pause = 100_000, 0.1
    xdotool("key", "Tab", "Tab", "Return")  # from the name over its button to the row
    wait_for("its size", lambda: says(program, r"^3\.\d MB, into Hugging Face"))
    assert not [entry for entry in HUB.log if entry[1] == "storage"]
    program.press("Get")
    wait_for("rate and time left", lambda: says(program, r"^[\d.]+ [kM]B of 3\.\d MB · [\d.]+ [kM]B/s · [\d.]+ m?s left$"))
    # The main loop is not held up: the prompt's window still answers.
    assert program.heatmap() is not None
    program.press("Stop")
    wait_for("that it has stopped", lambda: says(program, "^Stopped. What has come is kept.$"))
    repository = os.path.join(os.environ["HF_HUB_CACHE"], "models--state-spaces--mamba-130m-hf")
    blobs = os.path.join(repository, "blobs")
    [part] = [blob for blob in os.listdir(blobs) if blob.endswith(".incomplete")]
    session.kept = os.path.getsize(os.path.join(blobs, part))
    assert 0 < session.kept < len(FILES["model.safetensors"])


def test_it_goes_on_and_is_opened(session):
    program = session.program
    HUB.pause = 0
    program.press("Go On")
    wait_for_dialog_to_go()
    wait_for("the model", lambda: program.find(name=f"{KNOWN} · 8 layers"))
    ranges = [headers.get("Range") for command, kind, _, headers in HUB.log if (command, kind) == ("GET", "storage")]
    assert ranges[-1] is not None and int(re.search(r"bytes=(\d+)-", ranges[-1])[1]) >= session.kept, ranges


def test_what_is_here_is_said_and_opened_without_the_hub(session):
    program = session.program
    start_again("--model", "demo")
    wait_for("the demo model", lambda: program.find(name="Demo model · 8 layers"))
    before = n_requests()
    open_dialog(program)
    wait_for("that it is here", lambda: says(program, "^129 million parameters, about 516.5 MB, on this computer$"))
    type_name(program, KNOWN)
    xdotool("key", "Return")
    wait_for_dialog_to_go()
    wait_for("the model", lambda: program.find(name=f"{KNOWN} · 8 layers"))
    assert n_requests() == before


def test_gated_model_says_what_to_do_and_can_be_tried_again(session):
    program = session.program
    HUB.repos[TYPED].gated = True
    open_dialog(program)
    type_name(program, TYPED)
    xdotool("key", "Return")
    wait_for("what to do", lambda: says(program, rf"{TYPED} is gated: ask for access at http://127.0.0.1:\d+/{TYPED}, and name a token"))
    if driver.SCREENSHOTS:
        program.screenshot(os.path.join(driver.SCREENSHOTS, "gated.png"))
    HUB.repos[TYPED].gated = False
    program.press("Try Again")
    wait_for_dialog_to_go()
    wait_for("the model", lambda: program.find(name=f"{TYPED} · 8 layers"))


def test_model_that_is_missing_is_offered_from_the_hub(session):
    program = session.program
    start_again("--model", "engram/none")
    program.wait("the banner", name=re.compile("engram/none"))
    program.press("Get a Model…")
    wait_for("the dialog", lambda: dialog(program))
    wait_for("what the Hub says", lambda: says(program, "^There is no public model engram/none on the Hub"))
    program.press("Other Models")
    wait_for("the list, which has no such model", lambda: says(program, "^None of the models listed here"))
    xdotool("key", "Escape")
    wait_for_dialog_to_go()
    program.close_banner()
    program.quit()


def test_nothing_was_complained_of(session):
    assert not session.program.complaints(), "\n".join(session.program.complaints())


with HUB:
    driver.main(
        [
            test_nothing_is_asked_before_a_person_asks,
            test_typing_narrows_the_list,
            test_what_comes_is_measured_and_stopping_keeps_it,
            test_it_goes_on_and_is_opened,
            test_what_is_here_is_said_and_opened_without_the_hub,
            test_gated_model_says_what_to_do_and_can_be_tried_again,
            test_model_that_is_missing_is_offered_from_the_hub,
            test_nothing_was_complained_of,
        ]
    )
