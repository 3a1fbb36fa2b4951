"""What the window's tests have in common: a display and buses of their own, the program in the accessibility tree, the
keyboard and the pointer, and TAP.

    import driver            first of all: starts the script again inside a D-Bus session and Xvfb
    driver.main([test_…])    runs the tests in their order; each gets a driver.Session

What is typed goes through xdotool, what is read comes from the accessibility tree. With ENGRAM_SCREENSHOT_DIR set, one
picture is left there of each test that failed.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

ENGRAM = os.path.abspath(sys.argv[1])
APP_ID = "io.github.engram_app.Engram"
SCREENSHOTS = os.environ.get("ENGRAM_SCREENSHOT_DIR")
# Seconds: the program may be built with sanitizers, on a busy machine. After a failure the rest is seldom worth waiting for.
TIMEOUT = float(os.environ.get("ENGRAM_TEST_TIMEOUT", "40"))
TIMEOUT_AFTER_FAILURE = 10
LAUNCHERS = ["/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher"]


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def check_tools():
    for tool in ["dbus-run-session", "Xvfb", "xdotool", "import"]:
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
    # Its own sockets and folders: a desktop that is running, or none, makes no difference.
    home = tempfile.mkdtemp(prefix="engram-test-")
    environment["XDG_RUNTIME_DIR"] = home
    for name in ["CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME"]:
        environment[f"XDG_{name}"] = os.path.join(home, name.lower())
        os.makedirs(environment[f"XDG_{name}"])
    # The tour of the first start has a test of its own.
    if "test_help" not in sys.argv[0]:
        os.makedirs(os.path.join(environment["XDG_CONFIG_HOME"], "glib-2.0/settings"))
        with open(os.path.join(environment["XDG_CONFIG_HOME"], "glib-2.0/settings/keyfile"), "w", encoding="utf-8") as keyfile:
            keyfile.write("[io/github/engram_app/Engram]\ntour-seen=true\n")
    for name in ["HF_HOME", "HF_HUB_CACHE"]:
        environment[name] = os.path.join(home, "no-cache")
    # GTK and its libraries keep much until the program ends.
    environment["ASAN_OPTIONS"] = ":".join(filter(None, [environment.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    screen = os.environ.get("ENGRAM_TEST_SCREEN", "1280x900x24")
    on_display = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../on-display.sh")
    os.execvpe(
        "dbus-run-session",
        ["dbus-run-session", "--", on_display, screen, sys.executable, "-W", "ignore", *sys.argv],
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


def is_on_screen(node):
    """A page behind another one is in the tree, too, but has no size."""
    extents = Atspi.Component.get_extents(node, Atspi.CoordType.WINDOW)
    return extents.width > 0 and extents.height > 0


def find_all(root, role=None, name=None):
    """The nodes of a role and of a name (a string, or a compiled pattern)."""
    for node in walk(root):
        try:
            if role is not None and node.get_role_name() != role:
                continue
            text = name_of(node)
            if isinstance(name, str) and text != name:
                continue
            if isinstance(name, re.Pattern) and not name.search(text):
                continue
        except GLib.Error:
            continue
        yield node


def find(root, role=None, name=None):
    return next(find_all(root, role, name), None)


def wait_for(what, condition, timeout=TIMEOUT):
    end = time.monotonic() + timeout
    failure = None
    while time.monotonic() < end:
        try:
            value = condition()
        except (GLib.Error, AttributeError) as error:
            # What was there a moment ago may be gone, or not be there yet: then it is asked again.
            value, failure = None, error
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {timeout} s for {what}") from failure


def text_of(node):
    return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))


def has_state(node, state):
    return node.get_state_set().contains(state)


def press(node):
    """Does what a click does."""
    names = [Atspi.Action.get_action_name(node, i) for i in range(Atspi.Action.get_n_actions(node))]
    assert "click" in names, names
    Atspi.Action.do_action(node, names.index("click"))


# ---- the keyboard and the pointer ----


def click(node):
    """With the pointer; the window is at the screen's corner."""
    extents = Atspi.Component.get_extents(node, Atspi.CoordType.WINDOW)
    xdotool("mousemove", str(extents.x + extents.width // 2), str(extents.y + extents.height // 2), "click", "1")


def xdotool(*arguments):
    return subprocess.run(["xdotool", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def type_text(text):
    xdotool("key", "ctrl+a")
    xdotool("type", "--delay", "15", text)


def type_into(mnemonic, text):
    xdotool("key", f"alt+{mnemonic}")
    time.sleep(0.2)
    type_text(text)


def choose_path(path):
    """Types a path into the file dialog that is open."""
    time.sleep(0.7)
    type_text(path)
    time.sleep(0.2)
    xdotool("key", "Return")


# ---- other windows: by the X server, since GTK 4.8 dies of a look at one that is just closing ----


def search(*arguments):
    """Windows in the order of the X server's stack, the one in front last."""
    return subprocess.run(["xdotool", "search", "--onlyvisible", *arguments], capture_output=True, text=True, check=False).stdout.split()


def focus_window(title):
    """Without a window manager, keys go where they are told to."""
    window = wait_for(f"the window {title}", lambda: search("--name", f"^{re.escape(title)}$"))[-1]
    xdotool("windowraise", window)
    xdotool("windowfocus", window)
    time.sleep(0.3)


def choose_in_menu(window, item):
    """Of a window's main menu."""

    def chosen():
        node = next(filter(is_on_screen, find_all(window, "menu item", item)), None)
        if node is not None:
            press(node)
            return True
        click(next(find_all(window, "push button", "Main Menu")))
        time.sleep(0.5)
        return False

    wait_for(f"{item} in the menu", chosen)


def export_comparison(path):
    """By the keys, once the window of it has something to show; then it is closed. Gives what was written."""
    focus_window("Comparison")

    def is_asked():
        xdotool("key", "ctrl+e")
        time.sleep(0.5)
        return search("--name", "^Export Figure$")

    wait_for("the question for a path", is_asked)
    focus_window("Export Figure")
    choose_path(path)
    wait_for("the file", lambda: os.path.exists(path))
    if SCREENSHOTS:
        subprocess.run(["import", "-window", "root", os.path.join(SCREENSHOTS, "comparison.png")], check=False)
    wait_for("the question to go", lambda: not search("--name", "^Export Figure$"))
    focus_window("Comparison")

    def is_closed():
        subprocess.run(["xdotool", "key", "Escape"], check=False)
        time.sleep(0.5)
        return not search("--name", "^Comparison$")

    wait_for("the comparison to go", is_closed)
    with open(path, encoding="utf-8") as file:
        return file.read()


# ---- lists that drop down ----


def focused(program):
    return next((node for node in walk(program.root) if has_state(node, Atspi.StateType.FOCUSED)), None)


def is_in_list(program):
    """Whether the focus is in what has dropped down."""
    node = focused(program)
    while node is not None and name_of(node) != "GtkPopover":
        node = node.get_parent()
    return node is not None


def open_list(program, find_row):
    """Rows move while what is above them changes: one that was no longer under the pointer is clicked again."""

    def is_open():
        click(find_row())
        try:
            return wait_for("the focus in the list", lambda: is_in_list(program), 4)
        except AssertionError:
            return False

    wait_for("the list to open", is_open)


def go_down_to(program, name):
    """In an open list, whose place on the screen the tree does not know: with the keys, from its top."""
    xdotool("key", "Home")
    time.sleep(0.2)
    before = None
    while True:
        item = wait_for("an entry of the list", lambda: focused(program))
        if name_of(item) == name or find(item, "label", name):
            return
        if item == before:
            raise AssertionError(f"there is no {name} in the list")
        before = item
        xdotool("key", "Down")
        try:
            wait_for("the next entry", lambda: focused(program) != before, 4)
        except AssertionError:
            pass  # it was the last one


class Program:
    def __init__(self, *arguments, size=(1100, 680), environment=None):
        self.log = tempfile.TemporaryFile(mode="w+")
        # Signals as Python has them, SIGXFSZ ignored: a limit on the size of files then stands in for a full disk.
        self.process = subprocess.Popen(
            [ENGRAM, *arguments],
            stdout=self.log,
            stderr=self.log,
            restore_signals=False,
            env=dict(os.environ, **(environment or {})),
        )
        self.root = wait_for("the program in the accessibility tree", self.find_root)
        self.window_id = wait_for("its window", self.search_window)
        xdotool("windowmove", self.window_id, "0", "0")
        self.resize(*size)

    def resize(self, width, height):
        xdotool("windowsize", self.window_id, str(width), str(height))

    def find_root(self):
        assert self.process.poll() is None, "the program has ended:\n" + self.read_log()
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(i)
            if (
                application is not None
                and application.get_process_id() == self.process.pid
                and find(application, "frame")
            ):
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

    def complaints(self):
        # Xvfb has no graphics card and a bare session no portals: not ours.
        foreign = re.compile(r"libEGL|MESA|dconf|portal|Vulkan|at-spi|theme|dbind|GLib-GIO-CRITICAL.*g_dbus_proxy|fontconfig")
        return [line for line in self.read_log().splitlines() if line.strip() and not foreign.search(line)]

    def find(self, role=None, name=None):
        return find(self.root, role, name)

    def wait(self, what, role=None, name=None):
        return wait_for(what, lambda: self.find(role, name))

    def wait_gone(self, what, role=None, name=None):
        wait_for(f"{what} to go", lambda: self.find(role, name) is None)

    def button(self, name):
        return next(filter(is_on_screen, find_all(self.root, "push button", name)), None)

    def press(self, name):
        def pressed():
            button = self.button(name)
            if button is None or not has_state(button, Atspi.StateType.SENSITIVE):
                return False
            press(button)
            return True

        wait_for(f"the button {name}", pressed)

    def close_banner(self):
        self.press("Close Message")
        wait_for("the banner to go", lambda: self.button("Close Message") is None)

    def title(self):
        return self.find("frame").get_name()

    def tabs(self):
        """Their titles. (libadwaita 1.2's tabs have no role.)"""
        labels = [find(tab, "label") for tab in find_all(self.root, name="AdwTab")]
        return [name_of(label) for label in labels if label is not None]

    # ---- the map ----

    def heatmap(self):
        """Of the tab in front."""
        for node in find_all(self.root, "image", re.compile("^Heatmap")):
            if is_on_screen(node):
                return node
        return None

    def n_chips(self):
        strip = self.find("list", "Tokens")
        return strip.get_child_count() if strip else 0

    def cells(self):
        """(done, all) of the map."""
        node = self.heatmap()
        match = re.search(r"(\d+) of (\d+) cells", node.get_description() if node else "")
        return (int(match[1]), int(match[2])) if match else None

    def wait_for_all_cells(self, n_tokens=None):
        """Of as many tokens as there are chips."""

        def done():
            n, map_shown = n_tokens or self.n_chips(), self.heatmap()
            # Another tab may come to the front between any two looks.
            return map_shown and map_shown.get_name().endswith(f"by {n} tokens") and self.cells() == (8 * n,) * 2

        wait_for(f"all cells of {n_tokens or 'the'} tokens", done)

    def wait_for_end(self, n_tokens=None):
        self.wait_for_all_cells(n_tokens)
        wait_for("the end of the trace", lambda: any(is_on_screen(n) for n in find_all(self.root, name=re.compile("cells in "))))

    def screenshot(self, path):
        subprocess.run(["import", "-window", self.window_id, path], check=True)

    # ---- its end ----

    def quit(self):
        """A window that has just come up may not have the keyboard yet, on a busy machine: then it is told again."""

        def has_ended():
            xdotool("key", "ctrl+q")
            try:
                return self.process.wait(TIMEOUT / 4) is not None
            except subprocess.TimeoutExpired:
                return False

        wait_for("its end", has_ended)
        assert self.process.returncode == 0, self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait(TIMEOUT)
        wait_for("the dead program to leave the tree", lambda: not self.is_in_tree())

    def is_in_tree(self):
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            application = desktop.get_child_at_index(i)
            if application is not None and application.get_process_id() == self.process.pid:
                return True
        return False


def is_running():
    """Whether the session's bus knows of one."""
    answer = Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(
        "org.freedesktop.DBus",
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus",
        "NameHasOwner",
        GLib.Variant("(s)", (APP_ID,)),
        None,
        Gio.DBusCallFlags.NONE,
        -1,
    )
    return answer.unpack()[0]


def start_again(*arguments):
    """Starts the program a second time: the first one takes the arguments over."""
    subprocess.run([ENGRAM, *arguments], check=True, timeout=TIMEOUT)


# ---- the settings ----


def set_setting(key, value):
    """As another program would: in the settings' file, which the program watches."""
    path = os.path.join(os.environ["XDG_CONFIG_HOME"], "glib-2.0", "settings", "keyfile")
    keys = GLib.KeyFile()
    if os.path.exists(path):
        keys.load_from_file(path, GLib.KeyFileFlags.NONE)
    keys.set_value("io/github/engram_app/Engram", key, value)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as stream:
        stream.write(keys.to_data()[0])
    os.rename(path + ".new", path)


# ---- TAP ----


class Session:
    """What a script's tests share: the program, and a folder that goes with them."""

    def __init__(self, folder):
        self.folder = folder
        self.program = None

    def start(self, *arguments, **options):
        # Else it would hand its arguments to one that has just been killed, and end.
        wait_for("no other program to run", lambda: not is_running())
        self.program = Program(*arguments, **options)
        return self.program

    def path(self, name):
        return os.path.join(self.folder, name)


def run_test(number, test, session):
    name = test.__name__.removeprefix("test_").replace("_", "-")
    try:
        test(session)
        print(f"ok {number} {name}", flush=True)
        return True
    except Exception:  # noqa: BLE001
        print(f"not ok {number} {name}", flush=True)
        if SCREENSHOTS:
            subprocess.run(["import", "-window", "root", os.path.join(SCREENSHOTS, f"{name}.png")], check=False)
        # Of a test that speaks TAP meson shows only this stream.
        traceback.print_exc()
        if session.program is not None:
            for line in session.program.read_log().splitlines():
                print(f"engram: {line}", file=sys.stderr)
        return False


def main(tests):
    global TIMEOUT
    launcher = next(path for path in LAUNCHERS if os.path.exists(path))
    bus = subprocess.Popen([launcher, "--launch-immediately"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    print(f"1..{len(tests)}", flush=True)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        session = Session(folder)
        try:
            for number, test in enumerate(tests, 1):
                if not run_test(number, test, session):
                    failed = True
                    TIMEOUT = TIMEOUT_AFTER_FAILURE
        finally:
            if session.program is not None and session.program.process.poll() is None:
                session.program.process.kill()
            bus.terminate()
            shutil.rmtree(os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)
    sys.exit(1 if failed else 0)
