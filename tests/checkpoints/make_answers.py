#!/usr/bin/env python3
"""Writes answers.txt: what transformers makes of each of recipes.py's checkpoints. A line each: the three tokens that are most
probable after the prompt, with their probabilities, and whether transformers read the files as they are ("files") or was given
the tensors by their plain names, since it reads some of these files not at all, or only in part ("tensors").

    make_answers.py [FIRST LAST]     needs torch and transformers (../golden/README.md)
"""
import os
import shutil
import sys
import tempfile
import warnings

import recipes
import torch
import transformers

HERE = os.path.dirname(os.path.abspath(__file__))
N = 3000
CLASSES = {"mamba": (transformers.MambaConfig, transformers.MambaForCausalLM), "gpt2": (transformers.GPT2Config, transformers.GPT2LMHeadModel)}


def is_read_whole(info):
    """Nothing was made up, nor left over that is the network's."""
    left = [name for name in info["unexpected_keys"] if "layers." in name or ".h." in name]
    return not info["missing_keys"] and not info["mismatched_keys"] and not [name for name in left if not name.endswith(("attn.bias", "attn.masked_bias"))]


def from_files(recipe, folder):
    try:
        model, info = CLASSES[recipe.config["model_type"]][1].from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    except Exception:  # noqa: BLE001: it refuses in many ways
        return None
    return model if is_read_whole(info) else None


def from_tensors(recipe):
    config_class, model_class = CLASSES[recipe.plain["model_type"]]
    model = model_class(config_class(**{name: value for name, value in recipe.plain.items() if name != "model_type"}))
    state = {}
    for name, tensor in recipe.tensors.items():
        if recipe.names[name] is not None:
            state[recipe.names[name]] = torch.tensor(tensor.values(), dtype=torch.float32).reshape(tensor.shape)
    embedding = "backbone.embeddings.weight" if recipe.plain["model_type"] == "mamba" else "transformer.wte.weight"
    if recipe.plain["tie_word_embeddings"]:
        state["lm_head.weight"] = state[embedding]
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and not [name for name in missing if "attn" not in name], (missing, unexpected)
    return model


def answer(number, folder):
    recipe = recipes.make(number)
    recipes.write(recipe, folder)
    model = from_files(recipe, folder) if "model_type" in recipe.config else None
    way = "files" if model is not None else "tensors"
    if model is None:
        model = from_tensors(recipe)
    ids = torch.tensor([[recipes.LETTERS.index(letter) for letter in recipes.PROMPT]])
    with torch.no_grad():
        probabilities = torch.softmax(model.eval()(ids).logits[0, -1].double(), 0)
    top = torch.topk(probabilities, 3)
    shutil.rmtree(folder)
    return " ".join([way, *(f"{index}:{value:.6f}" for index, value in zip(top.indices.tolist(), top.values.tolist()))])


def main():
    first, last = (int(argument) for argument in sys.argv[1:3]) if len(sys.argv) > 2 else (0, N)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        lines = [answer(number, os.path.join(folder, str(number))) for number in range(first, last)]
    text = "".join(line + "\n" for line in lines)
    if first == 0 and last == N:
        with open(os.path.join(HERE, "answers.txt"), "w", encoding="ascii") as file:
            file.write(text)
    else:
        print(text, end="")


main()
