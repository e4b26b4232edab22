"""What tests of calls and handlers share: calls to make and answers to expect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from ocpp_fast import Station, v16

from .harness import CLEARED, HEARTBEAT, HEARTBEAT_JSON
from .peer import TEXT, Peer, frame_bytes

TRANSFER = [2, "1", "DataTransfer", {"vendorId": "V"}]
TRANSFERRED = v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED)
BOOTED = v16.BootNotificationResponse(
    current_time=HEARTBEAT.current_time, interval=300, status=v16.RegistrationStatus.ACCEPTED
)
ACCEPTED = [3, "1", {"status": "Accepted"}]


async def lives(peer: Peer, unique_id: str = "after") -> None:
    """Fails unless the connection is alive: the next call is answered, and with nothing before it."""
    peer.heartbeat(unique_id)
    assert await peer.message() == [3, unique_id, HEARTBEAT_JSON]


async def answered(peer: Peer, payload: dict[str, Any] = CLEARED) -> Any:
    """Answer the next call of the central system; that call."""
    call = await peer.message()
    peer.send([3, call[1], payload])
    return call


async def is_called(peer: Peer, station: Station) -> None:
    """Fails unless the peer is called next, and its answer is returned."""
    calling = asyncio.create_task(station.v16.clear_cache())
    await answered(peer)
    assert (await calling).status is v16.ClearCacheStatus.ACCEPTED


def give(outcome: Any) -> Callable[..., Any]:
    def handler(*_: object) -> Any:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return handler


def afterwards(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an async function of a plain one: it does the same some turns of the event loop later."""

    @wraps(function)
    async def later(*given: object) -> Any:
        for _ in range(3):
            await asyncio.sleep(0)
        return function(*given)

    return later


class Slow:
    """A handler of DataTransfer that waits until `may_go` is set; `seen` are the requests."""

    def __init__(self) -> None:
        self.may_go = asyncio.Event()
        self.seen: list[str | None] = []

    async def __call__(self, _: object, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        self.seen.append(request.data)
        await self.may_go.wait()
        return TRANSFERRED


def transfer_bytes(number: int, size: int = 0) -> bytes:
    data = f"{number}".ljust(size, "x").encode()
    return frame_bytes(TEXT, b'[2,"%d","DataTransfer",{"vendorId":"V","data":"%s"}]' % (number, data))


def broken(*_: object) -> Any:
    raise RuntimeError("on purpose")


broken_later = afterwards(broken)


async def cancelled_later(*_: object) -> Any:
    raise asyncio.CancelledError


class Odd(BaseException):
    """Of a kind that nobody catches by chance."""


KINDS: Final = [RuntimeError, StopIteration, Odd, GeneratorExit, asyncio.CancelledError, SystemExit]
"""What a user's code may raise, but for KeyboardInterrupt, which ends the program."""


def raising(kind: type[BaseException]) -> Callable[..., Any]:
    def raises(*_: object) -> Any:
        raise kind("on purpose")

    return raises
