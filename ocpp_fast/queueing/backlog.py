"""The messages that wait, and the transactions they tell of: an automaton without I/O; time is passed in.

Its owner posts with `add`, sends what `next` returns, as `changed` says, and tells how that ended by `delivered` or
`failed`. After each of these `take_changes` returns what is to be made durable, and `written` how that ended. `now` is
a number of seconds that only grows; `clock` is the time of day, in seconds since 1970, which may jump.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, Final

from ..errors import MessageDropped
from ..schema import Request, Version
from .contract import Change, Contents
from .messages import Message, MessageRow, Part, RunningTransaction, State, TransactionRow, id_in, part_of
from .retries import Retries
from .transactions import id_of, seen, with_id

__all__ = ["Backlog", "Encode"]

Encode = Callable[[str, Request[Any]], bytes]
"""Returns the frame of a CALL: of a unique id and a request. Raises for one that is invalid."""

_FIRST_PROVISIONAL: Final = -(2**31)
_LAST_PROVISIONAL: Final = -(2**30)
"""A StartTransaction's provisional id is its number after the first one: far from what a central system gives."""


class Backlog:
    """What waits, in order."""

    def __init__(
        self,
        contents: Contents,
        versions: Iterable[Version],
        *,
        capacity: int,
        retries: Retries,
        now: float,
        clock: float,
    ) -> None:
        self._versions: Mapping[str, Version] = {each.number: each for each in versions}
        self._capacity = capacity
        self._messages: dict[int, Message] = {}
        self._transactions: dict[str, TransactionRow] = {each.key: each for each in contents.transactions}
        self._dirty: set[int] = set()
        self._dirty_transactions: set[str] = set()
        for row in sorted(contents.messages):
            message = Message(row, self._versions.get(row.version), id_in(row.transaction))
            message.is_stored = True
            # The clock may have been set meanwhile: no wait is longer than the rule's.
            message.due = now + min(max(row.due - clock, 0.0), retries.wait(row.tries))
            self._messages[row.number] = message
        ids = map(id_in, self._transactions)
        provisional = [each - _FIRST_PROVISIONAL for each in ids if isinstance(each, int) and each < _LAST_PROVISIONAL]
        self._number = max([*self._messages, *provisional], default=0)
        if contents.damage is not None:
            self.all_lost()

    def __len__(self) -> int:
        return len(self._messages)

    def count(self, transaction_id: int | str | None = None) -> int:
        """Return how many messages wait: all, or those of a transaction."""
        if transaction_id is None:
            return len(self._messages)
        return sum(each.transaction_id == transaction_id for each in self._messages.values())

    def messages(self) -> Sequence[Message]:
        """Return those that wait, in order."""
        return [*self._messages.values()]

    def running(self) -> Sequence[RunningTransaction]:
        """Return the transactions that have begun and not ended."""
        return [
            RunningTransaction(
                each.version,
                id_in(each.key) if each.given is None else each.given,
                each.place,
                each.meter,
                datetime.fromisoformat(each.time),
                each.seq_no,
            )
            for each in self._transactions.values()
            if each.state == State.RUNNING
        ]

    # Posting

    def add(
        self, request: Request[Any], version: Version, unique_id: str, encode: Encode, *, offline: bool = False
    ) -> Message:
        """Queue a request behind all others, and return its message.

        Raises `MessageDropped` if its StartTransaction was given up, and what `encode` raises; nothing is queued then.
        """
        part = part_of(request)
        assert part is not None
        number = self._number + 1
        given_id = id_of(request)
        transaction_id = number + _FIRST_PROVISIONAL if given_id is None else given_id
        before = self._find(version.number, transaction_id)
        if before is not None and before.state == State.GIVEN_UP:
            if part is Part.END:
                self._forget(before.key)
            raise MessageDropped(f"{request.__action__.name}: the StartTransaction was given up")
        if offline and getattr(request, "offline", 0) is None:
            request = request.replace(offline=True)
        frame = encode(unique_id, request)
        self._number = number
        key = f"{version.number}:{transaction_id}"
        state = State.RUNNING if part is Part.START else State.PARTIAL
        transaction = before or TransactionRow(key, version.number, state=state)
        row = MessageRow(
            number,
            unique_id,
            version.number,
            request.__action__.name,
            part,
            transaction.key,
            frame,
            shift=transaction.shift,
        )
        message = self._messages[number] = Message(row, version, transaction_id, request)
        self._dirty.add(number)
        if before is not None or part is Part.START or isinstance(transaction_id, str):  # else nothing would end it
            self._note(seen(transaction, request, part))
        return message

    def thin(self) -> Sequence[Message]:
        """Drop every second message in the course of a transaction, the 1st, 3rd, 5th..., if too many wait.

        Those are dropped that were never sent, of the transaction that has most of them; starts and ends never are.
        """
        if len(self._messages) <= self._capacity:
            return ()
        heads = [self._head(each) for each in self._versions]
        courses: dict[str, list[Message]] = {}
        for message in self._messages.values():
            row = message.row
            if row.part == Part.COURSE and not row.tries and not row.is_final and message not in heads:
                courses.setdefault(row.transaction, []).append(message)
        thinned = max(courses.values(), key=len, default=[])[::2]
        if thinned:
            self._close_up(thinned[0].row.transaction, {each.row.number for each in thinned})
        for message in thinned:
            self._remove(message)
        return thinned

    def _close_up(self, key: str, dropped: Set[int]) -> None:
        """Let the events of a transaction close up where some are dropped: their seqNo has no gap."""
        transaction = self._transactions.get(key)
        if transaction is None or transaction.seq_no < 0:
            return
        shift = 0
        for number, message in self._messages.items():
            if message.row.transaction == key:
                shift += number in dropped
                message.row = message.row._replace(shift=message.row.shift + shift)
                self._dirty.add(number)
        self._note(transaction._replace(shift=transaction.shift + shift))

    # Sending

    def next(self, version: str, now: float) -> tuple[Message | None, float | None]:
        """Return what is to be sent now on a connection of a version, or the seconds to wait for that.

        Both are None until something is posted, or stored. Messages of another version wait until that is negotiated.
        """
        message = self._head(version)
        if message is None or not message.is_stored:
            return None, None
        return (message, None) if message.due <= now else (None, message.due - now)

    def _head(self, version: str) -> Message | None:
        return next((each for each in self._messages.values() if each.row.version == version), None)

    def changed(self, message: Message) -> Request[Any] | None:
        """Return the request as it is to be sent where its frame has another; None if it is right, or was sent.

        Raises `MessageDropped` for a message whose transaction's id is lost.
        """
        row = message.row
        request: Any = message.request
        transaction = self._transactions.get(row.transaction)
        if row.is_final or request is None:
            return None
        if row.shift and hasattr(request, "seq_no"):
            return request.replace(seq_no=request.seq_no - row.shift)  # type: ignore[no-any-return]  # of a Struct
        if row.part == Part.START or not isinstance(message.transaction_id, int):
            return None
        given = None if transaction is None else transaction.given
        if given is None and message.transaction_id < _FIRST_PROVISIONAL + row.number:
            raise MessageDropped(f"{row.action}: the transaction's id was never known")
        return None if given in (None, request.transaction_id) else with_id(request, given)

    def finish(self, message: Message, frame: bytes) -> None:
        """Set the frame of a message for all its tries."""
        message.row = message.row._replace(frame=frame, is_final=1)
        self._dirty.add(message.row.number)

    def delivered(self, message: Message, response: Any) -> None:
        """Note that a message was answered."""
        self._remove(message)
        transaction = self._transactions.get(message.row.transaction)
        if transaction is None:
            return
        if message.row.part == Part.END:
            self._forget(transaction.key)
        elif message.row.part == Part.START and hasattr(response, "transaction_id"):
            self._note(transaction._replace(given=response.transaction_id))

    def failed(self, message: Message, retries: Retries, now: float, clock: float) -> Sequence[Message]:
        """Note that a try has failed; return what is given up with it, the message first."""
        tries = message.row.tries + 1
        if tries >= retries.attempts:
            return self.drop(message)
        wait = retries.wait(tries)
        message.row = message.row._replace(tries=tries, due=clock + wait)
        message.due = now + wait
        self._dirty.add(message.row.number)
        return ()

    def drop(self, message: Message) -> Sequence[Message]:
        """Give a message up; return what goes with it, the message first: all of its transaction if it gives the id."""
        gives_id = message.row.part == Part.START and isinstance(message.transaction_id, int)
        dropped = [message]
        if gives_id:
            dropped = [each for each in self._messages.values() if each.row.transaction == message.row.transaction]
        for each in dropped:
            self._remove(each)
        transaction = self._transactions.get(message.row.transaction)
        if transaction is not None and any(each.row.part == Part.END for each in dropped):
            self._forget(transaction.key)
        elif transaction is not None and gives_id:
            self._note(transaction._replace(state=State.GIVEN_UP))
        return dropped

    # What is durable

    def take_changes(self) -> Change:
        """Return what has changed since it was taken last."""
        numbers, keys = self._dirty, self._dirty_transactions
        self._dirty, self._dirty_transactions = set(), set()
        return Change(
            [self._messages[each].row for each in sorted(numbers) if each in self._messages],
            sorted(numbers - self._messages.keys()),
            [self._transactions[each] for each in keys if each in self._transactions],
            sorted(keys - self._transactions.keys()),
        )

    @property
    def has_changes(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._dirty or self._dirty_transactions)

    def written(self, change: Change, *, durable: bool) -> None:
        """Note that a change was made durable; or could not be, and is taken again with the next one."""
        for row in change.messages:
            if row.number in self._messages:
                self._messages[row.number].is_stored = True
        if not durable:
            self._dirty.update([each.number for each in change.messages], change.removed)
            self._dirty_transactions.update([each.key for each in change.transactions], change.ended)

    def all_lost(self) -> None:
        """Take all that there is as changed: nothing of it is kept any more."""
        self._dirty.update(self._messages)
        self._dirty_transactions.update(self._transactions)

    def _remove(self, message: Message) -> None:
        del self._messages[message.row.number]
        self._dirty.add(message.row.number)

    def _note(self, transaction: TransactionRow) -> None:
        self._transactions[transaction.key] = transaction
        self._dirty_transactions.add(transaction.key)

    def _forget(self, key: str) -> None:
        del self._transactions[key]
        self._dirty_transactions.add(key)

    def _find(self, version: str, transaction_id: int | str) -> TransactionRow | None:
        """Return a transaction, by its id in what was posted or by the one that the central system gave."""
        found = self._transactions.get(f"{version}:{transaction_id}")
        if found is not None or isinstance(transaction_id, str):
            return found
        return next(
            (each for each in self._transactions.values() if each.given == transaction_id and each.version == version),
            None,
        )
