"""Small checkpoints as people have them, made by number: recipe N is the same on every machine, and whatever writes its files
needs nothing but Python. All values are of eight bits times a power of two, and so the same numbers in every type.

    recipe = recipes.make(N); recipes.write(recipe, folder)
"""
import json
import os
import pickle
import random
import struct
import zipfile

PROMPT = "cab"
LETTERS = "abcdefghijklmnopqrstuvwx"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


class Chance:
    """Draws that no version of Python makes otherwise."""

    def __init__(self, seed):
        self.random = random.Random(f"engram {seed}")

    def number(self):
        return self.random.random()

    def below(self, n):
        return int(self.number() * n)

    def of(self, *values):
        return values[self.below(len(values))]

    def happens(self, share):
        return self.number() < share

    def codes(self, n):
        return self.random.getrandbits(8 * n).to_bytes(n, "little")

    def shuffled(self, values):
        left, found = list(values), []
        while left:
            found.append(left.pop(self.below(len(left))))
        return found


class Tensor:
    """codes: a byte each; spread: the values are (code − 128)/spread; norm: (code//2 + 64)/128, about 1."""

    def __init__(self, shape, codes, spread):
        self.shape, self.codes, self.spread, self.dtype = shape, codes, spread, "F32"

    def values(self):
        table = [code // 2 / 128 + 0.5 if self.spread == "norm" else (code - 128) / self.spread for code in range(256)]
        return [table[code] for code in self.codes]

    def data(self):
        return b"".join(map(table_of(self.spread, self.dtype).__getitem__, self.codes))


TABLES = {}


def table_of(spread, dtype):
    """The bytes of each code's value."""
    if (spread, dtype) not in TABLES:
        values = Tensor((256,), bytes(range(256)), spread).values()
        formats = {"F64": "<d", "F32": "<f", "F16": "<e"}
        if dtype == "BF16":
            TABLES[spread, dtype] = [struct.pack("<f", value)[2:] for value in values]
        else:
            TABLES[spread, dtype] = [struct.pack(formats[dtype], value) for value in values]
    return TABLES[spread, dtype]


class Recipe:
    """
    config: of the files; plain: config and names as transformers has them, for what it cannot read as it is
    tensors: name → Tensor, as stored; names: stored name → the plain one, None for what is not the network's
    """

    def __init__(self, number):
        self.number, self.chance = number, Chance(number)
        self.config, self.plain, self.tensors, self.names = {}, {}, {}, {}
        self.tokens = 16


def draw(chance, shape, spread):
    n = 1
    for size in shape:
        n *= size
    return Tensor(shape, chance.codes(n), spread)


# ---- the networks ----


def mamba(recipe):
    chance = recipe.chance
    d, layers, tokens = chance.of(4, 8, 10), chance.of(1, 2, 3), chance.of(9, 16, 24)
    state, kernel, rank = chance.of(2, 4, 7), chance.of(2, 3, 4), chance.of(1, 2, 3)
    inner, bias, conv_bias = chance.of(d, 2 * d, 2 * d, 12), chance.happens(0.2), not chance.happens(0.2)
    original = chance.happens(0.35)
    rows = (tokens + 7) // 8 * 8 if original else tokens
    recipe.tokens = tokens
    plain = dict(model_type="mamba", hidden_size=d, num_hidden_layers=layers, vocab_size=rows, state_size=state, conv_kernel=kernel, intermediate_size=inner,
                 time_step_rank=rank, use_bias=bias, use_conv_bias=conv_bias)
    tensors = {"backbone.embeddings.weight": draw(chance, (rows, d), 128)}
    for layer in range(layers):
        shapes = {"norm.weight": ((d,), "norm"), "mixer.in_proj.weight": ((2 * inner, d), 128), "mixer.x_proj.weight": ((rank + 2 * state, inner), 128),
                  "mixer.dt_proj.weight": ((inner, rank), 128), "mixer.dt_proj.bias": ((inner,), 64), "mixer.out_proj.weight": ((d, inner), 64),
                  "mixer.conv1d.weight": ((inner, 1, kernel), 64), "mixer.A_log": ((inner, state), 64), "mixer.D": ((inner,), 64)}
        if conv_bias:
            shapes["mixer.conv1d.bias"] = ((inner,), 128)
        if bias:
            shapes |= {"mixer.in_proj.bias": ((2 * inner,), 128), "mixer.out_proj.bias": ((d,), 128)}
        tensors |= {f"backbone.layers.{layer}.{name}": draw(chance, shape, spread) for name, (shape, spread) in shapes.items()}
    tensors["backbone.norm_f.weight"] = draw(chance, (d,), "norm")
    finish(recipe, plain, tensors, "backbone.embeddings.weight", (rows, d))
    recipe.config = original_config(recipe, plain) if original else hub_config(recipe, plain)
    if original:
        rename(recipe, "backbone.embeddings.", "backbone.embedding.")


def original_config(recipe, plain):
    """mamba_ssm's, whose defaults are left out here and there."""
    chance, d = recipe.chance, plain["hidden_size"]
    ssm = {"d_state": plain["state_size"], "d_conv": plain["conv_kernel"], "dt_rank": plain["time_step_rank"]}
    if plain["intermediate_size"] % d == 0:
        ssm["expand"] = plain["intermediate_size"] // d
    else:
        ssm["intermediate_size"] = plain["intermediate_size"]
    if plain["use_bias"] or chance.happens(0.3):
        ssm["bias"] = plain["use_bias"]
    if not plain["use_conv_bias"] or chance.happens(0.3):
        ssm["conv_bias"] = plain["use_conv_bias"]
    if chance.happens(0.3):
        ssm["layer"] = "Mamba1"
    if ssm.get("expand") == 2 and chance.happens(0.5):
        del ssm["expand"]
    if "intermediate_size" in ssm:
        # Engram's own reading of what mamba_ssm has no word for: left to the other layout.
        ssm.pop("intermediate_size")
        return hub_config(recipe, plain)
    config = {"d_model": d, "n_layer": plain["num_hidden_layers"], "vocab_size": recipe.tokens, "ssm_cfg": ssm, "pad_vocab_size_multiple": 8}
    if not plain["tie_word_embeddings"] or chance.happens(0.3):
        config["tie_embeddings"] = plain["tie_word_embeddings"]
    for name, value in {"rms_norm": True, "residual_in_fp32": True, "fused_add_norm": True, "attn_layer_idx": [], "attn_cfg": {}, "d_intermediate": 0}.items():
        if chance.happens(0.6):
            config[name] = value
    return config


def hub_config(recipe, plain):
    chance = recipe.chance
    config = dict(plain)
    defaults = {"use_bias": False, "use_conv_bias": True, "tie_word_embeddings": True, "conv_kernel": 4}
    for name, value in defaults.items():
        if config[name] == value and chance.happens(0.4):
            del config[name]
    config |= chance.of({}, {"hidden_act": "silu"}, {"hidden_act": "swish"})
    config |= chance.of({}, {"expand": 2}, {"expand": 16})
    config |= chance.of({}, {"layer_norm_epsilon": 1e-5}, {"layer_norm_epsilon": 0.01}, {"layer_norm_epsilon": 1e-6})
    config |= chance.of({}, {"residual_in_fp32": True}, {"rescale_prenorm_residual": False, "initializer_range": 0.1})
    recipe.plain |= {name: config[name] for name in ("layer_norm_epsilon", "hidden_act") if name in config}
    if config["intermediate_size"] == 2 * config["hidden_size"] and config.get("expand", 2) == 2 and chance.happens(0.4):
        del config["intermediate_size"]
    if chance.happens(0.15):
        config["d_model"] = config["hidden_size"]
    if chance.happens(0.1):
        config["time_step_rank"] = rank = "auto"
        if (config["hidden_size"] + 15) // 16 != plain["time_step_rank"]:
            config["time_step_rank"] = plain["time_step_rank"]
        del rank
    return noise_config(recipe, config, "MambaForCausalLM")


def gpt2(recipe):
    chance = recipe.chance
    heads, width, layers, tokens = chance.of(1, 2, 4), chance.of(2, 3, 4), chance.of(1, 2, 3), chance.of(9, 16, 24)
    d, positions = heads * width, chance.of(4, 8)
    inner = chance.of(4 * d, 4 * d, 7)
    recipe.tokens = tokens
    plain = dict(model_type="gpt2", n_embd=d, n_layer=layers, n_head=heads, n_positions=positions, vocab_size=tokens, n_inner=inner)
    plain |= chance.of({}, {"activation_function": "gelu_new"}, {"activation_function": "gelu"}, {"activation_function": "relu"},
                       {"activation_function": "silu"}, {"activation_function": "swish"}, {"activation_function": "gelu_pytorch_tanh"}, {"activation_function": "gelu_fast"})
    plain |= chance.of({}, {}, {"scale_attn_weights": False}, {"scale_attn_by_inverse_layer_idx": True}, {"reorder_and_upcast_attn": True})
    plain |= chance.of({}, {"layer_norm_epsilon": 1e-5}, {"layer_norm_epsilon": 0.01})
    root = "transformer."
    tensors = {root + "wte.weight": draw(chance, (tokens, d), 128), root + "wpe.weight": draw(chance, (positions, d), 128)}
    for layer in range(layers):
        shapes = {"ln_1.weight": ((d,), "norm"), "ln_1.bias": ((d,), 256), "attn.c_attn.weight": ((d, 3 * d), 64), "attn.c_attn.bias": ((3 * d,), 128),
                  "attn.c_proj.weight": ((d, d), 64), "attn.c_proj.bias": ((d,), 128), "ln_2.weight": ((d,), "norm"), "ln_2.bias": ((d,), 256),
                  "mlp.c_fc.weight": ((d, inner), 64), "mlp.c_fc.bias": ((inner,), 128), "mlp.c_proj.weight": ((inner, d), 64), "mlp.c_proj.bias": ((d,), 128)}
        tensors |= {f"{root}h.{layer}.{name}": draw(chance, shape, spread) for name, (shape, spread) in shapes.items()}
    tensors |= {root + "ln_f.weight": draw(chance, (d,), "norm"), root + "ln_f.bias": draw(chance, (d,), 256)}
    finish(recipe, plain, tensors, root + "wte.weight", (tokens, d))
    config = dict(recipe.plain)
    if inner == 4 * d and chance.happens(0.6):
        config |= chance.of({"n_inner": None}, {})
        if config["n_inner"] is not None:
            del config["n_inner"]
    if config["tie_word_embeddings"] and chance.happens(0.5):
        del config["tie_word_embeddings"]
    # The general names that GPT2Config takes for its own.
    for name, other in {"n_embd": "hidden_size", "n_layer": "num_hidden_layers", "n_head": "num_attention_heads", "n_positions": "max_position_embeddings"}.items():
        if chance.happens(0.05):
            config[other] = config.pop(name)
    config |= chance.of({}, {"n_ctx": positions}, {"attn_pdrop": 0.1, "summary_type": "cls_index"}, {"task_specific_params": {"text-generation": {"do_sample": True}}})
    recipe.config = noise_config(recipe, config, "GPT2LMHeadModel")
    if chance.happens(0.3):
        for layer in range(layers):
            add_other(recipe, f"{root}h.{layer}.attn.bias", (1, 1, positions, positions))
        if chance.happens(0.5):
            add_other(recipe, f"{root}h.0.attn.masked_bias", ())


def noise_config(recipe, config, architecture):
    """What a program that reads a config must pass over."""
    chance = recipe.chance
    config |= chance.of({}, {"architectures": [architecture]}, {"architectures": None})
    config |= chance.of({}, {"torch_dtype": "float32"}, {"dtype": "float32"}, {"torch_dtype": "bfloat16", "transformers_version": "4.39.0"})
    config |= chance.of({}, {"use_cache": True}, {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}, {"quantization_config": None})
    return config


def finish(recipe, plain, tensors, embedding, shape):
    """The head: tied and left out, tied and stored once or twice, or its own."""
    chance = recipe.chance
    head = chance.of("tied", "tied", "tied", "own", "same", "only")
    plain["tie_word_embeddings"] = head != "own"
    recipe.plain = dict(plain)
    recipe.tensors = tensors
    if head == "own":
        tensors["lm_head.weight"] = draw(chance, shape, 128)
    elif head != "tied":
        tensors["lm_head.weight"] = tensors[embedding]
    recipe.names = {name: name for name in tensors}
    if head == "only":
        del tensors[embedding]
        recipe.names = {name: embedding if name == "lm_head.weight" else name for name in tensors}


# ---- names, types, extras ----


def rename(recipe, begin, other):
    """Both tables, where a name begins so."""
    def renamed(name):
        return other + name[len(begin):] if name.startswith(begin) else name

    recipe.tensors = {renamed(name): tensor for name, tensor in recipe.tensors.items()}
    recipe.names = {renamed(name): plain for name, plain in recipe.names.items()}


def add_other(recipe, name, shape):
    recipe.tensors[name] = draw(recipe.chance, shape, 128)
    recipe.names[name] = None


def vary(recipe):
    chance = recipe.chance
    if chance.happens(0.15):
        rename(recipe, "transformer." if recipe.plain["model_type"] == "gpt2" else "backbone.", "")
    prefix = chance.of(*[""] * 8, "module.", "_orig_mod.", "model.", "module._orig_mod.")
    rename(recipe, "", prefix)
    dtype = chance.of("F32", "F32", "F16", "BF16", "F64", "mixed")
    for tensor in {id(tensor): tensor for tensor in recipe.tensors.values()}.values():
        tensor.dtype = chance.of("F32", "F16", "BF16") if dtype == "mixed" else dtype
    if chance.happens(0.1):
        add_other(recipe, chance.of("optimizer.state.0.exp_avg", "ema.decay", "global_step"), chance.of((), (3,), (1, 1, 1, 1, 2)))
    recipe.container = chance.of("safetensors", "safetensors", "safetensors", "bin", "bin")
    recipe.n_files = chance.of(1, 1, 1, 1, 2, 3)
    recipe.frame = chance.of("state_dict", "model", "") if recipe.container == "bin" and recipe.n_files == 1 and chance.happens(0.1) else ""


def make(number):
    recipe = Recipe(number)
    recipe.chance.of(mamba, gpt2)(recipe)
    vary(recipe)
    return recipe


# ---- files ----


def put(folder, name, content):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def safetensors(recipe, tensors):
    chance, header, blob = recipe.chance, {}, []
    at = 0
    if chance.happens(0.6):
        header["__metadata__"] = chance.of({"format": "pt"}, {}, {"format": "pt", "note": "é \"quoted\""})
    for name in chance.shuffled(tensors):
        data = tensors[name].data()
        header[name] = {"dtype": tensors[name].dtype, "shape": list(tensors[name].shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
        blob.append(data)
    text = json.dumps(header, ensure_ascii=chance.happens(0.5)).encode() + b" " * chance.below(9)
    return struct.pack("<Q", len(text)) + text + b"".join(blob)


class Pickled:
    """torch.save's pickle, word by word: a dictionary of tensors, each a view of a storage."""

    STORAGES = {"F64": "DoubleStorage", "F32": "FloatStorage", "F16": "HalfStorage", "BF16": "BFloat16Storage"}

    def __init__(self):
        self.out = bytearray(b"\x80\x02")

    def word(self, text):
        data = text.encode()
        self.out += pickle.BINUNICODE + struct.pack("<I", len(data)) + data

    def number(self, value):
        self.out += pickle.BININT + struct.pack("<i", value)

    def numbers(self, values):
        self.out += pickle.MARK
        for value in values:
            self.number(value)
        self.out += pickle.TUPLE

    def name(self, module, name):
        self.out += pickle.GLOBAL + f"{module}\n{name}\n".encode()

    def ordered_dict(self):
        self.name("collections", "OrderedDict")
        self.out += pickle.EMPTY_TUPLE + pickle.REDUCE

    def tensor(self, tensor, key, strides):
        n = len(tensor.codes)
        self.name("torch._utils", "_rebuild_tensor_v2")
        self.out += pickle.MARK + pickle.MARK
        self.word("storage")
        self.name("torch", self.STORAGES[tensor.dtype])
        self.word(str(key))
        self.word("cpu")
        self.number(n)
        self.out += pickle.TUPLE + pickle.BINPERSID
        self.number(0)
        self.numbers(tensor.shape)
        self.numbers(strides)
        self.out += pickle.NEWFALSE
        self.ordered_dict()
        self.out += pickle.TUPLE + pickle.REDUCE

    def parameter(self, tensor, key, strides):
        self.name("torch._utils", "_rebuild_parameter")
        self.out += pickle.MARK
        self.tensor(tensor, key, strides)
        self.out += pickle.NEWTRUE
        self.ordered_dict()
        self.out += pickle.TUPLE + pickle.REDUCE


def turned(tensor):
    """The same values with columns before rows, as a transposed view's storage has them."""
    rows, columns = tensor.shape
    it = Tensor(tensor.shape, bytes(tensor.codes[r * columns + c] for c in range(columns) for r in range(rows)), tensor.spread)
    it.dtype = tensor.dtype
    return it, (1, rows)


def strides_of(shape):
    strides, step = [], 1
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    return strides


def torch_file(recipe, tensors, path):
    chance, storages, pickled = recipe.chance, [], Pickled()
    if recipe.frame:
        pickled.out += pickle.EMPTY_DICT
        pickled.word(recipe.frame)
    if chance.happens(0.5):
        pickled.ordered_dict()
    else:
        pickled.out += pickle.EMPTY_DICT
    pickled.out += pickle.MARK
    has_parameters = chance.happens(0.2)
    for name, tensor in tensors.items():
        strides = strides_of(tensor.shape)
        if len(tensor.shape) == 2 and chance.happens(0.1):
            tensor, strides = turned(tensor)
        pickled.word(name)
        (pickled.parameter if has_parameters else pickled.tensor)(tensor, len(storages), strides)
        storages.append(tensor.data())
    pickled.out += pickle.SETITEMS
    if recipe.frame:
        pickled.out += pickle.SETITEM
    pickled.out += pickle.STOP
    folder = chance.of("archive", "pytorch_model")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}/data.pkl", bytes(pickled.out))
        if chance.happens(0.7):
            archive.writestr(f"{folder}/byteorder", "little")
        for key, data in enumerate(storages):
            archive.writestr(f"{folder}/data/{key}", data)
        archive.writestr(f"{folder}/version", "3\n")


def split(recipe):
    """[{name: Tensor}], a file each."""
    names = recipe.chance.shuffled(recipe.tensors)
    n = min(recipe.n_files, len(names))
    return [{name: recipe.tensors[name] for name in names[i::n]} for i in range(n)]


def write_weights(recipe, folder):
    parts = split(recipe)
    stem, ending = ("model", "safetensors") if recipe.container == "safetensors" else ("pytorch_model", "bin")
    files = {}
    for i, part in enumerate(parts):
        name = f"{stem}.{ending}" if recipe.n_files == 1 else f"{stem}-{i + 1:05}-of-{len(parts):05}.{ending}"
        files |= {tensor: name for tensor in part}
        if recipe.container == "safetensors":
            put(folder, name, safetensors(recipe, part))
        else:
            torch_file(recipe, part, os.path.join(folder, name))
    if recipe.n_files > 1:
        index = {"metadata": {"total_size": 1}, "weight_map": files}
        put(folder, f"{stem}.{ending}.index.json", json.dumps(index))


def write(recipe, folder):
    os.makedirs(folder, exist_ok=True)
    put(folder, "config.json", json.dumps(recipe.config, indent=recipe.chance.of(None, 2)))
    vocabulary = {letter: i for i, letter in enumerate(LETTERS[: recipe.tokens])}
    put(folder, "tokenizer.json", json.dumps({"version": "1.0", "normalizer": None, "pre_tokenizer": BYTE_LEVEL, "post_processor": None, "decoder": BYTE_LEVEL,
                                              "model": {"type": "BPE", "vocab": vocabulary, "merges": []}}))
    write_weights(recipe, folder)
