"""Calls of ours that have no answer yet, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .errors import NotSent, OcppError
from .schema import Action, Response

__all__ = ["CallEnded", "OpenCall", "Waiter"]


class Waiter(Protocol):
    """The owner of a call that waits for its answer."""

    def expired(self, open_call: OpenCall) -> None:
        """The call's time has run out; its owner hands it to `Session.expire`."""
        ...

    def ended(self, ended: CallEnded, raw: bytes) -> None:
        """The call has ended, with the message `raw` or without one. Never raises."""
        ...


class OpenCall:
    """A call of ours that has no answer yet; `waiter` is the owner's, untouched here."""

    __slots__ = ("action", "frame", "may_send", "unique_id", "waiter")

    def __init__(self, unique_id: str, action: Action, frame: bytes, waiter: Waiter | None) -> None:
        self.unique_id = unique_id
        self.action = action
        self.frame: bytes | None = frame
        """The frame while it waits for its turn; None once it has been sent."""
        self.waiter = waiter
        self.may_send: Callable[[], object] | None = None
        """Of who made it: whether it may be sent now."""

    def check_sending(self) -> None:
        """Raise `NotSent` if who made it does not want it to be sent any more, or fails to say so."""
        if self.may_send is None:
            return
        try:
            may = self.may_send()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise NotSent(f"may_send of {self.action.name} failed") from error
        if not may:
            raise NotSent(f"{self.action.name} was withdrawn before it was sent")

    @property
    def delivered(self) -> bool | None:
        """The `OcppError.delivered` of a call that ends unanswered."""
        return None if self.frame is None else False


class CallEnded:
    """A call of ours has ended: `outcome` is the response, or the exception to raise."""

    __slots__ = ("open_call", "outcome")

    def __init__(self, open_call: OpenCall, outcome: Response | OcppError) -> None:
        self.open_call = open_call
        self.outcome = outcome
