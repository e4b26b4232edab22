"""What a charge point with a queue offers for its transaction messages (R43)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..queueing import Posted, Retries, RunningTransaction, is_queued
from ..schema import Request
from .endpoint import Endpoint

if TYPE_CHECKING:
    from .delivery import Delivery

__all__ = ["QueuedMessages"]

F = TypeVar("F", bound=Callable[..., Any])


class QueuedMessages(Endpoint):
    """The queue of a charge point, as its user sees it; all of it raises `RuntimeError` where there is none."""

    id: str
    _delivery: Delivery | None

    @property
    def _queue(self) -> Delivery:
        if self._delivery is None:
            raise RuntimeError(f"{self.id} has no queue: give it one, such as queue=SqliteQueue(path)")
        return self._delivery

    async def post(self, request: Request[Any]) -> Posted:
        """Queue a transaction message, connected or not, and return when it is durable: it will be sent.

        The answer is told to `on_delivered`. In 1.6, a StartTransaction is `posted` with a provisional transaction id,
        to be used in what follows.

        Raises `ValidationError`, `VersionMismatch` or `SigningFailed` (nothing is queued), `MessageDropped` when its
        StartTransaction was given up, `NotDurable` when it could only be kept in memory (it is queued, and must not be
        posted again), `Disconnected` outside the charge point's context, `TypeError` for any other message.
        """
        if not is_queued(request):
            raise TypeError(f"{type(request).__name__} is not a message of a transaction: make a call of it")
        return await self._queue.post(request)

    @property
    def retries(self) -> Retries:
        """When a transaction message is sent again; setting it acts on tries that fail from now on."""
        return self._queue.retries

    @retries.setter
    def retries(self, retries: Retries) -> None:
        if not isinstance(retries, Retries):
            raise TypeError(f"retries: expected Retries, not {retries!r}")
        self._queue.retries = retries

    def queued_messages(self, transaction_id: int | str | None = None) -> int:
        """Return how many messages wait: all, or those of a transaction, by the id that they were posted with."""
        return self._queue.backlog.count(transaction_id)

    def running_transactions(self) -> Sequence[RunningTransaction]:
        """Return the transactions that have begun and not ended, those of an earlier process too."""
        return self._queue.backlog.running()

    def on_delivered(self, hook: F) -> F:
        """Register a function of each `Delivered`: answers for which no `call` waits; a decorator.

        It may be plain or async. A message that an earlier process queued is told, too.
        """
        self._queue.delivered_hooks.append(hook)
        return hook

    def on_dropped(self, hook: F) -> F:
        """Register a function of each `Dropped`: messages that are not sent any more; a decorator."""
        self._queue.dropped_hooks.append(hook)
        return hook
