"""Authentication of stations: the `auth` of a central system."""

from __future__ import annotations

import base64
import binascii
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, overload

from ..escaping import shown
from ..masking import masked
from .arguments import check_password

if TYPE_CHECKING:
    from ..policy import Policy
    from .server import Server

__all__ = ["Auth", "BasicAuth", "Handshake", "Headers", "NoAuth", "Refusal", "Verdict", "check_auth"]


class Headers(Protocol):
    """The headers of an HTTP request: a multi-valued mapping with case-insensitive names."""

    def __contains__(self, name: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __getitem__(self, name: str, /) -> str:
        """Return the only value of a header. Raises `LookupError` if there are several, or none."""
        ...

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str, /) -> str: ...
    def get_all(self, name: str, /) -> list[str]:
        """Return all values of a header, in order."""
        ...


class Handshake:
    """A station's request to connect, before it is let in; kept as `station.handshake`.

    Who it is, is decided before and can't be changed here. `on_connecting` may set `state`, which is the station's
    `state` from then on, and `policy`, which goes before the central system's.
    """

    __slots__ = (
        "_identity",
        "_remote",
        "_tenant",
        "certificate",
        "headers",
        "listener",
        "path",
        "policy",
        "secure",
        "state",
        "subprotocols",
    )

    def __init__(
        self,
        identity: str,
        path: str,
        headers: Headers,
        *,
        tenant: str | None = None,
        remote_address: tuple[str, int] | None = None,
        subprotocols: tuple[str, ...] = (),
        certificate: bytes | None = None,
        secure: bool = False,
        listener: Server | None = None,
    ) -> None:
        self._identity = identity
        self._tenant = tenant
        self.path = path
        """The path as requested, with its query."""
        self.headers = headers
        """The request's headers."""
        self._remote = None if remote_address is None else f"{remote_address[0]} {remote_address[1]}"  # is smaller
        self.subprotocols = subprotocols
        """The subprotocols that the station offers, in its order of preference (R30)."""
        self.certificate = certificate
        """The client's TLS certificate in DER; None if it showed none."""
        self.secure = secure
        """Whether it came over TLS; where a proxy ends TLS, whether that says so."""
        self.listener = listener
        """The `Server` that it came to; None under an ASGI server."""
        self.state: Any = None
        """The user's own."""
        self.policy: Policy | None = None
        """How this station is judged, if not as the central system says."""

    @property
    def identity(self) -> str:
        """The identity: what the station calls itself."""
        return self._identity

    @property
    def tenant(self) -> str | None:
        """The tenant, if `identify` told one."""
        return self._tenant

    @property
    def remote_address(self) -> tuple[str, int] | None:
        """Host and port of the client, that behind trusted proxies; None on a Unix socket. Port 0 is an unknown one."""
        if self._remote is None:
            return None
        host, _, port = self._remote.rpartition(" ")
        return host, int(port)

    @property
    def id(self) -> str:
        """What the central system calls the station: its identity or, of a tenant's, `tenant/identity`."""
        return self._identity if self._tenant is None else f"{self._tenant}/{self._identity}"

    def __repr__(self) -> str:
        return f"<Handshake {self.id} from {self.remote_address}>"


_LONGEST_PATH: Final = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """A handshake that was refused, or not completed, as `on_refused` is told of it.

    `reason` and `path` may be the client's words: they are escaped, and cut;
    user info in `path` is masked.
    """

    reason: str
    status: int | None
    """The HTTP status that it was answered with; None if it got no answer."""
    remote_address: tuple[str, int] | None
    path: str
    """The path as requested, with its query; empty if no request was understood."""
    id: str | None = None
    """Who it was, as `Handshake.id`; None before that was known."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", shown(self.reason))
        object.__setattr__(self, "path", shown(masked(self.path), _LONGEST_PATH))


class Verdict(Enum):
    """The decision on a handshake (R33)."""

    ACCEPTED = auto()
    UNAUTHORIZED = auto()
    """401: the credentials are missing or wrong."""
    UNKNOWN = auto()
    """404: the station is unknown."""


class Auth(Protocol):
    """Decides on a handshake, before any state of the station exists."""

    def authenticate(self, handshake: Handshake) -> Verdict | Awaitable[Verdict]:
        """Return the verdict, at once or later."""
        ...


class NoAuth:
    """Security profile 0: lets everyone in. For trusted networks and for tests (R35)."""

    def authenticate(self, handshake: Handshake) -> Verdict:
        """Accept."""
        return Verdict.ACCEPTED


Check: TypeAlias = (
    Callable[[str, bytes], "bool | Awaitable[bool | None] | None"]
    | Callable[[str, bytes, Handshake], "bool | Awaitable[bool | None] | None"]
)


class BasicAuth:
    """Security profile 1: HTTP basic authentication; the user name must be the station's identity (R34).

    `passwords` is a mapping of stations to passwords, compared in constant time (the key is `Handshake.id`: with
    tenants `tenant/identity`), or a plain or async function of identity and password, both as the station sent them,
    and of the `Handshake` if it takes three arguments. It returns True, False for a wrong password, or None for an
    unknown station. Passwords are bytes and may hold any byte: for 1.6 decode the 40 hexadecimal digits of
    AuthorizationKey with `bytes.fromhex`.
    """

    def __init__(self, passwords: Mapping[str, bytes] | Check) -> None:
        if isinstance(passwords, Mapping):
            passwords = _Passwords(passwords)
        elif not callable(passwords):
            kind = type(passwords).__name__
            raise TypeError(f"passwords: expected a mapping or a function check(identity, password), not {kind}")
        self._check: Callable[..., Any] = passwords
        self._wants_handshake = _takes_three(passwords)

    def authenticate(self, handshake: Handshake) -> Verdict | Awaitable[Verdict]:
        """Check the credentials of the Authorization header."""
        credentials = _credentials(handshake.headers)
        if credentials is None or not compare_digest(credentials[0], handshake.identity.encode()):
            return Verdict.UNAUTHORIZED
        more = (handshake,) if self._wants_handshake else ()
        answer = self._check(handshake.identity, credentials[1], *more)
        if isinstance(answer, Awaitable):
            return _later(answer)
        return _verdict(answer)


def _takes_three(check: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(check).parameters.values()
    except ValueError:
        return False
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return True
    places = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return sum(each.default is each.empty for each in places) == 3


class _Passwords:
    def __init__(self, passwords: Mapping[str, bytes]) -> None:
        if isinstance(passwords, dict):  # others may be large, or slow
            for identity, password in passwords.items():
                check_password(f"passwords[{identity!r}]", password)
        self._passwords = passwords

    def __call__(self, identity: str, password: bytes, handshake: Handshake) -> bool | None:
        expected = self._passwords.get(handshake.id)
        return None if expected is None else compare_digest(expected, password)


async def _later(answer: Awaitable[bool | None]) -> Verdict:
    return _verdict(await answer)


def _verdict(answer: bool | None) -> Verdict:
    if answer is None:
        return Verdict.UNKNOWN
    return Verdict.ACCEPTED if answer is True else Verdict.UNAUTHORIZED


def _credentials(headers: Headers) -> tuple[bytes, bytes] | None:
    """Return user name and password of a basic Authorization header, if there is exactly one."""
    values = headers.get_all("Authorization")
    scheme, _, encoded = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None


def check_auth(auth: Any) -> Auth:
    """Return an auth. Raises `TypeError` for what can't be one."""
    if isinstance(auth, type) or not callable(getattr(auth, "authenticate", None)):
        wanted = "NoAuth(), BasicAuth(...) or an object with authenticate(handshake)"
        raise TypeError(f"auth: expected {wanted}, not {type(auth).__name__}")
    checked: Auth = auth
    return checked
