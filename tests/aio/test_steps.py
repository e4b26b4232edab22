"""Async handlers begin at once, and yet in a task: what depends on the current one works from the first step on."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from ocpp_fast import Station, v16

from .exchanges import TRANSFER, TRANSFERRED, lives, transfer_bytes
from .harness import HEARTBEAT, Site, central_system, scenario, serving, until
from .peer import Peer

Request = v16.DataTransferRequest
variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")


async def transfers(peer: Peer, *payloads: str) -> list[Any]:
    """The first three elements of the answers to DataTransfers with these data."""
    answers = []
    for data in payloads:
        peer.send([2, data, "DataTransfer", {"vendorId": "V", "data": data}])
        answers.append((await peer.message())[:3])
    return answers


def accepted(*data: str) -> list[Any]:
    return [[3, each, {"status": "Accepted"}] for each in data]


@scenario
async def test_the_task_is_the_same_before_and_after_the_first_await() -> None:
    tasks: list[tuple[object, object]] = []

    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        before = asyncio.current_task()
        for _turn in range(2):
            await asyncio.sleep(0)
        tasks.append((before, asyncio.current_task()))
        return TRANSFERRED

    async with serving(transfer=handler) as site:
        assert await transfers(await site.peer(), "1", "2", "3") == accepted("1", "2", "3")
    assert all(before is not None and before is after for before, after in tasks)
    assert len({id(before) for before, _ in tasks}) == 3


@scenario
async def test_a_timeout_that_is_entered_before_the_first_await_ends_that() -> None:
    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            return TRANSFERRED
        raise AssertionError

    async with serving(transfer=handler) as site:
        peer = await site.peer()
        assert await transfers(peer, "1", "2", "3") == accepted("1", "2", "3")
        await lives(peer)


@scenario
async def test_a_timeout_that_was_left_before_the_end_ends_nothing_later() -> None:
    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        async with asyncio.timeout(0.01 if request.data == "1" else None):  # noqa: ASYNC100  # which ends too early
            pass
        if request.data == "2":
            await asyncio.wait([asyncio.create_task(asyncio.sleep(0.03))])
        return TRANSFERRED

    async with serving(transfer=handler) as site:
        assert await transfers(await site.peer(), "1", "2", "3") == accepted("1", "2", "3")


@scenario
async def test_a_group_of_tasks_works_inside() -> None:
    async def part(fails: bool) -> int:
        await asyncio.sleep(0)
        if fails:
            raise ValueError
        return 1

    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        try:
            async with asyncio.TaskGroup() as group:
                parts = [group.create_task(part(request.data == "fails")) for _ in range(3)]
        except ExceptionGroup as errors:
            return v16.DataTransferResponse(status=v16.DataTransferStatus.REJECTED, data=str(len(errors.exceptions)))
        return v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data=str(sum(map(_result, parts))))

    async with serving(transfer=handler) as site:
        answers = await transfers(await site.peer(), "works", "fails", "works")
    assert [each[2] for each in answers] == [
        {"status": "Accepted", "data": "3"},
        {"status": "Rejected", "data": "3"},
        {"status": "Accepted", "data": "3"},
    ]


def _result(task: asyncio.Task[int]) -> int:
    return task.result()


@pytest.mark.parametrize("turns", [0, 1, 3])
@scenario
async def test_context_variables_are_a_handlers_own(turns: int) -> None:
    seen: list[tuple[str, str, str]] = []

    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        assert request.data is not None
        before = variable.get()
        variable.set(request.data)
        for _turn in range(turns):
            await asyncio.sleep(0)
        seen.append((before, variable.get(), await asyncio.create_task(inherited())))
        return TRANSFERRED

    async def inherited() -> str:
        return variable.get()

    async with serving(transfer=handler) as site:
        await transfers(await site.peer(), "1", "2", "3")
    assert seen == [("none", each, each) for each in "123"]
    assert variable.get() == "none"


@scenario
async def test_a_handler_that_suspends_may_be_cancelled_by_itself_or_by_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks: list[asyncio.Task[Any]] = []

    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        task = asyncio.current_task()
        assert task is not None
        if request.data == "itself":
            task.cancel()
        elif request.data == "soon":
            asyncio.get_running_loop().call_soon(task.cancel)
        elif request.data == "caught":
            task.cancel()
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                task.uncancel()
                return TRANSFERRED
        tasks.append(task)
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async with serving(transfer=handler) as site:
        peer = await site.peer()
        answers = await transfers(peer, "itself", "soon")
        assert [each[:2] for each in answers] == [[4, "itself"], [4, "soon"]]
        assert await transfers(peer, "caught") == accepted("caught")
        peer.send(TRANSFER)
        await until(lambda: len(tasks) == 3)
        tasks[-1].cancel()
        assert (await peer.message())[:2] == [4, "1"]
        await lives(peer)
    caplog.clear()


@pytest.mark.parametrize("turns", [0, 1, 2])
@scenario
async def test_what_a_handler_raises_is_answered_in_whichever_step(
    turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        for _turn in range(turns):
            await asyncio.sleep(0)
        raise KeyError(request.data)

    async with serving(transfer=handler) as site:
        peer = await site.peer()
        assert await transfers(peer, "1", "2") == [[4, each, "InternalError"] for each in "12"]
        await lives(peer)
    assert [repr(each.exc_info[1]) for each in caplog.records if each.exc_info] == ["KeyError('1')", "KeyError('2')"]
    caplog.clear()


@scenario
async def test_handlers_that_do_not_suspend_make_no_task() -> None:
    """On Python 3.11 all of them share one, which waits for the first that suspends."""
    counts: list[int] = []

    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        counts.append(len(asyncio.all_tasks()))
        return TRANSFERRED

    created: list[object] = []
    loop = asyncio.get_running_loop()

    def counting(_: object, work: Any, **options: Any) -> asyncio.Task[Any]:
        created.append(work)
        return asyncio.Task(work, loop=loop, **options)

    async with serving(transfer=handler) as site:
        peer = await site.peer()
        await transfers(peer, "1", "2")
        loop.set_task_factory(counting)
        assert await transfers(peer, *map(str, range(10))) == accepted(*map(str, range(10)))
        loop.set_task_factory(None)
    assert created == []
    assert len(set(counts[2:])) == 1


@pytest.mark.parametrize("grace", [0.0, 1.0])
@scenario
async def test_a_handler_that_is_suspended_when_the_server_stops_is_waited_for_or_cancelled(grace: float) -> None:
    ends: list[str] = []
    may_go = asyncio.Event()

    async def handler(_: Station, request: Request) -> v16.DataTransferResponse:
        try:
            await may_go.wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise
        ends.append("answered")
        return TRANSFERRED

    central = central_system()
    central.on(Request)(handler)
    async with central.serve(grace=grace) as server:
        peer, station = await Site(central, server).station()
        peer.send(TRANSFER)
        await until(lambda: station._session.current_call)
        if grace:
            asyncio.get_running_loop().call_soon(may_go.set)
        closing = asyncio.create_task(peer.close_frame() if not grace else _answer_and_close(peer))
    assert await closing == (1001, "the central system stops")
    assert ends == (["answered"] if grace else ["cancelled"])


async def _answer_and_close(peer: Peer) -> tuple[int, str]:
    assert (await peer.message())[:2] == [3, "1"]
    return await peer.close_frame()


@scenario
async def test_handlers_and_what_follows_them_see_the_context_of_the_server() -> None:
    seen: list[str] = []

    def note() -> v16.HeartbeatResponse:
        seen.append(variable.get())
        return HEARTBEAT

    async def transfer(*_: object) -> v16.DataTransferResponse:
        note()
        await asyncio.get_running_loop().run_in_executor(None, int)
        note()
        return TRANSFERRED

    variable.set("the server's")
    async with serving(transfer=transfer) as site:
        site.central.on(v16.HeartbeatRequest)(lambda *_: note())
        site.central.after(Request)(lambda *_: note())
        peer = await site.peer()
        for number in range(4):  # at first there is no spare task to go on with
            peer.write(transfer_bytes(number))
            peer.heartbeat("behind")
            assert [(await peer.message())[1], (await peer.message())[1]] == [str(number), "behind"]
    assert seen == ["the server's"] * 4 * 4
