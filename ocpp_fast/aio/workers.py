"""The children of a supervisor, several on one port, and the link of each.

The link is a pair of sockets. A child says on it, each second, that its event loop runs, when it is ready, and why it
fails; the supervisor sends numbers of signals. When it ends, the supervisor is dead.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias, TypedDict

from .arguments import check_seconds, check_size

__all__ = ["SIGNALS", "Child", "Link", "Work", "WorkerOptions", "bound_to", "worker_options"]

_BEAT_SECONDS: Final = 1.0
_LEAST_PAUSE: Final = 0.5
_MOST_PAUSE: Final = 30.0
_LONG_SECONDS: Final = 60.0
"""Whoever dies after so long is replaced soon."""

_BEAT: Final = b"."
_READY: Final = b"r"
_FAILED: Final = b"e"
SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class WorkerOptions(TypedDict, total=False):
    """How many workers there are, and after how many seconds one is killed and replaced whose event loop is stuck."""

    count: int
    stuck_after: float


def worker_options(given: int | WorkerOptions) -> tuple[int, float]:
    """Return the number of workers, and `stuck_after`. Raises `ValueError`, and `RuntimeError` where there are none."""
    if not hasattr(os, "fork"):
        raise RuntimeError("workers: this system can't fork processes; run one, or several on ports of their own")
    options: WorkerOptions = given if isinstance(given, Mapping) else {"count": given}
    count = check_size("workers", options.get("count", os.cpu_count() or 1))
    return count, check_seconds("stuck_after", options.get("stuck_after", 60.0), most=float("inf"))


@contextmanager
def bound_to(host: str | None, port: int) -> Iterator[int]:
    """Keep a port for processes that share it, and yield its number; port 0 picks a free one. Raises `OSError`."""
    kept: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(
            socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        ):
            sock = socket.socket(family, kind, protocol)
            kept.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            place: Any = (address[0], port, *address[2:])
            try:
                sock.bind(place)
            except OSError as error:
                raise OSError(error.errno, f"can't listen on {place[0]}, port {port}: {error.strerror}") from None
            port = sock.getsockname()[1]
        yield port
    finally:
        for sock in kept:
            sock.close()


class Link:
    """A child's end of its link to the supervisor."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._told: Callable[[signal.Signals], object] = int  # does nothing

    def fileno(self) -> int:
        """Return the file, which can be read when the supervisor says anything, or has died."""
        return self._sock.fileno()

    def attach(self, told: Callable[[signal.Signals], object]) -> None:
        """Tell the supervisor from now on that the event loop runs; `told` gets the signals that it sends."""
        self._told = told
        asyncio.get_running_loop().add_reader(self._sock, self._hear)
        self._beat()

    def _beat(self) -> None:
        self.beat()
        asyncio.get_running_loop().call_later(_BEAT_SECONDS, self._beat)

    def _hear(self) -> None:
        heard = self.hear()
        if signal.SIGKILL in heard:
            asyncio.get_running_loop().remove_reader(self._sock)
        for each in heard:
            self._told(signal.SIGINT if each is signal.SIGKILL else each)

    def hear(self) -> list[signal.Signals]:
        """Return the signals that the supervisor has sent; SIGKILL says that it is dead."""
        try:
            return [signal.Signals(each) for each in self._sock.recv(64)] or [signal.SIGKILL]
        except BlockingIOError:
            return []
        except ConnectionError:
            return [signal.SIGKILL]

    def beat(self) -> None:
        """Say that this one lives."""
        self._say(_BEAT)

    def ready(self) -> None:
        """Say that this one does its work."""
        self._say(_READY)

    def failed(self, error: BaseException) -> None:
        """Say why this one ends; nothing may be said after that."""
        try:
            told = pickle.dumps(error)
            pickle.loads(told)  # some can't be made again
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001  # what is in an exception is its author's
            told = pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
        self._sock.setblocking(True)
        self._say(_FAILED + told)

    def _say(self, data: bytes) -> None:
        with suppress(BlockingIOError, ConnectionError):  # the supervisor is paused, or dead
            self._sock.sendall(data)


Work: TypeAlias = Callable[[Link], object]


class Child:
    """A process of the supervisor's, which is made again when it has died."""

    def __init__(self, name: str, work: Work, *, serves_others: bool = False) -> None:
        self.name = name
        self.work = work
        self.serves_others = serves_others
        self.process: Any = None
        self.was_ready = False
        self.heard = 0.0
        self.begins = 0.0
        self._pause = _LEAST_PAUSE
        self._began = 0.0
        self._link: socket.socket | None = None
        self._failure = b""
        self.is_told_stuck = False

    def start(self, now: float, others: Sequence[Child]) -> None:
        """Fork the process."""
        ours, theirs = socket.socketpair()
        for each in (ours, theirs):
            each.setblocking(False)
        self._link = ours
        self.heard = self._began = now
        self._failure = b""
        fork: Any = multiprocessing.get_context("fork")  # what a user's module has made can't be pickled
        self.process = fork.Process(target=self._run, args=(theirs, others), name=self.name)
        self.process.start()
        theirs.close()

    def _run(self, sock: socket.socket, others: Sequence[Child]) -> None:
        signal.set_wakeup_fd(-1)
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN if each is signal.SIGINT else signal.SIG_DFL)  # a terminal's is for all
        for child in others:
            child.close()  # or nobody's link would end with the supervisor
        link = Link(sock)
        try:
            self.work(link)
        except BaseException as error:
            if isinstance(error, Exception):
                error.add_note(f"in {self.name}:\n{traceback.format_exc()}")
                link.failed(error)
                sys.exit(1)
            raise

    def close(self) -> None:
        """Close the link."""
        if self._link is not None:
            self._link.close()
            self._link = None

    @property
    def files(self) -> list[Any]:
        """What can be read when it says anything, or has died."""
        return [] if self.process is None else [self._link, self.process.sentinel]

    def read(self, now: float) -> None:
        """Take what it has said."""
        assert self._link is not None
        with suppress(BlockingIOError, ConnectionError):
            while data := self._link.recv(65536):
                self.heard = now
                if self._failure or _FAILED in data:
                    self._failure += data
                self.was_ready = self.was_ready or _READY in data.partition(_FAILED)[0]

    def kill(self, number: signal.Signals) -> None:
        """Send a signal as the system has it."""
        if self.process is not None:
            os.kill(self.process.pid, number)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal over the link, or SIGKILL."""
        if self.process is None or self._link is None:
            return
        if number is signal.SIGKILL:
            self.process.kill()
        else:
            with suppress(BlockingIOError, ConnectionError):
                self._link.send(bytes([number]))

    def ended(self, now: float) -> str | None:
        """Return how it has ended, if it has, "" if with success; it may begin again after a pause then."""
        if self.process is None or self.process.exitcode is None:
            return None
        self.read(now)
        code, lived = self.process.exitcode, now - self._began
        self.close()
        self.process.close()
        self.process = None
        self._pause = _LEAST_PAUSE if lived > _LONG_SECONDS else min(2 * self._pause, _MOST_PAUSE)
        self.begins = now + self._pause
        self.is_told_stuck = False
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"has failed with {code}" if code else ""

    @property
    def failure(self) -> BaseException | None:
        """Why it has failed, if it has said so."""
        told = self._failure.partition(_FAILED)[2]
        return pickle.loads(told) if told else None
