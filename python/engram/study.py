"""Many facts under one request."""
from __future__ import annotations

from .errors import NotInThisVersion


class Study:
    """Engram's own studies (a queue that goes on where it was stopped, roles, averages) are not in this version."""

    def __init__(self, *arguments, **options):
        raise NotInThisVersion(
            "engram.Study is not in this version of Engram; Model.trace_many() traces many prompts", "unsupported"
        )
