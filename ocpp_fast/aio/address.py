"""Where a charge point connects to: a central system's URL with the identity in its path, and its credentials."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit

from .arguments import check_password
from .tls import TlsContext

__all__ = ["Address", "NetworkProfile", "authorization", "profiles_of"]

_PORTS: Final = {"ws": 80, "wss": 443}
_PATH: Final = "/%:@!$&'()*+,;=~"
_QUERY: Final = _PATH + "?"
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, repr=False)
class NetworkProfile:
    """A central system that a charge point may connect to: a NetworkConnectionProfile of OCPP 2.x.

    `password` and `ssl` are used there in place of the charge point's own.
    """

    url: str
    password: bytes | None = None
    ssl: SSLContext | None = None

    def __repr__(self) -> str:
        return f"NetworkProfile({_shown(self.url)!r})"


def profiles_of(given: Any) -> tuple[NetworkProfile, ...]:
    """Return the central systems that are given as a URL, a profile, or a list of either."""
    each = [given] if isinstance(given, (str, NetworkProfile)) else given
    if not isinstance(each, Sequence) or not all(isinstance(one, (str, NetworkProfile)) for one in each):
        raise TypeError(f"url: expected a URL, a NetworkProfile, or a list of them, not {type(given).__name__}")
    if not each:
        raise ValueError("url: expected at least one central system")
    return tuple(one if isinstance(one, NetworkProfile) else NetworkProfile(one) for one in each)


class Address:
    """The URL of one station's connection, and the credentials that go with it.

    User info in the URL stands for `password`, and never shows in `url`. What may not stand in a path or a query is
    percent-encoded; `ssl` replaces the default context of `wss://`. Raises `ValueError` for a URL that is not `ws://`
    or `wss://`, and for one with user info and a password beside it; `TypeError` for a password that is not bytes.
    """

    def __init__(self, url: str, identity: str, password: bytes | None, ssl: SSLContext | None = None) -> None:
        if password is not None:
            check_password("password", password)
        try:
            parts = urlsplit(url)
            port = parts.port
            host = parts.hostname or ""
            self.host = host if ":" in host else host.encode("idna").decode()
        except ValueError:
            raise ValueError(f"url: expected a host, and a port from 0 to 65535, in {_shown(url)!r}") from None
        if parts.scheme not in _PORTS or parts.fragment or not host or host.startswith("."):
            raise ValueError(f"url: expected one such as ws://host:8887/path or wss://host/path, not {_shown(url)!r}")
        place = f"[{self.host}]" if ":" in host else self.host
        self.ssl = ssl
        self.secure = parts.scheme == "wss"
        self.port = _PORTS[parts.scheme] if port is None else port
        path = f"{_quoted(parts.path.rstrip('/'), _PATH)}/{quote(identity, safe='')}"
        place = place if port is None else f"{place}:{port}"
        self.url = urlunsplit((parts.scheme, place, path, _quoted(parts.query, _QUERY), ""))
        self.authorization = None if password is None else authorization(identity, password)
        if parts.username is not None:
            if password is not None:
                raise ValueError("password: expected none, for the URL has user info already")
            self.authorization = _basic(unquote_to_bytes(parts.username), unquote_to_bytes(parts.password or ""))

    @property
    def security_profile(self) -> int:
        """The security profile that is used there, 0 to 3 (R35): 3 where `client_context` was given a certificate."""
        if not self.secure:
            return 0 if self.authorization is None else 1
        return 3 if isinstance(self.ssl, TlsContext) and self.ssl.shows_certificate else 2


def _quoted(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe)


def _shown(url: str) -> str:
    """Return a URL without user info, for errors."""
    scheme, mark, rest = url.partition("//")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def authorization(identity: str, password: bytes) -> str:
    """Return the Authorization header that a station sends (R34)."""
    return _basic(identity.encode(), password)


def _basic(user: bytes, password: bytes) -> str:
    return "Basic " + base64.b64encode(user + b":" + password).decode()
