"""The NATS server of the example's configuration."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ..authority import Authority
from ..sources import ROOT
from .servers import NatsServer, nats_server

__all__ = ["configured", "password"]


@asynccontextmanager
async def configured(folder: Path, authority: Authority, environment: pytest.MonkeyPatch) -> AsyncIterator[NatsServer]:
    """The server of the example, with a certificate and passwords of this test."""
    text = (ROOT / "examples/cluster/nats/nats.conf").read_text("utf-8")
    for user in set(re.findall(r"\$(\w+)_PASSWORD\n", text)):
        environment.setenv(f"{user}_PASSWORD", password(user))
    text = re.sub(r"^(server_name|listen): .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r'"/etc/nats/server\.(pem|key)"', json.dumps(str(authority.server())), text)
    text = text.replace("/var/lib/nats", json.dumps(str(folder / "store"))[1:-1])
    async with nats_server(folder, config=text) as server:
        yield server


def password(user: str) -> str:
    """Return the password of a user of the example."""
    return f"secret_of_{user.lower().replace('_', '-')}"
