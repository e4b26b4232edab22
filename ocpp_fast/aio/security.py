"""Who may connect: the `auth` of a central system."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from hmac import compare_digest
from typing import Any, Final, Protocol, TypeAlias

from websockets.datastructures import Headers

__all__ = ["Auth", "BasicAuth", "Handshake", "NoAuth", "Verdict"]


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a station says of itself before it is let in."""

    identity: str
    path: str
    """The path as requested, with its query."""
    headers: Headers
    """The request's headers; a multi-valued mapping that ignores case."""
    remote_address: Any
    subprotocols: tuple[str, ...]
    """What the station offers, in its order of preference (R30)."""


class Verdict(Enum):
    """What becomes of a handshake (R33)."""

    ACCEPTED = auto()
    UNAUTHORIZED = auto()
    """401: the credentials are missing or wrong."""
    UNKNOWN = auto()
    """404: there is no such station."""


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
    a station that is not known. Passwords are bytes and may hold any byte: for 1.6 decode the 40 hexadecimal digits
    of AuthorizationKey with `bytes.fromhex`.
    """

    def __init__(self, passwords: Mapping[str, bytes] | Check) -> None:
        self._check: Check = passwords if callable(passwords) else _Passwords(passwords)

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


def _hides_credentials(record: logging.LogRecord) -> bool:
    """Take the value of an Authorization header out of a record; a filter, which lets all records pass."""
    if isinstance(record.args, tuple) and "authorization" in (str(each).lower() for each in record.args[:1]):
        record.args = (record.args[0], "(not logged)")
    return True


WEBSOCKET_LOG: Final = logging.getLogger("ocpp_fast.websocket")
"""Where websockets logs handshakes and frames, at level DEBUG."""
WEBSOCKET_LOG.addFilter(_hides_credentials)


def authorization(identity: str, password: bytes) -> str:
    """Return the Authorization header that a station sends (R34)."""
    return "Basic " + base64.b64encode(identity.encode() + b":" + password).decode()
