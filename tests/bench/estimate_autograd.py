#!/usr/bin/env python3
"""What PyTorch's autograd takes for the estimates of one site, resid: processor seconds, warm, beside those of `trace-bench MODEL 8 5 estimate`.

    estimate_autograd.py MODEL [--tokens N] [--repeats N]

MODEL is a Mamba in the Hugging Face layout (random_model.py makes one of 130m's size). One clean and ten corrupted runs of
transformers' network, activations alone with gradients; one pass backward from log p. Run it by a Python that has torch and
transformers (packages.py), with OMP_NUM_THREADS=1.
"""
import argparse
import time

import torch
from transformers import MambaForCausalLM

SAMPLES, LEVEL = 10, 3.0


def estimate(model, embeddings, noise, first):
    """[L, T] of ∇ log p·(clean − corrupted), the mean over samples."""
    kept = []

    def keep(_module, _inputs, output):
        kept.append(output[0] if isinstance(output, tuple) else output)

    handles = [block.register_forward_hook(keep) for block in model.backbone.layers]
    try:
        with torch.no_grad():
            target = int(model(inputs_embeds=embeddings[None], use_cache=False).logits[0, -1].argmax())
        clean, rows = [value.detach() for value in kept], embeddings[None].repeat(SAMPLES, 1, 1)
        kept.clear()
        rows[:, first:first + noise.shape[1]] += noise
        rows.requires_grad_(True)
        logits = model(inputs_embeds=rows, use_cache=False).logits[:, -1]
        gradients = torch.autograd.grad(torch.log_softmax(logits, -1)[:, target].sum(), kept)
        return torch.stack([(g * (c - v)).sum(-1).mean(0) for g, c, v in zip(gradients, clean, kept)]).detach()
    finally:
        for handle in handles:
            handle.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--tokens", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = MambaForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).requires_grad_(False)
    embeddings = model.get_input_embeddings()(torch.randint(1000, 30000, (arguments.tokens,)))
    noise = LEVEL * embeddings[1:5].std() * torch.randn(SAMPLES, 4, embeddings.shape[1])
    estimate(model, embeddings, noise, 1)
    times = []
    for _ in range(arguments.repeats):
        begin = time.process_time()
        estimate(model, embeddings, noise, 1)
        times.append(time.process_time() - begin)
    print(f"{arguments.tokens} tokens, {SAMPLES} samples: median {sorted(times)[len(times) // 2]:.2f}, "
          f"least {min(times):.2f} processor seconds")


if __name__ == "__main__":
    main()
