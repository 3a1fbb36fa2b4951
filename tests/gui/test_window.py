#!/usr/bin/python3
"""The window from end to end, as a person and as a screen reader meet it; speaks TAP.

    test_window.py ENGRAM      starts itself again under a D-Bus session and Xvfb

What is typed goes through xdotool, what is read comes from the accessibility tree. With ENGRAM_SCREENSHOT_DIR set,
window.png is left there, and one of each test that failed.
"""
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree as ElementTree

ENGRAM = os.path.abspath(sys.argv[1])
APP_ID = "io.github.engram_app.Engram"
SCREENSHOTS = os.environ.get("ENGRAM_SCREENSHOT_DIR")
TIMEOUT = 40  # seconds; the program may be built with sanitizers, on a busy machine
LAUNCHERS = ["/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher"]


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def check_tools():
    for tool in ["dbus-run-session", "xvfb-run", "xdotool", "import"]:
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    if not any(os.path.exists(launcher) for launcher in LAUNCHERS):
        skip("at-spi-bus-launcher is not installed")
    try:
        import gi

        gi.require_version("Atspi", "2.0")
    except (ImportError, ValueError):
        skip("python3-gi or Atspi's typelib is not installed")


if os.environ.get("ENGRAM_TEST_INSIDE") != "1":
    check_tools()
    environment = dict(
        os.environ,
        ENGRAM_TEST_INSIDE="1",
        GSETTINGS_BACKEND="keyfile",
        GSK_RENDERER="cairo",
        GTK_A11Y="atspi",
        LC_ALL="C.UTF-8",
        NO_AT_BRIDGE="0",
    )
    for name in ["WAYLAND_DISPLAY", "GTK_THEME", "G_MESSAGES_DEBUG", "DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS"]:
        environment.pop(name, None)
    # Its own sockets: a desktop that is running, or none, makes no difference.
    environment["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="engram-test-")
    os.makedirs(os.path.join(environment["XDG_RUNTIME_DIR"], "config"))
    environment["XDG_CONFIG_HOME"] = os.path.join(environment["XDG_RUNTIME_DIR"], "config")
    # The tour of the first start has a test of its own.
    os.makedirs(os.path.join(environment["XDG_CONFIG_HOME"], "glib-2.0/settings"))
    with open(os.path.join(environment["XDG_CONFIG_HOME"], "glib-2.0/settings/keyfile"), "w", encoding="utf-8") as keyfile:
        keyfile.write("[io/github/engram_app/Engram]\ntour-seen=true\n")
    environment["XDG_DATA_HOME"] = os.path.join(environment["XDG_RUNTIME_DIR"], "data")
    # GTK and its libraries keep much until the program ends.
    environment["ASAN_OPTIONS"] = ":".join(filter(None, [environment.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    os.execvpe(
        "dbus-run-session",
        ["dbus-run-session", "--", "xvfb-run", "-a", "-s", "-screen 0 1280x900x24", sys.executable, "-W", "ignore", *sys.argv],
        environment,
    )

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402


# ---- the accessibility tree ----


def walk(node):
    yield node
    for i in range(node.get_child_count()):
        child = node.get_child_at_index(i)
        if child is not None:
            yield from walk(child)


def name_of(node):
    """Without mnemonics; GTK before 4.10 joins a label's text and an explicit name, which are often the same."""
    text = (node.get_name() or "").replace("_", "")
    half = text[: len(text) // 2]
    return half if text == f"{half} {half}" else text


def find(root, role=None, name=None):
    """The first node of a role and of a name (a string, or a compiled pattern)."""
    for node in walk(root):
        try:
            if role is not None and node.get_role_name() != role:
                continue
            text = name_of(node)
            if isinstance(name, str) and text != name:
                continue
            if isinstance(name, re.Pattern) and not name.search(text):
                continue
            return node
        except GLib.Error:
            continue
    return None


def wait_for(what, condition, timeout=TIMEOUT):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            value = condition()
        except GLib.Error:
            value = None
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {timeout} s for {what}")


def text_of(node):
    return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))


def press(node):
    """Does what a click does."""
    names = [Atspi.Action.get_action_name(node, i) for i in range(Atspi.Action.get_n_actions(node))]
    assert "click" in names, names
    Atspi.Action.do_action(node, names.index("click"))


# ---- the keyboard ----


def xdotool(*arguments):
    return subprocess.run(["xdotool", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def type_into(mnemonic, text):
    xdotool("key", f"alt+{mnemonic}")
    time.sleep(0.2)
    xdotool("key", "ctrl+a")
    xdotool("type", "--delay", "15", text)


class Program:
    def __init__(self, *arguments):
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen([ENGRAM, *arguments], stdout=self.log, stderr=self.log)
        self.root = wait_for("the program in the accessibility tree", self.find_root)
        self.window_id = wait_for("its window", lambda: self.search_window())
        xdotool("windowmove", self.window_id, "0", "0")
        xdotool("windowsize", self.window_id, "1100", "680")

    def find_root(self):
        assert self.process.poll() is None, "the program has ended:\n" + self.read_log()
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(i)
            if application is not None and application.get_name() == "engram" and find(application, "frame"):
                return application
        return None

    def search_window(self):
        result = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--class", "engram"], capture_output=True, text=True, check=False
        )
        return result.stdout.split()[-1] if result.stdout.split() else None

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def heatmap(self):
        return find(self.root, "image", re.compile("^Heatmap"))

    def cells(self):
        """(done, all) of the map."""
        node = self.heatmap()
        match = re.search(r"(\d+) of (\d+) cells", node.get_description() if node else "")
        return (int(match[1]), int(match[2])) if match else None

    def wait_for_all_cells(self, n_tokens):
        wait_for(
            f"all cells of {n_tokens} tokens",
            lambda: self.heatmap().get_name().endswith(f"by {n_tokens} tokens") and self.cells() == (8 * n_tokens,) * 2,
        )

    def button(self, name):
        return find(self.root, "push button", name)

    def screenshot(self, path):
        subprocess.run(["import", "-window", self.window_id, path], check=True)


# ---- the tests, in their order; each goes on where the last has left off ----

PROMPT = "The mother tongue of Angela Merkel is"
SUBJECT = "Angela Merkel"


def n_chips(program):
    strip = find(program.root, "list", "Tokens")
    return strip.get_child_count() if strip else 0


def test_first_start_shows_a_finished_trace(program, folder):
    wait_for("the heatmap", program.heatmap)
    program.wait_for_all_cells(n_chips(program))
    prompt = find(program.root, "text", "Prompt")
    assert text_of(prompt) == "The Eiffel Tower is located in", text_of(prompt)


def test_predictions_follow_the_typing(program, folder):
    type_into("p", PROMPT)
    type_into("u", SUBJECT)
    prompt = wait_for("the prompt's text", lambda: find(program.root, "text", "Prompt"))
    wait_for("the typed prompt", lambda: text_of(prompt) == PROMPT)
    wait_for("the answer among the predictions", lambda: find(program.root, name=re.compile("^“ German”: ")))


def test_old_map_is_kept_until_trace_is_pressed(program, folder):
    n_tokens = n_chips(program)
    assert not program.heatmap().get_name().endswith(f"by {n_tokens} tokens"), program.heatmap().get_name()


def test_trace_fills_the_map(program, folder):
    n_tokens = n_chips(program)
    press(wait_for("the Trace button", lambda: program.button("Trace")))
    program.wait_for_all_cells(n_tokens)
    wait_for("the sentence", lambda: find(program.root, name=re.compile("^Most important: layer")))
    frame = find(program.root, "frame")
    wait_for("the title", lambda: frame.get_name() == f"{SUBJECT} → “German”")


def test_cells_are_read_by_arrow_keys(program, folder):
    xdotool("key", "alt+p")
    for _ in range(20):
        if program.heatmap().get_state_set().contains(Atspi.StateType.FOCUSED):
            break
        xdotool("key", "Tab")
        time.sleep(0.2)
    xdotool("key", "Down", "Down", "Down", "End")
    wait_for(
        "the cell in the description",
        lambda: re.match(r"Layer 2, “␣is”, position \d+: [\d.< ]+ ± [\d.]+, normalized [\d.]+\.", program.heatmap().get_description()),
    )


def test_wrong_subject_is_said_at_its_field(program, folder):
    type_into("u", "Emmanuel Macron")
    message = wait_for(
        "the message", lambda: find(program.root, name=re.compile("The subject “Emmanuel Macron” is not in the prompt"))
    )
    assert message.get_role_name() == "label"
    button = program.button("Trace")
    assert not button.get_state_set().contains(Atspi.StateType.SENSITIVE)
    type_into("u", SUBJECT)
    wait_for("the button", lambda: program.button("Trace").get_state_set().contains(Atspi.StateType.SENSITIVE))


def test_stop_keeps_what_is_there(program, folder):
    type_into("s", "9000")
    xdotool("key", "ctrl+Return")
    stop = wait_for("the Stop button", lambda: program.button("Stop"))
    press(stop)
    wait_for("the word", lambda: find(program.root, name=re.compile(r"^Stopped at \d+%")))
    type_into("s", "10")
    xdotool("key", "F5")
    program.wait_for_all_cells(n_chips(program))
    wait_for("the end", lambda: find(program.root, name=re.compile(r"cells in ")))


def export_to(path):
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    actions = Gio.DBusActionGroup.get(bus, APP_ID, "/" + APP_ID.replace(".", "/"))
    actions.list_actions()
    actions.activate_action("export-to", GLib.Variant("s", path))
    bus.flush_sync()


def test_svg_is_exported(program, folder):
    path = os.path.join(folder, "map.svg")
    export_to(path)
    wait_for("the file", lambda: os.path.exists(path))
    wait_for("the toast", lambda: find(program.root, name="Saved map.svg"))
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
    filled = [e for e in root.iter("{http://www.w3.org/2000/svg}path") if "fill:rgb" in e.get("style", "")]
    assert len(filled) >= program.cells()[1], len(filled)


def test_png_pdf_and_npz_are_exported(program, folder):
    for name, beginning in [("map.png", b"\x89PNG"), ("map.pdf", b"%PDF-"), ("map.npz", b"PK")]:
        path = os.path.join(folder, name)
        export_to(path)
        wait_for(name, lambda: os.path.exists(path))
        with open(path, "rb") as file:
            assert file.read(16).startswith(beginning), name


def test_failed_export_is_said(program, folder):
    export_to("/nonexistent-folder/map.svg")
    wait_for("the banner", lambda: find(program.root, name=re.compile("nonexistent-folder")))
    press(wait_for("its button", lambda: find(program.root, name="Close Message")))


def test_screenshot(program, folder):
    """For the README: the pointer over the subject's last token in the early layers."""
    xdotool("key", "alt+p")
    extents = Atspi.Component.get_extents(program.heatmap(), Atspi.CoordType.WINDOW)
    xdotool("mousemove", str(extents.x + int(extents.width * 0.745)), str(extents.y + int(extents.height * 0.20)))
    xdotool("mousemove_relative", "2", "2")
    wait_for("the toast's end", lambda: find(program.root, name=re.compile("^Saved ")) is None)
    time.sleep(1)
    path = os.path.join(SCREENSHOTS or folder, "window.png")
    program.screenshot(path)
    assert os.path.getsize(path) > 10000


def write_tiny_model(folder):
    """A Mamba of one layer, all zeros, as wide as GPT-NeoX's vocabulary and without a tokenizer."""
    os.makedirs(folder)
    config = dict(model_type="mamba", hidden_size=1, num_hidden_layers=1, vocab_size=50280, state_size=1, conv_kernel=2, time_step_rank=1)
    shapes = {"embeddings.weight": [50280, 1], "norm_f.weight": [1], "layers.0.norm.weight": [1]}
    mixer = {"in_proj.weight": [4, 1], "conv1d.weight": [2, 1, 2], "conv1d.bias": [2], "x_proj.weight": [3, 2]}
    mixer |= {"dt_proj.weight": [2, 1], "dt_proj.bias": [2], "A_log": [2, 1], "D": [2], "out_proj.weight": [1, 2]}
    shapes |= {f"layers.0.mixer.{name}": shape for name, shape in mixer.items()}
    header, offset = {}, 0
    for name, shape in shapes.items():
        end = offset + 4 * math.prod(shape)
        header[f"backbone.{name}"] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + bytes(offset))


def wait_for_model(program, name, tokenizer):
    def shown():
        described = program.button("Model").get_description()
        return find(program.root, name=name) and f"Tokenizer: {tokenizer}" in described

    wait_for(f"{name} with {tokenizer}", shown)


def test_model_is_opened_by_its_name(program, folder):
    write_tiny_model(os.path.join(os.environ["XDG_DATA_HOME"], "engram", "models", "state-spaces", "tiny"))
    subprocess.run([ENGRAM, "--model", "state-spaces/tiny"], check=True, timeout=TIMEOUT)
    wait_for_model(program, "state-spaces/tiny · 1 layers", "GPT-NeoX's, which comes with Engram")


def set_tokenizer(path):
    """As the menu does: in the settings, which the program watches."""
    file = os.path.join(os.environ["XDG_CONFIG_HOME"], "glib-2.0", "settings", "keyfile")
    with open(file + ".new", "w") as stream:
        stream.write(f"[io/github/engram_app/Engram]\ntokenizer='{path}'\n")
    os.rename(file + ".new", file)


def test_tokenizer_can_be_set(program, folder):
    path = os.path.join(folder, "chosen.json")
    shutil.copy(os.path.join(os.environ["ENGRAM_DATA_DIR"], "demo", "tokenizer.json"), path)
    set_tokenizer(path)
    wait_for_model(program, "state-spaces/tiny · 1 layers", f"from the settings\n{path}")
    set_tokenizer("")
    wait_for_model(program, "state-spaces/tiny · 1 layers", "GPT-NeoX's, which comes with Engram")
    subprocess.run([ENGRAM, "--model", "demo"], check=True, timeout=TIMEOUT)
    wait_for_model(program, "Demo model · 8 layers", "in the model's folder")


def test_closing_while_tracing_ends_well(program, folder):
    type_into("s", "9000")
    xdotool("key", "ctrl+Return")
    wait_for("the Stop button", lambda: program.button("Stop"))
    xdotool("key", "ctrl+q")
    assert program.process.wait(TIMEOUT) == 0, program.process.returncode


def test_nothing_was_complained_of(program, folder):
    # Xvfb has no graphics card and a bare session no portals: not ours.
    foreign = re.compile(r"libEGL|MESA|dconf|portal|Vulkan|at-spi|theme|dbind|GLib-GIO-CRITICAL.*g_dbus_proxy")
    lines = [line for line in program.read_log().splitlines() if line.strip() and not foreign.search(line)]
    assert not lines, "\n".join(lines)


TESTS = [
    test_first_start_shows_a_finished_trace,
    test_predictions_follow_the_typing,
    test_old_map_is_kept_until_trace_is_pressed,
    test_trace_fills_the_map,
    test_cells_are_read_by_arrow_keys,
    test_wrong_subject_is_said_at_its_field,
    test_stop_keeps_what_is_there,
    test_svg_is_exported,
    test_png_pdf_and_npz_are_exported,
    test_failed_export_is_said,
    test_screenshot,
    test_model_is_opened_by_its_name,
    test_tokenizer_can_be_set,
    test_closing_while_tracing_ends_well,
    test_nothing_was_complained_of,
]


def main():
    launcher = next(path for path in LAUNCHERS if os.path.exists(path))
    bus = subprocess.Popen([launcher, "--launch-immediately"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    print(f"1..{len(TESTS)}", flush=True)
    program = None
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        try:
            program = Program()
            for i, test in enumerate(TESTS, 1):
                name = test.__name__.removeprefix("test_").replace("_", "-")
                try:
                    test(program, folder)
                    print(f"ok {i} {name}", flush=True)
                except Exception:  # noqa: BLE001
                    failed = True
                    print(f"not ok {i} {name}", flush=True)
                    if SCREENSHOTS and program.process.poll() is None:
                        subprocess.run(["import", "-window", "root", os.path.join(SCREENSHOTS, f"{name}.png")], check=False)
                    for line in traceback.format_exc().splitlines():
                        print(f"# {line}")
                    for line in program.read_log().splitlines():
                        print(f"# engram: {line}")
        except Exception:  # noqa: BLE001
            print("Bail out! " + traceback.format_exc().strip().replace("\n", " | "), flush=True)
            failed = True
        finally:
            if program is not None and program.process.poll() is None:
                program.process.kill()
            bus.terminate()
            shutil.rmtree(os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)
    sys.exit(1 if failed else 0)


main()
