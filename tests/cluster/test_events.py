"""The example that keeps events in a database, against the server of the example's configuration."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

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


def event(number: int, minute: int = 0) -> bytes:
    """Return a message of a station, as a node tells of it."""
    time = f"2026-01-01T00:{minute:02}:00.000+00:00"
    told = {"id": "CP 1", "n": "node-a", "ep": 7, "s": number, "t": time, "dir": "in", "frame": FRAME}
    return json.dumps(told).encode()


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
            await stored(running, 4)
            await running.kill()
        for number, minute in ((4, 1), (7, 1), (1, 2), (2, 2), (4, 2)):  # while nobody consumes
            node.bus.publish(subject, event(number, minute))
        for broken in (b"", b"{", b"[]", b"{}", event(0)[:-1] + b',"ep":"x"}', b"\xff"):
            node.bus.publish(subject, broken)
        async with program(*options) as running:
            await running.line(r"node-a: events 5 to 6 are lost$")
            await running.line(r"node-a: events 3 to 3 are lost$")
            await stored(running, 5)
            if sys.platform != "win32":
                assert await running.stop() == 0
                assert running.complaints.count(f"{subject}: no event (") == 6
    with closing(sqlite3.connect(database)) as rows:
        found = rows.execute("SELECT station, kind, number, frame FROM event ORDER BY time, number").fetchall()
        assert found == [("CP 1", "message", number, FRAME) for number in (1, 2, 3, 4, 7, 1, 2, 4)]
