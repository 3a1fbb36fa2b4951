"""A Mamba of random weights, for speed."""
import shutil
from pathlib import Path

import torch
from transformers import MambaConfig, MambaForCausalLM

TOKENIZER = Path(__file__).resolve().parents[2] / "data" / "tokenizers" / "gpt-neox-20b" / "tokenizer.json"


def make_model(folder, layers, width):
    """Writes it into a folder, and returns it."""
    torch.manual_seed(1)
    config = MambaConfig(vocab_size=50280, hidden_size=width, num_hidden_layers=layers, state_size=16)
    model = MambaForCausalLM(config).eval()
    model.save_pretrained(folder)
    shutil.copy(TOKENIZER, folder / "tokenizer.json")
    return model
