"""What a simulated station tells by itself: messages of transactions, by way of its queue (R43), and statuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocpp_fast import Delivered, Disconnected, Dropped, DropReason, MessageDropped

if TYPE_CHECKING:
    from .outlet import Transaction
    from .station import SimulatedStation

__all__ = ["Reports"]

_IN_ORDER: Final = 1.0
"""Seconds that a status waits for the answers to what happened before it."""


class _Status(NamedTuple):
    place: int
    tell: Callable[[], Awaitable[Any]]
    after: asyncio.Future[Any] | None


class _Message(NamedTuple):
    make: Callable[[], Any]
    transaction: Transaction
    answer: asyncio.Future[Any]


class Reports:
    """Keeps what can't be told yet; messages of transactions outlive a restart.

    Of the statuses that change while there is no connection, the last one of each place is told.
    """

    def __init__(self, station: SimulatedStation) -> None:
        self._station = station
        self._messages: list[_Message] = []
        self._answers: dict[str, asyncio.Future[Any]] = {}
        """Of the messages in the queue, by their unique ids."""
        self._untold = 0
        self._last: asyncio.Future[Any] | None = None
        self._statuses: list[_Status] = []
        self._news = asyncio.Event()
        self._telling = False
        station.charge_point.on_delivered(self._delivered)
        station.charge_point.on_dropped(self._dropped)

    def post(self, transaction: Transaction, make: Callable[[], Any]) -> asyncio.Future[Any]:
        """Queue what `make` returns when all before it is queued.

        The future has the answer, None if it was given up; it is cancelled if it made room for others.
        """
        self._last = answer = asyncio.get_running_loop().create_future()
        self._messages.append(_Message(make, transaction, answer))
        self._untold += 1
        self._news.set()
        return answer

    def report(self, place: int, tell: Callable[[], Awaitable[Any]]) -> None:
        """Tell the status of a place, after the messages that were posted before it."""
        self._statuses.append(_Status(place, tell, self._last))
        self.collapse()
        self._news.set()

    def collapse(self) -> None:
        """Without a connection, forget all statuses that others have replaced."""
        if not self._station.online:
            self._statuses = [*{each.place: each for each in self._statuses}.values()]

    @property
    def idle(self) -> bool:
        """Whether everything was told."""
        return not self._untold and not self._statuses and not self._telling

    def power_off(self) -> None:
        """Forget the statuses, which a restart reports anew."""
        self._statuses.clear()
        self._telling = False

    async def run(self) -> None:
        """Send, as long as the power is on."""
        telling: asyncio.Task[None] | None = None
        while True:
            self._news.clear()
            while self._messages:
                await self._queue(self._messages[0])
                self._messages.pop(0)
            if self._statuses and (telling is None or telling.done()):
                telling = self._station.jobs.create_task(self._tell())
            await self._news.wait()

    async def _queue(self, message: _Message) -> None:
        answer = message.answer
        answer.add_done_callback(self._answered)  # after the callbacks of who has posted it
        try:
            if not message.transaction.refused:
                posted = await self._station.charge_point.post(message.make())
                self._answers[posted.unique_id] = answer
                if message.transaction.number is None and isinstance(posted.transaction_id, int):
                    message.transaction.number = posted.transaction_id
                return
        except (MessageDropped, Disconnected) as error:
            self._station.observer.note(str(error.at(self._station.settings.id)))
        answer.set_result(None)

    def _answered(self, _: asyncio.Future[Any]) -> None:
        self._untold -= 1
        self._station.changed()

    def _delivered(self, delivered: Delivered) -> None:
        if (answer := self._answers.pop(delivered.posted.unique_id, None)) is not None:
            answer.set_result(delivered.response)

    def _dropped(self, dropped: Dropped) -> None:
        if dropped.error is not None:
            self._station.observer.note(str(dropped.error.at(self._station.settings.id)))
        for each in dropped.messages:
            if (answer := self._answers.pop(each.unique_id, None)) is None:
                continue
            answer.cancel() if dropped.reason is DropReason.NO_SPACE else answer.set_result(None)

    async def _tell(self) -> None:
        """Tell the statuses that wait."""
        while self._statuses:
            await self._station.ready()
            status, self._telling = self._statuses.pop(0), True
            if status.after is not None:
                await asyncio.wait([status.after], timeout=_IN_ORDER)
            await status.tell()
            self._telling = False
        self._station.changed()
