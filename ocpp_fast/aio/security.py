"""What is decided on before a station is let in: its `Handshake`, the `Verdict` on it, and its `Refusal`."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, Protocol, overload

from ..escaping import shown
from ..masking import masked

if TYPE_CHECKING:
    from ..policy import Policy
    from .certificates import CertificateNames
    from .server import Server

__all__ = ["Auth", "Handshake", "Headers", "Refusal", "Verdict", "check_auth"]


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
        "certificate_names",
        "headers",
        "listener",
        "path",
        "policy",
        "secure",
        "serial_numbers",
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
        certificate_names: CertificateNames | None = None,
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
        self.certificate_names = certificate_names
        """Whom that names; None without a certificate that was verified, and where an ASGI server does not tell."""
        self.secure = secure
        """Whether it came over TLS; where a proxy ends TLS, whether that says so."""
        self.listener = listener
        """The `Server` that it came to; None under an ASGI server."""
        self.serial_numbers: tuple[str, ...] = ()
        """A BootNotification with another serial number closes the connection; without any, none does."""
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
    CONCEALED = auto()
    """401: the station is unknown, which it is not told."""


class Auth(Protocol):
    """Decides on a handshake, before any state of the station exists."""

    def authenticate(self, handshake: Handshake) -> Verdict | Awaitable[Verdict]:
        """Return the verdict, at once or later."""
        ...


def check_auth(auth: Any) -> Auth:
    """Return an auth. Raises `TypeError` for what can't be one."""
    if isinstance(auth, type) or not callable(getattr(auth, "authenticate", None)):
        wanted = "NoAuth(), BasicAuth(...) or an object with authenticate(handshake)"
        raise TypeError(f"auth: expected {wanted}, not {type(auth).__name__}")
    checked: Auth = auth
    return checked
