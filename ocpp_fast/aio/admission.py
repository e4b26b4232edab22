"""Who is let in: identity, credentials, the user's hooks and the version, in that order (R30-R36).

`Admission.decide` is one coroutine for every transport. It suspends only where something of the user's is async; so a
transport without tasks runs it on the spot with `run_now`, and gets a task only then.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias
from urllib.parse import unquote_to_bytes

from ..errors import HandshakeRefused
from ..escaping import described, shown
from ..masking import masked
from ..policy import Policy
from ..schema import Version
from .arguments import check_assumed, check_policy, is_identity
from .certificates import CertificateNames
from .events import Limit
from .hooks import Tasks
from .logs import write
from .proxies import TrustedProxies
from .security import Auth, Handshake, Headers, Refusal, Verdict
from .steps import is_our_end
from .throttle import SECONDS, Throttle
from .transport import Transport, TransportOwner
from .upgrade import UpgradeHook

if TYPE_CHECKING:
    from .server import Server

__all__ = [
    "DRAINING",
    "NO_WEBSOCKET",
    "STOPPING",
    "Admission",
    "Admitted",
    "Assume",
    "HandshakeOwner",
    "Identified",
    "Identify",
    "Offer",
    "check_host",
    "identity_of",
    "is_deferred",
    "run_now",
    "settled",
]

STOPPING: Final = "the central system stops"
DRAINING: Final = "the central system is draining"
NO_WEBSOCKET: Final = "the request asks for no WebSocket"

_ANSWERS: Final = frozenset({str, tuple, bool, type(None), Verdict, Policy})

Identified: TypeAlias = str | tuple[str, str] | None
"""An identity, or a tenant and an identity, or None for none."""

Assume: TypeAlias = Callable[[Handshake], Any] | None
"""Returns the version, as a module or not, of a client without a common subprotocol, at once or later; or None."""

Identify: TypeAlias = Callable[[str, Headers], Identified | Awaitable[Identified]]
"""Tells who a request's path and headers name (R32)."""


def identity_of(path: str, headers: Headers | None = None, *, trailing_slash: bool = False) -> str | None:
    """Return the identity in a request's path: its last segment, percent-decoded once; None if invalid (R32).

    `trailing_slash` tolerates one at the end: `identify=partial(identity_of, trailing_slash=True)`.
    """
    path = path.partition("?")[0]
    if trailing_slash:
        path = path.removesuffix("/")
    identity = path.rpartition("/")[2]
    if "%" in identity:
        try:
            identity = unquote_to_bytes(identity).decode()
        except UnicodeDecodeError:
            return None
    return identity if is_identity(identity) else None


class Offer(NamedTuple):
    """A request for a WebSocket, as a transport knows it."""

    path: str
    headers: Headers
    subprotocols: tuple[str, ...]
    peer: tuple[str, int] | None
    certificate: bytes | None = None
    secure: bool = False
    listener: Server | None = None
    certificate_names: CertificateNames | None = None
    has_host: bool = False
    """Whether it is known to have one Host header."""


class Admitted(NamedTuple):
    """A handshake that is let in; without a version, only to be closed with 1002 (R31)."""

    handshake: Handshake
    version: Version | None
    policy: Policy
    status: str | None
    """The registration (R40)."""
    subprotocol: str | None = None
    """What the handshake is answered with: one that was offered, or none."""


class HandshakeOwner(Protocol):
    """Decides on handshakes and takes over accepted connections: the central system."""

    auth: Auth
    policy: Policy
    identify: Identify
    assume: Assume
    upgrade_hooks: list[UpgradeHook]
    connecting_hooks: list[Callable[[Handshake], Any]]
    proxies: TrustedProxies
    throttle: Throttle
    tasks: Tasks
    log: logging.Logger
    max_message_size: int
    open_timeout: float
    close_timeout: float
    refuse_unknown_subprotocols: bool

    @property
    def stopping(self) -> bool:
        """Whether nobody is let in any more."""
        ...

    def version_of(self, subprotocol: str | None) -> Version | None:
        """Return the version of a subprotocol, if it is spoken."""
        ...

    def policy_of(self, handshake: Handshake) -> Policy | Awaitable[Policy]:
        """Return the policy of a station that is let in."""
        ...

    def registration_of(self, identity: str) -> str | Awaitable[str | None] | None:
        """Return the registration of a station that is let in, or what to await for it (R40)."""
        ...

    def admits(self, handshake: Handshake) -> bool | Awaitable[bool]:
        """Whether an authenticated station may connect now (R36)."""
        ...

    def arrived(self, transport: Transport, admitted: Admitted, version: Version) -> TransportOwner:
        """Take over a connection whose handshake is done; return the owner of its messages."""
        ...

    def refused(self, refusal: Refusal) -> None:
        """A handshake was refused."""
        ...

    def limit_reached(
        self, limit: Limit, identity: str | None, remote_address: tuple[str, int] | None, detail: str = ""
    ) -> None:
        """A peer met a limit."""
        ...


class Admission:
    """The decision on one handshake. `refuse` ends it from outside, as when it takes too long.

    Nobody is told twice that it was refused.
    """

    __slots__ = ("_central", "_is_refused", "_offer", "_secure", "address", "id")

    def __init__(self, central: HandshakeOwner, offer: Offer) -> None:
        self._central = central
        self._offer = offer
        self.address, self._secure = central.proxies.origin(offer.peer, offer.headers, secure=offer.secure)
        self.id: str | None = None
        self._is_refused = False

    async def decide(self) -> Admitted | HandshakeRefused:
        """Return who is let in, or why nobody is; what the user's functions raise is logged, and refused with 500."""
        try:
            return await self._admit()
        except HandshakeRefused as refusal:
            self.refuse(refusal.status, refusal.reason)
            return HandshakeRefused(refusal.status, refusal.reason)  # whose traceback does not lead to who keeps it
        except BaseException as error:
            if is_our_end(error):
                raise
            return self._failed(error)

    def refuse(self, status: int | None, reason: str) -> None:
        """Log a refusal, and tell the hooks; without a status, nobody was there to be answered."""
        if not self._is_refused:
            self._is_refused = True
            self._central.refused(Refusal(reason, status, self.address, self._offer.path, self.id))

    def _failed(self, error: BaseException) -> HandshakeRefused:
        extra = {"station": self.id, "peer": self.address, "path": shown(masked(self._offer.path))}
        who = self.id or self.address
        write(self._central.log, logging.ERROR, "%s: the handshake failed", who, exc_info=error, extra=extra)
        refusal = HandshakeRefused(HTTPStatus.INTERNAL_SERVER_ERROR, described(error))
        self.refuse(refusal.status, refusal.reason)
        return refusal

    async def _admit(self) -> Admitted:
        central, offer = self._central, self._offer
        self._check_running()
        if not offer.has_host:
            check_host(offer.headers)
        found = central.identify(offer.path, offer.headers)
        found = await settled(found) if is_deferred(found) else found
        tenant, identity = _named(found, is_valid=central.identify is identity_of)
        handshake = Handshake(
            identity,
            offer.path,
            offer.headers,
            tenant=tenant,
            remote_address=self.address,
            subprotocols=offer.subprotocols,
            certificate=offer.certificate,
            certificate_names=offer.certificate_names,
            secure=self._secure,
            listener=offer.listener,
        )
        self.id = handshake.id
        await self._authenticate(handshake)
        for hook in central.connecting_hooks:
            await settled(hook(handshake))
        policy: Any = central.policy_of(handshake)
        if is_deferred(policy):
            policy = await settled(policy)
        status: Any = central.registration_of(handshake.id)
        if is_deferred(status):
            status = await settled(status)
        version, subprotocol = _first_spoken(central, offer.subprotocols)
        if version is None:
            version, subprotocol = await self._assumed(handshake)
        if policy is not central.policy:  # which was checked for all versions
            check_policy(policy, () if version is None else (version,))
        self._check_running()
        admits = central.admits(handshake)
        if is_deferred(admits):
            admits = await settled(admits)
            self._check_running()
        if not admits:
            raise HandshakeRefused(HTTPStatus.CONFLICT, "a station of this identity is connected already")
        return Admitted(handshake, version, policy, status, subprotocol)

    async def _assumed(self, handshake: Handshake) -> tuple[Version | None, str | None]:
        """Return the version that a client is given on purpose, and which of its offers names that (R31).

        It may only be answered with what it offers (RFC 6455, 4.2.2), and some clients take no other answer.
        """
        central, offered = self._central, handshake.subprotocols
        found = None if central.assume is None else await settled(central.assume(handshake))
        if found is not None:
            version = check_assumed(found, central.version_of)
            return version, next((each for each in offered if version.number in each), None)
        if central.refuse_unknown_subprotocols:
            raise HandshakeRefused(HTTPStatus.BAD_REQUEST, no_common_subprotocol(offered))
        return None, None

    async def _authenticate(self, handshake: Handshake) -> None:
        """Ask the auth, unless too many passwords were wrong; a try is taken first, as many may come at once."""
        central, throttle, now = self._central, self._central.throttle, asyncio.get_running_loop().time
        key = throttle.key(handshake)
        if key is not None and not throttle.take(key, now()):
            raise HandshakeRefused(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong passwords")
        try:
            verdict = central.auth.authenticate(handshake)
            _check_verdict(await settled(verdict) if is_deferred(verdict) else verdict)
        except HandshakeRefused:
            if key is not None and throttle.is_exhausted(key, now()):
                detail = f"one password is verified in {SECONDS:g} s"
                central.limit_reached(Limit.WRONG_PASSWORDS, handshake.id, self.address, detail)
            raise
        except BaseException as error:
            if key is not None and not is_our_end(error):
                throttle.give_back(key)
            raise
        if key is not None:
            throttle.clear(key)

    def _check_running(self) -> None:
        listener = self._offer.listener
        if self._central.stopping or (listener is not None and listener.is_draining):
            reason = STOPPING if self._central.stopping else DRAINING
            raise HandshakeRefused(HTTPStatus.SERVICE_UNAVAILABLE, reason)


def check_host(headers: Headers) -> None:
    """Raise `HandshakeRefused` unless a request has one Host header (RFC 9112, 3.2)."""
    count = len(headers.get_all("Host"))
    if count != 1:
        raise HandshakeRefused(HTTPStatus.BAD_REQUEST, f"expected one Host header, found {count or 'none'}")


def _named(found: Any, *, is_valid: bool) -> tuple[str | None, str]:
    """Return tenant and identity, as `identify` tells them; with `is_valid`, they were checked if there are any."""
    tenant, identity = found if isinstance(found, tuple) else (None, found)
    if identity is None:
        raise HandshakeRefused(HTTPStatus.NOT_FOUND, "the path names no station")
    if is_valid:
        return tenant, identity
    for each in (identity,) if tenant is None else (identity, tenant):
        if not isinstance(each, str):
            raise TypeError(f"identify: expected an identity, a tenant and an identity, or None, not {found!r}")
        if not is_identity(each):
            raise HandshakeRefused(HTTPStatus.NOT_FOUND, "the path names no valid identity")
    return tenant, identity


def _check_verdict(verdict: Any) -> None:
    if verdict is Verdict.ACCEPTED:
        return
    if verdict is Verdict.UNKNOWN or verdict is Verdict.CONCEALED:
        status = HTTPStatus.NOT_FOUND if verdict is Verdict.UNKNOWN else HTTPStatus.UNAUTHORIZED
        raise HandshakeRefused(status, "there is no such station")
    if verdict is Verdict.UNAUTHORIZED:
        raise HandshakeRefused(HTTPStatus.UNAUTHORIZED, "the credentials are wrong")
    raise TypeError(f"expected a Verdict of the auth, not {verdict!r}")


def _first_spoken(central: HandshakeOwner, offered: Sequence[str]) -> tuple[Version | None, str | None]:
    """Return the version of the first subprotocol of the client's that is spoken here, and that (R30)."""
    for each in offered:
        if (version := central.version_of(each)) is not None:
            return version, each
    return None, None


def no_common_subprotocol(offered: Sequence[str]) -> str:
    """Return the reason why a client that offers no version that is spoken here is turned away (R31)."""
    return f"no common subprotocol: it offers {', '.join(offered) or 'none'}"


def is_deferred(value: object) -> bool:
    """Whether an answer of the user's is to be awaited; quick for one that is there."""
    return type(value) not in _ANSWERS and inspect.isawaitable(value)


async def settled(value: Any) -> Any:
    """Return a value, or what is awaited for it: in a task, whatever runs this."""
    if not is_deferred(value):
        return value
    if asyncio.current_task() is None:
        try:
            await _a_task()
        except BaseException:
            if inspect.iscoroutine(value):
                value.close()
            raise
    return await value


@types.coroutine
def _a_task() -> Generator[None, None, None]:
    """Suspend until `run_now` has found a task for what runs here."""
    yield


def run_now(work: Coroutine[Any, Any, None], tasks: Tasks) -> asyncio.Task[None] | None:
    """Run a coroutine here as long as it has nothing to await; return the task in which it goes on, if it does."""
    try:
        work.send(None)
    except StopIteration:
        return None
    task = tasks.start(work)
    return None if task.done() else task  # a task may be eager
