"""The address of a charge point's connection: the central system's URL with the identity in its path."""

from __future__ import annotations

import base64
from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit

from .arguments import check_password

__all__ = ["Address", "authorization"]

_PORTS = {"ws": 80, "wss": 443}


class Address:
    """The URL of one station's connection, and the credentials that go with it.

    User info in the URL stands for `password`, and never shows in `url`. Raises `ValueError` for a URL that is not
    `ws://` or `wss://`, and for one with user info and a password beside it; `TypeError` for a password that is not
    bytes.
    """

    def __init__(self, url: str, identity: str, password: bytes | None) -> None:
        if password is not None:
            check_password("password", password)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError(f"url: expected a host, and a port from 0 to 65535, in {_shown(url)!r}") from None
        if parts.scheme not in _PORTS or parts.fragment or not parts.hostname:
            raise ValueError(f"url: expected one such as ws://host:8887/path or wss://host/path, not {_shown(url)!r}")
        place = parts.netloc.rpartition("@")[2]
        self.secure = parts.scheme == "wss"
        self.host = parts.hostname
        self.port = _PORTS[parts.scheme] if port is None else port
        path = f"{parts.path.rstrip('/')}/{quote(identity, safe='')}"
        self.url = urlunsplit((parts.scheme, place, path, parts.query, ""))
        self.authorization = None if password is None else authorization(identity, password)
        if parts.username is not None:
            if password is not None:
                raise ValueError("password: expected none, for the URL has user info already")
            self.authorization = _basic(unquote_to_bytes(parts.username), unquote_to_bytes(parts.password or ""))


def _shown(url: str) -> str:
    """Return a URL without user info, for errors."""
    scheme, mark, rest = url.partition("//")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def authorization(identity: str, password: bytes) -> str:
    """Return the Authorization header that a station sends (R34)."""
    return _basic(identity.encode(), password)


def _basic(user: bytes, password: bytes) -> str:
    return "Basic " + base64.b64encode(user + b":" + password).decode()
