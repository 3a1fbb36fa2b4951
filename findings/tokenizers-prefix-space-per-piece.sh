#!/bin/sh
# tokenizers 0.23.3: ByteLevel(add_prefix_space=True) behind another pre-tokenizer puts its space in front of every piece
# that does not begin with one, not in front of the text: "ab12" cut into ab, 1, 2 becomes three words with a space each,
# and decoding gives a text that was never there.
. "$(dirname "$0")/lib.sh"
packages tokenizers==0.23.3
python_here <<'PY'
import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

def tokenizer(*before):
    letters = {text: number for number, text in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    made = Tokenizer(models.BPE(vocab=letters, merges=[]))
    made.pre_tokenizer = pre_tokenizers.Sequence([*before, pre_tokenizers.ByteLevel(add_prefix_space=True)])
    made.decoder = decoders.ByteLevel()
    return made

alone, behind = tokenizer(), tokenizer(pre_tokenizers.Digits(individual_digits=True))
print("tokenizers", tokenizers.__version__)
for name, made in [("alone", alone), ("behind Digits", behind)]:
    found = made.encode("ab12 c")
    print(f"{name:14}", found.tokens, found.offsets, repr(made.decode(found.ids)))
assert alone.decode(alone.encode("ab12 c").ids) == " ab12 c"
assert behind.encode("ab12 c").tokens == ["Ġ", "a", "b", "Ġ", "1", "Ġ", "2", "Ġ", "c"]
assert behind.decode(behind.encode("ab12 c").ids) == " ab 1 2 c"
PY
