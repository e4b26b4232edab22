"""Calls of ours over a real connection, and its end."""

from __future__ import annotations

import asyncio

import pytest

from ocpp_fast import CallError, CallTimeout, Disconnected, InvalidResult, Station, v16

from .exchanges import answered, give, is_called, lives
from .harness import CLEARED, comings_and_goings, scenario, serving
from .peer import PATIENCE


@scenario
async def test_call_returns_the_response_or_raises_what_came() -> None:
    async with serving() as site:
        peer, station = await site.station()
        for answer, error in (
            ([4, "?", "OccurenceConstraintViolation", "why", {"a": 1}], CallError),
            ([3, "?", {"status": "nonsense"}], InvalidResult),
            ([4, "?", "Vendor", None, None], CallError),
            ([3, "?", []], InvalidResult),
            ([4, "?"], InvalidResult),
            ([4, "?", 5, "", {}], InvalidResult),
        ):
            calling = asyncio.create_task(station.v16.clear_cache(), name=str(answer))
            answer[1] = (await peer.message())[1]
            peer.send(answer)
            with pytest.raises(error):
                await asyncio.wait_for(calling, PATIENCE)
        await is_called(peer, station)


@pytest.mark.parametrize("error", [RuntimeError, StopIteration, CallError])
@scenario
async def test_check_of_a_response_may_raise_anything(error: type[Exception]) -> None:
    async with serving() as site:
        peer, station = await site.station()
        calling = asyncio.create_task(station.call(v16.ClearCacheRequest(), check=give(error())))
        await answered(peer)
        with pytest.raises(RuntimeError if error is StopIteration else error):
            await calling
        await lives(peer)


@scenario
async def test_timeout_counts_while_a_call_waits_for_its_turn() -> None:
    async with serving() as site:
        peer, station = await site.station()
        first = asyncio.create_task(station.v16.clear_cache())
        call = await peer.message()
        with pytest.raises(CallTimeout):
            await station.call(v16.UnlockConnectorRequest(connector_id=1), timeout=0.05)
        peer.send([3, call[1], CLEARED])
        await first
        await lives(peer)  # what timed out is not sent any more


@scenario
async def test_many_deadlines_in_any_order() -> None:
    async with serving() as site:
        pairs = [await site.station(f"CP{number}") for number in range(20)]
        delays = [0.02 * (number * 7 % 20 + 1) for number in range(20)]
        loop = asyncio.get_running_loop()

        async def late(station: Station, delay: float) -> float:
            start = loop.time()
            with pytest.raises(CallTimeout):
                await station.call(v16.ClearCacheRequest(), timeout=delay)
            return loop.time() - start - delay

        lateness = await asyncio.gather(*map(late, (station for _, station in pairs), delays))
        assert min(lateness) > -0.01
        assert max(lateness) < 0.5


@pytest.mark.parametrize("was_sent", [True, False])
@scenario
async def test_R44_cancelled_call_frees_its_place_at_once(was_sent: bool) -> None:
    async with serving() as site:
        peer, station = await site.station()
        calls = [asyncio.create_task(station.v16.unlock_connector(connector_id=number)) for number in (1, 2, 3)]
        call = await peer.message()
        cancelled = calls.pop(0 if was_sent else 1)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        if not was_sent:
            peer.send([3, call[1], {"status": "Unlocked"}])
            await calls.pop(0)
        for each in calls:
            await answered(peer, {"status": "Unlocked"})
            await each
        await lives(peer)


@scenario
async def test_call_and_answer_cancelled_at_the_same_moment() -> None:
    async with serving() as site:
        peer, station = await site.station()
        for _ in range(50):
            calling = asyncio.create_task(station.v16.clear_cache())
            call = await peer.message()
            peer.send([3, call[1], CLEARED])
            await asyncio.sleep(0)
            calling.cancel()
            await asyncio.wait([calling])
        await lives(peer)
        await is_called(peer, station)


@scenario
async def test_closing_twice_is_closing_once() -> None:
    async with serving() as site:
        told = comings_and_goings(site.central)
        peer, station = await site.station()
        closing = asyncio.gather(station.close(), station.close(4000), station.wait_closed())
        assert (await peer.close_frame())[0] == 1000
        await closing
        await station.close()
        with pytest.raises(Disconnected):
            await station.v16.clear_cache()
    assert told == [("connected", "CP1"), ("disconnected", "CP1")]
