"""What peers send, and what handlers make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocpp_fast import (
    CallError,
    CallTimeout,
    Context,
    ErrorCode,
    Station,
    ValidationError,
    v16,
)

from .exchanges import ACCEPTED, TRANSFER, TRANSFERRED, Slow, answered, give, lives
from .harness import CLEARED, HEARTBEAT, HEARTBEAT_JSON, scenario, serving, until

# What peers send

MALFORMED = {
    "no JSON": b"hello",
    "no array": b"{}",
    "nothing in it": b"[]",
    "null": b"null",
    "cut": b'[2,"1","Heartbeat"',
    "100 000 brackets": b"[" * 100_000,
    "100 000 pairs of brackets": b"[" * 100_000 + b"]" * 100_000,
    "deep payload": b'[2,"1","Heartbeat",' + b'{"a":' * 30_000 + b"1" + b"}" * 30_000 + b"]",
    "5 000 digits": b'[2,"1","Heartbeat",' + b"9" * 5_000 + b"]",
    "5 000 digits as the type": b"[" + b"9" * 5_000 + b',"1","Heartbeat",{}]',
    "infinite": b'[2,"1","Heartbeat",1e400]',
    "NaN": b'[2,"1","Heartbeat",NaN]',
    "id is no string": b'[2,1,"Heartbeat",{}]',
    "empty id": b'[2,"","Heartbeat",{}]',
    "lone surrogate": b'[2,"\\ud800","Heartbeat",{}]',
    "null byte": b'[2,"1","Heart\0beat",{}]',
    "byte order mark": b'\xef\xbb\xbf[2,"1","Heartbeat",{}]',
    "blanks": b" " * 1000,
}


@pytest.mark.parametrize("malformed", MALFORMED)
@scenario
async def test_R01_malformed_text_is_answered_and_the_connection_lives(malformed: str) -> None:
    async with serving() as site:
        peer = await site.peer()
        peer.send(MALFORMED[malformed])
        kind, unique_id, code, description, details = await peer.message()
        assert (kind, unique_id, code, details) == (4, "-1", "FormationViolation", {})
        assert len(description) <= 255
        await lives(peer)


WRONG = {
    "action is a list": ([2, "a", [], {}], "FormationViolation"),
    "three elements": ([2, "a", "Heartbeat"], "FormationViolation"),
    "five elements": ([2, "a", "Heartbeat", {}, {}], "FormationViolation"),
    "unknown action": ([2, "a", "Nonsense", {}], "NotImplemented"),
    "not handled": ([2, "a", "Authorize", {"idTag": "x"}], "NotSupported"),
    "wrong direction": ([2, "a", "ClearCache", {}], "NotSupported"),
    "payload is a list": ([2, "a", "Heartbeat", []], "FormationViolation"),
    "payload is a number": ([2, "a", "Heartbeat", 5], "FormationViolation"),
    "additional": ([2, "a", "Heartbeat", {"x": 1}], "FormationViolation"),
}


@pytest.mark.parametrize("wrong", WRONG)
@scenario
async def test_wrong_call_is_answered_and_the_connection_lives(wrong: str) -> None:
    call, code = WRONG[wrong]
    async with serving() as site:
        peer = await site.peer()
        peer.send(call)
        assert (await peer.message())[:3] == [4, "a", code]
        await lives(peer)


@scenario
async def test_R13_same_call_again_gets_one_answer_and_other_bytes_an_error() -> None:
    slow = Slow()
    async with serving() as site:
        site.central.on(v16.DataTransferRequest)(slow)
        peer = await site.peer()
        peer.send(TRANSFER)
        peer.send(TRANSFER)
        peer.send([2, "1", "Heartbeat", {}])
        assert (await peer.message())[:3] == [4, "1", "GenericError"]
        slow.may_go.set()
        assert await peer.message() == ACCEPTED
        await lives(peer, "1")


# What handlers do


def give_later(outcome: Any) -> Callable[..., Any]:
    async def handler(*_: object) -> Any:
        await asyncio.sleep(0)
        return give(outcome)()

    return handler


circular: dict[str, Any] = {}
circular["self"] = circular

OUTCOMES = {
    "None": None,
    "a dict": {"status": "Accepted"},
    "another response": HEARTBEAT,
    "a class": v16.DataTransferResponse,
    "a wrong value": v16.DataTransferResponse(status="nonsense"),  # type: ignore[arg-type]  # on purpose
    "a surrogate": v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data="\ud800"),
    "an exception": RuntimeError("secret"),
    "an exception without str": type("Evil", (Exception,), {"__str__": lambda _: 1 / 0})(),
    "a TimeoutError": TimeoutError("secret"),
    "a StopIteration": StopIteration("secret"),
    "a CallTimeout": CallTimeout("secret"),
    "a ValidationError": ValidationError("a", "b", "secret"),
    "details that are no JSON": CallError("GenericError", "", {"secret": object()}),
    "details with a set": CallError("GenericError", "", {"secret": {1}}),
    "details with NaN": CallError("GenericError", "", {"secret": float("nan")}),
    "details with a number as key": CallError("GenericError", "", {5: 1}),  # type: ignore[dict-item]
    "circular details": CallError("GenericError", "", circular),
    "details that are none": CallError("GenericError", "", ["secret"]),  # type: ignore[arg-type]
    "a surrogate in the description": CallError("GenericError", "\ud800"),
    "a description that is none": CallError("GenericError", 5),  # type: ignore[arg-type]
    "a code that is none": CallError(5),  # type: ignore[arg-type]
    "a surrogate in the code": CallError("\ud800"),
}


@pytest.mark.parametrize("later", [False, True], ids=["def", "async def"])
@pytest.mark.parametrize("outcome", OUTCOMES)
@scenario
async def test_broken_handler_is_internal_error_and_the_connection_lives(
    outcome: str, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as site:
        site.central.on(v16.DataTransferRequest)((give_later if later else give)(OUTCOMES[outcome]))
        peer = await site.peer()
        peer.send(TRANSFER)
        answer = await peer.message()
        assert answer[:3] == [4, "1", "InternalError"]
        assert "secret" not in str(answer)
        await lives(peer)
    assert "DataTransfer" in caplog.text
    caplog.clear()


@pytest.mark.parametrize("later", [False, True], ids=["def", "async def"])
@scenario
async def test_call_error_of_a_handler_is_sent(later: bool) -> None:
    async with serving() as site:
        error = CallError(ErrorCode.FORMAT_VIOLATION, "x" * 300, {"a": [1, None, "ü"]})
        site.central.on(v16.DataTransferRequest)((give_later if later else give)(error))
        peer = await site.peer()
        peer.send(TRANSFER)
        assert await peer.message() == [4, "1", "FormationViolation", "x" * 255, {"a": [1, None, "ü"]}]
        await lives(peer)


@scenario
async def test_handler_that_is_cancelled_from_within_is_internal_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As when it awaits something that somebody else cancels."""
    async with serving() as site:
        site.central.on(v16.DataTransferRequest)(give_later(asyncio.CancelledError()))
        peer = await site.peer()
        peer.send(TRANSFER)
        assert (await peer.message())[:3] == [4, "1", "InternalError"]
        await lives(peer)
    caplog.clear()


@scenario
async def test_handler_whose_task_is_cancelled_is_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    running: list[asyncio.Task[Any] | None] = []

    async def transfer(*_: object) -> Any:
        running.append(asyncio.current_task())
        await asyncio.sleep(60)

    async with serving() as site:
        site.central.on(v16.DataTransferRequest)(transfer)
        peer = await site.peer()
        peer.send(TRANSFER)
        peer.heartbeat("2")
        await until(lambda: running)
        assert running[0] is not None
        running[0].cancel()
        assert (await peer.message())[:3] == [4, "1", "InternalError"]
        assert await peer.message() == [3, "2", HEARTBEAT_JSON]
    caplog.clear()


@scenario
async def test_handler_may_return_any_awaitable() -> None:
    async with serving() as site:

        def transfer(*_: object) -> asyncio.Future[v16.DataTransferResponse]:
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.set_result, TRANSFERRED)
            return future

        site.central.on(v16.DataTransferRequest)(transfer)
        peer = await site.peer()
        peer.send(TRANSFER)
        assert await peer.message() == ACCEPTED


@scenario
async def test_handler_gets_station_request_and_context() -> None:
    seen: list[Any] = []

    def transfer(station: Station, request: v16.DataTransferRequest, context: Context) -> Any:
        seen.extend([station.id, request.vendor_id, context.unique_id, context.action.name, context.raw])
        return TRANSFERRED

    async with serving() as site:
        site.central.on(v16.DataTransferRequest)(transfer)
        peer = await site.peer()
        peer.send(b' [2,"1","DataTransfer",{"vendorId":"V"}]')
        assert await peer.message() == ACCEPTED
    assert seen == ["CP1", "V", "1", "DataTransfer", b' [2,"1","DataTransfer",{"vendorId":"V"}]']


@scenario
async def test_R14_handler_may_call_its_station() -> None:
    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        assert (await station.v16.clear_cache()).status is v16.ClearCacheStatus.ACCEPTED
        return TRANSFERRED

    async with serving() as site:
        site.central.on(v16.DataTransferRequest)(transfer)
        peer = await site.peer()
        peer.send(TRANSFER)
        assert (await answered(peer))[2:] == ["ClearCache", {}]
        assert await peer.message() == ACCEPTED


@scenario
async def test_R14_calls_may_cross() -> None:
    async with serving() as site:
        peer, station = await site.station()
        calling = asyncio.create_task(station.v16.clear_cache())
        call = await peer.message()
        peer.heartbeat(call[1])  # the same id, even
        assert await peer.message() == [3, call[1], HEARTBEAT_JSON]
        peer.send([3, call[1], CLEARED])
        assert (await calling).status is v16.ClearCacheStatus.ACCEPTED


@scenario
async def test_calls_of_one_station_are_handled_in_order() -> None:
    running = 0

    async def transfer(station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        running -= 1
        return v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data=request.data)

    async with serving() as site:
        site.central.on(v16.DataTransferRequest)(transfer)
        peer = await site.peer()
        for number in range(200):
            if number % 3:
                peer.send([2, str(number), "DataTransfer", {"vendorId": "V", "data": str(number)}])
            else:
                peer.heartbeat(str(number))
        assert [(await peer.message())[1] for _ in range(200)] == [str(number) for number in range(200)]


@scenario
async def test_slow_handler_of_one_station_does_not_delay_another() -> None:
    slow = Slow()
    async with serving() as site:
        site.central.on(v16.DataTransferRequest)(slow)
        waits, quick = await site.peer("/CP1"), await site.peer("/CP2")
        waits.send(TRANSFER)
        waits.heartbeat("2")
        await lives(quick)
        slow.may_go.set()
        assert await waits.message() == ACCEPTED
        assert await waits.message() == [3, "2", HEARTBEAT_JSON]
