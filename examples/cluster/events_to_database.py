"""Keep the events of a cluster: a JetStream stream takes them in, a durable consumer fills a SQLite database with them.

    EVENTS_PASSWORD=... python events_to_database.py tls://nats-1:4222 events.db --ca ca.pem

What is published while this program is away waits in the stream, for a week at most; what it has committed is not
stored twice, though JetStream may deliver it again. Events themselves are published without a receipt: each node
numbers its own, from 1 on when it starts, and what is missing is told.
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
from contextlib import closing
from itertools import pairwise
from typing import Any, TypeAlias

import nats
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingNew
from nats.js.api import ConsumerConfig, StorageType, StreamConfig

Row: TypeAlias = tuple[str, str, int, int, str, str, str, str]

TABLES = """
CREATE TABLE IF NOT EXISTS event (
    node TEXT NOT NULL, time TEXT NOT NULL, number INTEGER NOT NULL, epoch INTEGER NOT NULL,
    station TEXT NOT NULL, kind TEXT NOT NULL, direction TEXT NOT NULL, frame TEXT NOT NULL,
    PRIMARY KEY (node, time, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS event_of_station ON event (station, time);
"""


def row_of(message: Msg) -> Row:
    """Return an event as a row. Raises `ValueError`, `KeyError` or `TypeError` for what is no event."""
    event: Any = json.loads(message.data)
    who = (str(event["n"]), str(event["t"]), int(event["s"]), int(event["ep"]))
    what = (str(event["id"]), message.subject.split(".")[3], event.get("dir", ""), event.get("frame", ""))
    return (*who, *what)


def store(database: sqlite3.Connection, rows: list[Row]) -> list[str]:
    """Store events in one transaction; return what is missing among them, and since those before."""
    with database:
        database.executemany("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    lost = []
    for node in sorted({row[0] for row in rows}):
        first = min(row[1] for row in rows if row[0] == node)
        before = "SELECT max(time) FROM event WHERE node = ? AND time < ?"
        (since,) = database.execute(before, (node, first)).fetchone()
        numbers = "SELECT number FROM event WHERE node = ? AND time >= ? ORDER BY time, number"
        found = [number for (number,) in database.execute(numbers, (node, since or first))]
        for previous, number in pairwise(found):
            expected = previous + 1 if number > previous else 1  # it has started again
            if number != expected:
                lost.append(f"{node}: events {expected} to {number - 1} are lost")
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
