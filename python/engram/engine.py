"""engram-cli serve, as a child of this program: finds it, starts it, sends requests and gets events (docs/serve.md)."""
from __future__ import annotations

import atexit
import collections
import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
from typing import Any, Dict, Iterator, List, Optional, Union

from .errors import EngramError, InvalidRequest, ProgramDied, ProgramNotFound, WrongProgram, from_event

PROTOCOL = 1
"""The version of the protocol that this module speaks."""

APP = "io.github.engram_app.Engram"
START_SECONDS = 60
END_SECONDS = 3
STDERR_LINES = 20
USAGE_STATUS = 2  # with which engram-cli ends where an option makes no sense

Program = Union[str, "os.PathLike[str]", List[str], None]


# ---- finding it ----


def _in_build_tree() -> Optional[str]:
    """The program that was built beside this file's sources, as run.sh builds it."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.path.join(root, "_build", "src", "cli", "engram-cli")
    return path if os.path.exists(os.path.join(root, "meson.build")) and os.access(path, os.X_OK) else None


def _in_flatpak() -> Optional[List[str]]:
    flatpak = shutil.which("flatpak")
    if flatpak is None:
        return None
    found = subprocess.run([flatpak, "info", APP], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Files are named by this program, which may read and write them anyway; "host" leaves out /tmp.
    places = [f"--filesystem={place}" for place in ("host", tempfile.gettempdir())]
    return [flatpak, "run", *places, "--command=engram-cli", APP] if found.returncode == 0 else None


def find_program() -> List[str]:
    """The command that is engram-cli: $ENGRAM_CLI, else on the PATH, in the build tree that this module lies in, or Engram's
    Flatpak. ProgramNotFound says how to get it."""
    named = os.environ.get("ENGRAM_CLI")
    if named:
        if shutil.which(named) is None:
            raise ProgramNotFound(f"ENGRAM_CLI is {named!r}, which is no program", "not-found")
        return [named]
    on_path = shutil.which("engram-cli")
    if on_path is not None:
        return [on_path]
    built = _in_build_tree()
    if built is not None:
        return [built]
    sandboxed = _in_flatpak()
    if sandboxed is not None:
        return sandboxed
    raise ProgramNotFound(
        "There is no engram-cli on the PATH. Install Engram (its Debian package or Flatpak has it), or build it from its "
        "sources with ./run.sh and set the environment variable ENGRAM_CLI to _build/src/cli/engram-cli",
        "not-found",
    )


def _command(program: Program) -> List[str]:
    if program is None:
        return find_program()
    return [os.fspath(part) for part in program] if isinstance(program, (list, tuple)) else [os.fspath(program)]


# ---- one process ----


def _say_ending(status: Optional[int], said: str) -> str:
    if status is not None and status < 0:
        try:
            how = f"was killed by {signal.Signals(-status).name}"
        except ValueError:
            how = f"was killed by signal {-status}"
    else:
        how = f"ended with status {status}" if status else "ended"
    return f"engram-cli {how}" + (f": {said}" if said else "")


class _Process:
    """A running `engram-cli serve`. Events are given to the requests' queues by a thread; None is the end."""

    def __init__(self, command: List[str], options: List[str]):
        self.owner = os.getpid()
        self.lock, self.write_lock = threading.Lock(), threading.Lock()
        self.waiting: Dict[int, "queue.SimpleQueue[Optional[dict]]"] = {}
        self.ended = False
        self.greeting: "queue.SimpleQueue[Optional[dict]]" = queue.SimpleQueue()
        self.said: "collections.deque[str]" = collections.deque(maxlen=STDERR_LINES)
        # A session of its own: Ctrl+C is for this program alone, which cancels what it has asked for.
        self.child = subprocess.Popen(
            [*command, "serve", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.threads = [
            threading.Thread(target=self._read_events, daemon=True, name="engram-events"),
            threading.Thread(target=self._read_errors, daemon=True, name="engram-errors"),
        ]
        for thread in self.threads:
            thread.start()

    def _read_errors(self) -> None:
        for line in self.child.stderr:
            self.said.append(line.decode("utf-8", "replace").strip())

    def _read_events(self) -> None:
        for line in self.child.stdout:
            try:
                event = json.loads(line)
                self._give(event)
            except (ValueError, AttributeError):
                break
        with self.lock:
            self.ended = True
            for events in self.waiting.values():
                events.put(None)
        self.greeting.put(None)

    def _give(self, event: dict) -> None:
        if event.get("event") == "ready":
            self.greeting.put(event)
            return
        with self.lock:
            events = self.waiting.get(event.get("id"))
        if events is not None:
            events.put(event)

    def send(self, request: dict, events: Optional["queue.SimpleQueue"]) -> None:
        """Raises OSError or ValueError when the program is gone."""
        with self.lock:
            if self.ended:
                raise BrokenPipeError
            if events is not None:
                self.waiting[request["id"]] = events
        with self.write_lock:
            self.child.stdin.write(json.dumps(request, allow_nan=False).encode("utf-8") + b"\n")
            self.child.stdin.flush()

    def forget(self, number: int) -> None:
        with self.lock:
            self.waiting.pop(number, None)

    def why(self) -> str:
        """Why it has ended, in a sentence."""
        try:
            status: Optional[int] = self.child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            status = self.child.wait()
        self.threads[1].join(END_SECONDS)
        return _say_ending(status, " / ".join(self.said))

    def close(self) -> None:
        if os.getpid() != self.owner:  # of the parent of a fork: its pipes are not ours to use
            return
        with self.lock:
            asked = list(self.waiting)
        try:
            for number in asked:
                self.send({"method": "cancel", "request": number}, None)
            self.child.stdin.close()
        except (OSError, ValueError):
            pass
        for end in (None, self.child.terminate, self.child.kill):
            if end is not None:
                end()
            try:
                self.child.wait(END_SECONDS)
                break
            except subprocess.TimeoutExpired:
                pass
        for thread in self.threads:
            thread.join(END_SECONDS)
        self.child.stdout.close()
        self.child.stderr.close()


class Pending:
    """A request that is under way: its events, in their order."""

    def __init__(self, engine: "Engine", process: _Process, number: int, events: "queue.SimpleQueue"):
        self._engine, self._process, self.number, self._events = engine, process, number, events
        self._over = False

    def next(self, timeout: Optional[float] = None) -> Optional[dict]:
        """The next event; None when none came in time. Raises what an event "error" says, and ProgramDied."""
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return None
        if event is None:
            self.forget()
            raise ProgramDied(self._process.why())
        if event["event"] in ("result", "error"):
            self.forget()
        if event["event"] == "error":
            raise from_event(event["error"])
        return event

    def wait(self) -> dict:
        """The event "result"; others are passed over."""
        while True:
            event = self.next()
            if event is not None and event["event"] == "result":
                return event

    def cancel(self) -> None:
        """Asks for its end. What it gives is said by its next events."""
        if not self._over:
            try:
                self._process.send({"id": self._engine._new_number(), "method": "cancel", "request": self.number}, None)
            except (OSError, ValueError):
                pass

    def forget(self) -> None:
        """No more events are wanted."""
        if not self._over:
            self._over = True
            self._process.forget(self.number)


class Engine:
    """engram-cli, started with the first request and ended with this program. Any thread may use it.

    program: a path or a command (a list), in place of what find_program() finds.
    gemm: what multiplies on the processor: "auto" (by itself), "engram" or "openblas". Of all its models.
    """

    def __init__(self, program: Program = None, *, gemm: Optional[str] = None):
        self._program = program
        self.gemm = gemm
        self._process: Optional[_Process] = None
        self._numbers: Iterator[int] = itertools.count(1)
        self._lock = threading.Lock()
        self.version: Optional[str] = None
        self.methods: List[str] = []

    def __getstate__(self) -> dict:
        return {"program": self._program, "gemm": self.gemm}

    def __setstate__(self, state: dict) -> None:
        self.__init__(state["program"], gemm=state["gemm"])  # type: ignore[misc]

    def _new_number(self) -> int:
        return next(self._numbers)

    def _greet(self, process: _Process, command: List[str]) -> None:
        try:
            ready = process.greeting.get(timeout=START_SECONDS)
        except queue.Empty:
            ready = None
        if ready is None:
            why = process.why()
            if self.gemm is not None and process.child.returncode == USAGE_STATUS:
                raise InvalidRequest(why.rpartition("engram-cli: ")[2], "invalid", "gemm")
            raise WrongProgram(f"{' '.join(command)} does not answer as engram-cli serve does ({why}); Engram {PROTOCOL}.x is needed")
        if ready.get("protocol") != PROTOCOL:
            process.close()
            raise WrongProgram(
                f"{' '.join(command)} is version {ready.get('version')} and speaks protocol {ready.get('protocol')}, this module "
                f"protocol {PROTOCOL}: install the module that belongs to it (python/ in its sources)"
            )
        self.version, self.methods = ready.get("version"), ready.get("methods", [])

    def _start(self) -> _Process:
        """The process, running; of this program, not of one that it was forked from. The lock is held."""
        process = self._process
        if process is not None and process.owner == os.getpid() and not process.ended:
            return process
        if process is not None:
            process.close()
            self._process = None
        command = _command(self._program)
        try:
            process = _Process(command, [] if self.gemm is None else ["--gemm", self.gemm])
        except OSError as error:
            raise ProgramNotFound(f"{command[0]} cannot be started: {error.strerror}", "not-found") from None
        self._greet(process, command)
        self._process = process
        return process

    def ask(self, method: str, **members: Any) -> Pending:
        """Sends a request; members that are None are left out."""
        request = {"id": self._new_number(), "method": method, **{k: v for k, v in members.items() if v is not None}}
        try:
            json.dumps(request, allow_nan=False)
        except ValueError:
            raise EngramError("a request has numbers, but neither NaN nor infinity", "invalid") from None
        events: "queue.SimpleQueue[Optional[dict]]" = queue.SimpleQueue()
        for last in (False, True):
            with self._lock:
                process = self._start()
            try:
                process.send(request, events)
                break
            except (OSError, ValueError):  # it died since: once more
                process.ended = True
                if last:
                    raise ProgramDied(process.why()) from None
        return Pending(self, process, request["id"], events)

    def call(self, method: str, **members: Any) -> dict:
        """A request's answer. KeyboardInterrupt cancels it."""
        pending = self.ask(method, **members)
        try:
            return pending.wait()["result"]
        except KeyboardInterrupt:
            pending.cancel()
            pending.forget()
            raise

    @property
    def pid(self) -> Optional[int]:
        """Of engram-cli; None while it does not run."""
        process = self._process
        return process.child.pid if process is not None and not process.ended else None

    def close(self) -> None:
        """Ends engram-cli. Another request would start it again."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


_shared: Dict[Optional[str], Engine] = {}
_shared_lock = threading.Lock()


def shared(gemm: Optional[str] = None) -> Engine:
    """The engine that load() uses where none is named: one for each way to multiply."""
    with _shared_lock:
        if gemm not in _shared:
            _shared[gemm] = Engine(gemm=gemm)
            atexit.register(_shared[gemm].close)
        return _shared[gemm]
