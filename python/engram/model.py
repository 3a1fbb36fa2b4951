"""A model that is open in engram-cli, and what can be asked of it."""
from __future__ import annotations

import base64
import os
import subprocess
from typing import Any, Callable, Dict, Generic, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

import numpy as np

from . import live
from .engine import Engine, Pending, Program, _command, shared
from .errors import EngramError, InvalidRequest, ProgramDied
from .result import Path, Result
from .study import Facts, Study, StudyProgress, facts_member, list_facts, study_folder

POLL_SECONDS = 0.2  # so that Ctrl+C is heard on every system
STOP_SECONDS = 30
AHEAD = 4  # requests that wait in the engine while one is computed

# What files of facts call a target, and what they have that no trace takes.
TARGETS = ("answer", "attribute", "object")
NO_OPTIONS = ("id", "known_id", "case_id", "relation", "relation_id", "template", "prediction")

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

    @property
    def line(self) -> str:
        """How far it is, for a person."""
        return f"{self.share:.0%}" + ("" if self.left is None else f", {self.left:.0f} s left")

    def _take(self, event: Mapping[str, Any]) -> None:
        self.share, self.elapsed, self.left = event["share"], event["elapsed"], event["left"]
        for site, layer, position, score, sem, _ in event["cells"]:
            self.grids[site, layer, position] = np.nan if score is None else score
            self.sems[site, layer, position] = np.nan if sem is None else sem


ProgressFunc = Callable[[Progress], None]
StudyProgressFunc = Callable[[StudyProgress], None]
Answer = TypeVar("Answer", Result, Study)


class _Follower(Generic[Answer]):
    """Reads a request's events until its result.

    begin: makes what `progress` is called with of the event "start". finish: makes the answer of the event "result".
    stop_seconds: how long it may take to stop; None: as long as it takes, or until it is interrupted again.
    """

    def __init__(
        self,
        pending: Pending,
        progress: Optional[Callable],
        begin: Callable[[Mapping], Any],
        finish: Callable[[Mapping], Answer],
        stop_seconds: Optional[float] = STOP_SECONDS,
    ):
        self._pending, self._progress, self._begin, self._finish = pending, progress, begin, finish
        self._stop_seconds = stop_seconds
        self._state: Any = None

    def _take(self, event: Mapping[str, Any]) -> Optional[Answer]:
        if event["event"] == "result":
            return self._finish(event)
        if event["event"] == "start":
            self._state = self._begin(event)
        elif self._state is not None:
            self._state._take(event)
        if self._progress is not None and self._state is not None:
            self._progress(self._state)
        return None

    def finish(self) -> Answer:
        """Its answer; after an interruption, what there is, or KeyboardInterrupt where that is nothing."""
        answer: Optional[Answer] = None
        live_one = self._progress
        try:
            answer = self.run()
        except KeyboardInterrupt:
            answer = self.stop()
            if answer is None:
                raise
        finally:
            if isinstance(live_one, live.Live):
                live_one.end(None if answer is None else repr(answer).strip("<>"))
        return answer

    def run(self) -> Answer:
        try:
            return self._wait(None)
        except BaseException:  # of the function `progress`, too
            self._pending.cancel()
            raise

    def stop(self) -> Optional[Answer]:
        """After an interruption: what there is, or None."""
        self._pending.cancel()
        self._progress = None
        try:
            return self._wait(self._stop_seconds)
        except ProgramDied:
            raise
        except EngramError as error:
            if error.code != "cancelled":
                raise
            return None

    def _wait(self, seconds: Optional[float]) -> Answer:
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


def _follow_trace(pending: Pending, progress: Optional[ProgressFunc], direction: Optional[str], program: List[str]) -> "_Follower[Result]":
    def begin(event: Mapping[str, Any]) -> Progress:
        return Progress(event, direction or "restore")

    def finish(event: Mapping[str, Any]) -> Result:
        return Result(base64.b64decode(event["npz"]), notes=event["notes"], program=program)

    return _Follower(pending, progress, begin, finish)


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
        exact_top: Optional[int] = None,
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
        estimate: estimate() the same first, so that the result's `estimate` stands beside its scores. ig, exact_top: of it; with
        exact_top, nothing else is computed, and the result is `estimated`.
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
        for name, value in (("ig", ig), ("exact_top", exact_top)):
            if value is not None and not estimate:
                raise InvalidRequest(f"{name} belongs to an estimate: ask for one beside it (estimate=True)", "invalid", name)
        if exact_top is not None:
            if resume is not None:
                raise InvalidRequest("exact_top means nothing beside resume: what was begun is computed", "invalid", "exact_top")
            return self.estimate(prompt, ig=ig, exact_top=exact_top, output=output, **options)
        guessed = self._estimate(prompt, dict(options, ig=ig)) if estimate else None
        if kept is not None:
            options["output"] = os.path.abspath(os.fspath(kept))
        if save_every is not None:
            options["save-every"] = save_every
        if resume is not None:
            options["resume"] = os.path.abspath(os.fspath(resume))
        follow = _choose_progress(progress)
        pending = self._ask(prompt, follow is not None, options, given=resume is None)
        result = _follow_trace(pending, follow, direction, self._program).finish()
        if guessed is not None:
            result._estimates = guessed._estimates
        for path in outputs:
            if result.complete or os.fspath(path).endswith(".npz"):
                result.save(path)
        return result

    def estimate(
        self,
        prompt: Optional[str],
        *,
        ig: Optional[int] = None,
        exact_top: Optional[int] = None,
        output: Union[Path, Sequence[Path], None] = None,
        **options: Any,
    ) -> Result:
        """What trace() would give, to first order and in a moment: for every cell of every site by one pass backward.

        The result is `estimated`: its `estimate` is a guess (docs/estimate.md says how good), and it has no scores.
        ig: gradients are integrated in so many steps between the corrupted and the clean run (0: at the corrupted one alone).
        exact_top: so many of each site's highest are computed, and ten at random: the result has their scores (NaN elsewhere)
        beside the estimates, and its `notes` say how good those were.
        output: files that it is written to: .npz. options: those of trace() that say what is traced.

        KeyboardInterrupt stops it and is raised.
        """
        result = self._estimate(prompt, dict(options, ig=ig, exact_top=exact_top))
        for path in [output] if isinstance(output, (str, os.PathLike)) else output or []:
            result.save(path)
        return result

    def _estimate(self, prompt: Optional[str], options: Mapping[str, Any]) -> Result:
        named = {name: _names(value) if name in ("site", "freeze") else value for name, value in options.items()}
        pending = self._ask(prompt, None, named, method="estimate")
        return _follow_trace(pending, None, named.get("direction"), self._program).run()

    def trace_many(
        self,
        facts: Facts,
        *,
        errors: str = "raise",
        progress: Union[bool, ProgressFunc, None] = None,
        **options: Any,
    ) -> List[Union[Result, EngramError]]:
        """Traces many prompts under the same options, without waiting between them.

        facts: mappings with prompt, subject, and whatever else of trace() belongs to one of them ("answer", "attribute" and
        "object" are read as target; what a file of facts has beside that, as id and relation, is passed over); or (prompt,
        subject) or (prompt, subject, target); or a pandas.DataFrame with such columns; or the path of a file of facts, as
        study() takes it, or "demo".
        errors: "raise" stops at a fact that cannot be traced; "return" gives its exception in its place.

        KeyboardInterrupt stops and gives what is there; the last result may then not be complete.
        """
        if errors not in ("raise", "return"):
            raise InvalidRequest("errors is neither 'raise' nor 'return'", "invalid", "errors")
        listed = list_facts(facts, self._engine)
        follow = _choose_progress(progress)
        common = {name: _names(value) if name in ("site", "freeze") else value for name, value in options.items()}
        waiting: List[_Follower[Result]] = []
        results: List[Union[Result, EngramError]] = []
        asked = (dict(common, **_fact(fact)) for fact in listed)
        try:
            for each in asked:
                pending = self._ask(each.pop("prompt"), follow is not None, each)
                waiting.append(_follow_trace(pending, follow, each.get("direction"), self._program))
                if len(waiting) > AHEAD:
                    results.append(_collect(waiting[0], errors))
                    waiting.pop(0)
            while waiting:
                results.append(_collect(waiting[0], errors))
                waiting.pop(0)
        except KeyboardInterrupt:
            for follower in waiting[1:]:
                follower._pending.cancel()
            stopped = waiting[0].stop() if waiting else None
            if stopped is not None:
                results.append(stopped)
        except BaseException:
            for follower in waiting:
                follower._pending.cancel()
                follower._pending.forget()
            raise
        finally:
            if isinstance(follow, live.Live):
                follow.end(f"{len(results)} traces")
        return results

    def study(
        self,
        facts: Facts,
        folder: Optional[Path] = None,
        *,
        corrupt: Optional[str] = None,
        span: Optional[str] = None,
        noise: Optional[float] = None,
        noise_scale: Optional[str] = None,
        replace: bool = False,
        samples: Optional[int] = None,
        until_sem: Optional[float] = None,
        max_samples: Optional[int] = None,
        seed: Optional[int] = None,
        metric: Optional[str] = None,
        against: Optional[str] = None,
        site: Optional[Names] = None,
        sweep: Optional[str] = None,
        window: Optional[int] = None,
        direction: Optional[str] = None,
        freeze: Optional[Names] = None,
        device: Optional[str] = None,
        precision: Optional[str] = None,
        threads: Optional[int] = None,
        estimate: bool = False,
        ig: Optional[int] = None,
        limit: Optional[int] = None,
        min_effect: Optional[float] = None,
        shard: Optional[str] = None,
        progress: Union[bool, StudyProgressFunc, None] = None,
    ) -> Study:
        """Traces many facts, those that the model knows, and averages over them by token role: `engram-cli study run`, whose
        options have the same names. The folder has the same bytes.

        facts: the path of a file of facts (ROME's known_1000.json, CounterFact, JSON lines, CSV or TSV with the columns prompt,
        subject and perhaps target, relation and id, or lines of prompt, tab and subject); "demo" for the demo models' own; or
        mappings with such names; or (prompt, subject), (prompt, subject, target) …; or a pandas.DataFrame with such columns.
        folder: where the study is kept. Called again with the same one, the study goes on with what is there. Without one, it is
        gone when the Study is.
        estimate: estimates all facts to first order, in place of tracing them. ig: of it.
        limit: only the first so many facts. shard: "I/N", only the Ith of N parts of the facts (`engram-cli study merge`).
        min_effect: facts are set apart where corruption takes less than this part of the answer's probability (0.05).
        progress: a function that is called with a StudyProgress; True draws in Jupyter, which is what None does, too, in Jupyter.
        corrupt, span, noise, noise_scale, replace, samples, until_sem, max_samples, seed, metric, against, site, sweep, window,
        direction, freeze, device, precision, threads: as trace() has them.

        KeyboardInterrupt stops it and gives what is there: a Study whose `complete` is False.
        """
        options = dict(
            corrupt=corrupt, span=span, noise=noise, noise_scale=noise_scale, samples=samples, until_sem=until_sem, max_samples=max_samples,
            seed=seed, metric=metric, against=against, site=_names(site), sweep=sweep, window=window, direction=direction,
            freeze=_names(freeze), device=device, precision=precision, threads=threads, ig=ig, limit=limit, min_effect=min_effect, shard=shard,
            replace=True if replace else None, estimate=True if estimate else None,
        )  # fmt: skip
        member, held = facts_member(facts)
        where, own = study_folder(folder)
        follow = _choose_progress(progress)
        asked = {"facts": member, "folder": where, "progress": follow is not None, "each-fact": follow is not None}
        pending = self._engine.ask("study", **self._me, **asked, **_plain(options))
        # The intervals of what is there may take a while.
        study = _Follower(pending, follow, StudyProgress, lambda event: Study._of_event(event, self._engine, own), stop_seconds=None).finish()
        del held  # the file of the facts, which were read
        return study

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
        found = {str(name): value for name, value in fact.items() if name not in NO_OPTIONS}
        for name in TARGETS:
            if name in found:
                found.setdefault("target", found.pop(name))
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
    gemm: Optional[str] = None,
    program: Program = None,
    engine: Optional[Engine] = None,
) -> Model:
    """Opens a model: a folder, or a name as models() lists it ("state-spaces/mamba-130m-hf"); None is the demo model.

    tokenizer: a tokenizer.json in place of the model's own.
    pull: whether a model that is not on this machine is fetched from Hugging Face's Hub, as `engram-cli pull` does.
    gemm: what multiplies on the processor: "auto" (by itself), "engram" or "openblas".
    program: the engram-cli to use; else find_program() says which. engine: one that is shared with other models.
    """
    path = None if name is None else os.fspath(name)
    if path is not None and (os.path.isdir(path) or path.startswith("~")):
        path = os.path.abspath(os.path.expanduser(path))
    file = None if tokenizer is None else os.path.abspath(os.fspath(tokenizer))
    if engine is None:
        engine = shared(gemm) if program is None else Engine(program, gemm=gemm)
    elif gemm is not None and gemm != engine.gemm:
        raise InvalidRequest("gemm is of an engine, and this one has another: Engine(gemm=…)", "invalid", "gemm")
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
