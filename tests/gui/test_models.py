#!/usr/bin/python3
"""Models: opened by name, from the menu and again, with a tokenizer of one's choice; broken ones; one whose folder goes."""
import driver  # first: starts this again inside a display of its own
import json
import math
import os
import re
import shutil
import time

from driver import click, find_all, is_on_screen, name_of, press, set_setting, start_again, type_into, wait_for, xdotool

DEMO = os.path.join(os.environ["ENGRAM_DATA_DIR"], "demo")


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
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + bytes(offset))


def store(name):
    return os.path.join(os.environ["XDG_DATA_HOME"], "engram", "models", *name.split("/"))


def wait_for_model(program, name, tokenizer):
    def shown():
        described = program.button(re.compile("^Model: ")).get_description()
        return program.find(name=name) and f"Tokenizer: {tokenizer}" in described

    wait_for(f"{name} with {tokenizer}", shown)


def test_model_is_opened_by_its_name(session):
    write_tiny_model(store("state-spaces/tiny"))
    session.start().wait_for_end()
    start_again("--model", "state-spaces/tiny")
    wait_for_model(session.program, "state-spaces/tiny · 1 layers", "GPT-NeoX’s, which comes with Engram")
    assert "on cpu" in session.program.button(re.compile("^Model: ")).get_description()


def test_tokenizer_can_be_set(session):
    path = session.path("chosen.json")
    shutil.copy(os.path.join(DEMO, "tokenizer.json"), path)
    set_setting("tokenizer", f"'{path}'")
    wait_for_model(session.program, "state-spaces/tiny · 1 layers", f"from the settings\n{path}")
    set_setting("tokenizer", "''")
    wait_for_model(session.program, "state-spaces/tiny · 1 layers", "GPT-NeoX’s, which comes with Engram")


def open_from_menu(program, item):
    click(program.button(re.compile("^Model: ")))

    def chosen():
        for node in find_all(program.root, "menu item", re.compile("^" + re.escape(item))):
            if is_on_screen(node):
                press(node)
                return True
        return False

    wait_for(f"{item} in the menu", chosen)


def test_menu_lists_what_is_there(session):
    write_tiny_model(store("little"))
    open_from_menu(session.program, "little")
    wait_for_model(session.program, "little · 1 layers", "GPT-NeoX’s, which comes with Engram")


def test_menu_remembers_what_was_opened(session):
    open_from_menu(session.program, "Demo Model")
    wait_for_model(session.program, "Demo model · 8 layers", "in the model’s folder")
    open_from_menu(session.program, "state-spaces/tiny")
    wait_for_model(session.program, "state-spaces/tiny · 1 layers", "GPT-NeoX’s, which comes with Engram")


def test_broken_model_leaves_the_one_before(session):
    program = session.program
    folder = session.path("broken")
    write_tiny_model(folder)
    with open(os.path.join(folder, "model.safetensors"), "r+b") as file:
        file.truncate(1000)
    start_again("--model", folder)
    program.wait("the banner", name=re.compile("model.safetensors"))
    program.wait("the button that helps", name="Open Model…")
    assert program.find(name="state-spaces/tiny · 1 layers")
    program.close_banner()


def test_model_whose_folder_goes_can_still_be_traced(session):
    program = session.program
    folder = session.path("short-lived")
    shutil.copytree(DEMO, folder)
    start_again("--model", folder)
    wait_for_model(program, "short-lived · 8 layers", "in the model’s folder")
    shutil.rmtree(folder)
    xdotool("key", "ctrl+Return")
    program.wait_for_end()
    n_cells = program.cells()
    start_again("--model", folder)
    program.wait("the banner", name=re.compile("short-lived"))
    assert program.cells() == n_cells, program.cells()
    program.close_banner()


def test_other_model_makes_the_map_old(session):
    program = session.program
    start_again("--model", "demo")
    wait_for_model(program, "Demo model · 8 layers", "in the model’s folder")
    xdotool("key", "ctrl+Return")
    wait_for("a tab of its own", lambda: len(program.tabs()) >= 2)
    program.wait_for_end()
    program.quit()


def test_last_model_opens_again(session):
    """Not the demo's, whose picture is there at once; one that is gone gives way to the demo."""
    folder = session.path("last")
    shutil.copytree(DEMO, folder)
    program = session.start("--model", folder)
    wait_for_model(program, "last · 8 layers", "in the model’s folder")
    program.quit()
    program = session.start()
    wait_for_model(program, "last · 8 layers", "in the model’s folder")
    program.quit()
    shutil.rmtree(folder)
    program = session.start()
    wait_for_model(program, "Demo model · 8 layers", "in the model’s folder")
    program.wait_for_end()
    program.quit()


def test_nothing_was_complained_of(session):
    assert not session.program.complaints(), "\n".join(session.program.complaints())


driver.main(
    [
        test_model_is_opened_by_its_name,
        test_tokenizer_can_be_set,
        test_menu_lists_what_is_there,
        test_menu_remembers_what_was_opened,
        test_broken_model_leaves_the_one_before,
        test_model_whose_folder_goes_can_still_be_traced,
        test_other_model_makes_the_map_old,
        test_last_model_opens_again,
        test_nothing_was_complained_of,
    ]
)
