"""A checkpoint of random weights of any size, written with Python's own library alone."""
import array
import json
import math
import random
import sys

VOCABULARY, STATES, TAPS = 50280, 16, 4
# Numbers drawn once and written again and again; a prime, so that no two rows of a matrix are alike.
N_DRAWN = 100003


def tensors(layers, d):
    """(name, shape, mean, standard deviation) of each, scaled as a trained network's roughly are."""
    D, R = 2 * d, math.ceil(d / 16)
    yield "backbone.embeddings.weight", (VOCABULARY, d), 0, 0.1
    # Not tied, or each token would be its own successor.
    yield "lm_head.weight", (VOCABULARY, d), 0, 3.5 / math.sqrt(d)
    yield "backbone.norm_f.weight", (d,), 1, 0
    for layer in range(layers):
        for name, shape, mean, deviation in (
            ("norm.weight", (d,), 1, 0.1),
            ("mixer.A_log", (D, STATES), 0, 0),
            ("mixer.D", (D,), 1, 0),
            ("mixer.conv1d.weight", (D, 1, TAPS), 0, 0.5),
            ("mixer.conv1d.bias", (D,), 0, 0.1),
            ("mixer.in_proj.weight", (2 * D, d), 0, 1 / math.sqrt(d)),
            ("mixer.x_proj.weight", (R + 2 * STATES, D), 0, 1 / math.sqrt(D)),
            ("mixer.dt_proj.weight", (D, R), 0, 1 / math.sqrt(R)),
            ("mixer.dt_proj.bias", (D,), -3, 1),
            ("mixer.out_proj.weight", (d, D), 0, 1 / math.sqrt(D * 2 * layers)),
        ):
            yield f"backbone.layers.{layer}.{name}", shape, mean, deviation


def write_repeated(file, numbers, start, count):
    """count of the numbers from start on, round and round."""
    values = array.array("f", numbers)
    if sys.byteorder == "big":
        values.byteswap()
    data = memoryview(values.tobytes())
    at = start % len(numbers)
    while count > 0:
        n = min(count, len(numbers) - at)
        file.write(data[4 * at : 4 * (at + n)])
        at, count = 0, count - n


def write(folder, layers, width):
    """config.json and model.safetensors, in Hugging Face's layout, without a tokenizer."""
    draw = random.Random(1)
    drawn = [draw.gauss(0, 1) for _ in range(N_DRAWN)]
    header, offset = {}, 0
    for name, shape, _, _ in tensors(layers, width):
        end = offset + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for i, (name, shape, mean, deviation) in enumerate(tensors(layers, width)):
            if name.endswith("A_log"):
                numbers = [math.log(n + 1) for n in range(STATES)]
            else:
                numbers = [mean + deviation * x for x in drawn]
            write_repeated(file, numbers, 0 if name.endswith("A_log") else 7919 * i, math.prod(shape))
    config = {
        "architectures": ["MambaForCausalLM"], "model_type": "mamba", "hidden_size": width, "intermediate_size": 2 * width,
        "num_hidden_layers": layers, "state_size": STATES, "conv_kernel": TAPS, "expand": 2,
        "time_step_rank": math.ceil(width / 16), "use_bias": False, "use_conv_bias": True, "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": False, "vocab_size": VOCABULARY, "hidden_act": "silu",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
