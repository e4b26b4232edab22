"""A server for the tests that do it no harm."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from ..authority import Authority
from .servers import NatsServer


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A server with JetStream that lets everyone in."""
    server = NatsServer(tmp_path_factory.mktemp("nats"), config="jetstream: true\n")
    asyncio.run(server.start())
    yield server
    server.kill()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A CA, made for this run."""
    return Authority(tmp_path_factory.mktemp("ca"))
