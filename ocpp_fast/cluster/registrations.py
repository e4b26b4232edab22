"""Registrations that every process of a cluster shares: whom one node has accepted, the others know (R40)."""

from __future__ import annotations

import logging
from typing import Final, Protocol, runtime_checkable
from urllib.parse import quote

from ..aio.logs import write
from ..escaping import described
from ..latest import Latest
from .bus import Bus

__all__ = ["Bucket", "ClusterRegistrations", "Registered"]

_LOG: Final = logging.getLogger("ocpp_fast")
_STATUSES: Final = frozenset({"Accepted", "Pending", "Rejected"})


class Bucket(Protocol):
    """Values by key, which all processes see; `nats.Bucket` is one.

    Its methods raise an `OSError`, such as `BusLost` or `TimeoutError`, within a second.
    """

    async def get(self, key: str) -> bytes | None:
        """Return the value of a key, or None."""
        ...

    async def put(self, key: str, value: bytes) -> None:
        """Set the value of a key."""
        ...


@runtime_checkable
class Buckets(Protocol):
    """A bus with buckets."""

    def bucket(self, name: str, *, replicas: int = 1) -> Bucket:
        """Return a bucket, which is made when first used."""
        ...


class Registered(Protocol):
    """What is asked of a `Cluster`."""

    @property
    def namespace(self) -> str:
        """Of its subjects."""
        ...

    @property
    def bus(self) -> Bus:
        """What carries it."""
        ...


class ClusterRegistrations:
    """`Registrations` in the key-value store of NATS JetStream, the bucket `ocpp-<namespace>-registrations`.

    It is kept on `replicas` servers, an odd number. While the store can't be reached, nothing waits longer than a
    second: a station that connects is unknown, so that a strict gate asks it to boot; one that boots is answered, and
    unknown at its next connection, if that comes to this process. The log has a line when that begins, and one when it
    ends; `log` takes them in place of the logger `ocpp_fast`.
    """

    def __init__(self, cluster: Registered, *, replicas: int = 1, log: logging.Logger | None = None) -> None:
        self._cluster = cluster
        self._replicas = replicas
        self._opened: tuple[Bus, Bucket] | None = None
        self._log = log or _LOG
        self._fails = False
        self._unstored: Latest[str, None] = Latest()

    @property
    def _bucket(self) -> Bucket:
        """The bucket, by way of the present bus: a cluster that is started again has another."""
        bus = self._cluster.bus
        if self._opened is None or self._opened[0] is not bus:
            if not isinstance(bus, Buckets):
                raise TypeError(f"registrations: expected a cluster on NATS, not on {type(bus).__name__}")
            name = f"ocpp-{self._cluster.namespace}-registrations"
            self._opened = bus, bus.bucket(name, replicas=self._replicas)
        return self._opened[1]

    async def load(self, identity: str) -> str | None:
        """Return the status of a station, or None."""
        if identity in self._unstored:
            return None
        try:
            value = await self._bucket.get(key_of(identity))
        except OSError as error:
            self._failed(error)
            return None
        self._worked()
        status = (value or b"").decode("ascii", "replace")
        return status if status in _STATUSES else None

    async def store(self, identity: str, status: str) -> None:
        """Remember the status of a station."""
        try:
            await self._bucket.put(key_of(identity), status.encode())
        except OSError as error:
            self._unstored[identity] = None
            self._failed(error)
        else:
            self._unstored.pop(identity, None)
            self._worked()

    def _failed(self, error: OSError) -> None:
        if not self._fails:
            self._fails = True
            write(self._log, logging.WARNING, "registrations of the cluster can't be reached: %s", described(error))

    def _worked(self) -> None:
        if self._fails:
            self._fails = False
            write(self._log, logging.INFO, "registrations of the cluster are back")


def key_of(identity: str) -> str:
    """Return an identity as a key of JetStream's: percent-encoded, but by `=`; `unquote` reads it with `%`."""
    return quote(identity, safe="").replace(".", "%2E").replace("~", "%7E").replace("%", "=")
