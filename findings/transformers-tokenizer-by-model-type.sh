#!/bin/sh
# transformers 5.24.0, AutoTokenizer on a folder of tokenizer.json and config.json alone: `model_type` decides how text is
# cut. For mamba, mamba2, falcon_mamba, gpt_neox and gpt2 the pre-tokenizer that stands in the file (digits one by one, a
# space in front) is replaced by the class's own, without a warning; for llama the file counts. The same file, other ids.
. "$(dirname "$0")/lib.sh"
packages transformers==5.24.0 tokenizers==0.23.3
export TRANSFORMERS_VERBOSITY=error HF_HUB_OFFLINE=1
python_here 2>"$folder/log" <<'PY'
import json, pathlib
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer

letters = sorted(pre_tokenizers.ByteLevel.alphabet())
words = ["12", "123", "ab"]
vocab = {text: number for number, text in enumerate(letters + words)}
file = Tokenizer(models.BPE(vocab=vocab, merges=[(word[:-1], word[-1]) for word in words]))
file.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=True)])
folder = pathlib.Path("model")
folder.mkdir()
file.save(str(folder / "tokenizer.json"))
own = file.encode("ab123").tokens
print("transformers", transformers.__version__, "the file's own tokens:", own)
for kind in ["mamba", "mamba2", "falcon_mamba", "gpt_neox", "gpt2", "llama"]:
    (folder / "config.json").write_text(json.dumps({"model_type": kind, "vocab_size": 300}))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("ab123")["input_ids"])
    print(f"{kind:13} {type(tokenizer).__name__:18} {tokens}")
    assert tokens == (own if kind == "llama" else ["ab", "123"]), kind
assert own != ["ab", "123"]
PY
