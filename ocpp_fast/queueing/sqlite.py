"""A queue in a file: SQLite, which is told to have each change on the disk before it goes on."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from ..errors import NotDurable, QueueDamaged, QueueInUse
from .contract import Change, Contents, check_capacity
from .messages import MessageRow, TransactionRow, is_sound

__all__ = ["SqliteQueue"]

_LAYOUT: Final = 1
"""The `user_version` of a file: how its tables look."""

_MESSAGES: Final = ", ".join(f'"{each}"' for each in MessageRow._fields)
_TRANSACTIONS: Final = ", ".join(f'"{each}"' for each in TransactionRow._fields)
_TABLES: Final = (
    f"CREATE TABLE IF NOT EXISTS messages ({_MESSAGES}, PRIMARY KEY (number)) WITHOUT ROWID",
    f"CREATE TABLE IF NOT EXISTS transactions ({_TRANSACTIONS}, PRIMARY KEY (key)) WITHOUT ROWID",
    f"PRAGMA user_version = {_LAYOUT}",
)
_PUT_MESSAGE: Final = f"INSERT OR REPLACE INTO messages VALUES ({', '.join('?' * len(MessageRow._fields))})"
_PUT_TRANSACTION: Final = f"INSERT OR REPLACE INTO transactions VALUES ({', '.join('?' * len(TransactionRow._fields))})"
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_MOST_SET_ASIDE: Final = 10


class SqliteQueue:
    """Keeps messages in the file `path`, which outlives the process and a loss of power.

    A second process, or charge point, that opens it meanwhile gets `QueueInUse`. When more than `capacity` messages
    wait, those in the course of a transaction are thinned. A damaged file is renamed to `path` and `.damaged-1` to
    `-10`, and what can be read of it is kept. Raises `ValueError` for a capacity below 1.
    """

    blocks = True

    def __init__(self, path: str | os.PathLike[str], *, capacity: int = 10_000) -> None:
        self.path = Path(path)
        self.capacity = check_capacity(capacity)
        self._db: sqlite3.Connection | None = None

    def open(self) -> Contents:
        """Return what is kept. Raises `QueueInUse`, and `NotDurable` if the file can't be used."""
        if self._db is not None:
            raise QueueInUse(f"{self.path} is in use by another charge point")
        try:
            self._connect()
            return self._contents()
        except sqlite3.Error as error:
            saved = self._readable() if _primary(error) in _DAMAGE else Contents()
            try:
                self._failed(error)
            except QueueDamaged as damage:
                return saved._replace(damage=damage)
            except NotDurable:
                self.close()
                raise

    def write(self, change: Change) -> None:
        """Make a change durable. Raises `NotDurable`; `QueueDamaged` if the file was set aside for a new one."""
        if self._db is None:
            raise NotDurable(f"{self.path} could not be opened")
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(_PUT_MESSAGE, change.messages)
            self._db.executemany(_PUT_TRANSACTION, change.transactions)
            self._db.executemany("DELETE FROM messages WHERE number = ?", [(each,) for each in change.removed])
            self._db.executemany("DELETE FROM transactions WHERE key = ?", [(each,) for each in change.ended])
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._failed(error)

    def close(self) -> None:
        """Let others open it."""
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _connect(self) -> None:
        self._db = sqlite3.connect(self.path, timeout=1.0, isolation_level=None, check_same_thread=False)
        # In this order: a log whose index is in this process alone needs the lock, and no file beside it.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("BEGIN EXCLUSIVE")
        for each in _TABLES:
            self._db.execute(each)
        self._db.execute("COMMIT")

    def _contents(self) -> Contents:
        assert self._db is not None
        if self._db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise _damage("the check of the file failed")
        messages = [MessageRow(*row) for row in self._db.execute(f"SELECT {_MESSAGES} FROM messages")]
        transactions = [TransactionRow(*row) for row in self._db.execute(f"SELECT {_TRANSACTIONS} FROM transactions")]
        if not (all(map(is_sound, messages)) and all(map(is_sound, transactions))):
            raise _damage("a row has values of other kinds")
        return Contents(messages, transactions)

    def _readable(self) -> Contents:
        """Return what can be read of a damaged file."""
        messages: list[MessageRow] = []
        transactions: list[TransactionRow] = []
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.execute("PRAGMA writable_schema = ON")  # or a file that is too short is not read at all
            with suppress(sqlite3.Error):
                messages += (MessageRow(*row) for row in self._db.execute(f"SELECT {_MESSAGES} FROM messages"))
            with suppress(sqlite3.Error):
                transactions += map(TransactionRow._make, self._db.execute(f"SELECT {_TRANSACTIONS} FROM transactions"))
        return Contents([*filter(is_sound, messages)], [*filter(is_sound, transactions)])

    def _failed(self, error: sqlite3.Error) -> NoReturn:
        """Raise what an error means, once a damaged file has been set aside."""
        code = _primary(error)
        if code == sqlite3.SQLITE_BUSY:
            self.close()
            raise QueueInUse(f"{self.path} is in use by another process or charge point") from error
        if code in _DAMAGE:
            self._set_aside(error)
        if self._db is not None and self._db.in_transaction:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
        raise NotDurable(f"{self.path}: {error}") from error

    def _set_aside(self, damage: sqlite3.Error) -> NoReturn:
        self.close()
        names = [f"{self.path}.damaged-{number}" for number in range(1, _MOST_SET_ASIDE + 1)]
        name = next((each for each in names if not os.path.exists(each)), names[-1])
        try:
            os.replace(self.path, name)
            with suppress(FileNotFoundError):
                os.replace(f"{self.path}-wal", f"{name}-wal")
            self._connect()
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise NotDurable(f"{self.path} is damaged, and can't be replaced: {error}") from error
        raise QueueDamaged(f"{self.path} was damaged, and is now {name}: {damage}", name) from damage


def _primary(error: sqlite3.Error) -> int:
    """Return the primary code of an error; 0 if it has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _damage(text: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(text)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
