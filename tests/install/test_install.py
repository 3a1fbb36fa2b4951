#!/usr/bin/python3
"""What `meson install` puts into a prefix works from wherever the prefix is moved to; speaks TAP.

    test_install.py SOURCES BUILD
"""
import gettext
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import tap

SOURCES, BUILD = (os.path.abspath(argument) for argument in sys.argv[1:3])
APP_ID = "io.github.engram_app.Engram"
TRACE = ["trace", "The Eiffel Tower is located in", "--subject", "Eiffel Tower"]
FOLDER = tempfile.mkdtemp(prefix="engram-install-")
PREFIX = os.path.join(FOLDER, "moved")


def path(*parts):
    return os.path.join(PREFIX, *parts)


def need(tool):
    if shutil.which(tool) is None:
        raise tap.Skip(f"{tool} is not installed")
    return tool


def languages():
    with open(os.path.join(SOURCES, "po/LINGUAS"), encoding="utf-8") as file:
        return file.read().split()


def environment(**values):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ENGRAM_", "XDG_", "LANG", "LC_"))}
    return dict(env, HOME=FOLDER, LC_ALL="C.UTF-8", **values)


def test_it_installs_into_a_prefix_that_is_then_moved():
    destination = os.path.join(FOLDER, "destination")
    tap.output_of("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", destination)
    options = json.loads(tap.output_of("meson", "introspect", BUILD, "--buildoptions"))
    prefix = next(option["value"] for option in options if option["name"] == "prefix")
    shutil.move(destination + prefix, PREFIX)
    for name in ["bin/engram", "bin/engram-cli", "share/man/man1/engram-cli.1", f"share/applications/{APP_ID}.desktop"]:
        assert os.path.exists(path(name)), name


def test_the_moved_program_finds_its_model():
    info = json.loads(tap.output_of(path("bin/engram-cli"), "info", "--json", env=environment()))
    assert info["folder"].startswith(PREFIX + "/"), info["folder"]
    document = json.loads(tap.output_of(path("bin/engram-cli"), *TRACE, "--json", env=environment()))
    assert document["target"]["text"] == " Paris", document["target"]


def test_the_moved_program_speaks_each_language():
    english = tap.output_of(path("bin/engram-cli"), "--help", env=environment())
    assert "Commands:" in english
    for language in languages():
        text = tap.output_of(path("bin/engram-cli"), "--help", env=environment(LANGUAGE=language))
        assert "Commands:" not in text, f"{language}: {text}"
        numbers = json.loads(tap.output_of(path("bin/engram-cli"), *TRACE, "--json", env=environment(LANGUAGE=language)))
        assert numbers["target"]["text"] == " Paris" and numbers["noise"]["kind"] == "gaussian", numbers


def test_the_desktop_file_speaks_each_language():
    with open(path(f"share/applications/{APP_ID}.desktop"), encoding="utf-8") as file:
        entries = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    for key in ["GenericName", "Comment", "Keywords"]:
        for language in languages():
            translated = entries.get(f"{key}[{language}]")
            assert translated and translated != entries[key], f"{key}[{language}] is {translated}"


def test_what_is_merged_into_xml_speaks_each_language():
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    mime = "{http://www.freedesktop.org/standards/shared-mime-info}"
    texts = [
        ("share/mime/packages", f"{APP_ID}.xml", f"./{mime}mime-type/{mime}comment", 1),
        ("share/metainfo", f"{APP_ID}.metainfo.xml", "./summary", 1),
        ("share/metainfo", f"{APP_ID}.metainfo.xml", "./screenshots/screenshot/caption", 4),
    ]
    for folder, name, place, n in texts:
        found = [element.get(lang) for element in xml.etree.ElementTree.parse(path(folder, name)).findall(place)]
        for language in [None, *languages()]:
            assert found.count(language) == n, f"{name}, {place}, {language}: {found}"


def test_summaries_of_the_settings_are_translated():
    schema = xml.etree.ElementTree.parse(path(f"share/glib-2.0/schemas/{APP_ID}.gschema.xml"))
    assert schema.getroot().get("gettext-domain") == "engram"
    summaries = [element.text for element in schema.iter("summary")]
    assert len(summaries) > 20, summaries
    for language in languages():
        catalog = gettext.translation("engram", path("share/locale"), [language])
        for summary in summaries:
            assert catalog.gettext(summary) != summary, f"{language}: {summary}"


def test_the_metainfo_names_every_screenshot_and_its_size():
    screenshots = os.path.join(SOURCES, "data/screenshots")
    metainfo = xml.etree.ElementTree.parse(path(f"share/metainfo/{APP_ID}.metainfo.xml"))
    named = {}
    for image in metainfo.iter("image"):
        named[image.text.rsplit("/", 1)[1]] = (int(image.get("width")), int(image.get("height")))
    assert set(named) == set(os.listdir(screenshots)), named
    for name, size in named.items():
        with open(os.path.join(screenshots, name), "rb") as file:
            head = file.read(24)
        assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", head[16:]) == size, f"{name} is not of {size}"


def test_the_desktop_file_is_valid():
    tap.output_of(need("desktop-file-validate"), path(f"share/applications/{APP_ID}.desktop"))


def test_the_metainfo_is_valid():
    tap.output_of(need("appstreamcli"), "validate", "--strict", "--no-net", path(f"share/metainfo/{APP_ID}.metainfo.xml"))


def test_manual_pages_are_well_formed():
    need("groff")
    for name in ["engram.1", "engram-cli.1"]:
        page = path("share/man/man1", name)
        result = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-rLL=200n", page], capture_output=True, text=True, check=False)
        assert result.returncode == 0 and result.stderr == "", result.stderr
        assert "SEE ALSO" in re.sub(".\x08", "", result.stdout), result.stdout
    with open(path("share/man/man1/engram-cli.1"), encoding="utf-8") as file:
        manual = file.read().replace("\\", "")
    for command in ["trace", "plot", "info"]:
        shown = tap.output_of(path("bin/engram-cli"), command, "--help", env=environment())
        for option in re.findall(r"--[a-z-]+", shown.split("Example")[0]):
            assert option in manual, f"{command} {option} is not in the manual page"


def complete(*words):
    script = f". {path('share/bash-completion/completions/engram-cli')}; COMP_WORDS=({' '.join(words)} ''); COMP_CWORD={len(words)}; _engram_cli; echo \"${{COMPREPLY[@]}}\""
    return tap.output_of("bash", "-c", script, env=environment()).split()


def test_bash_completes_commands_options_and_values():
    assert {"trace", "plot", "models"} <= set(complete("engram-cli")), complete("engram-cli")
    for command, option, words in [
        ("trace", "--site", {"resid", "mixer", "all"}),
        ("bench", "--site", {"resid", "mixer", "all"}),
        ("trace", "--metric", {"prob", "kl", "all"}),
        ("trace", "--freeze", {"resid", "gate"}),
        ("trace", "--sweep", {"cells", "layers", "positions", "carry"}),
        ("trace", "--direction", {"restore", "damage"}),
        ("trace", "--corrupt", {"gaussian", "student-t:", "swap:", "tokens:", "all"}),
        ("trace", "--noise-scale", {"prompt", "subjects:", "text:"}),
        ("trace", "--span", {"subject", "tokens:", "all"}),
        ("trace", "--device", {"auto", "cpu", "cuda"}),
        ("trace", "--precision", {"fp32", "tf32", "bf16"}),
        ("plot", "--colormap", {"viridis"}),
        ("plot", "--orientation", {"layers-by-tokens", "tokens-by-layers"}),
    ]:
        found = complete("engram-cli", command, option)
        assert words <= set(found), f"{command} {option}: {found}"
    assert "all" not in complete("engram-cli", "plot", "--site")


def test_every_completed_value_is_taken():
    arguments = {"student-t:": "3", "swap:": "Colosseum", "tokens:": "0-1", "subjects:": os.devnull, "text:": os.devnull}

    def is_unknown(option, value):
        """Of a model that is not there: options are looked at before."""
        command = [path("bin/engram-cli"), *TRACE, option, value, "-m", os.path.join(FOLDER, "no-model")]
        said = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False).stderr
        return re.match(rf"engram-cli: There is no [a-z ]+ “{re.escape(value)}”", said)

    for option in ["--site", "--metric", "--sweep", "--direction", "--corrupt", "--noise-scale", "--span", "--device", "--precision"]:
        assert is_unknown(option, "nonsense"), option
        for word in complete("engram-cli", "trace", option):
            assert not is_unknown(option, word + arguments.get(word, "")), f"{option} {word}"


def test_completions_of_zsh_and_fish_parse():
    shells = [("zsh", "share/zsh/site-functions/_engram-cli"), ("fish", "share/fish/vendor_completions.d/engram-cli.fish")]
    found = [(shell, name) for shell, name in shells if shutil.which(shell)]
    if not found:
        raise tap.Skip("neither zsh nor fish is installed")
    for shell, name in found:
        tap.output_of(shell, "-n", path(name), env=environment())


def test_a_trace_is_known_by_its_content():
    need("update-mime-database")
    need("gio")
    mime = path("share/mime")
    tap.output_of("update-mime-database", mime)
    trace, other = os.path.join(FOLDER, "trace.npz"), os.path.join(SOURCES, "tests/golden/formats/types.npz")
    tap.output_of(path("bin/engram-cli"), *TRACE, "-o", trace, env=environment())
    data = path("share") + ":/usr/local/share:/usr/share"

    def type_of(name):
        return tap.output_of("gio", "info", "-a", "standard::content-type", name, env=environment(XDG_DATA_DIRS=data))

    assert "application/x-engram-trace" in type_of(trace), type_of(trace)
    assert "application/x-engram-trace" not in type_of(other), type_of(other)


def skipped(manifest):
    with open(manifest, encoding="utf-8") as file:
        entries = [entry for module in json.load(file)["modules"] for entry in module["sources"] if entry["type"] == "dir"]
    assert len(entries) == 1, entries
    return set(entries[0]["skip"])


def test_the_flatpak_takes_no_folder_that_was_built_in():
    manifest = os.path.join(SOURCES, f"flatpak/{APP_ID}.json")
    named = set()
    for name in [".ci/run", "flatpak/build.sh", "test.sh", "tests/gpu-check.sh"]:
        with open(os.path.join(SOURCES, name), encoding="utf-8") as file:
            named |= set(re.findall(r"\b_build(?:-[a-z]+)?\b", file.read()))
    assert len(named) > 4 and named <= skipped(manifest), (named, skipped(manifest))

    root, prepared = os.path.join(FOLDER, "sources"), os.path.join(FOLDER, "manifest.json")
    os.makedirs(os.path.join(root, "_build-by-another-name"))
    tap.output_of(sys.executable, os.path.join(SOURCES, "flatpak/manifest.py"), manifest, prepared, root)
    assert "_build-by-another-name" in skipped(prepared) and named <= skipped(prepared), skipped(prepared)


def test_the_version_is_the_same_everywhere():
    version = tap.output_of(path("bin/engram-cli"), "--version", env=environment()).split()[-1]
    with open(path(f"share/metainfo/{APP_ID}.metainfo.xml"), encoding="utf-8") as file:
        releases = re.findall(r'<release version="([^"]+)"', file.read())
    with open(os.path.join(SOURCES, "NEWS"), encoding="utf-8") as file:
        news = re.match(r"Engram (\S+),", file.read())[1]
    assert releases[0] == news == version, (releases, news, version)


try:
    tap.run([value for name, value in list(globals().items()) if name.startswith("test_")])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
