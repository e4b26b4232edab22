"""A station of any node, as `cluster["CP001"]` gives it: it is called as a local one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import VersionMismatch
from ..schema import DataTransfer, Notification, Request, Response, Struct

if TYPE_CHECKING:
    from .. import v16, v21, v201
    from .cluster import Cluster

__all__ = ["RemoteStation"]

R = TypeVar("R", bound=Response)
A = TypeVar("A", bound=Struct | None)


class RemoteStation:
    """A station of the cluster; it need not stay at one node, nor connected."""

    __slots__ = ("_cluster", "id")

    def __init__(self, cluster: Cluster, identity: str) -> None:
        self._cluster = cluster
        self.id = identity

    @property
    def v16(self) -> v16.CentralSystemShortcuts:
        """The calls of OCPP 1.6 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v16.CentralSystemShortcuts = self._shortcuts("1.6")
        return shortcuts

    @property
    def v201(self) -> v201.CentralSystemShortcuts:
        """The calls of OCPP 2.0.1 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v201.CentralSystemShortcuts = self._shortcuts("2.0.1")
        return shortcuts

    @property
    def v21(self) -> v21.CentralSystemShortcuts:
        """The calls of OCPP 2.1 as methods. Raises `VersionMismatch` when another version was negotiated."""
        shortcuts: v21.CentralSystemShortcuts = self._shortcuts("2.1")
        return shortcuts

    def _shortcuts(self, number: str) -> Any:
        version = self._cluster.version_of(number)
        presence = self._cluster.where(self.id) if self._cluster.has_directory else None
        if presence is not None and presence.version != number:
            raise VersionMismatch(f"OCPP {presence.version} was negotiated, not {number}").at(self.id)
        return version.central_shortcuts(self.call, self.send)

    async def call(
        self, request: Request[R], *, timeout: float | None = None, check: Callable[[R], object] | None = None
    ) -> R:
        """Send a request and return its response: see `Cluster.call`."""
        return await self._cluster.call(self.id, request, timeout=timeout, check=check)

    async def send(self, notification: Notification) -> None:
        """Send an unconfirmed message (2.1, R11): see `Cluster.send`."""
        await self._cluster.send(self.id, notification)

    async def transfer(self, payload: DataTransfer[A], *, timeout: float | None = None) -> A:
        """Send a vendor's message in a DataTransfer and return the data of its answer: see `Cluster.transfer`."""
        return await self._cluster.transfer(self.id, payload, timeout=timeout)

    def __repr__(self) -> str:
        return f"<RemoteStation {self.id}>"

    def __str__(self) -> str:
        return self.id
