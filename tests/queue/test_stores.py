"""The queues themselves: what they keep, who may open them, and what becomes of a damaged file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ocpp_fast import MemoryQueue, NotDurable, QueueDamaged, QueueInUse, SqliteQueue
from ocpp_fast.queueing import Change, Contents, TransactionQueue, TransactionRow

from . import truncations
from .truncations import rows

A, B, C = rows()[:3]
T = TransactionRow("2.0.1:T", "2.0.1", seq_no=3)


@pytest.fixture(params=["memory", "sqlite"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], tuple[TransactionQueue, Contents]]:
    """Return the queue, closed and opened again."""
    queue: TransactionQueue = MemoryQueue() if request.param == "memory" else SqliteQueue(tmp_path / "queue")

    def reopen() -> tuple[TransactionQueue, Contents]:
        queue.close()
        return queue, queue.open()

    return reopen


def test_R43_queue_keeps_the_latest_of_what_was_written(
    reopened: Callable[[], tuple[TransactionQueue, Contents]],
) -> None:
    queue, contents = reopened()
    assert contents == Contents([], [])
    queue.write(Change(messages=[B, A], transactions=[T]))
    queue.write(Change(messages=[C, A._replace(tries=1, due=1.5)], removed=[B.number, 77], transactions=[T]))
    assert reopened()[1] == Contents([A._replace(tries=1, due=1.5), C], [T])
    queue.write(Change(ended=[T.key], removed=[A.number]))
    assert reopened()[1] == Contents([C], [])


def test_R43_queue_that_is_open_is_not_opened_again(
    reopened: Callable[[], tuple[TransactionQueue, Contents]],
) -> None:
    queue, _ = reopened()
    others: list[TransactionQueue] = [queue, *([SqliteQueue(queue.path)] if isinstance(queue, SqliteQueue) else [])]
    for other in others:
        with pytest.raises(QueueInUse):
            other.open()
    queue.write(Change(messages=[A]))
    assert reopened()[1].messages == [A]


def test_R43_second_process_can_not_open_the_queue(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue")
    queue.open()
    program = f"from ocpp_fast import SqliteQueue; SqliteQueue({str(queue.path)!r}).open()"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.stderr.strip().splitlines()[-1].endswith("is in use by another process or charge point")
    queue.close()
    subprocess.run([sys.executable, "-c", program], check=True)


def test_R43_each_change_is_on_the_disk_before_it_is_done(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue")
    queue.open()
    assert queue._db is not None
    settings = [queue._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]
    queue.close()


def test_R43_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "queue"
    for number in (1, 2, *(10,) * 10):
        path.write_bytes(b"\x00garbage" * 1000)
        queue = SqliteQueue(path)
        contents = queue.open()
        assert isinstance(contents.damage, QueueDamaged)
        assert number == 10 or contents.damage.kept == f"{path}.damaged-{number}"
        assert Path(contents.damage.kept).read_bytes() == b"\x00garbage" * 1000
        queue.write(Change(messages=[A]))
        queue.close()
    assert len(list(tmp_path.glob("*.damaged-*"))) == 10
    assert SqliteQueue(path).open() == Contents([A], [])


def test_R43_file_that_is_damaged_while_it_is_open_is_replaced(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue")
    queue.open()
    for row in rows():
        queue.write(Change(messages=[row]))
    assert queue._db is not None
    queue._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    queue._db.execute("PRAGMA shrink_memory")
    with open(queue.path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 100_000)
    with pytest.raises(QueueDamaged, match="was damaged"):
        queue.write(Change(messages=[A], removed=[row.number for row in rows()[1:]]))
    queue.write(Change(messages=[A]))
    queue.close()
    assert SqliteQueue(queue.path).open() == Contents([A], [])


def test_R43_value_of_another_kind_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "queue"
    queue = SqliteQueue(path)
    queue.open()
    queue.write(Change(messages=[A, B, C]))
    queue.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE messages SET frame = 'text' WHERE number = 1")
        db.execute("UPDATE messages SET frame = ? WHERE number = 2", [b"[2,"])
    db.close()
    contents = SqliteQueue(path).open()
    assert contents.damage is not None
    assert contents.messages == [C]


def test_R43_queue_that_can_not_be_opened_says_so(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "missing" / "queue")
    with pytest.raises(NotDurable, match="unable to open"):
        queue.open()
    with pytest.raises(NotDurable, match="could not be opened"):
        queue.write(Change(messages=[A]))
    queue.close()


@pytest.mark.once
def test_R43_file_that_was_cut_anywhere_is_opened(tmp_path: Path) -> None:
    """The short form of `python -m tests.queue.truncations`."""
    found = Counter(each for each, _ in truncations.cuts(tmp_path, 24, seed=1))
    assert found.keys() <= {"told", "told, some saved", "an earlier state", "whole"}
    assert found["told, some saved"]
    assert found["an earlier state"]


@pytest.mark.parametrize("capacity", [0, -1, True, 1.5])
def test_unusable_capacity_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match="capacity"):
        SqliteQueue("queue", capacity=capacity)
    with pytest.raises(ValueError, match="capacity"):
        MemoryQueue(capacity=capacity)
