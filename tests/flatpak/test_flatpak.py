#!/usr/bin/python3
"""The Flatpak, really built, installed and run in its sandbox, with a stand-in runtime; speaks TAP.

    test_flatpak.py SOURCES      starts itself again under a D-Bus session and Xvfb

Everything lies in a folder of its own, which is removed: the user's Flatpaks are not touched. With
ENGRAM_SCREENSHOT_DIR set, flatpak.png is left there.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree as ElementTree

SOURCES = os.path.abspath(sys.argv[1])
APP_ID = "io.github.engram_app.Engram"
OBJECT = "/io/github/engram_app/Engram"
TRACE = ["trace", "The Eiffel Tower is located in", "--subject", "Eiffel Tower"]


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def check_tools():
    for tool in ["flatpak", "flatpak-builder", "bwrap", "dpkg-query", "dbus-run-session", "Xvfb", "import", "gdbus", "xdotool"]:
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    sandbox = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    if subprocess.run(sandbox, capture_output=True, check=False).returncode != 0:
        skip("user namespaces are not allowed here: there can be no sandbox")


if os.environ.get("ENGRAM_TEST_INSIDE") != "1":
    check_tools()
    folder = tempfile.mkdtemp(prefix="engram-flatpak-")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_", "WAYLAND_", "G_", "GTK_"))}
    environment.update(
        ENGRAM_TEST_INSIDE="1",
        ENGRAM_TEST_FOLDER=folder,
        ENGRAM_FLATPAK_BUILD_DIR=os.path.join(folder, "build"),
        ENGRAM_FLATPAK_WITHOUT="openblas",
        ENGRAM_FLATPAK_RUNTIME_REPO="",
        FLATPAK_USER_DIR=os.path.join(folder, "flatpak"),
        GSK_RENDERER="cairo",
        HOME=os.path.join(folder, "home"),
        LC_ALL="C.UTF-8",
        TMPDIR=folder,
        XDG_RUNTIME_DIR=os.path.join(folder, "run"),
    )
    environment.pop("ENGRAM_DATA_DIR", None)
    os.makedirs(environment["XDG_RUNTIME_DIR"], 0o700)
    os.makedirs(environment["HOME"])
    inside = [os.path.join(SOURCES, "tests/on-display.sh"), "1280x900x24", "dbus-run-session", "--", sys.executable, *sys.argv]
    # Services of the session write to its standard output: the tests' goes by another way.
    tap = os.dup(sys.stdout.fileno())
    environment["ENGRAM_TEST_TAP"] = str(tap)
    try:
        status = subprocess.run(inside, env=environment, stdout=sys.stderr, pass_fds=[tap], check=False).returncode
    finally:
        subprocess.run(["fusermount", "-quz", os.path.join(environment["XDG_RUNTIME_DIR"], "doc")], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)

sys.stdout = os.fdopen(int(os.environ["ENGRAM_TEST_TAP"]), "w")
FOLDER = os.environ["ENGRAM_TEST_FOLDER"]
HOME = os.environ["HOME"]


def output_of(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, f"{command} ended with {result.returncode}:\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    return result.stdout


def in_sandbox(*command):
    return output_of("flatpak", "run", f"--command={command[0]}", APP_ID, *command[1:])


def shell(script):
    """(exit status, what it said) of a shell in the sandbox."""
    result = subprocess.run(
        ["flatpak", "run", "--command=sh", APP_ID, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return result.returncode, result.stdout


def wait_for(what, condition, timeout=60):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    raise AssertionError(f"waited {timeout} s for {what}")


# ---- the tests, in their order ----


def test_it_builds_and_installs():
    output_of(os.path.join(SOURCES, "flatpak/test-runtime.sh"))
    output_of(os.path.join(SOURCES, "flatpak/build.sh"))
    bundle = os.path.join(os.environ["ENGRAM_FLATPAK_BUILD_DIR"], "engram.flatpak")
    assert os.path.getsize(bundle) > 1_000_000, os.path.getsize(bundle)
    assert APP_ID in output_of("flatpak", "--user", "list", "--app", "--columns=application")


def test_its_permissions_are_those_of_the_manifest_and_no_more():
    metadata = output_of("flatpak", "info", "--show-permissions", APP_ID)
    context = dict(line.split("=", 1) for line in metadata.splitlines() if "=" in line)
    assert sorted(filter(None, context["shared"].split(";"))) == ["ipc", "network"], context
    assert sorted(filter(None, context["sockets"].split(";"))) == ["fallback-x11", "wayland"] or sorted(
        filter(None, context["sockets"].split(";"))
    ) == ["fallback-x11", "wayland", "x11"], context
    assert context["devices"] == "dri;", context
    assert sorted(filter(None, context["filesystems"].split(";"))) == [
        "xdg-cache/huggingface:create",
        "xdg-data/engram/models:ro",
    ], context


def test_it_traces_the_demo_model():
    document = json.loads(in_sandbox("engram-cli", *TRACE, "--json"))
    assert document["target"]["text"] == " Paris", document["target"]
    assert document["high_score"] > 0.9 and document["low_score"] < 0.1
    assert len(document["scores"]) == 8 and abs(document["scores"][0][0] - document["low_score"]) < 1e-6
    table = in_sandbox("engram-cli", *TRACE)
    assert "the answer is there from layer 3 on" in table, table


def cuda_in_sandbox():
    """What info says of CUDA."""
    return json.loads(in_sandbox("engram-cli", "info", "--json"))["cuda"]


def test_the_cuda_extension_is_found_where_the_program_looks():
    without = cuda_in_sandbox()
    assert not without["usable"] and "/app/lib/engram/libengram-cuda.so" in without["why_not"], without
    module = os.path.join(FOLDER, "stand-in.so")
    flags = output_of("pkg-config", "--cflags", "glib-2.0").split()
    output_of(
        "gcc", "-shared", "-fPIC", "-I" + os.path.join(SOURCES, "src"), *flags, "-o", module, os.path.join(SOURCES, "tests/flatpak/stand-in.c")
    )
    output_of(os.path.join(SOURCES, "flatpak/cuda.sh"), "--module", module)
    # It is opened only where there is a driver, so that nobody pays for cuBLAS in vain.
    found = cuda_in_sandbox()
    assert not found["usable"] and found["why_not"] in ["The stand-in was asked", "There is no NVIDIA driver on this machine"], found
    output_of("flatpak", "--user", "uninstall", "-y", "--noninteractive", APP_ID + ".Cuda")
    assert cuda_in_sandbox() == without, cuda_in_sandbox()


def test_the_users_keys_cannot_be_read():
    os.makedirs(os.path.join(HOME, ".ssh"), exist_ok=True)
    secret = os.path.join(HOME, ".ssh/id_ed25519")
    with open(secret, "w", encoding="utf-8") as file:
        file.write("a secret\n")
    status, text = shell(f"cat ~/.ssh/id_ed25519 || cat {secret}")
    assert status != 0 and "a secret" not in text, text
    # The same file in the one place that it may read from is read: it is the sandbox that forbids the other.
    models = os.path.join(HOME, ".local/share/engram/models")
    os.makedirs(models, exist_ok=True)
    shutil.copy(secret, models)
    status, text = shell(f"cat {models}/id_ed25519")
    assert status == 0 and "a secret" in text, text
    os.remove(os.path.join(models, "id_ed25519"))


def test_it_works_without_the_network():
    """As the guide says that it can be taken away."""
    output_of("flatpak", "override", "--user", "--unshare=network", APP_ID)
    try:
        _, text = shell("cat /proc/net/dev")
        interfaces = [line.split(":")[0].strip() for line in text.splitlines() if ":" in line]
        assert interfaces == ["lo"], interfaces
        assert " Paris" in in_sandbox("engram-cli", "predict", TRACE[1])
    finally:
        output_of("flatpak", "override", "--user", "--reset", APP_ID)


def test_models_are_found_and_stay_as_they_are():
    demo = os.path.join(SOURCES, "data/demo")
    mine = os.path.join(HOME, ".local/share/engram/models/mine")
    snapshot = os.path.join(HOME, ".cache/huggingface/hub/models--some--one/snapshots/0123")
    for place in [mine, snapshot]:
        os.makedirs(place)
        for name in ["config.json", "model.safetensors", "tokenizer.json"]:
            shutil.copy(os.path.join(demo, name), place)
    names = [model["name"] for model in json.loads(in_sandbox("engram-cli", "models", "--json"))["models"]]
    assert "mine" in names and "some/one" in names, names
    assert " Paris" in in_sandbox("engram-cli", "predict", TRACE[1], "--model", "mine")
    # What is fetched is written into the other.
    status, _ = shell(f"echo harm > {mine}/config.json")
    assert status != 0
    with open(os.path.join(mine, "config.json"), encoding="utf-8") as file:
        json.load(file)


def call(method, *arguments):
    return subprocess.run(
        ["gdbus", "call", "--session", "--dest", APP_ID, "--object-path", OBJECT, "--method", method, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def portal_path(path):
    """The path under which the document portal, as after a file dialog, shows a file in the sandbox; or None."""
    with open(path, "w", encoding="utf-8"):
        pass
    result = subprocess.run(
        ["timeout", "20", "flatpak", "document-export", "--app=" + APP_ID, "-r", "-w", path], capture_output=True, text=True, check=False
    )
    shown = result.stdout.strip()
    if result.returncode != 0 or not os.path.exists(shown):
        print(f"# no document portal here ({result.stderr.strip()}): exporting into the app's own folder")
        return None
    # Inside, the portal's folder lies where a session's runtime files usually do.
    return shown.replace(os.environ["XDG_RUNTIME_DIR"], f"/run/user/{os.getuid()}")


def test_the_window_opens_and_exports_a_figure():
    picture = os.path.join(FOLDER, "map.svg")
    path = portal_path(picture)
    if path is None:
        picture = path = os.path.join(HOME, ".var/app", APP_ID, "data/map.svg")
    with open(os.path.join(FOLDER, "window.log"), "w+", encoding="utf-8") as log:
        process = subprocess.Popen(["flatpak", "run", APP_ID], stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for("the window's actions", lambda: call("org.gtk.Actions.List").returncode == 0)
            window = wait_for(
                "the window",
                lambda: subprocess.run(
                    ["xdotool", "search", "--onlyvisible", "--class", "engram"], capture_output=True, text=True, check=False
                ).stdout.split(),
            )[-1]

            def exported():
                assert process.poll() is None, "the window is gone"
                call("org.gtk.Actions.Activate", "export-to", f"[<('{path}', 'heatmap')>]", "{}")
                time.sleep(1)
                try:
                    root = ElementTree.parse(picture).getroot()
                except (ElementTree.ParseError, OSError):
                    return None
                return root if root.tag.endswith("svg") and len(list(root.iter())) > 100 else None

            wait_for("the exported figure", exported)
            shot = os.path.join(os.environ.get("ENGRAM_SCREENSHOT_DIR", FOLDER), "flatpak.png")
            output_of("import", "-window", window, shot)
            colors = int(output_of("identify", "-format", "%k", shot))
            assert colors > 200, f"the screenshot has {colors} colours"
        except AssertionError:
            log.seek(0)
            print("# " + log.read().replace("\n", "\n# "))
            raise
        finally:
            subprocess.run(["flatpak", "kill", APP_ID], check=False, capture_output=True)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


TESTS = [value for name, value in list(globals().items()) if name.startswith("test_")]


def main():
    print(f"1..{len(TESTS)}", flush=True)
    failed = False
    for i, test in enumerate(TESTS, 1):
        name = test.__name__.removeprefix("test_").replace("_", " ")
        try:
            assert not failed or i > 1 and test is not TESTS[0]
            test()
            print(f"ok {i} - {name}", flush=True)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            print(f"not ok {i} - {name}", flush=True)
            failed = True
            if i == 1:
                for rest in range(i + 1, len(TESTS) + 1):
                    print(f"not ok {rest} - it was not built")
                break
    sys.exit(failed)


main()
