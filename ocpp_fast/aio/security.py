"""Authentication of stations: the `auth` of a central system."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from hmac import compare_digest
from typing import Any, Final, Protocol, TypeAlias, overload

from .arguments import check_password

__all__ = ["Auth", "BasicAuth", "Handshake", "Headers", "NoAuth", "Verdict", "check_auth"]


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


@dataclass(frozen=True, slots=True)
class Handshake:
    """A station's request to connect, before it is let in."""

    identity: str
    path: str
    """The path as requested, with its query."""
    headers: Headers
    """The request's headers."""
    remote_address: Any
    subprotocols: tuple[str, ...]
    """The subprotocols that the station offers, in its order of preference (R30)."""


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


Check: TypeAlias = Callable[[str, bytes], "bool | Awaitable[bool | None] | None"]


class BasicAuth:
    """Security profile 1: HTTP basic authentication; the user name must be the station's identity (R34).

    `passwords` is a mapping of identities to passwords, compared in constant time, or a plain or async function of
    identity and password, both as the station sent them, that returns True, False for a wrong password, or None for
    an unknown station. Passwords are bytes and may hold any byte: for 1.6 decode the 40 hexadecimal digits
    of AuthorizationKey with `bytes.fromhex`.
    """

    def __init__(self, passwords: Mapping[str, bytes] | Check) -> None:
        if callable(passwords):
            self._check: Check = passwords
        elif isinstance(passwords, Mapping):
            self._check = _Passwords(passwords)
        else:
            kind = type(passwords).__name__
            raise TypeError(f"passwords: expected a mapping or a function check(identity, password), not {kind}")

    def authenticate(self, handshake: Handshake) -> Verdict | Awaitable[Verdict]:
        """Check the credentials of the Authorization header."""
        credentials = _credentials(handshake.headers)
        if credentials is None or not compare_digest(credentials[0], handshake.identity.encode()):
            return Verdict.UNAUTHORIZED
        answer = self._check(handshake.identity, credentials[1])
        if isinstance(answer, Awaitable):
            return _later(answer)
        return _verdict(answer)


class _Passwords:
    def __init__(self, passwords: Mapping[str, bytes]) -> None:
        if isinstance(passwords, dict):  # others may be large, or slow
            for identity, password in passwords.items():
                check_password(f"passwords[{identity!r}]", password)
        self._passwords = passwords

    def __call__(self, identity: str, password: bytes) -> bool | None:
        expected = self._passwords.get(identity)
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
        raise TypeError(f"auth: expected {wanted}, not {auth!r}")
    checked: Auth = auth
    return checked


def _hides_credentials(record: logging.LogRecord) -> bool:
    """Take the value of an Authorization header out of a record; a filter, which lets all records pass."""
    if isinstance(record.args, tuple) and "authorization" in (str(each).lower() for each in record.args[:1]):
        record.args = (record.args[0], "(not logged)")
    return True


WEBSOCKET_LOG: Final = logging.getLogger("ocpp_fast.websocket")
"""The logger of websockets' handshakes and frames, at level DEBUG."""
WEBSOCKET_LOG.addFilter(_hides_credentials)
