"""Async handlers, whose first step is run at once: in the right context, and in a task that is theirs."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from ocpp_fast import v16

from .exchanges import TRANSFERRED, lives, transfer_bytes
from .harness import HEARTBEAT, scenario, serving

whose: ContextVar[str] = ContextVar("whose", default="nobody's")


@scenario
async def test_handlers_and_what_follows_them_see_the_context_of_the_server() -> None:
    seen: list[str] = []

    def note() -> v16.HeartbeatResponse:
        seen.append(whose.get())
        return HEARTBEAT

    async def transfer(*_: object) -> v16.DataTransferResponse:
        note()
        await asyncio.get_running_loop().run_in_executor(None, int)
        note()
        return TRANSFERRED

    whose.set("the server's")
    async with serving(transfer=transfer) as site:
        site.central.on(v16.HeartbeatRequest)(lambda *_: note())
        site.central.after(v16.DataTransferRequest)(lambda *_: note())
        peer = await site.peer()
        for number in range(4):  # at first there is no spare task to go on with
            peer.write(transfer_bytes(number))
            peer.heartbeat("behind")
            assert [(await peer.message())[1], (await peer.message())[1]] == [str(number), "behind"]
    assert seen == ["the server's"] * 4 * 4


@scenario
async def test_a_timeout_that_was_entered_in_the_first_step_ends_the_handler_alone() -> None:
    late: list[asyncio.Task[None] | None] = []

    async def transfer(*_: object) -> v16.DataTransferResponse:
        task = asyncio.current_task()
        try:
            async with asyncio.timeout(0.001):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            late.append(task)
            assert task is asyncio.current_task()
        return TRANSFERRED

    async with serving(transfer=transfer) as site:
        peer = await site.peer()
        for number in range(3):
            peer.write(transfer_bytes(number))
            assert (await peer.message())[1] == str(number)
    assert len(late) == 3
    assert None not in late


@scenario
async def test_a_handler_that_cancels_itself_in_its_first_step_is_answered_with_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def transfer(*_: object) -> v16.DataTransferResponse:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.get_running_loop().create_future()
        return TRANSFERRED

    async with serving(transfer=transfer) as site:
        peer = await site.peer()
        for number in range(3):
            peer.write(transfer_bytes(number))
            assert (await peer.message())[:3] == [4, str(number), "InternalError"]
        await lives(peer)
    caplog.clear()
