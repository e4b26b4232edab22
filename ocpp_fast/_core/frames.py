"""The values of received frames, as the reference core makes them; see `contract`."""

from __future__ import annotations

from typing import Any, final

__all__ = ["Call", "CallResult", "Send"]


class _Value:
    """A value that compares, is copied and is pickled as what it is made of."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__reduce__() == other.__reduce__()

    __hash__ = None  # type: ignore[assignment]  # payloads are mutable


class Call(_Value):
    """A CALL that was received: its unique id, its `Action`, its payload, and the frame as it came."""

    __slots__ = ("action", "payload", "raw", "unique_id")

    signature: Any = None
    """The signature: a subclass has one."""

    def __init__(self, unique_id: str, action: Any, payload: Any, raw: bytes) -> None:
        self.unique_id = unique_id
        self.action = action
        self.payload = payload
        self.raw = raw

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.unique_id, self.action, self.payload, self.raw)

    def __repr__(self) -> str:
        return f"Call({self.unique_id!r}, {self.payload!r})"


@final
class CallResult(_Value):
    """A CALLRESULT that was received: the unique id of the call that it answers, and its payload."""

    __slots__ = ("payload", "unique_id")

    def __init__(self, unique_id: str, payload: Any) -> None:
        self.unique_id = unique_id
        self.payload = payload

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.unique_id, self.payload)

    def __repr__(self) -> str:
        return f"CallResult({self.unique_id!r}, {self.payload!r})"


@final
class Send(_Value):
    """A SEND that was received: an unconfirmed message of 2.1 (R11). `signature` tells who signed it."""

    __slots__ = ("action", "payload", "raw", "signature", "unique_id")

    def __init__(self, unique_id: str, action: Any, payload: Any, raw: bytes, signature: Any = None) -> None:
        self.unique_id = unique_id
        self.action = action
        self.payload = payload
        self.raw = raw
        self.signature = signature

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.unique_id, self.action, self.payload, self.raw, self.signature)

    def __repr__(self) -> str:
        return f"Send({self.unique_id!r}, {self.payload!r})"
