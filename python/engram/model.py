"""A model that is open in engram-cli, and what can be asked of it."""
from __future__ import annotations

import base64
import os
import subprocess
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import live
from .engine import Engine, Pending, Program, _command, shared
from .errors import EngramError, InvalidRequest, ProgramDied
from .result import Path, Result

POLL_SECONDS = 0.2  # so that Ctrl+C is heard on every system
STOP_SECONDS = 30
AHEAD = 4  # requests that wait in the engine while one is computed

Names = Union[str, Sequence[str]]
Fact = Union[Mapping[str, Any], Sequence[str]]


class Token(NamedTuple):
    """A predicted token."""

    id: int
    text: str
    probability: float


class Prediction(List[Token]):
    """The most probable next tokens, highest first; tokens and token_ids are the prompt's."""

    def __init__(self, document: Mapping[str, Any]):
        super().__init__(Token(p["id"], p["text"], p["probability"]) for p in document["predictions"])
        self.tokens: List[str] = document["tokens"]
        self.token_ids: List[int] = document["token_ids"]

    def __repr__(self) -> str:
        return "\n".join(f"{token.probability:8.4f}  {token.text!r}" for token in self)


class Progress:
    """A trace under way, as it is given to the function `progress`.

    scores: numpy [layers, tokens] of the main site, NaN where nothing is known yet; it goes on changing.
    share: of the work, 0 … 1. elapsed, left: seconds; left is None while unknown.
    """

    def __init__(self, start: Mapping[str, Any], direction: str):
        self.tokens: List[str] = start["tokens"]
        self.subject_range: Tuple[int, int] = tuple(start["subject_range"])  # type: ignore[assignment]
        self.target: str = start["target"]["text"]
        self.high_score: Optional[float] = start["high_score"]
        self.low_score: Optional[float] = start["low_score"]
        self.sites: List[str] = start["sites"]
        self.grids = np.full((len(self.sites), *start["shape"]), np.nan)
        self.sems = np.full(self.grids.shape, np.nan)
        self.share, self.elapsed, self.left = 0.0, 0.0, None
        self._direction = direction

    @property
    def scores(self) -> np.ndarray:
        return self.grids[0]

    @property
    def normalized(self) -> np.ndarray:
        high, low = self.high_score, self.low_score
        if high is None or low is None or high == low:
            return np.full(self.scores.shape, np.nan)
        part = high - self.scores if self._direction == "damage" else self.scores - low
        return np.clip(part / (high - low), 0, 1)

    def _take(self, event: Mapping[str, Any]) -> None:
        self.share, self.elapsed, self.left = event["share"], event["elapsed"], event["left"]
        for site, layer, position, score, sem, _ in event["cells"]:
            self.grids[site, layer, position] = np.nan if score is None else score
            self.sems[site, layer, position] = np.nan if sem is None else sem


ProgressFunc = Callable[[Progress], None]


def _result(event: Mapping[str, Any], program: List[str]) -> Result:
    return Result(base64.b64decode(event["npz"]), notes=event["notes"], program=program)


class _Follower:
    """Reads a trace's events until its result."""

    def __init__(self, pending: Pending, progress: Optional[ProgressFunc], direction: str, program: List[str]):
        self._pending, self._progress, self._direction, self._program = pending, progress, direction, program
        self._state: Optional[Progress] = None

    def _take(self, event: Mapping[str, Any]) -> Optional[Result]:
        if event["event"] == "result":
            return _result(event, self._program)
        if event["event"] == "start":
            self._state = Progress(event, self._direction)
        elif event["event"] == "progress" and self._state is not None:
            self._state._take(event)
        if self._progress is not None and self._state is not None:
            self._progress(self._state)
        return None

    def run(self) -> Result:
        try:
            return self._wait(None)
        except BaseException:  # of the function `progress`, too
            self._pending.cancel()
            raise

    def stop(self) -> Optional[Result]:
        """After an interruption: what there is, or None."""
        self._pending.cancel()
        self._progress = None
        try:
            return self._wait(STOP_SECONDS)
        except ProgramDied:
            raise
        except EngramError as error:
            if error.code != "cancelled":
                raise
            return None

    def _wait(self, seconds: Optional[float]) -> Result:
        waited = 0.0
        while seconds is None or waited < seconds:
            event = self._pending.next(POLL_SECONDS)
            if event is None:
                waited += POLL_SECONDS
                continue
            result = self._take(event)
            if result is not None:
                return result
        raise EngramError("engram-cli does not stop", "failed")


class Model:
    """A model that is open. load() makes them.

    info: what `engram-cli info --json` says of it: name, folder, sizes, sites, tokenizer.
    """

    def __init__(self, name: Optional[str], tokenizer: Optional[str], engine: Engine):
        self._engine, self._name, self._tokenizer = engine, name, tokenizer
        self.info: Dict[str, Any] = engine.call("load", **self._me)

    @property
    def _me(self) -> Dict[str, Any]:
        return {"model": self._name, "tokenizer": self._tokenizer}

    @property
    def name(self) -> str:
        return self.info["model"]

    @property
    def num_layers(self) -> int:
        return self.info["n_layers"]

    @property
    def sites(self) -> List[str]:
        """What can be restored in it."""
        return list(self.info["sites"])

    def __repr__(self) -> str:
        return f"<engram.Model {self.name!r}: {self.info['architecture']}, {self.num_layers} layers>"

    def close(self) -> None:
        """Frees its memory. It opens again when it is used again."""
        self._engine.call("close", **self._me)

    def predict(self, prompt: str, top: int = 5) -> Prediction:
        """The `top` most probable next tokens."""
        return Prediction(self._engine.call("predict", prompt=prompt, top=top, **self._me))

    def tokenize(self, text: str) -> Dict[str, List[Any]]:
        """ids, tokens, and offsets: where each stands in the text, in characters."""
        return self._engine.call("tokenize", text=text, **self._me)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of tokens."""
        return self._engine.call("decode", ids=[int(i) for i in ids], **self._me)["text"]

    def trace(
        self,
        prompt: Optional[str] = None,
        *,
        subject: Optional[str] = None,
        target: Optional[str] = None,
        corrupt: Optional[str] = None,
        span: Optional[str] = None,
        noise: Optional[float] = None,
        noise_scale: Optional[str] = None,
        replace: bool = False,
        samples: Optional[int] = None,
        until_sem: Optional[float] = None,
        max_samples: Optional[int] = None,
        keep_samples: bool = False,
        seed: Optional[int] = None,
        metric: Optional[str] = None,
        against: Optional[str] = None,
        site: Optional[Names] = None,
        sweep: Optional[str] = None,
        window: Optional[int] = None,
        direction: Optional[str] = None,
        freeze: Optional[Names] = None,
        knockout: Optional[str] = None,
        device: Optional[str] = None,
        precision: Optional[str] = None,
        threads: Optional[int] = None,
        estimate: bool = False,
        ig: Optional[int] = None,
        output: Union[Path, Sequence[Path], None] = None,
        save_every: Optional[float] = None,
        resume: Optional[Path] = None,
        progress: Union[bool, ProgressFunc, None] = None,
    ) -> Result:
        """Traces which states bring the answer back: `engram-cli trace`, whose options have the same names.

        subject: the part of the prompt to corrupt. target: the token to follow; the model's first prediction by itself.
        corrupt: "gaussian" (by itself), "uniform", "student-t:DEGREES", "multivariate", or "swap:TEXT".
        span: what is corrupted: "subject" (by itself), "tokens:A-B" or "all".
        noise: its level in standard deviations (3). noise_scale: whose: "prompt" (by itself), "subjects:FILE", "embedding",
        "absolute" or "text:FILE". replace: noise in the place of embeddings instead of added to them.
        samples: noise draws (10). until_sem: draw more until every cell's standard error is at most this, max_samples at most (1000).
        keep_samples: every sample's score is kept in the .npz.
        seed: of NumPy's RandomState (1).
        metric: "prob" (by itself), "logprob", "logit", "logit-diff", "kl", "rank" or "all". against: the other token of logit-diff.
        site: what is restored ("resid"): one of Model.sites, several (a list, or a text with commas), or "all".
        sweep: "cells" (by itself), "layers", "positions" or "carry". window: in how many layers at once (1).
        direction: "restore" (by itself) or "damage". freeze: sites that keep their values everywhere else.
        knockout: in place of restoring, "LAYERS:FROM>TO", or "LAYERS:FROM>TO@HEADS".
        device: "auto" (by itself), "cpu", "cuda", "cuda:1". precision: of a GPU: "fp32" (by itself), "tf32", "bf16".
        threads: one for each processor by itself.
        estimate: estimate() the same first, so that the result's `estimate` stands beside its scores. ig: of it.
        output: files that the result is written to, as Result.save() does. Into the first .npz of them engram-cli itself saves
        what is there meanwhile, every save_every seconds (10): should this program be killed, resume goes on with it.
        resume: an .npz of a trace that was stopped; goes on with it to the same bits as if it had not been. Then nothing but
        threads, output, save_every and progress belongs beside it.
        progress: a function that is called with a Progress; True draws in Jupyter, which is what None does, too, in Jupyter.

        KeyboardInterrupt stops the trace and gives what is there: a Result whose `complete` is False. Where nothing is there
        yet, it is raised. Of outputs, it is then written into the .npz alone.
        """
        outputs = [output] if isinstance(output, (str, os.PathLike)) else list(output or [])
        kept = next((path for path in outputs if os.fspath(path).endswith(".npz")), None)
        options = dict(
            subject=subject, target=target, corrupt=corrupt, span=span, noise=noise, noise_scale=noise_scale, samples=samples,
            until_sem=until_sem, max_samples=max_samples, seed=seed, metric=metric, against=against, site=_names(site), sweep=sweep,
            window=window, direction=direction, freeze=_names(freeze), knockout=knockout, device=device, precision=precision,
            threads=threads, replace=True if replace else None, keep_samples=True if keep_samples else None,
        )  # fmt: skip
        if ig is not None and not estimate:
            raise InvalidRequest("ig belongs to an estimate: ask for one beside it (estimate=True)", "invalid", "ig")
        guessed = self._estimate(prompt, dict(options, ig=ig)) if estimate else None
        if kept is not None:
            options["output"] = os.path.abspath(os.fspath(kept))
        if save_every is not None:
            options["save-every"] = save_every
        if resume is not None:
            options["resume"] = os.path.abspath(os.fspath(resume))
        follow = _choose_progress(progress)
        pending = self._ask(prompt, follow is not None, options, given=resume is None)
        follower = _Follower(pending, follow, direction or "restore", self._program)
        result: Optional[Result] = None
        try:
            result = follower.run()
        except KeyboardInterrupt:
            result = follower.stop()
            if result is None:
                raise
        finally:
            if isinstance(follow, live.Live):
                follow.end(None if result is None else repr(result).strip("<>"))
        if guessed is not None:
            result._estimates = guessed._estimates
        for path in outputs:
            if result.complete or os.fspath(path).endswith(".npz"):
                result.save(path)
        return result

    def estimate(self, prompt: str, *, ig: Optional[int] = None, output: Union[Path, Sequence[Path], None] = None, **options: Any) -> Result:
        """What trace() would give, to first order and in a moment: for every cell of every site by one pass backward.

        The result is `estimated`: its `estimate` is a guess (docs/estimate.md says how good), and it has no scores.
        ig: gradients are integrated in so many steps between the corrupted and the clean run (0: at the corrupted one alone).
        output: files that it is written to: .npz. options: those of trace() that say what is traced.

        KeyboardInterrupt stops it and is raised.
        """
        result = self._estimate(prompt, dict(options, ig=ig))
        for path in [output] if isinstance(output, (str, os.PathLike)) else output or []:
            result.save(path)
        return result

    def _estimate(self, prompt: Optional[str], options: Mapping[str, Any]) -> Result:
        named = {name: _names(value) if name in ("site", "freeze") else value for name, value in options.items()}
        pending = self._ask(prompt, None, named, method="estimate")
        return _Follower(pending, None, named.get("direction") or "restore", self._program).run()

    def trace_many(
        self,
        facts: Iterable[Fact],
        *,
        errors: str = "raise",
        progress: Union[bool, ProgressFunc, None] = None,
        **options: Any,
    ) -> List[Union[Result, EngramError]]:
        """Traces many prompts under the same options, without waiting between them.

        facts: mappings with prompt, subject, and whatever else of trace() belongs to one of them ("answer" is read as target);
        or (prompt, subject) or (prompt, subject, target); or a pandas.DataFrame with such columns.
        errors: "raise" stops at a fact that cannot be traced; "return" gives its exception in its place.

        KeyboardInterrupt stops and gives what is there; the last result may then not be complete.
        """
        if errors not in ("raise", "return"):
            raise InvalidRequest("errors is neither 'raise' nor 'return'", "invalid", "errors")
        if hasattr(facts, "to_dict") and hasattr(facts, "columns"):
            facts = facts.to_dict("records")
        follow = _choose_progress(progress)
        common = {name: _names(value) if name in ("site", "freeze") else value for name, value in options.items()}
        waiting: List[Tuple[int, _Follower]] = []
        results: List[Union[Result, EngramError]] = []
        asked = (dict(common, **_fact(fact)) for fact in facts)
        try:
            for each in asked:
                pending = self._ask(each.pop("prompt"), follow is not None, each)
                waiting.append((len(waiting), _Follower(pending, follow, each.get("direction") or "restore", self._program)))
                if len(waiting) > AHEAD:
                    results.append(_collect(waiting[0][1], errors))
                    waiting.pop(0)
            while waiting:
                results.append(_collect(waiting[0][1], errors))
                waiting.pop(0)
        except KeyboardInterrupt:
            for _, follower in waiting[1:]:
                follower._pending.cancel()
            stopped = waiting[0][1].stop() if waiting else None
            if stopped is not None:
                results.append(stopped)
        except BaseException:
            for _, follower in waiting:
                follower._pending.cancel()
                follower._pending.forget()
            raise
        finally:
            if isinstance(follow, live.Live):
                follow.end(f"{len(results)} traces")
        return results

    @property
    def _program(self) -> List[str]:
        return _command(self._engine._program)

    def _ask(
        self, prompt: Optional[str], progress: Optional[bool], options: Mapping[str, Any], *, given: bool = True, method: str = "trace"
    ) -> Pending:
        if given and not isinstance(prompt, str):
            raise InvalidRequest("a trace needs its prompt, a text", "invalid", "prompt")
        for name, text in (("prompt", prompt), ("subject", options.get("subject"))):
            if isinstance(text, str) and "\0" in text:
                raise InvalidRequest(f"the {name} has a character that no text has (NUL)", "invalid", name)
        return self._engine.ask(method, prompt=prompt, progress=progress, form="npz", **self._me, **_plain(options))


def _plain(options: Mapping[str, Any]) -> Dict[str, Any]:
    """NumPy's numbers as Python's; a file's name as it is from any folder."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in options.items()}
    kind, colon, path = str(plain.get("noise_scale") or "").partition(":")
    if kind in ("subjects", "text") and colon:
        plain["noise_scale"] = f"{kind}:{os.path.abspath(path)}"
    return plain


def _names(value: Optional[Names]) -> Optional[str]:
    return value if value is None or isinstance(value, str) else ",".join(value)


def _choose_progress(progress: Union[bool, ProgressFunc, None]) -> Optional[ProgressFunc]:
    if callable(progress):
        return progress
    return live.Live() if progress is not False and live.in_jupyter() else None


def _fact(fact: Fact) -> Dict[str, Any]:
    if isinstance(fact, Mapping):
        found = {str(name): value for name, value in fact.items()}
        if "answer" in found:
            found.setdefault("target", found.pop("answer"))
    else:
        found = dict(zip(("prompt", "subject", "target"), fact))
    if "prompt" not in found:
        raise InvalidRequest("a fact has no prompt", "invalid", "prompt")
    return found


def _collect(follower: _Follower, errors: str) -> Union[Result, EngramError]:
    try:
        return follower.run()
    except ProgramDied:
        raise
    except EngramError as error:
        if errors == "raise":
            raise
        return error


def _pull(command: List[str], name: str) -> None:
    done = subprocess.run([*command, "pull", "--json", "--", name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise EngramError(done.stderr.decode("utf-8", "replace").strip().rpartition("engram-cli: ")[2], "not-found", "model")


def load(
    name: Optional[str] = None,
    *,
    tokenizer: Optional[Path] = None,
    pull: bool = False,
    program: Program = None,
    engine: Optional[Engine] = None,
) -> Model:
    """Opens a model: a folder, or a name as models() lists it ("state-spaces/mamba-130m-hf"); None is the demo model.

    tokenizer: a tokenizer.json in place of the model's own.
    pull: whether a model that is not on this machine is fetched from Hugging Face's Hub, as `engram-cli pull` does.
    program: the engram-cli to use; else find_program() says which. engine: one that is shared with other models.
    """
    path = None if name is None else os.fspath(name)
    if path is not None and (os.path.isdir(path) or path.startswith("~")):
        path = os.path.abspath(os.path.expanduser(path))
    file = None if tokenizer is None else os.path.abspath(os.fspath(tokenizer))
    if engine is None:
        engine = shared() if program is None else Engine(program)
    try:
        return Model(path, file, engine)
    except EngramError as error:
        if not (pull and path is not None and error.code == "not-found"):
            raise
    _pull(_command(engine._program), path)
    return Model(path, file, engine)


def models(*, engine: Optional[Engine] = None) -> List[Dict[str, Any]]:
    """The models on this machine: name, folder, place, bytes, parameters, and whether each can be traced."""
    return (engine or shared()).call("models")["models"]
