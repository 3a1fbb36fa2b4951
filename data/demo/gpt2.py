# SPDX-License-Identifier: MIT
"""The second demo model's network: a small GPT-2.  train.py --family gpt2 trains it."""
import torch
import torch.nn.functional as F

VOCAB = 4096
D_MODEL, LAYERS, HEADS, POSITIONS = 128, 6, 4, 128
EPS = 1e-5
STEPS = 2400
FOLDER = "demo-gpt2"
EMBEDDING = "transformer.wte.weight"


def is_matrix(name):
    """Whether weight decay is for it."""
    return ".h." in name and name.endswith(".weight") and ".ln_" not in name


def init_weights(seed):
    g = torch.Generator().manual_seed(seed)

    def normal(*shape, std):
        return torch.randn(*shape, generator=g) * std

    w = {EMBEDDING: normal(VOCAB, D_MODEL, std=0.05), "transformer.wpe.weight": normal(POSITIONS, D_MODEL, std=0.02),
         "transformer.ln_f.weight": torch.ones(D_MODEL), "transformer.ln_f.bias": torch.zeros(D_MODEL)}
    for i in range(LAYERS):
        p = f"transformer.h.{i}."
        for norm in ("ln_1", "ln_2"):
            w[p + norm + ".weight"], w[p + norm + ".bias"] = torch.ones(D_MODEL), torch.zeros(D_MODEL)
        for name, inner, outer, share in (("attn.c_attn", D_MODEL, 3 * D_MODEL, 1), ("attn.c_proj", D_MODEL, D_MODEL, 2 * LAYERS),
                                          ("mlp.c_fc", D_MODEL, 4 * D_MODEL, 1), ("mlp.c_proj", 4 * D_MODEL, D_MODEL, 2 * LAYERS)):
            w[p + name + ".weight"] = normal(inner, outer, std=(inner * share) ** -0.5)
            w[p + name + ".bias"] = torch.zeros(outer)
    return w


def late_reading(names):
    """For training alone: an attention mask [b,1,T,T] by which, in half of the sentences, tokens after the subject do not see
    its tokens (names [b,T]).  In force in the first half of the layers, it makes the subject's own tokens gather what is known
    of it, and later layers read it there, as large models do; without it all is read in the first layer."""
    b, steps = names.shape
    after = names.flip(1).cumsum(1).flip(1) == 0
    hidden = after[:, :, None] & names[:, None, :] & (torch.rand(b) < 0.5)[:, None, None]
    return (torch.ones(steps, steps, dtype=torch.bool).tril() & ~hidden).unsqueeze(1)


def forward(w, ids, corrupt=None, names=None):
    """ids [b,T] -> logits [T,b,V]; corrupt is applied to the tokens' embeddings [T,b,d], and late_reading() to names [b,T]."""
    mask = None if names is None else late_reading(names)
    r = F.embedding(ids.T, w[EMBEDDING])
    if corrupt:
        r = corrupt(r)
    steps, b, d = r.shape
    r = (r + w["transformer.wpe.weight"][:steps, None]).transpose(0, 1)
    for i in range(LAYERS):
        p = f"transformer.h.{i}."

        def norm(x, name):
            return F.layer_norm(x, (d,), w[p + name + ".weight"], w[p + name + ".bias"], EPS)

        def linear(x, name):
            return x @ w[p + name + ".weight"] + w[p + name + ".bias"]

        q, k, v = (x.view(b, steps, HEADS, d // HEADS).transpose(1, 2) for x in linear(norm(r, "ln_1"), "attn.c_attn").split(d, -1))
        masked = mask is not None and i < LAYERS // 2
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask if masked else None, is_causal=not masked)
        r = r + linear(a.transpose(1, 2).reshape(b, steps, d), "attn.c_proj")
        r = r + linear(F.gelu(linear(norm(r, "ln_2"), "mlp.c_fc"), approximate="tanh"), "mlp.c_proj")
    r = F.layer_norm(r, (d,), w["transformer.ln_f.weight"], w["transformer.ln_f.bias"], EPS)
    return (r @ w[EMBEDDING].T).transpose(0, 1)


def config():
    return {
        "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.0, "bos_token_id": 0,
        "dtype": "float16", "embd_pdrop": 0.0, "eos_token_id": 0, "initializer_range": 0.02, "layer_norm_epsilon": EPS,
        "model_type": "gpt2", "n_embd": D_MODEL, "n_head": HEADS, "n_inner": None, "n_layer": LAYERS, "n_positions": POSITIONS,
        "reorder_and_upcast_attn": False, "resid_pdrop": 0.0, "scale_attn_by_inverse_layer_idx": False,
        "scale_attn_weights": True, "tie_word_embeddings": True, "use_cache": True, "vocab_size": VOCAB,
    }
