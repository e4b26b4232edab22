"""What tests of the handshake share: who is refused, and whether the server goes on."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from ocpp_fast import Handshake

from .exchanges import afterwards, lives
from .harness import Site
from .peer import handshake_bytes


def credentials(text: bytes) -> str:
    return f"Authorization: Basic {base64.b64encode(text).decode()}"


async def refused(site: Site, *paths: str, **options: Any) -> list[int]:
    """The statuses that handshakes are refused with; fails if one left anything behind."""
    connected: list[object] = []
    site.central.on_connect(connected.append)
    answers = [await site.http(handshake_bytes(path, **options)) for path in paths]
    assert len(site.central) == 0
    assert connected == []
    return [each.status for each in answers]


async def serves(site: Site, path: str = "/CP-after", **options: Any) -> None:
    """Fails unless the server still lets a station in and answers it."""
    await lives(await site.peer(path, **options))


class AuthOf:
    """An auth made of a function, which decides at once or `later`."""

    def __init__(self, decide: Callable[[Handshake], Any], *, later: bool = False) -> None:
        self.authenticate = afterwards(decide) if later else decide
