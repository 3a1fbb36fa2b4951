"""Pictures of a result: matplotlib's in the notebook's look, and what Jupyter shows."""
from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, Any, Optional, Sequence

import numpy as np

if TYPE_CHECKING:
    from .result import Result
    from .study import Study

# RdYlBu reversed (ColorBrewer), from 0 to 1: what a map under way is drawn with.
COLORS = np.array(
    [
        (49, 54, 149),
        (69, 117, 180),
        (116, 173, 209),
        (171, 217, 233),
        (224, 243, 248),
        (255, 255, 191),
        (254, 224, 144),
        (253, 174, 97),
        (244, 109, 67),
        (215, 48, 39),
        (165, 0, 38),
    ],
    dtype=float,
)
CELL_WIDTH, CELL_HEIGHT, LABELS, FOOT = 34, 14, 34, 62


def picture(svg: str) -> str:
    """A drawing for HTML: as an image of its own, since the names in drawings on one page would be taken for each other's."""
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return f'<img src="data:image/svg+xml;base64,{data}" style="max-width:100%;background:white"/>'


def color(value: float) -> str:
    place = min(max(value, 0.0), 1.0) * (len(COLORS) - 1)
    below = min(int(place), len(COLORS) - 2)
    r, g, b = (COLORS[below] + (place - below) * (COLORS[below + 1] - COLORS[below])).round().astype(int)
    return f"#{r:02x}{g:02x}{b:02x}"


def grid_svg(values: np.ndarray, tokens: Sequence[str], subject: Optional[Sequence[int]] = None) -> str:
    """A plain map of normalized values [layers, tokens], without any library; cells that are not known stay white."""
    n_layers, n_tokens = values.shape
    width, height = LABELS + n_tokens * CELL_WIDTH + 8, n_layers * CELL_HEIGHT + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="10">',
        f'<rect x="{LABELS}" y="1" width="{n_tokens * CELL_WIDTH}" height="{n_layers * CELL_HEIGHT}" fill="none" stroke="#888"/>',
    ]
    for layer in range(n_layers):
        y = 1 + layer * CELL_HEIGHT
        if layer % 4 == 0:
            parts.append(f'<text x="{LABELS - 5}" y="{y + 11}" text-anchor="end">{layer}</text>')
        for t in range(n_tokens):
            if not np.isnan(values[layer, t]):
                parts.append(
                    f'<rect x="{LABELS + t * CELL_WIDTH}" y="{y}" width="{CELL_WIDTH + 0.4}" height="{CELL_HEIGHT + 0.4}" '
                    f'fill="{color(values[layer, t])}"/>'
                )
    for t, token in enumerate(tokens):
        x, y = LABELS + (t + 0.5) * CELL_WIDTH, n_layers * CELL_HEIGHT + 14
        parts.append(f'<text x="{x}" y="{y}" text-anchor="end" transform="rotate(-45 {x} {y})">{html.escape(token)}</text>')
    if subject is not None and n_tokens > 1:
        for t in (subject[0], subject[1] + 1):
            x = LABELS + t * CELL_WIDTH
            parts.append(f'<path d="M{x} 1V{1 + n_layers * CELL_HEIGHT}" stroke="black" stroke-dasharray="4 3" fill="none"/>')
    return "".join(parts) + "</svg>"


def result_html(result: "Result") -> str:
    """What Jupyter shows of a result: Engram's own drawing, or a plain one where there is no engram-cli."""
    from .errors import EngramError

    if result.estimated:  # a drawing shows what was computed
        return f"<p>{html.escape(repr(result))}</p>"
    try:
        drawing = str(result.svg())
    except (EngramError, OSError):
        values = result._grid(result.normalized)
        columns = result.tokens if result.sweep != "layers" else ["all tokens"]
        drawing = grid_svg(values, columns, result.subject_range if result.sweep != "layers" else None)
    best = result.best
    lines = [f"{result.metric} of {result.target!r}: {result.high_score:.4g} clean, {result.low_score:.4g} corrupted"]
    if best is not None:
        where = [f"layer {best.layer}"] if best.layer is not None else []
        where += [f"position {best.position} ({best.token!r})"] if best.position is not None else []
        lines.append(f"most important: {', '.join(where)}, {best.score:.4g}")
    if not result.complete:
        lines.append("not complete: it was stopped")
    text = "".join(f"<div>{html.escape(line)}</div>" for line in lines + result.notes)
    return f"{picture(drawing)}<div style='font-size:90%'>{text}</div>"


def study_html(study: "Study") -> str:
    """What Jupyter shows of a study: Engram's own drawing, or a plain one of a relation or where there is no engram-cli."""
    from .errors import EngramError

    counts = study.counts
    try:
        drawing = str(study.svg()) if study.relation is None and counts["traced"] > 0 else None
    except (EngramError, OSError):
        drawing = None
    if drawing is None:
        drawing = grid_svg(study.normalized.T, study.roles, (0, 2))
    lines = [f"{study.model}: " + ", ".join(f"{n} {name}" for name, n in counts.items())]
    if not study.complete:
        lines.append("not complete: the same call with the same folder goes on with it")
    text = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
    return f"{picture(drawing)}<div style='font-size:90%'>{text}</div>"


def plot_study(study: "Study", ax: Any, *, title: Optional[str], colormap: str) -> Any:
    """Means over facts, layers down and roles across, in the look of plot()."""
    import matplotlib.pyplot as plt

    values, is_part = study.mean.T, study.quantity == "normalized"
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 8))
    limits = {"vmin": 0, "vmax": 1} if is_part else {}
    image = ax.imshow(values, aspect="auto", cmap=colormap, interpolation="nearest", **limits)
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.04)
    names = {"normalized": f"Mean normalized {study.document['metric']}", "effect": "Mean effect", "score": f"Mean {study.document['metric']}"}
    bar.set_label(names[study.quantity], rotation=270, labelpad=20)
    ax.set_ylabel("Layer", fontsize=12)
    ax.set_yticks(range(0, values.shape[0], 4))
    ax.set_xlabel("Token Role", fontsize=12)
    ax.set_xticks(range(len(study.roles)))
    ax.set_xticklabels([f"{role} ({n})" for role, n in zip(study.roles, study.n)], rotation=45, ha="right")
    usual = f"Causal Tracing: {study.model}, {study.counts['traced']} facts" + (f" of {study.relation}" if study.relation else "")
    ax.set_title(usual if title is None else title, fontsize=14, pad=30)
    ax.grid(True, alpha=0.3, linewidth=0.5)
    return ax


def plot(result: "Result", ax: Any, *, title: Optional[str], colormap: str, raw: bool) -> Any:
    """The heatmap of the notebook's section 4."""
    import matplotlib.pyplot as plt

    values = result._grid(np.asarray(result.scores if raw else result.normalized, dtype=float))
    if ax is None:
        _, ax = plt.subplots(figsize=(14, 8))
    limits = {} if raw else {"vmin": 0, "vmax": 1}
    image = ax.imshow(values, aspect="auto", cmap=colormap, interpolation="nearest", **limits)
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.04)
    kind = "Probability" if result.metric == "prob" else result.metric
    bar.set_label(kind if raw else f"Normalized {kind}", rotation=270, labelpad=20)
    ax.set_ylabel("Layer", fontsize=12)
    ax.set_yticks(range(0, values.shape[0], 4))
    if result.sweep == "layers":
        ax.set_xticks([])
    else:
        first, last = result.subject_range
        ax.set_xlabel("Token Position", fontsize=12)
        ax.set_xticks(range(len(result.tokens)))
        ax.set_xticklabels(result.tokens, rotation=45, ha="right")
        for x in (first - 0.5, last + 0.5):
            ax.axvline(x, color="black", linestyle="--", alpha=0.5, linewidth=1)
        box = {"boxstyle": "round", "facecolor": "wheat", "alpha": 0.5}
        # Between the map and the title, which it covers in the notebook.
        above = {"xycoords": ("data", "axes fraction"), "xytext": (0, 6), "textcoords": "offset points"}
        ax.annotate("Subject", ((first + last) / 2, 1), ha="center", va="bottom", fontsize=10, bbox=box, **above)
    ax.set_title(f"Causal Tracing: {result.prompt}" if title is None else title, fontsize=14, pad=30)
    ax.grid(True, alpha=0.3, linewidth=0.5)
    return ax
