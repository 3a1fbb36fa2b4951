#!/bin/sh
# flash-linear-attention 0.6.0 saves its Mamba-2 as model_type "mamba2" with class name Mamba2ForCausalLM, tensors named as
# transformers names them, but config fields of its own: norm_eps, dt_limit (transformers: layer_norm_epsilon, time_step_limit).
# transformers 5.24.0 opens such a checkpoint without a word: no key is missing, none is left over, and the step's limits and
# the norms' epsilon are its own defaults, so probabilities are off by tenths. Of Mamba-1, dt_rank (there time_step_rank) is
# not read either, which an error of shapes tells wherever it is not the default.
. "$(dirname "$0")/lib.sh"
packages torch==2.15.0 numpy==2.4.6 transformers==5.24.0 flash-linear-attention==0.6.0
python_here <<'PY'
import json, logging
import torch, transformers
from fla.models import Mamba2Config, Mamba2ForCausalLM

logging.disable(logging.WARNING)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
sizes = dict(vocab_size=24, hidden_size=16, num_heads=4, head_dim=8, n_groups=2, state_size=4, num_hidden_layers=2, chunk_size=4)
torch.manual_seed(1)
made = Mamba2ForCausalLM(Mamba2Config(**sizes, dt_limit=(0.01, 0.3), norm_eps=1e-2))
with torch.no_grad():
    for name, weight in made.named_parameters():
        if weight.ndim > 1:
            weight.copy_(0.4 * torch.randn_like(weight))
made.save_pretrained("checkpoint")
said = json.load(open("checkpoint/config.json"))
print({name: said.get(name) for name in ("model_type", "architectures", "dt_limit", "norm_eps", "time_step_limit", "layer_norm_epsilon")})
opened, report = transformers.Mamba2ForCausalLM.from_pretrained("checkpoint", output_loading_info=True)
print("transformers", transformers.__version__, "takes", opened.config.time_step_limit, opened.config.layer_norm_epsilon, report)
meant = transformers.Mamba2ForCausalLM(
    transformers.Mamba2Config(**sizes, time_step_limit=(0.01, 0.3), layer_norm_epsilon=1e-2, tie_word_embeddings=False)
)
meant.load_state_dict(made.state_dict())
ids = torch.tensor([[2, 0, 1, 3, 4, 5, 6]])
with torch.no_grad():
    off = float((opened.eval()(ids).logits[0, -1].softmax(0) - meant.eval()(ids).logits[0, -1].softmax(0)).abs().max())
print(f"probabilities are off by {off:.2f}")
assert said["model_type"] == "mamba2" and said["dt_limit"] == [0.01, 0.3] and said["norm_eps"] == 0.01
assert not any(report.values()), report
assert tuple(opened.config.time_step_limit) == (0.0, float("inf")) and opened.config.layer_norm_epsilon == 1e-5
assert off > 0.05
PY
