"""What a simulated station has to tell: messages of transactions, and statuses, in the order of what they tell."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocpp_fast import CallError, CallTimeout, Disconnected, InvalidResult, NotRegistered

if TYPE_CHECKING:
    from .outlet import Transaction
    from .station import SimulatedStation

__all__ = ["Outbox"]

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


class Outbox:
    """Keeps what can't be told yet; it outlives a restart.

    Messages of transactions are all sent, and again when that fails (R43); of the statuses that change while there is
    no connection, the last one of each place.
    """

    def __init__(self, station: SimulatedStation) -> None:
        self._station = station
        self._messages: deque[_Message] = deque()
        self._statuses: deque[_Status] = deque()
        self._posted, self._reported = asyncio.Event(), asyncio.Event()
        self._telling = False

    def post(self, transaction: Transaction, make: Callable[[], Any]) -> asyncio.Future[Any]:
        """Send what `make` returns when its turn comes; the future has the answer, None if all tries failed."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._messages.append(_Message(make, transaction, answer))
        self._posted.set()
        return answer

    def holds(self, transaction_id: str | None) -> bool:
        """Whether messages of a transaction, or any, are still to be answered."""
        return any(transaction_id in (None, each.transaction.id) for each in self._messages)

    def report(self, place: int, tell: Callable[[], Awaitable[Any]]) -> None:
        """Tell the status of a place, after the messages that were posted before it."""
        after = self._messages[-1].answer if self._messages else None
        self._statuses.append(_Status(place, tell, after))
        self.collapse()
        self._reported.set()

    def collapse(self) -> None:
        """Without a connection, forget all statuses that others have replaced."""
        if not self._station.online.is_set():
            self._statuses = deque({each.place: each for each in self._statuses}.values())

    @property
    def idle(self) -> bool:
        """Whether everything was told."""
        return not self._messages and not self._statuses and not self._telling

    def power_off(self) -> None:
        """Forget the statuses, which a restart reports anew."""
        self._statuses.clear()
        self._telling = False

    async def run(self) -> None:
        """Send, as long as the power is on."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_messages())
            group.create_task(self._send_statuses())

    async def _send_messages(self) -> None:
        while True:
            while not self._messages:
                self._posted.clear()
                await self._posted.wait()
            message = self._messages[0]
            answer = None if message.transaction.refused else await self._insist(message)
            self._messages.popleft()
            message.answer.set_result(answer)
            await asyncio.sleep(0)  # the id that it brings is in the next message
            self._station.changed()

    async def _insist(self, message: _Message) -> Any:
        """Send a message until it is answered, or often enough; being without a connection is no try."""
        station, tries = self._station, 0
        while True:
            await station.ready()
            try:
                return await station.charge_point.call(message.make())
            except (Disconnected, NotRegistered) as error:
                station.observer.note(str(error.at(station.settings.id)))
                await asyncio.sleep(station.settings.interval)
            except (CallError, CallTimeout, InvalidResult) as error:
                station.observer.note(str(error.at(station.settings.id)))
                tries += 1
                if tries >= station.number("attempts"):
                    return None
                await asyncio.sleep(station.number("retry_interval") * tries)

    async def _send_statuses(self) -> None:
        while True:
            while not self._statuses:
                self._reported.clear()
                await self._reported.wait()
            await self._station.ready()
            status, self._telling = self._statuses.popleft(), True
            if status.after is not None:
                await asyncio.wait([status.after], timeout=_IN_ORDER)
            await status.tell()
            self._telling = False
            self._station.changed()
