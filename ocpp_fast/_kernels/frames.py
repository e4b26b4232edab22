"""The reference core of frames: see `contract` for what callers may rely on.

What is received is read by `ocpp_fast.frames.Decoder`, and what is sent is written by its `Encoder`, both in Python:
this core overtakes them nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from .plan import Plan

__all__ = ["Call", "CallResult", "FrameReader", "FrameWriter", "Send"]


class Call:
    """A CALL that was received: its unique id, what is known of its message, its payload, and the frame as it came."""

    __slots__ = ("message", "payload", "raw", "unique_id")

    signature: Any = None
    """Who signed it: a subclass has one."""

    def __init__(self, unique_id: str, message: Any, payload: Any, raw: bytes) -> None:
        self.unique_id = unique_id
        self.message = message
        self.payload = payload
        self.raw = raw

    def __repr__(self) -> str:
        return f"Call({self.unique_id!r}, {self.payload!r})"


@final
class CallResult:
    """A CALLRESULT that was received: the unique id of the call that it answers, and its payload."""

    __slots__ = ("payload", "unique_id")

    def __init__(self, unique_id: str, payload: Any) -> None:
        self.unique_id = unique_id
        self.payload = payload

    def __repr__(self) -> str:
        return f"CallResult({self.unique_id!r}, {self.payload!r})"


@final
class Send:
    """A SEND that was received: a message of 2.1 that wants no answer (R11). `signature` says who signed it."""

    __slots__ = ("message", "payload", "raw", "signature", "unique_id")

    def __init__(self, unique_id: str, message: Any, payload: Any, raw: bytes, signature: Any = None) -> None:
        self.unique_id = unique_id
        self.message = message
        self.payload = payload
        self.raw = raw
        self.signature = signature

    def __repr__(self) -> str:
        return f"Send({self.unique_id!r}, {self.payload!r})"


@final
class FrameReader:
    """Reads no frame itself: keeps `contract.FrameReader`."""

    __slots__ = ("decode",)

    def __init__(
        self,
        fallback: Callable[[Any, Callable[[str], Any]], Any],
        error: Callable[[int, str, str, str, dict[str, Any]], Any],
        refuses_results: bool,
    ) -> None:
        self.decode = fallback

    def learn_call(self, message: Any, plan: Plan) -> None:
        """Nothing is read here."""

    def learn_send(self, message: Any, plan: Plan) -> None:
        """Nothing is read here."""

    def learn_result(self, message: Any, plan: Plan) -> None:
        """Nothing is read here."""


@final
class FrameWriter:
    """Writes no frame itself: keeps `contract.FrameWriter`."""

    __slots__ = ("call", "error", "result", "send")

    def __init__(
        self,
        fraction: int,
        *,
        call: Callable[[str, Any], bytes],
        send: Callable[[str, Any], bytes],
        result: Callable[[Any, Any], bytes],
        error: Callable[[int, str, str, str, Any], bytes],
    ) -> None:
        self.call = call
        self.send = send
        self.result = result
        self.error = error

    def learn_call(self, message: Any, plan: Plan) -> None:
        """Nothing is written here."""

    def learn_send(self, message: Any, plan: Plan) -> None:
        """Nothing is written here."""

    def learn_result(self, message: Any, plan: Plan) -> None:
        """Nothing is written here."""
