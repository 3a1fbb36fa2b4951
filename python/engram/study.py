"""Many facts under one request, averaged over by token role: Engram's studies, which go on where they were stopped."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import weakref
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .engine import Engine, _command, shared
from .errors import EngramError, InvalidRequest
from .result import FIGURES, SVG, Path, _write

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

QUANTITIES = ("score", "effect", "normalized")
NAMES = ("prompt", "subject", "target", "relation", "id")  # of a fact, in the order in which a sequence has them
LINE_BYTES = 8 << 20  # of facts that are sent in a request; more go by way of a file

Facts = Union[Path, Iterable[Union[Mapping[str, Any], Sequence[str]]], "pandas.DataFrame"]


# ---- facts on their way to engram-cli ----


class _Temporary:
    """A folder that goes with this object."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="engram-")
        self._end = weakref.finalize(self, shutil.rmtree, self.path, True)


def study_folder(folder: Optional[Path]) -> Tuple[str, Optional[_Temporary]]:
    """Where a study is kept, and what removes it in the end where nobody named a folder."""
    if folder is not None:
        return os.path.abspath(os.path.expanduser(os.fspath(folder))), None
    own = _Temporary()
    return os.path.join(own.path, "study"), own


def _is_known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and value != value)  # as pandas has what is missing


def _plain_fact(fact: Any) -> Dict[str, Any]:
    if isinstance(fact, Mapping):
        known = {str(name): value for name, value in fact.items() if _is_known(value)}
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in known.items()}
    if isinstance(fact, str) or not isinstance(fact, Sequence):
        raise InvalidRequest("a fact is a mapping with prompt and subject, or (prompt, subject)", "invalid", "facts")
    return {name: value for name, value in zip(NAMES, fact) if _is_known(value)}


def _path_of(facts: Facts) -> Optional[str]:
    if not isinstance(facts, (str, os.PathLike)):
        return None
    path = os.fspath(facts)
    return path if path == "demo" and not os.path.exists(path) else os.path.abspath(os.path.expanduser(path))


def _rows(facts: Facts) -> Iterable[Any]:
    return facts.to_dict("records") if hasattr(facts, "to_dict") and hasattr(facts, "columns") else facts


def facts_member(facts: Facts) -> Tuple[Any, Optional[_Temporary]]:
    """The member "facts" of a request; and what holds the file that it names, if that is of our own."""
    path = _path_of(facts)
    if path is not None:
        return path, None
    listed = [_plain_fact(fact) for fact in _rows(facts)]
    lines = [json.dumps(fact, allow_nan=False) + "\n" for fact in listed]
    if sum(map(len, lines)) <= LINE_BYTES:
        return listed, None
    own = _Temporary()
    path = os.path.join(own.path, "facts.jsonl")
    _write(path, "".join(lines).encode("utf-8"))
    return path, own


def list_facts(facts: Facts, engine: Engine) -> Iterable[Any]:
    """Facts one by one: a file's are read as a study reads them."""
    path = _path_of(facts)
    if path is not None:
        return engine.call("facts", facts=path)["facts"]
    rows = _rows(facts)
    return (({k: v for k, v in row.items() if _is_known(v)} for row in rows) if rows is not facts else facts)


# ---- a study under way ----


class StudyProgress:
    """A study under way, as it is given to the function `progress`.

    done, total: facts. counts: of them by state. rate: facts a second of this run. elapsed, left: seconds; left is None while
    unknown. share: 0 … 1. normalized: numpy [layers, roles], the mean over the facts of this run, of the first site; means: the
    same of each site. NaN where nothing is known yet. fact: what is known of the last one, as `study show --facts` says it.
    """

    def __init__(self, start: Mapping[str, Any]):
        self.folder: str = start["folder"]
        self.roles: List[str] = start["roles"]
        self.sites: List[str] = start["sites"]
        self.fact: Optional[Dict[str, Any]] = None
        self.rate, self.elapsed, self.left = 0.0, 0.0, None
        self._sums = np.zeros((len(self.sites), start["layers"], len(self.roles)))
        self._n = np.zeros((len(self.sites), len(self.roles)))
        self._count(start["facts"])

    def _count(self, counts: Mapping[str, int]) -> None:
        self.counts = dict(counts)
        self.total: int = counts["total"]
        self.done: int = self.total - counts.get("left", 0)

    @property
    def share(self) -> float:
        return self.done / self.total

    @property
    def means(self) -> Dict[str, np.ndarray]:
        with np.errstate(invalid="ignore"):
            return {site: self._sums[i] / self._n[i] for i, site in enumerate(self.sites)}

    @property
    def normalized(self) -> np.ndarray:
        return self.means[self.sites[0]]

    @property
    def tokens(self) -> List[str]:
        return self.roles

    @property
    def subject_range(self) -> Tuple[int, int]:
        """The subject's roles, inclusive."""
        return 0, 2

    @property
    def line(self) -> str:
        """How far it is, for a person."""
        left = "" if self.left is None else f", {self.rate:.3g} facts/s, {self.left:.0f} s left"
        return f"{self.done} of {self.total} facts{left}"

    def _take(self, event: Mapping[str, Any]) -> None:
        self._count(event["facts"])
        self.rate, self.elapsed, self.left = event["rate"], event["elapsed"], event["left"]
        self.fact = event["fact"]
        for i, site in enumerate(self.sites if event["normalized"] is not None else []):
            for role, curve in enumerate(event["normalized"][site]):
                if curve is not None:
                    self._sums[i, :, role] += np.array(curve, dtype=float)
                    self._n[i, role] += 1


# ---- its facts ----


class StudyFact:
    """What a study knows of one fact.

    state: "traced", "unknown" (the model does not predict `expected`), "unaffected" (corruption does not lower the answer's
    probability enough) or "failed" (`problem` says why). scores, sem: numpy [layers, tokens] of the first site; None where it was
    not traced. sites: all arrays by site; fact["state"] is one site's scores (of estimates, its estimate).
    """

    def __init__(self, members: Mapping[str, Any], sites: Dict[str, Dict[str, np.ndarray]]):
        self.index: int = members["index"]
        self.id: str = members["id"]
        self.prompt: str = members["prompt"]
        self.subject: str = members["subject"]
        self.relation: Optional[str] = members["relation"]
        self.expected: Optional[str] = members["expected"]
        self.state: str = members["state"]
        self.problem: Optional[str] = members["problem"]
        self.target: Optional[str] = members["target"]
        self.prediction: Optional[str] = members["prediction"]
        for name in FACT_NUMBERS:
            setattr(self, name, np.nan if members[name] is None else float(members[name]))
        self.tokens: Optional[List[str]] = members["tokens"]
        self.subject_range: Optional[Tuple[int, int]] = None if members["subject_range"] is None else tuple(members["subject_range"])
        self.computer: str = members["computer"]
        self.sites = sites

    def _main(self, name: str) -> Optional[np.ndarray]:
        return next(iter(self.sites.values())).get(name) if self.sites else None

    @property
    def scores(self) -> Optional[np.ndarray]:
        return self._main("scores")

    @property
    def sem(self) -> Optional[np.ndarray]:
        return self._main("scores_sem")

    @property
    def estimate(self) -> Optional[np.ndarray]:
        return self._main("estimate")

    def __getitem__(self, site: str) -> np.ndarray:
        return self.sites[site]["estimate" if "estimate" in self.sites[site] else "scores"]

    def __repr__(self) -> str:
        return f"<engram.StudyFact {self.id!r}: {self.prompt!r} → {(self.target or self.expected)!r}, {self.state}>"


FACT_NUMBERS = ("prediction_probability", "clean", "corrupted", "high_score", "low_score", "low_score_sem", "noise_std")
FACT_TEXTS = ("id", "prompt", "subject", "relation", "expected", "state", "problem", "target", "prediction")


def _facts_of_arrays(arrays: Mapping[str, np.ndarray]) -> List[StudyFact]:
    """Of results.npz."""
    n_layers, sites = int(arrays["layers"]), [str(site) for site in arrays["sites"]]
    columns: Dict[str, List[Any]] = {name: [str(text) or None for text in arrays[name]] for name in FACT_TEXTS}
    columns.update({name: arrays[name].tolist() for name in (*FACT_NUMBERS, "index", "subject_range", "computer")})
    tokens, computers = [str(token) for token in arrays["tokens"]], [str(name) for name in arrays["computers"]]
    of_tokens, of_scores = arrays["token_offsets"], arrays["score_offsets"]
    facts = []
    for i in range(len(columns["index"])):
        members = {name: values[i] for name, values in columns.items()}
        members["tokens"] = tokens[of_tokens[i] : of_tokens[i + 1]] or None
        members["subject_range"] = members["subject_range"] if members["tokens"] else None
        members["computer"] = computers[members["computer"]]
        grids: Dict[str, Dict[str, np.ndarray]] = {}
        for k, site in enumerate(sites if of_scores[i] < of_scores[i + 1] else []):
            names = {base: base if k == 0 else f"{base}_{site}" for base in ("scores", "scores_sem", "estimate")}
            grids[site] = {
                base: arrays[name][of_scores[i] : of_scores[i + 1]].reshape(n_layers, -1) for base, name in names.items() if name in arrays
            }
        facts.append(StudyFact(members, grids))
    return facts


def _facts_of_lines(lines: Iterable[bytes], sites: Sequence[str]) -> List[StudyFact]:
    """Of `engram-cli study show --facts`."""
    facts = []
    for line in lines:
        members = json.loads(line)
        grids = {}
        for k, site in enumerate(sites):
            place = members if k == 0 else members.get("sites", {}).get(site, {})
            found = {name: place[name] for name in ("scores", "scores_sem", "estimate") if place.get(name) is not None}
            if found:
                grids[site] = {name: np.array(values, dtype=np.float32) for name, values in found.items()}
        facts.append(StudyFact(members, grids))
    return facts


# ---- a study ----


class Interval(NamedTuple):
    """Of 95%, by bootstrap over facts: each numpy [roles, layers]."""

    lower: np.ndarray
    upper: np.ndarray


class Study:
    """Many facts, averaged over by token role. Model.study() makes them; Study(folder) reads one, finished or under way, and needs
    no model for it.

    scores, effects, normalized: means over facts, numpy [roles, layers] (of estimates `estimate` in the place of scores). sem,
    interval and quartiles are of the scores; s["effect"].sem and s["normalized"].sem of the others. s["state"] is the same study
    seen at another of its sites, s.relations["capital"] seen at the facts of one relation alone.
    """

    def __init__(self, folder: Path, *, engine: Optional[Engine] = None):
        self._engine = engine or shared()
        self._site: Optional[str] = None
        self._relation: Optional[str] = None
        self._quantity = "score"
        self._own: Optional[_Temporary] = None
        self.folder = os.path.abspath(os.path.expanduser(os.fspath(folder)))
        self.refresh()

    @classmethod
    def open(cls, folder: Path, *, engine: Optional[Engine] = None) -> "Study":
        """The study in a folder."""
        return cls(folder, engine=engine)

    @classmethod
    def _of_event(cls, event: Mapping[str, Any], engine: Engine, own: Optional[_Temporary]) -> "Study":
        self = object.__new__(cls)
        self._engine, self._own, self.folder = engine, own, event["folder"]
        self._site, self._relation, self._quantity = None, None, "score"
        self._take(event)
        return self

    def _take(self, event: Mapping[str, Any]) -> None:
        self.document: Dict[str, Any] = event["result"]
        """What `engram-cli study show --json` prints."""
        self.complete: bool = event["complete"]
        """False for a study that is under way or was stopped: Model.study() with the same folder goes on with it."""
        self._facts: Optional[List[StudyFact]] = None

    def refresh(self) -> None:
        """Reads the folder again: another program may be at work on it."""
        self._take(self._engine.ask("study-show", folder=self.folder).wait())

    # ---- which part of it ----

    def _view(self, **members: Any) -> "Study":
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, **members)
        return view

    def __getitem__(self, name: str) -> "Study":
        if name in self.sites:
            return self._view(_site=name)
        if name in QUANTITIES or (name == "estimate" and self.estimated):
            return self._view(_quantity="score" if name == "estimate" else name)
        has = ", ".join([*self.sites, *QUANTITIES])
        raise KeyError(f"{name!r} is no site or quantity of this study; it has {has}")

    @property
    def relations(self) -> "Dict[str, Study]":
        """The study seen at one relation's facts alone, by the relation's name."""
        return {name: self._view(_relation=name) for name in self.document["relations"]}

    @property
    def _part(self) -> Dict[str, Any]:
        return self.document if self._relation is None else self.document["relations"][self._relation]

    # ---- what it says ----

    @property
    def counts(self) -> Dict[str, int]:
        """Facts: total, traced, unknown, unaffected, failed; and left, where not all of them are done."""
        return dict(self._part["facts"])

    @property
    def model(self) -> str:
        return self.document["model"]

    @property
    def sites(self) -> List[str]:
        return list(self.document["sites"])

    @property
    def site(self) -> str:
        return self._site or self.sites[0]

    @property
    def relation(self) -> Optional[str]:
        """Whose facts these are alone; None for all."""
        return self._relation

    @property
    def quantity(self) -> str:
        """What sem, interval, quartiles and mean are of: "score", "effect" or "normalized"."""
        return self._quantity

    @property
    def roles(self) -> List[str]:
        """The roles of tokens, the rows of each array."""
        return list(self.document["roles"])

    @property
    def layers(self) -> int:
        return self.document["layers"]

    @property
    def estimated(self) -> bool:
        """Whether its facts were estimated, not traced."""
        return self.document["estimated"]

    def _array(self, name: str) -> np.ndarray:
        return np.array(self._part["sites"][self.site][name], dtype=np.float64)

    def _prefixed(self, name: str) -> np.ndarray:
        return self._array(name if self._quantity == "score" else f"{self._quantity}_{name}")

    @property
    def scores(self) -> np.ndarray:
        """Means over facts of the score."""
        if self.estimated:
            raise EngramError("these are estimates, which are no scores: see estimate", "estimated")
        return self._array("score")

    @property
    def estimate(self) -> Optional[np.ndarray]:
        """Means over facts of estimated scores; None of a study that was traced."""
        return self._array("estimate") if self.estimated else None

    @property
    def effects(self) -> np.ndarray:
        """Means over facts of score − low (of damage, high − score); of kl and rank the other way round, so that more is more."""
        return self._array("effect")

    @property
    def normalized(self) -> np.ndarray:
        """Means over facts of each one's effect as a part of its whole, high − low."""
        return self._array("normalized")

    @property
    def mean(self) -> np.ndarray:
        """Of the quantity."""
        return self._array("estimate" if self._quantity == "score" and self.estimated else self._quantity)

    @property
    def sem(self) -> np.ndarray:
        """Standard errors over facts."""
        return self._prefixed("sem")

    @property
    def interval(self) -> Interval:
        return Interval(self._prefixed("lower"), self._prefixed("upper"))

    @property
    def quartiles(self) -> np.ndarray:
        """[3, roles, layers]: the first quartile, the median and the last."""
        return self._prefixed("quartiles")

    @property
    def n(self) -> np.ndarray:
        """[roles]: facts that have such a token."""
        return np.array(self._part["sites"][self.site]["n"], dtype=int)

    @property
    def peak(self) -> List[Optional[int]]:
        """Of each role the layer where the effect's mean is largest (of s["normalized"], its); None where nothing is known."""
        return list(self._part["sites"][self.site][f"{self._peaked}_peak"])

    @property
    def peak_interval(self) -> List[List[Optional[int]]]:
        """Of each role the first and the last layer of the peak's 95% interval."""
        return [list(pair) for pair in self._part["sites"][self.site][f"{self._peaked}_peak_interval"]]

    @property
    def _peaked(self) -> str:
        return "effect" if self._quantity == "score" else self._quantity

    # ---- its facts ----

    @property
    def arrays(self) -> Dict[str, np.ndarray]:
        """All arrays of its results.npz. Only of a study that is complete."""
        if not self.complete:
            raise EngramError("a study has its results.npz once it is complete; facts says what is known", "failed")
        with np.load(os.path.join(self.folder, "results.npz"), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    @property
    def facts(self) -> List[StudyFact]:
        """Those of which something is known, in the order of their file."""
        if self._facts is None:
            found = _facts_of_arrays(self.arrays) if self.complete else _facts_of_lines(self._show(["--facts"]).splitlines(), self.sites)
            self._facts = found
        return [fact for fact in self._facts if self._relation is None or fact.relation == self._relation]

    # ---- files and drawings ----

    def _show(self, options: Sequence[str]) -> bytes:
        """engram-cli study show FOLDER OPTIONS."""
        command = [*_command(self._engine._program), "study", "show", *options, "--", self.folder]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise EngramError(done.stderr.decode("utf-8", "replace").strip() or f"engram-cli ended with {done.returncode}")
        return done.stdout

    def _write(self, path: Path, options: Sequence[str]) -> None:
        if self._relation is not None:
            raise InvalidRequest("files are of the whole study: by='relation' has each relation by itself", "invalid", "path")
        self._show(["-o", os.path.abspath(os.fspath(path)), *options])

    def _options(self, by: Optional[str], **named: Optional[str]) -> List[str]:
        site = self._site if len(self.sites) > 1 else None
        quantity = None if self._quantity == "score" else self._quantity
        values = {"by": by, "site": site, "quantity": quantity, **named}
        return [part for name, value in values.items() if value is not None for part in (f"--{name}", value)]

    def save(self, path: Path, *, by: Optional[str] = None) -> None:
        """Writes what it says, by the ending: .csv, .tex, .svg, .png, .pdf, .json. by: "relation" for each relation by itself."""
        ending = os.path.splitext(os.fspath(path))[1].lower()
        if ending == ".json":
            _write(path, (json.dumps(self.document, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))
        elif ending in (".csv", ".tex", *FIGURES):
            self._write(path, self._options(by))
        else:
            raise InvalidRequest(f"{path}: the ending says no kind of file that can be written (.csv, .tex, .svg, .png, .pdf, .json)", "invalid", "path")

    def svg(self, *, by: Optional[str] = None, colormap: Optional[str] = None, title: Optional[str] = None, caption: Optional[str] = None) -> SVG:
        """Engram's own figure: map and curves by role. The arguments are those of `engram-cli study show`. It shows the effect, or
        s["normalized"].svg() another quantity, and all sites, or s["state"].svg() one."""
        own = _Temporary()
        path = os.path.join(own.path, "figure.svg")
        self._write(path, self._options(by, colormap=colormap, title=title, caption=caption))
        with open(path, encoding="utf-8") as file:
            return SVG(file.read())

    def plot(
        self,
        ax: "Optional[matplotlib.axes.Axes]" = None,
        *,
        quantity: str = "normalized",
        title: Optional[str] = None,
        colormap: str = "RdYlBu_r",
    ) -> "matplotlib.axes.Axes":
        """Draws the means as a heatmap of layers and roles, as Result.plot() draws a trace, with matplotlib; svg() needs none."""
        from .drawing import plot_study

        return plot_study(self[quantity], ax, title=title, colormap=colormap)

    def to_pandas(self, *, facts: bool = False) -> "pandas.DataFrame":
        """A row for each relation (None for all facts), site, role and layer; or with facts=True a row for each fact. Needs
        pandas."""
        import pandas

        if facts:
            names = ("index", *FACT_TEXTS, *FACT_NUMBERS)
            return pandas.DataFrame([{name: getattr(fact, name) for name in names} for fact in self.facts], columns=list(names))
        parts = [self] if self._relation is not None else [self, *self.relations.values()]
        return pandas.concat([pandas.DataFrame(part[site]._columns()) for part in parts for site in self.sites], ignore_index=True)

    def _columns(self) -> Dict[str, Any]:
        roles, layers = np.indices((len(self.roles), self.layers)).reshape(2, -1)
        columns: Dict[str, Any] = {"relation": [self._relation] * len(roles), "site": [self.site] * len(roles)}
        columns.update(role=[self.roles[role] for role in roles], layer=layers, n=self.n[roles])
        for quantity in QUANTITIES:
            part = self[quantity]
            name = "estimate" if quantity == "score" and self.estimated else quantity
            found = {"": part.mean, "_sem": part.sem, "_lower": part.interval.lower, "_upper": part.interval.upper}
            found.update(zip(("_first_quartile", "_median", "_last_quartile"), part.quartiles))
            columns.update({name + ending: values.ravel() for ending, values in found.items()})
        return columns

    def __repr__(self) -> str:
        counts = self.counts
        kind = "estimated" if self.estimated else "traced"
        parts = [f"{counts['traced']} of {counts['total']} facts {kind}", ", ".join(self.sites), f"{self.layers} layers"]
        parts += [] if self._relation is None else [f"relation {self._relation!r}"]
        parts += [] if self.complete else ["not complete"]
        return f"<engram.Study of {self.model!r}: {'; '.join(parts)}>"

    def _repr_html_(self) -> str:
        from .drawing import study_html

        return study_html(self)
