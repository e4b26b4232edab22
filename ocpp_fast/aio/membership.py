"""The seam to a cluster: what a central system tells it, and asks it."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

from .security import Handshake

if TYPE_CHECKING:
    from .central_system import CentralSystem
    from .stations import Station
    from .workers import Child

__all__ = ["Membership"]


class Membership(Protocol):
    """The cluster that a central system is a node of."""

    def joined_by(self, central: CentralSystem) -> None:
        """A central system is its node; once, before it serves."""
        ...

    def serving(self) -> AbstractAsyncContextManager[Any]:
        """Return a context in which the central system listens; the cluster is started for it if it is not."""
        ...

    def check(self, handshake: Handshake) -> Awaitable[None] | None:
        """Raise `HandshakeRefused` for an authenticated station that should not connect here now, or later."""
        ...

    def arrived(self, station: Station) -> None:
        """A station has connected; an older connection of its identity is there still."""
        ...

    def left(self, station: Station) -> None:
        """A connection has ended."""
        ...

    def companion(self) -> Child | None:
        """Return what is to run beside the workers of a program, before it forks them; None for nothing."""
        ...

    def in_worker(self, number: int) -> None:
        """This process is a worker, with a name of its own."""
        ...

    def draining(self) -> None:
        """No more stations are taken."""
        ...
