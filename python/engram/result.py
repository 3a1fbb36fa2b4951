"""A trace's numbers: the arrays of Engram's .npz (README.md lists them), by names."""
from __future__ import annotations

import io
import os
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from .errors import EngramError, InvalidRequest

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas
    import xarray

Path = Union[str, "os.PathLike[str]"]
FIGURES = (".svg", ".png", ".pdf")
SMALLER_IS_BETTER = ("kl", "rank")
METRICS = ("prob", "logprob", "logit", "logit-diff", "kl", "rank")


class Cell(NamedTuple):
    """A cell of the grid. layer or position is None where a sweep is over all of them."""

    layer: Optional[int]
    position: Optional[int]
    token: Optional[str]
    score: float


class SVG(str):
    """A drawing, which shows itself in Jupyter."""

    def _repr_html_(self) -> str:
        from .drawing import picture

        return picture(self)


def _write(path: Path, data: bytes) -> None:
    """Whole, or not at all."""
    folder, name = os.path.split(os.path.abspath(os.path.realpath(path)))
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        os.unlink(temporary)
        raise


class Result:
    """What a trace gave.

    scores, sem: numpy [layers, tokens] (a sweep over one of them: [layers] or [tokens]); NaN where nothing was computed.
    r["state"], r["kl"] are the same result seen at another of its sites or metrics.

    One of estimates (Model.estimate()) is `estimated`: its guesses are in `estimate`, and it has no scores.
    """

    def __init__(self, data: bytes, *, notes: Optional[List[str]] = None, program: Optional[List[str]] = None):
        self._data = data
        self._program = program
        self.notes = list(notes or [])
        """Sentences that a person should read: what was understood of the request, what the numbers do not show."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            self._arrays: Dict[str, np.ndarray] = {name: file[name] for name in file.files}
        first = "estimate" if "estimate" in self._arrays else "scores"
        for name in (first, "low_score", "high_score", "input_tokens"):
            if name not in self._arrays:
                raise EngramError(f"this is no trace: it has no {name!r}", "format")
        self._estimates = {name: array for name, array in self._arrays.items() if name.partition("_")[0] == "estimate"}
        self._site: Optional[str] = None
        self._metric: Optional[str] = None

    # ---- its parts ----

    def _text(self, name: str) -> Optional[str]:
        return str(self._arrays[name]) if name in self._arrays else None

    def _number(self, name: str) -> Any:
        return self._arrays[name].item() if name in self._arrays else None

    def _name(self, base: str, *, with_site: bool = True) -> str:
        suffixes = [self._metric] + ([self._site] if with_site else [])
        return "_".join([base] + [suffix for suffix in suffixes if suffix is not None])

    @property
    def arrays(self) -> Dict[str, np.ndarray]:
        """All arrays of its file, by their names."""
        return dict(self._arrays)

    @property
    def scores(self) -> np.ndarray:
        """Mean over samples of the metric, with the site restored (or damaged)."""
        name = self._name("scores")
        if name not in self._arrays:
            raise EngramError("these are estimates, which are no scores: see estimate", "estimated")
        return self._arrays[name]

    @property
    def estimated(self) -> bool:
        """Whether it is of estimates: not all of its cells were computed, or none."""
        return bool(self._number("estimated")) if "estimated" in self._arrays else False

    @property
    def estimate(self) -> Optional[np.ndarray]:
        """To first order, what the scores would be; None where none were asked for, or of another metric."""
        return self._estimates.get(self._name("estimate"))

    @property
    def _values(self) -> np.ndarray:
        """Scores, or where there are none, estimates."""
        name = self._name("scores")
        return self._arrays[name] if name in self._arrays else self._estimates[self._name("estimate")]

    @property
    def sem(self) -> np.ndarray:
        """Standard errors of these means; NaN for one sample."""
        name = self._name("scores_sem")
        return self._arrays[name] if name in self._arrays else np.full(self._values.shape, np.nan)

    @property
    def high_score(self) -> float:
        """Of the clean run."""
        return float(self._arrays[self._name("high_score", with_site=False)])

    @property
    def low_score(self) -> float:
        """Mean over the corrupted runs."""
        return float(self._arrays[self._name("low_score", with_site=False)])

    @property
    def total_effect(self) -> float:
        return self.high_score - self.low_score

    @property
    def effects(self) -> np.ndarray:
        """Scores − low_score; of damage, high_score − scores: what is lost."""
        return self.high_score - self.scores if self.direction == "damage" else self.scores - self.low_score

    @property
    def normalized(self) -> np.ndarray:
        """Recovery, or of damage the loss, from 0 to 1; NaN where the corrupted runs are no worse than the clean one."""
        high, low, scores = self.high_score, self.low_score, np.asarray(self.scores, dtype=np.float64)
        is_better = high < low if self.metric in SMALLER_IS_BETTER else high > low
        if not is_better:
            return np.full(scores.shape, np.nan)
        part = high - scores if self.direction == "damage" else scores - low
        return np.clip(part / (high - low), 0, 1)

    @property
    def tokens(self) -> List[str]:
        return [str(token) for token in self._arrays["input_tokens"]]

    @property
    def token_ids(self) -> Optional[np.ndarray]:
        return self._arrays.get("input_ids")

    @property
    def subject_range(self) -> Tuple[int, int]:
        """The subject's first and last token, inclusive."""
        first, last = self._arrays["subject_range"]
        return int(first), int(last)

    @property
    def prompt(self) -> str:
        return self._text("prompt") or ""

    @property
    def subject(self) -> str:
        return self._text("subject") or ""

    @property
    def target(self) -> str:
        """The token whose probability is followed."""
        return self._text("target_token") or ""

    @property
    def target_id(self) -> Optional[int]:
        return self._number("target_id")

    @property
    def against(self) -> Optional[str]:
        """The token that logit-diff sets against the target."""
        return self._text("against_token")

    @property
    def site(self) -> str:
        return self._site or self._text("site") or "resid"

    @property
    def sites(self) -> List[str]:
        return [str(site) for site in self._arrays["sites"]] if "sites" in self._arrays else [self._text("site") or "resid"]

    @property
    def metric(self) -> str:
        return self._metric or self._text("metric") or "prob"

    @property
    def metrics(self) -> List[str]:
        main = self._text("metric") or "prob"
        return [main] + [metric for metric in METRICS if metric != main and f"high_score_{metric}" in self._arrays]

    @property
    def direction(self) -> str:
        return self._text("direction") or "restore"

    @property
    def sweep(self) -> str:
        return self._text("sweep") or "cells"

    @property
    def samples(self) -> Optional[int]:
        return self._number("samples")

    @property
    def seed(self) -> Optional[int]:
        return self._number("seed")

    @property
    def window(self) -> Optional[int]:
        return self._number("window")

    @property
    def noise_std(self) -> Optional[float]:
        """σ, to which the noise is relative."""
        return self._number("noise_std")

    @property
    def model(self) -> Optional[str]:
        return self._text("model")

    @property
    def device(self) -> Optional[str]:
        return self._text("device")

    @property
    def seconds(self) -> Optional[float]:
        """Of the trace alone."""
        return self._number("seconds")

    @property
    def complete(self) -> bool:
        """False for a trace that was stopped: Model.trace(resume=FILE) goes on with its file."""
        return bool(self._number("complete")) if "complete" in self._arrays else True

    def __getitem__(self, name: str) -> "Result":
        if name not in self.sites and name not in self.metrics:
            has = ", ".join(self.sites + self.metrics)
            raise KeyError(f"{name!r} was not traced; this result has {has}")
        view = object.__new__(Result)
        view.__dict__.update(self.__dict__)
        if name in self.sites:
            view._site = None if name == self.sites[0] else name
        else:
            view._metric = None if name == self.metrics[0] else name
        return view

    # ---- what it says ----

    def _grid(self, values: np.ndarray) -> np.ndarray:
        """As [layers, tokens]; one row or column where a sweep is over one of them."""
        if values.ndim == 2:
            return values
        return values[:, None] if self.sweep == "layers" else values[None, :]

    @property
    def best(self) -> Optional[Cell]:
        """The cell that matters most; None where nothing was computed. Of estimates alone, by them."""
        scores = self._grid(np.asarray(self._values, dtype=np.float64))
        if np.isnan(scores).all():
            return None
        is_small = (self.metric in SMALLER_IS_BETTER) != (self.direction == "damage")
        layer, position = np.unravel_index((np.nanargmin if is_small else np.nanargmax)(scores), scores.shape)
        has_layers, has_tokens = self.sweep != "positions", self.sweep != "layers"
        return Cell(
            int(layer) if has_layers else None,
            int(position) if has_tokens else None,
            self.tokens[position] if has_tokens else None,
            float(scores[layer, position]),
        )

    @property
    def layer_average(self) -> np.ndarray:
        """Mean score of each layer, [layers]."""
        return np.nanmean(self._grid(np.asarray(self.scores, dtype=np.float64)), axis=1)

    def __repr__(self) -> str:
        state = ", estimated" if self.estimated else "" if self.complete else ", not complete"
        return (
            f"<engram.Result of {self.prompt!r} → {self.target!r}: {self.site} {list(self._values.shape)}, "
            f"{self.metric} {self.high_score:.4g} clean, {self.low_score:.4g} corrupted{state}>"
        )

    def _repr_html_(self) -> str:
        from .drawing import result_html

        return result_html(self)

    # ---- files ----

    def to_bytes(self) -> bytes:
        """Its .npz, as engram-cli writes it."""
        return self._data

    def save(self, path: Path) -> None:
        """Writes .npz (which the window, engram-cli and numpy.load() open), .json, .csv, .svg, .png or .pdf, by the ending."""
        ending = os.path.splitext(os.fspath(path))[1].lower()
        if ending == ".npz":
            _write(path, self._data)
        elif ending in FIGURES:
            self._run(["plot"], path, ["--site", self.site] if self._site else [])
        elif ending in (".json", ".csv"):
            if not self.complete:
                raise InvalidRequest("a trace that is not complete can be saved as .npz alone", "invalid", "path")
            self._run(["trace", "--resume"], path, [])
        else:
            raise InvalidRequest(
                f"{path}: the ending says no kind of file that can be written (.npz, .json, .csv, .svg, .png, .pdf)", "invalid", "path"
            )

    def svg(self, *, colormap: Optional[str] = None, orientation: Optional[str] = None, raw: bool = False) -> SVG:
        """Engram's own drawing. The arguments are those of `engram-cli plot`."""
        options = ["--raw"] if raw else []
        for name, value in (("colormap", colormap), ("orientation", orientation), ("site", self.site if self._site else None)):
            options += [f"--{name}", value] if value is not None else []
        with tempfile.TemporaryDirectory(prefix="engram-") as folder:
            path = os.path.join(folder, "figure.svg")
            self._run(["plot"], path, options)
            with io.open(path, encoding="utf-8") as file:
                return SVG(file.read())

    def _run(self, arguments: List[str], path: Path, options: List[str]) -> None:
        """engram-cli ARGUMENTS result.npz -o path."""
        from .engine import find_program

        program = self._program or find_program()
        with tempfile.TemporaryDirectory(prefix="engram-") as folder:
            saved = os.path.join(folder, "result.npz")
            _write(saved, self._data)
            command = [*program, *arguments, saved, "-o", os.path.abspath(path), *options]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise EngramError(done.stderr.decode("utf-8", "replace").strip() or f"engram-cli ended with {done.returncode}")

    # ---- other libraries ----

    def plot(
        self,
        ax: "Optional[matplotlib.axes.Axes]" = None,
        *,
        title: Optional[str] = None,
        colormap: str = "RdYlBu_r",
        raw: bool = False,
    ) -> "matplotlib.axes.Axes":
        """Draws the heatmap as the notebook does, with matplotlib; svg() needs none.

        ax: axes to draw into, or None for new ones. raw: scores as they are, not normalized ones.
        """
        from .drawing import plot

        return plot(self, ax, title=title, colormap=colormap, raw=raw)

    def _coordinates(self) -> Tuple[List[str], Dict[str, Any]]:
        layers = np.arange(self._grid(self._values).shape[0])
        positions = np.arange(len(self.tokens))
        if self.sweep == "layers":
            return ["layer"], {"layer": layers}
        if self.sweep == "positions":
            return ["position"], {"position": positions, "token": ("position", self.tokens)}
        return ["layer", "position"], {"layer": layers, "position": positions, "token": ("position", self.tokens)}

    def _columns(self, score: str) -> Dict[str, np.ndarray]:
        """What there is of each cell."""
        columns = {}
        if self._name("scores") in self._arrays:
            columns = {score: self.scores, "sem": self.sem, "normalized": self.normalized}
        if self.estimate is not None:
            columns["estimate"] = self.estimate
        return columns

    def to_xarray(self) -> "xarray.Dataset":
        """scores, sem and normalized over layer and position (with its tokens), and estimate. Needs xarray."""
        import xarray

        dims, coordinates = self._coordinates()
        values = self._columns("scores")
        attributes = {
            "prompt": self.prompt,
            "subject": self.subject,
            "target": self.target,
            "site": self.site,
            "metric": self.metric,
            "high_score": self.high_score,
            "low_score": self.low_score,
        }
        return xarray.Dataset({name: (dims, array) for name, array in values.items()}, coords=coordinates, attrs=attributes)

    def to_pandas(self) -> "pandas.DataFrame":
        """A row for each cell: layer, position, token, score, sem, normalized, and estimate. Needs pandas."""
        import pandas

        dims, _ = self._coordinates()
        index = np.indices(self._values.shape).reshape(self._values.ndim, -1)
        columns: Dict[str, Any] = {dim: index[i] for i, dim in enumerate(dims)}
        if "position" in columns:
            columns["token"] = [self.tokens[t] for t in columns["position"]]
        columns.update({name: values.ravel() for name, values in self._columns("score").items()})
        return pandas.DataFrame(columns)


def open(path: Path) -> Result:  # noqa: A001
    """A result from its .npz: of Engram, or with the notebook's eight fields. Needs no engram-cli."""
    with io.open(path, "rb") as file:
        data = file.read()
    try:
        return Result(data)
    except (ValueError, OSError, KeyError) as error:
        raise EngramError(f"{os.fspath(path)} is no trace (.npz): {error}", "format") from None


