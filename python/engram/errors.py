"""What can go wrong, each with a sentence that says what and what to do."""
from __future__ import annotations

from typing import Optional


class EngramError(Exception):
    """Of all errors of this module.

    code: "invalid", "not-found", "format", "unsupported", "memory", "device", "cancelled" or "failed", where Engram said it.
    field: the argument that is wrong, or None.
    """

    def __init__(self, message: str, code: str = "failed", field: Optional[str] = None):
        super().__init__(message)
        self.code = code
        self.field = field

    def __reduce__(self):
        return type(self), (str(self), self.code, self.field)


class InvalidRequest(EngramError, ValueError):
    """An argument makes no sense; `field` is which."""


class NotInThisVersion(EngramError, NotImplementedError):
    """This version of Engram does not have it."""


class ProgramNotFound(EngramError):
    """There is no engram-cli."""


class WrongProgram(EngramError):
    """The engram-cli that was found speaks another version of the protocol, or is none at all."""


class ProgramDied(EngramError):
    """engram-cli ended in the middle of a request. The next request starts it again."""


def from_event(error: dict) -> EngramError:
    """The exception for the object "error" of an event (docs/serve.md)."""
    code, field = error.get("code", "failed"), error.get("field")
    kind = {"invalid": InvalidRequest, "unsupported": NotInThisVersion}.get(code, EngramError)
    if kind is NotInThisVersion and field != "method":
        kind = EngramError
    return kind(error.get("message", "engram-cli said no more"), code, field.replace("-", "_") if field else None)
