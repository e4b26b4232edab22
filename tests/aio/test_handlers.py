"""What handlers are given, and what becomes of what they return, raise or do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp_fast import CallError, CallTimeout, Context, Station, ValidationError, v16

from .exchanges import ACCEPTED, TRANSFER, TRANSFERRED, Slow, afterwards, cancelled_later, give, lives
from .harness import HEARTBEAT, HEARTBEAT_JSON, scenario, serving


@scenario
async def test_wrong_call_is_answered_and_the_connection_lives() -> None:
    async with serving() as site:
        peer = await site.peer()
        for call, code in (
            ([2, "1", [], {}], "FormationViolation"),
            ([2, "1", "Heartbeat", []], "FormationViolation"),
            ([2, "1", "ClearCache", {}], "NotSupported"),
        ):
            peer.send(call)
            assert (await peer.message())[:3] == [4, "1", code]
        await lives(peer)


@scenario
async def test_R13_same_call_again_gets_one_answer_and_other_bytes_an_error() -> None:
    slow = Slow()
    async with serving(transfer=slow) as site:
        peer = await site.peer()
        for call in (TRANSFER, TRANSFER, [2, "1", "Heartbeat", {}]):
            peer.send(call)
        assert (await peer.message())[:3] == [4, "1", "GenericError"]
        slow.may_go.set()
        assert await peer.message() == ACCEPTED
        await lives(peer, "1")


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
    "details with NaN": CallError("GenericError", "", {"secret": [None, float("nan")]}),
    "details with a number as key": CallError("GenericError", "", {5: 1}),  # type: ignore[dict-item]
    "a description that is none": CallError("GenericError", 5),  # type: ignore[arg-type]
    "circular details": CallError("GenericError", "", circular),
}


@pytest.mark.parametrize("later", [False, True], ids=["def", "async def"])
@pytest.mark.parametrize("outcome", OUTCOMES)
@scenario
async def test_broken_handler_is_internal_error_and_the_connection_lives(
    outcome: str, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    at_once = give(OUTCOMES[outcome])
    async with serving(transfer=afterwards(at_once) if later else at_once) as site:
        peer = await site.peer()
        peer.send(TRANSFER)
        answer = await peer.message()
        assert answer[:3] == [4, "1", "InternalError"]
        assert "secret" not in str(answer)
        await lives(peer)
    assert "DataTransfer" in caplog.text
    caplog.clear()


async def cancels_itself(*_: object) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize("handler", [cancelled_later, cancels_itself])
@scenario
async def test_handler_that_is_cancelled_is_internal_error(handler: Any, caplog: pytest.LogCaptureFixture) -> None:
    """As when it awaits something that somebody else cancels."""
    async with serving(transfer=handler) as site:
        peer = await site.peer()
        peer.send(TRANSFER)
        peer.heartbeat("2")
        assert (await peer.message())[:3] == [4, "1", "InternalError"]
        assert await peer.message() == [3, "2", HEARTBEAT_JSON]
    caplog.clear()


@scenario
async def test_handler_may_return_any_awaitable() -> None:
    def transfer(*_: object) -> asyncio.Future[v16.DataTransferResponse]:
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_result, TRANSFERRED)
        return future

    async with serving(transfer=transfer) as site:
        peer = await site.peer()
        peer.send(TRANSFER)
        assert await peer.message() == ACCEPTED


@scenario
async def test_handler_gets_station_request_and_context() -> None:
    seen: list[Any] = []

    def transfer(station: Station, request: v16.DataTransferRequest, context: Context) -> Any:
        seen.extend(
            [station is site.central["CP1"], request.vendor_id, context.unique_id, context.action.name, context.raw]
        )
        return TRANSFERRED

    async with serving(transfer=transfer) as site:
        peer = await site.peer()
        peer.send(b' [2,"1","DataTransfer",{"vendorId":"V"}]')
        assert await peer.message() == ACCEPTED
    assert seen == [True, "V", "1", "DataTransfer", b' [2,"1","DataTransfer",{"vendorId":"V"}]']
