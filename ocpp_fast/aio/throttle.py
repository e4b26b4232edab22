"""Wrong passwords, counted by where they come from and whose they should be."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import Final

from ..latest import Latest
from .security import Handshake

__all__ = ["SECONDS", "Throttle"]

SECONDS: Final = 30.0
"""A try comes back after so many seconds."""

_MOST: Final = 20_000
"""So many sources and identities are counted; the one that was seen the longest ago is forgotten first."""

Key = tuple[str, str]


class Throttle:
    """Lets `tries` wrong passwords of one source for one identity pass, and then one every `SECONDS`; 0 is off.

    Times are those of the event loop. For each that was wrong lately one number is kept: when all its tries are back.
    """

    def __init__(self, tries: int) -> None:
        if type(tries) is not int or tries < 0:
            raise ValueError(f"password_tries: expected a number of tries, 0 or more, not {tries!r}")
        self._tries = tries
        self._restored: Latest[Key, float] = Latest(_MOST)

    def key(self, handshake: Handshake) -> Key | None:
        """Return what a handshake counts for; None if it has no password to be verified."""
        if not self._tries or "Authorization" not in handshake.headers:
            return None
        address = handshake.remote_address
        return _network("" if address is None else address[0]), handshake.id

    def take(self, key: Key, now: float) -> bool:
        """Take a try, before the password is verified; False if there is none left."""
        if self.is_exhausted(key, now):
            return False
        self._restored[key] = max(self._restored.get(key, now), now) + SECONDS
        return True

    def give_back(self, key: Key) -> None:
        """Give a try back that has told nothing of the password."""
        if key in self._restored:
            self._restored[key] -= SECONDS

    def clear(self, key: Key) -> None:
        """Forget what was wrong: the password was right."""
        self._restored.pop(key, None)

    def is_exhausted(self, key: Key, now: float) -> bool:
        """Whether no try is left."""
        return self._restored.get(key, now) - now > (self._tries - 1) * SECONDS


def _network(host: str) -> str:
    """Return an address, or the network of an IPv6 one, all of which one client may have."""
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:  # an ASGI server may say anything
        return host
    return host if address.ipv4_mapped is not None else str(IPv6Network((address, 64), strict=False))
