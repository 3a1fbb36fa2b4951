"""Engram from Python: causal tracing of language models, computed by engram-cli.

    import engram

    m = engram.load("state-spaces/mamba-130m-hf")
    m.predict("The Eiffel Tower is located in", top=5)
    r = m.trace("The Eiffel Tower is located in", subject="Eiffel Tower", samples=10)
    r.scores                    # numpy, [layers, tokens]
    r.plot()                    # matplotlib, as in the notebook
    r.save("tower.npz")
    engram.open("tower.npz")    # the same again, in any program that has numpy
    s = m.study("facts.jsonl", "my-study")      # many facts, averaged over by token role
    s.normalized                # numpy, [roles, layers]

Nothing is computed in Python: `engram-cli serve` runs beside it, keeps its models open and ends with it. Other names:
engram.models() lists what load() can name, engram.notebook has the calls of the notebook that Engram began with.
"""
from __future__ import annotations

from .engine import PROTOCOL, Engine, find_program
from .errors import (
    EngramError,
    InvalidRequest,
    NotInThisVersion,
    ProgramDied,
    ProgramNotFound,
    WrongProgram,
)
from .model import Model, Prediction, Progress, Token, load, models
from .result import Result, open  # noqa: A004
from .study import Study, StudyFact, StudyProgress

__version__ = "0.1.0"
__all__ = [
    "PROTOCOL",
    "Engine",
    "EngramError",
    "InvalidRequest",
    "Model",
    "NotInThisVersion",
    "Prediction",
    "ProgramDied",
    "ProgramNotFound",
    "Progress",
    "Result",
    "Study",
    "StudyFact",
    "StudyProgress",
    "Token",
    "WrongProgram",
    "find_program",
    "load",
    "models",
    "open",
]
