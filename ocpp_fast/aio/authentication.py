"""Who is let in: the auths of security profiles 0 to 3, and several of them on one address (R33-R35)."""

from __future__ import annotations

import base64
import binascii
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, TypeAlias

from ..errors import HandshakeRefused
from .arguments import check_interval, check_password
from .certificates import ClientCertificate
from .logs import write
from .security import Auth, Handshake, Headers, Verdict
from .slow_checks import Durations, SlowCheck

__all__ = ["BasicAuth", "NoAuth", "Profile0", "Profile1", "Profile2", "Profile3", "Profiles"]


class NoAuth:
    """Security profile 0: lets everyone in. For trusted networks and for tests (R35).

    It may be served on loopback addresses and Unix sockets only; on others `serve` raises `ValueError`, and an ASGI
    application refuses with 403. `anywhere=True` logs a warning in place of that.
    """

    def __init__(self, *, anywhere: bool = False) -> None:
        self._anywhere = anywhere
        self._warned = False

    def authenticate(self, handshake: Handshake) -> Verdict:
        """Accept."""
        return Verdict.ACCEPTED

    def check_served(self, hosts: Iterable[Any], log: logging.Logger) -> None:
        """Check the addresses that are listened at. Raises `ValueError`."""
        for each in hosts:
            if _is_local(each):
                continue
            if not self._anywhere:
                raise ValueError(f"auth: NoAuth() is for loopback addresses, not {each}; see NoAuth(anywhere=True)")
            if not self._warned:
                self._warned = True
                write(log, logging.WARNING, "NoAuth() on %s: whoever reaches it may be any station", each)


def _is_local(host: Any) -> bool:
    """Whether only this machine reaches an address; anything else, such as the path of a Unix socket, is local."""
    try:
        address = ip_address(str(host).partition("%")[0])
    except ValueError:
        return True
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


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

    An unknown station is answered as a wrong password is, and after as long where the function is async or slow;
    `unknown_status=404` tells it (R33).

    `threads` declares a plain function slow, such as one that computes bcrypt or argon2: it runs in so many threads,
    and must be safe there. The last right password of a station is then remembered for `remember` seconds, as a keyed
    digest, and let in without the function; 0 remembers none. `forget(id)` is for a password that was changed.
    """

    def __init__(
        self,
        passwords: Mapping[str, bytes] | Check,
        *,
        threads: int = 0,
        remember: float = 3600.0,
        unknown_status: int = HTTPStatus.UNAUTHORIZED,
    ) -> None:
        if unknown_status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            raise ValueError(f"unknown_status: expected 401 or 404, not {unknown_status!r}")
        self._unknown = Verdict.CONCEALED if unknown_status == HTTPStatus.UNAUTHORIZED else Verdict.UNKNOWN
        if isinstance(passwords, Mapping):
            check: Callable[..., Any] = _Passwords(passwords)
        elif callable(passwords):
            check = passwords
        else:
            kind = type(passwords).__name__
            raise TypeError(f"passwords: expected a mapping or a function check(identity, password), not {kind}")
        self._wants_handshake = _takes_three(check)
        self._durations = Durations()
        self._slow: SlowCheck | None = None
        if threads:
            if isinstance(passwords, Mapping) or inspect.iscoroutinefunction(check):
                raise TypeError("threads: expected a plain function of identity and password to run in them")
            self._slow = SlowCheck(check, self._durations, threads, check_interval("remember", remember))
        self._check = check

    def forget(self, id: str) -> None:  # noqa: A002  # as `Station.id`
        """Let the function decide on the next password of a station."""
        if self._slow is not None:
            self._slow.forget(id)

    def authenticate(self, handshake: Handshake) -> Verdict | Awaitable[Verdict]:
        """Check the Authorization header. Raises `HandshakeRefused` (401) for none, and for a wrong user name."""
        credentials = _credentials(handshake.headers)
        if credentials is None:
            raise HandshakeRefused(HTTPStatus.UNAUTHORIZED, "there are no credentials of basic authentication")
        if not compare_digest(credentials[0], handshake.identity.encode()):
            raise HandshakeRefused(HTTPStatus.UNAUTHORIZED, "the user name is not the identity")
        given = (handshake.identity, credentials[1], *((handshake,) if self._wants_handshake else ()))
        if self._slow is not None:
            if self._slow.remembers(handshake.id, credentials[1]):
                return Verdict.ACCEPTED
            return self._later(self._slow(handshake.id, given))
        answer = self._check(*given)
        if isinstance(answer, Awaitable):
            return self._later(self._durations.measure(answer))
        return self._verdict(answer)

    async def _later(self, answer: Awaitable[bool | None]) -> Verdict:
        return self._verdict(await answer)

    def _verdict(self, answer: bool | None) -> Verdict:
        if answer is None:
            return self._unknown
        return Verdict.ACCEPTED if answer is True else Verdict.UNAUTHORIZED


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
        is_right = compare_digest(b"" if expected is None else expected, password)  # takes as long as `password` is
        return None if expected is None else is_right


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


Profile0: Final = NoAuth
"""Security profile 0: everyone is let in."""

Profile1: Final = BasicAuth
"""Security profile 1: a password, over TLS or not."""

Profile3: Final = ClientCertificate
"""Security profile 3: the certificate of the station, over TLS."""


class Profile2(BasicAuth):
    """Security profile 2: a password, over TLS only. Its arguments are those of `BasicAuth`.

    Behind a trusted proxy that ends TLS, its word counts (`X-Forwarded-Proto`).
    """

    def authenticate(self, handshake: Handshake) -> Verdict | Awaitable[Verdict]:
        """Check credentials that came over TLS; raises `HandshakeRefused` (403) for others, without a look at them."""
        if not handshake.secure:
            raise HandshakeRefused(HTTPStatus.FORBIDDEN, "security profile 2 wants TLS")
        return super().authenticate(handshake)


class Profiles:
    """Two security profiles on one address: `Profiles(Profile2(passwords), Profile3())`.

    A station that shows a certificate is judged by that alone, any other by its password. A station of profile 3 is not
    to have a password: it could come without its certificate then. Raises `ValueError` for anything but an auth of
    profile 3 and one of passwords.
    """

    def __init__(self, *auths: Auth) -> None:
        certificates = [each for each in auths if isinstance(each, ClientCertificate)]
        passwords = [each for each in auths if not isinstance(each, (ClientCertificate, NoAuth))]
        if len(auths) != 2 or len(certificates) != 1 or len(passwords) != 1:
            raise ValueError("Profiles: expected an auth of profile 3 and one of passwords")
        self._by_certificate, self._by_password = certificates[0], passwords[0]

    def authenticate(self, handshake: Handshake) -> Verdict | Awaitable[Verdict]:
        """Return the verdict of the auth whose credentials the station shows."""
        shows = handshake.certificate is not None
        return (self._by_certificate if shows else self._by_password).authenticate(handshake)
