"""The example that keeps events in a database, against the server of the example's configuration."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast.aio.tls import client_context

from ..authority import Authority
from ..cli.programs import Program, in_time, program
from ..sources import ROOT
from .ends import bus_of, started
from .secured import configured, password

pytestmark = pytest.mark.once

EXAMPLE = str(ROOT / "examples/cluster/events_to_database.py")
FRAME = '[2,"1","Heartbeat",{}]'


def event(number: int, *, station: str = "CP 1", epoch: Any = (7, "node-a")) -> bytes:
    """Return a message of a station, as a node tells of it."""
    told = {"id": station, "n": "node-a", "ep": epoch, "s": number, "t": "2026-01-01T00:00:00Z"}
    return json.dumps({**told, "dir": "in", "frame": FRAME}).encode()


async def stored(running: Program, count: int) -> None:
    """Wait until so many events are stored in all."""
    while count > 0:
        count -= int((await running.line(r"(\d+) stored$"))[1])
    assert count == 0


@in_time
async def test_events_fill_the_database_once_each_and_what_is_lost_is_told(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "events.db"
    subject = "ocpp.acme.event.message.CP%201"
    async with (
        configured(tmp_path, authority, monkeypatch) as server,
        started(
            bus_of(server, name="node-a", credentials=("node-a", password("node-a")), tls=client_context(authority.ca))
        ) as node,
    ):
        options = (EXAMPLE, server.url, str(database), "--ca", str(authority.ca))
        async with program(*options) as running:
            await running.line("storing the events of acme")
            for number in (1, 2, 2, 3):
                node.bus.publish(subject, event(number))
            node.bus.publish("ocpp.acme.event.connected.CP2", event(1, station="CP2", epoch=8))
            await stored(running, 5)
            await running.kill()
        for number in (4, 7):  # while nobody consumes
            node.bus.publish(subject, event(number))
        for broken in (b"", b"{", b"[]", b"{}", b'{"id":"CP1","n":"node-a","ep":7,"s":"x","t":""}', b"\xff"):
            node.bus.publish(subject, broken)
        async with program(*options) as running:
            await running.line(r'CP 1 at node-a: events 5 to 6 of connection \[7, "node-a"\] are lost$')
            await stored(running, 2)
            if sys.platform != "win32":
                assert await running.stop() == 0
                assert running.complaints.count(f"{subject}: no event (") == 6
    with closing(sqlite3.connect(database)) as rows:
        found = rows.execute("SELECT station, kind, number, frame FROM event ORDER BY station, number").fetchall()
        assert found == [
            *(("CP 1", "message", number, FRAME) for number in (1, 2, 3, 4, 7)),
            ("CP2", "connected", 1, FRAME),
        ]
        assert rows.execute("SELECT station, first, last FROM gap").fetchall() == [("CP 1", 5, 6)]
