"""What a central system and a charge point have in common: versions, handlers, hooks, and how they judge peers."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from ..data_transfer import Envelope, TransferRoute, carrier_of
from ..dialect import dialect_of
from ..frames import Decoder, Encoder
from ..policy import STRICT, Policy
from ..routing import Route, Router
from ..schema import Message, Sender, Version
from ..session import Reader, Writer
from .hooks import Tasks

if TYPE_CHECKING:
    from ..signing import Signing

__all__ = ["Endpoint", "VersionModule"]

F = TypeVar("F", bound=Callable[..., Any])

_new_ids = map("{}-{}".format, itertools.repeat(os.urandom(6).hex()), itertools.count(1))


class VersionModule(Protocol):
    """`v16`, `v201`, `v21`, or any module with a `VERSION`."""

    @property
    def VERSION(self) -> Version:  # noqa: N802  # a constant of the module
        """The messages of the version."""
        ...


class Endpoint(Router):
    """The base of `CentralSystem` and `ChargePoint`.

    `versions` are spoken, `policy` says what is tolerated, `call_timeout` is how many seconds a call may take when it
    does not say itself, `max_message_size` bounds a message in bytes. `signing` opens and writes signed frames (R17);
    without it they are unknown actions.
    """

    role: ClassVar[Sender]

    def __init__(
        self,
        versions: Sequence[VersionModule | Version],
        *,
        policy: Policy = STRICT,
        call_timeout: float = 30.0,
        max_message_size: int = 1024 * 1024,
        open_timeout: float = 10.0,
        close_timeout: float = 5.0,
        signing: Signing | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        super().__init__()
        self.peer = ~self.role & Sender.BOTH
        self.versions = tuple(each if isinstance(each, Version) else each.VERSION for each in versions)
        if not self.versions:
            raise ValueError("versions must name at least one OCPP version")
        self.policy = policy
        self.call_timeout = call_timeout
        self.max_message_size = max_message_size
        self.open_timeout = open_timeout
        self.close_timeout = close_timeout
        self.signing = signing
        self.log = log or logging.getLogger("ocpp_fast")
        self.tasks = Tasks(self.log)
        self.connect_hooks: list[Callable[..., Any]] = []
        self.disconnect_hooks: list[Callable[..., Any]] = []
        self.frame_hooks: list[Callable[..., Any]] = []
        self.refusal_hooks: list[Callable[..., Any]] = []
        self.stopping = False
        self.decoder = lru_cache(256)(self._decoder)
        self.encoder = lru_cache(256)(Encoder)
        self.envelope = lru_cache(256)(Envelope)
        self._carriers = {each.request: version for version in self.versions if (each := carrier_of(version))}
        self._resolved: dict[type, Route | None] = {}

    def route(self, request: type) -> Route | None:
        """Return what handles a message class, or None; DataTransfer is handled where a vendor's message is."""
        try:
            return self._resolved[request]
        except KeyError:
            return self._resolve(request)

    def _resolve(self, request: type) -> Route | None:
        route = super().route(request)
        version = self._carriers.get(request)
        if self._vendors and version is not None:
            route = TransferRoute(self, partial(self._envelope_of, version), rest=route)
        self._resolved[request] = route
        return route

    def _envelope_of(self, version: Version, *subject: Any) -> Envelope:
        return self.envelope(version, subject[0].policy if subject else self.policy)

    def _add(self, request: type, route: Route) -> None:
        super()._add(request, route)
        self._resolved = {}

    def on_connect(self, hook: F) -> F:
        """Register a plain or async function to be called when a connection is ready; a decorator."""
        self.connect_hooks.append(hook)
        return hook

    def on_disconnect(self, hook: F) -> F:
        """Register a plain or async function to be called when a connection has ended; a decorator."""
        self.disconnect_hooks.append(hook)
        return hook

    def on_result_refused(self, hook: F) -> F:
        """Register a function of the `CallError` by which the peer refused a result of ours; a decorator.

        In 2.1 alone (CALLRESULTERROR, R10); the central system's is called with the station first.
        """
        self.refusal_hooks.append(hook)
        return hook

    def on_frame(self, hook: F) -> F:
        """Register a function of direction ("in", "out"), station and raw frame; a decorator. It should be quick."""
        self.frame_hooks.append(hook)
        return hook

    def version_of(self, subprotocol: str | None) -> Version | None:
        """Return the version of a WebSocket subprotocol, if it is spoken here."""
        return next((each for each in self.versions if each.subprotocol == subprotocol), None)

    def new_unique_id(self) -> str:
        """Return an id that this process has not used before (R3)."""
        return next(_new_ids)

    def frames(self, version: Version, policy: Policy, identity: str) -> tuple[Reader, Writer]:
        """Return what reads and writes the frames of one station's connection."""
        decoder, encoder = self.decoder(version, policy), self.encoder(version, policy)
        if self.signing is not None and dialect_of(version.number).signs:
            return self.signing.bind(identity, version, decoder, encoder)
        return decoder, encoder

    def _decoder(self, version: Version, policy: Policy) -> Decoder:
        return Decoder(version, self.role, self._handles, policy)

    def _handles(self, message: Message) -> bool:
        return self.route(message.request) is not None
