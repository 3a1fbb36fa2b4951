"""The calls of the notebook that Engram began with. Its cells run as they are when two of its lines are changed into

    from engram.notebook import load_mamba_model, calculate_hidden_flow

but for section 2, which runs the PyTorch module by hand: `mt.predict(prompt)` is there in its place.
"""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np

from .model import Model, Prediction, load
from .result import Result


class Encoding(Dict[str, Any]):
    """What a tokenizer gives: "input_ids" and "attention_mask"."""

    def to(self, device: Any) -> "Encoding":
        """Itself: Engram's tokens are everywhere."""
        return self

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Tokenizer:
    """The model's tokenizer, as far as the notebook uses one."""

    def __init__(self, model: Model):
        self._model = model

    def __call__(self, text: Union[str, Sequence[str]], return_tensors: Optional[str] = None, **_: Any) -> Encoding:
        """return_tensors: "np" for an array [1, tokens], "pt" for PyTorch's; else a list."""
        ids: Any = self._model.tokenize(text)["ids"] if isinstance(text, str) else [self._model.tokenize(t)["ids"] for t in text]
        if return_tensors is not None:
            ids = np.array([ids] if isinstance(text, str) else ids, dtype=np.int64)
        mask = np.ones_like(ids) if return_tensors is not None else [1] * len(ids)
        if return_tensors == "pt":
            import torch

            ids, mask = torch.from_numpy(ids), torch.from_numpy(mask)
        return Encoding(input_ids=ids, attention_mask=mask)

    def encode(self, text: str) -> List[int]:
        return self._model.tokenize(text)["ids"]

    def decode(self, ids: Any, **_: Any) -> str:
        """ids: a number, or any list or array of them."""
        return self._model.decode(np.atleast_1d(np.asarray(ids)).ravel().tolist())


class ModelAndTokenizer:
    """What load_mamba_model() gives."""

    def __init__(self, model: Model, device: Any):
        self.engram = model
        self.model_name = model.name
        self.num_layers = model.num_layers
        self.device = device
        self.tokenizer = Tokenizer(model)

    @property
    def model(self) -> Any:
        raise AttributeError("there is no PyTorch module here: mt.predict(prompt, top=5) gives the predictions of section 2")

    def predict(self, prompt: str, top: int = 5) -> Prediction:
        """The most probable next tokens: in place of the module in section 2."""
        return self.engram.predict(prompt, top)

    def __repr__(self) -> str:
        return f"<engram.notebook.ModelAndTokenizer {self.model_name!r}, {self.num_layers} layers>"


def load_mamba_model(model_name: str = "state-spaces/mamba-130m", device: Any = "cpu", **options: Any) -> ModelAndTokenizer:
    """device: "cpu", or "cuda" to trace on a GPU. options: those of engram.load(); PyTorch's dtype is passed over."""
    options.pop("dtype", None)
    options.pop("torch_dtype", None)
    return ModelAndTokenizer(load(model_name, **options), device)


class HiddenFlow(Dict[str, Any]):
    """The notebook's dict of a result; `result` is Engram's with all else."""

    result: Result


def calculate_hidden_flow(
    mt: ModelAndTokenizer,
    tokenizer: Any = None,
    prompt: Optional[str] = None,
    subject: Optional[str] = None,
    samples: int = 10,
    noise_level: float = 3.0,
    **options: Any,
) -> HiddenFlow:
    """scores, low_score, high_score, input_tokens, subject_range (inclusive), target_token, prompt, subject.

    tokenizer: is that of mt, whatever is given. options: any of Model.trace()'s.
    """
    options.setdefault("device", str(mt.device))
    result = mt.engram.trace(prompt, subject=subject, samples=samples, noise=noise_level, **options)
    flow = HiddenFlow(
        scores=np.asarray(result.scores, dtype=np.float64),
        low_score=result.low_score,
        high_score=result.high_score,
        input_tokens=result.tokens,
        subject_range=result.subject_range,
        target_token=result.target,
        prompt=result.prompt,
        subject=result.subject,
    )
    flow.result = result
    return flow
