"""A trace or a study under way, drawn in Jupyter as it fills in."""
from __future__ import annotations

import html
import sys
import time
from typing import TYPE_CHECKING, Any, Optional, Union

from .drawing import grid_svg, picture

if TYPE_CHECKING:
    from .model import Progress
    from .study import StudyProgress

INTERVAL = 0.25  # seconds from one picture to the next


def in_jupyter() -> bool:
    """Whether this program is a kernel that can show pictures. IPython is asked only where it runs already."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")


class Live:
    """A display of its own below the cell, drawn anew at most four times a second."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._shown = 0.0

    def _show(self, content: str) -> None:
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(content), display_id=True)
        else:
            self._handle.update(HTML(content))

    def __call__(self, progress: "Union[Progress, StudyProgress]") -> None:
        now = time.monotonic()
        if now - self._shown < INTERVAL:
            return
        self._shown = now
        drawing = grid_svg(progress.normalized, progress.tokens, progress.subject_range)
        self._show(f"{picture(drawing)}<div>{html.escape(progress.line)}</div>")

    def end(self, text: Optional[str]) -> None:
        """The picture gives way to a line: the result draws itself where it is looked at."""
        if self._handle is not None:
            self._show(f"<div style='color:gray'>{html.escape(text or '')}</div>")
