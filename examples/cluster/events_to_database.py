"""Keep the events of a cluster: a JetStream stream takes them in, a durable consumer fills a SQLite database with them.

    EVENTS_PASSWORD=... python events_to_database.py tls://nats-1:4222 events.db --ca ca.pem

What is published while this program is away waits in the stream, for a week at most; what it has committed is not
stored twice, though JetStream may deliver it again. Events themselves are published without a receipt: each connection
of a station numbers its own, and a number that is missing tells of a loss (the view `gap`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import ssl
import sys
from collections.abc import Iterable
from contextlib import closing
from typing import Any, TypeAlias

import nats
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingNew
from nats.js.api import ConsumerConfig, StorageType, StreamConfig

Row: TypeAlias = tuple[str, str, int, str, str, str, str | None, str | None]

TABLES = """
CREATE TABLE IF NOT EXISTS event (
    node TEXT NOT NULL, epoch TEXT NOT NULL, number INTEGER NOT NULL,  -- of the connection's events
    station TEXT NOT NULL, kind TEXT NOT NULL, time TEXT NOT NULL, direction TEXT, frame TEXT,
    PRIMARY KEY (node, epoch, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS event_of_station ON event (station, time);
CREATE VIEW IF NOT EXISTS gap AS
    SELECT node, epoch, station, previous + 1 AS first, number - 1 AS last FROM (
        SELECT *, lag(number) OVER (PARTITION BY node, epoch ORDER BY number) AS previous FROM event
    ) WHERE number > previous + 1;
"""


def row_of(message: Msg) -> Row:
    """Return an event as a row. Raises `ValueError`, `KeyError` or `TypeError` for what is no event."""
    event: Any = json.loads(message.data)
    kind = message.subject.split(".")[3]
    number = int(event["s"])
    row = (str(event["n"]), json.dumps(event["ep"]), number, str(event["id"]), kind, str(event["t"]))
    return (*row, event.get("dir"), event.get("frame"))


def store(database: sqlite3.Connection, rows: Iterable[Row]) -> list[str]:
    """Store events in one transaction; return what seems to be lost."""
    lost = []
    with database:
        for row in rows:
            node, epoch, number, station, *_ = row
            before = "SELECT max(number) FROM event WHERE node = ? AND epoch = ? AND number < ?"
            (previous,) = database.execute(before, (node, epoch, number)).fetchone()
            if previous is not None and number > previous + 1:
                lost.append(
                    f"{station} at {node}: events {previous + 1} to {number - 1} of connection {epoch} are lost"
                )
            database.execute("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    return lost


async def consume(url: str, file: str, namespace: str, user: str, ca: str | None) -> None:
    """Store events until the program is told to end."""
    client = await nats.connect(
        url,
        name=f"{user} of {namespace}",
        inbox_prefix=f"_INBOX.{user}",
        user=user,
        password=os.environ.get("EVENTS_PASSWORD", ""),
        tls=ssl.create_default_context(cafile=ca) if ca else None,
        max_reconnect_attempts=-1,
    )
    jetstream = client.jetstream()
    stream = f"ocpp-{namespace}-events"
    week = 7 * 24 * 3600.0
    subjects = [f"ocpp.{namespace}.event.>"]
    await jetstream.add_stream(StreamConfig(stream, subjects=subjects, storage=StorageType.FILE, max_age=week))
    consumer = ConsumerConfig(durable_name="database", ack_wait=30.0, max_ack_pending=1000)
    subscription = await jetstream.pull_subscribe("", durable="database", stream=stream, config=consumer)
    with closing(sqlite3.connect(file)) as database:
        database.executescript(TABLES)
        print(f"storing the events of {namespace} in {file}")
        try:
            while True:
                try:
                    messages = await subscription.fetch(batch=500, timeout=5)
                except NothingNew:
                    continue
                rows = []
                for message in messages:
                    try:
                        rows.append(row_of(message))
                    except (ValueError, KeyError, TypeError, IndexError) as error:
                        print(f"{message.subject}: no event ({error!r})", file=sys.stderr)
                for line in store(database, rows):
                    print(line)
                for message in messages:  # after the commit: what is not acknowledged comes again
                    await message.ack()
                print(f"{len(rows)} stored")
        finally:
            await client.close()


async def main(arguments: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM."""
    task = asyncio.create_task(consume(**vars(arguments)))
    for each in (signal.SIGINT, signal.SIGTERM):
        if sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Keep the events of a cluster in a SQLite database.")
    parser.add_argument("url", help="a NATS server, nats://host:4222 or tls://host:4222")
    parser.add_argument("file", help="the database")
    parser.add_argument("--namespace", default="acme")
    parser.add_argument("--user", default="events", help="of NATS; the password is in EVENTS_PASSWORD")
    parser.add_argument("--ca", help="the CAs that the server is verified by, in place of the system's")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a text file
    asyncio.run(main(parser.parse_args()))
