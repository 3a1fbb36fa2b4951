#!/usr/bin/python3
"""Traces as files: saved, exported in every format and opened by other programs, opened again, damaged, on a full disk,
and kept when the program is killed."""
import driver  # first: starts this again inside a display of its own
import csv
import json
import os
import re
import resource
import struct
import subprocess
import time
import xml.etree.ElementTree as ElementTree
import zipfile

from driver import choose_path, start_again, text_of, type_into, wait_for, xdotool

GOLDEN = os.path.join(os.environ.get("G_TEST_SRCDIR", os.path.join(os.path.dirname(__file__), "..")), "golden")
NOTEBOOK = os.path.join(GOLDEN, "example_trace.npz")


def read_npy(data):
    """(dtype, shape, bytes) of a .npy file."""
    assert data[:6] == b"\x93NUMPY", data[:6]
    size = struct.unpack("<H", data[8:10])[0]
    header = data[10 : 10 + size].decode()
    dtype = re.search(r"'descr': '([^']+)'", header)[1]
    shape = tuple(int(n) for n in re.findall(r"\d+", re.search(r"'shape': \(([^)]*)\)", header)[1]))
    return dtype, shape, data[10 + size :]


def read_npz(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name.removesuffix(".npy"): read_npy(archive.read(name)) for name in archive.namelist()}


def save_as(session, name):
    path = session.path(name)
    xdotool("key", "ctrl+s")
    session.program.wait("the dialog", None, re.compile("^Save Numbers$"))
    choose_path(path)
    wait_for(name, lambda: os.path.exists(path))
    session.program.wait("the toast", name=f"Saved {name}")
    return path


def export_as(session, name):
    """The format is that of the name."""
    path = session.path(name)
    xdotool("key", "ctrl+e")
    session.program.press("Export…")
    session.program.wait("the dialog", None, re.compile("^Export Figure$"))
    choose_path(path)
    wait_for(name, lambda: os.path.exists(path))
    session.program.wait("the toast", name=f"Saved {name}")
    return path


def export_to(path, picture="heatmap"):
    """As scripts do: over D-Bus."""
    from gi.repository import Gio, GLib

    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    actions = Gio.DBusActionGroup.get(bus, driver.APP_ID, "/" + driver.APP_ID.replace(".", "/"))
    actions.list_actions()
    actions.activate_action("export-to", GLib.Variant("(ss)", (path, picture)))
    bus.flush_sync()


def test_example_is_traced(session):
    program = session.start()
    program.wait_for_end()
    xdotool("key", "ctrl+Return")  # now it is a person's
    program.wait_for_end()


def test_numbers_are_saved(session):
    fields = read_npz(save_as(session, "saved.npz"))
    n_tokens = session.program.n_chips()
    assert fields["scores"][:2] == ("<f4", (8, n_tokens)), fields["scores"][:2]
    for name in ["low_score", "high_score", "input_tokens", "subject_range", "target_token", "prompt", "subject"]:
        assert name in fields, name
    assert not any("O" in dtype for dtype, _, _ in fields.values())


def test_scores_are_saved_as_csv_and_json(session):
    n_cells = 8 * session.program.n_chips()
    with open(save_as(session, "scores.csv"), encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert len(rows) == n_cells, len(rows)
    with open(save_as(session, "scores.json"), encoding="utf-8") as file:
        document = json.load(file)
    assert [cell for row in document["scores"] for cell in row] == [float(row["score"]) for row in rows]


def test_svg_is_exported(session):
    path = export_as(session, "map.svg")
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
    filled = [e for e in root.iter("{http://www.w3.org/2000/svg}path") if "fill:rgb" in e.get("style", "")]
    assert len(filled) >= session.program.cells()[1], len(filled)
    picture = subprocess.run(["rsvg-convert", path], check=True, capture_output=True).stdout
    assert picture.startswith(b"\x89PNG")


def test_pdf_is_exported(session):
    path = export_as(session, "map.pdf")
    text = subprocess.run(["pdftotext", "-raw", path, "-"], check=True, capture_output=True, text=True).stdout
    assert "Subject" in text, text  # what stands aslant comes letter by letter
    fonts = subprocess.run(["pdffonts", path], check=True, capture_output=True, text=True).stdout.splitlines()[2:]
    assert fonts and all(line.split()[-5] == "yes" for line in fonts), fonts  # embedded
    subprocess.run(["pdftoppm", "-r", "72", "-png", path, session.path("page")], check=True)
    pages = [name for name in os.listdir(session.folder) if name.startswith("page")]
    assert len(pages) == 1, pages


def png_size(path):
    with open(path, "rb") as file:
        data = file.read(24)
    assert data.startswith(b"\x89PNG"), data
    return struct.unpack(">II", data[16:24])


def test_png_is_exported_at_its_scale(session):
    driver.set_setting("figure-scale", "3.0")
    driver.set_setting("figure-width", "uint32 1")
    time.sleep(0.5)
    assert png_size(export_as(session, "map.png"))[0] == 3.5 * 96 * 3


def test_other_pictures_are_exported(session):
    for picture in ["layers", "subject", "sites"]:
        path = session.path(f"{picture}.svg")
        export_to(path, picture)
        wait_for(picture, lambda: os.path.exists(path))
        subprocess.run(["rsvg-convert", path], check=True, capture_output=True)


def test_full_disk_is_said_and_nothing_is_lost(session):
    path = session.path("saved.npz")
    with open(path, "rb") as file:
        before = file.read()
    pid = session.program.process.pid
    # A limit on the size of files stands in for a full disk.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    export_to(path)
    session.program.wait("the banner", name=re.compile("saved.npz"))
    session.program.wait("the button that helps", name="Save Elsewhere…")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with open(path, "rb") as file:
        assert file.read() == before
    assert session.program.cells() is not None
    session.program.close_banner()


def test_missing_folder_is_said(session):
    export_to("/nonexistent-folder/map.svg")
    session.program.wait("the banner", name=re.compile("nonexistent-folder"))
    session.program.close_banner()


def test_saved_trace_is_opened_by_a_second_start(session):
    start_again(session.path("saved.npz"))
    wait_for("a second tab", lambda: len(session.program.tabs()) == 2)
    wait_for("the same title", lambda: session.program.title() == "Eiffel Tower → “Paris”")


def test_notebook_file_is_opened(session):
    start_again(NOTEBOOK)
    wait_for("a third tab", lambda: len(session.program.tabs()) == 3)
    fields = read_npz(NOTEBOOK)
    layers, tokens = fields["scores"][1]
    wait_for(
        "its map", lambda: session.program.heatmap().get_name() == f"Heatmap of {layers} layers by {tokens} tokens"
    )


def write_npz(path, arrays):
    """A .npz of uncompressed members, each (descr, shape, bytes)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, (descr, shape, data) in arrays.items():
            header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
            header += " " * (-(len(header) + 11) % 64) + "\n"
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


def damaged_files(session):
    """name → (writes it, what must be said)."""
    with open(session.path("saved.npz"), "rb") as file:
        good = file.read()
    fields = read_npz(session.path("saved.npz"))
    shape = dict(fields, scores=("<f4", (3, 2), bytes(24)))
    objects = dict(fields, scores=("|O", (1, 1), b"\x80\x04N."))
    some = {"data": ("<f8", (2,), bytes(16))}

    def plain(data):
        return lambda path: open(path, "wb").write(data)

    return {
        "text.npz": (plain(b"this is no archive"), "text.npz"),
        "truncated.npz": (plain(good[: len(good) // 2]), "truncated.npz"),
        "empty.npz": (plain(b""), "empty.npz"),
        "other.npz": (lambda path: write_npz(path, some), "has no scores"),
        "shape.npz": (lambda path: write_npz(path, shape), "scores has shape"),
        "objects.npz": (lambda path: write_npz(path, objects), "object"),
    }


def test_bad_files_are_refused_in_a_sentence(session):
    n_tabs = len(session.program.tabs())
    for name, (write, said) in damaged_files(session).items():
        write(session.path(name))
        start_again(session.path(name))
        session.program.wait(f"the banner of {name}", "label", re.compile(re.escape(name) + ".*" + re.escape(said) if said != name else re.escape(name)))
        session.program.close_banner()
    start_again(session.path("missing.npz"))
    session.program.wait("the banner of a missing file", name=re.compile("missing.npz"))
    session.program.close_banner()
    assert len(session.program.tabs()) == n_tabs, session.program.tabs()


def test_killed_program_loses_nothing(session):
    program = session.program
    type_into("p", "The Space Needle is located in downtown")
    type_into("b", "Space Needle")
    xdotool("key", "ctrl+Return")
    wait_for("the title", lambda: program.title() == "Space Needle → “Seattle”")
    program.wait_for_end()
    time.sleep(1)  # it is written by a thread
    program.kill()
    program = session.start()
    program.wait("the offer", name=re.compile("was not saved$"))
    program.press("Reopen")
    wait_for("the trace", lambda: program.title() == "Space Needle → “Seattle”")
    program.wait_for_all_cells()
    assert len(program.tabs()) == 2, program.tabs()


def test_discarding_can_be_undone(session):
    session.program.kill()
    program = session.start()
    program.wait("the offer", name=re.compile("was not saved$"))
    program.close_banner()
    program.press("Undo")
    wait_for("the trace", lambda: "Space Needle → “Seattle”" in program.tabs())


def test_saved_trace_is_not_offered_again(session):
    program = session.program
    wait_for("the trace in front", lambda: program.title() == "Space Needle → “Seattle”")
    save_as(session, "needle.npz")
    program.quit()
    program = session.start()
    program.wait_for_end()
    assert program.find(name=re.compile("not saved")) is None
    program.quit()


def test_start_with_a_file_shows_its_settings(session):
    program = session.start(session.path("needle.npz"))
    wait_for("the file", lambda: program.title() == "Space Needle → “Seattle”")
    wait_for("its subject", lambda: text_of(program.find("text", "Subject")) == "Space Needle")


def test_a_comparison_is_exported(session):
    program = session.program
    driver.choose_in_menu(program.root, "Compare With…")
    driver.focus_window("Compare With")
    xdotool("key", "Home", "Return")  # the first of what is offered: the other demo model
    picture = driver.export_comparison(session.path("models.svg"))
    for words in ["A: demo, resid", "B: demo-gpt2, resid", "Relative depth"]:
        assert words in picture, words
    xdotool("windowfocus", program.window_id)
    program.quit()


def test_nothing_was_complained_of(session):
    assert not session.program.complaints(), "\n".join(session.program.complaints())


driver.main(
    [
        test_example_is_traced,
        test_numbers_are_saved,
        test_scores_are_saved_as_csv_and_json,
        test_svg_is_exported,
        test_pdf_is_exported,
        test_png_is_exported_at_its_scale,
        test_other_pictures_are_exported,
        test_full_disk_is_said_and_nothing_is_lost,
        test_missing_folder_is_said,
        test_saved_trace_is_opened_by_a_second_start,
        test_notebook_file_is_opened,
        test_bad_files_are_refused_in_a_sentence,
        test_killed_program_loses_nothing,
        test_discarding_can_be_undone,
        test_saved_trace_is_not_offered_again,
        test_start_with_a_file_shows_its_settings,
        test_a_comparison_is_exported,
        test_nothing_was_complained_of,
    ]
)
