"""Scripts: waiting for a request, being told of all of them, and calls with a time of their own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp_fast import CallTimeout, ChargePoint, Context, Disconnected, Station, v16, v21, v201

from .exchanges import lives
from .harness import CLEARED, central_system, on_one_loop, scenario, serving, until

STREAM = {"pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0, "v": "1"}]}


def authorized(station: Station, request: v16.AuthorizeRequest) -> v16.AuthorizeResponse:
    return v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED))


@scenario
async def test_a_request_that_is_expected_is_handled_as_ever() -> None:
    central = central_system()
    central.on(v16.AuthorizeRequest)(authorized)
    async with serving(central) as site:
        peer, station = await site.station()
        second = station.expect(v16.AuthorizeRequest, lambda request: request.id_tag == "B")
        first = station.expect(v16.AuthorizeRequest)
        for number, tag in enumerate("ABC"):
            peer.send([2, str(number), "Authorize", {"idTag": tag}])
            assert (await peer.message())[:2] == [3, str(number)]
        assert (await second, await first) == (
            v16.AuthorizeRequest(id_tag="B"),
            v16.AuthorizeRequest(id_tag="A"),
        )
        await lives(peer)


@scenario
async def test_sends_can_be_expected() -> None:
    central = central_system()
    central.on(v21.NotifyPeriodicEventStreamRequest)(lambda station, request: None)
    async with serving(central) as site:
        peer, station = await site.station(subprotocols="ocpp2.1")
        expected = station.expect(v21.NotifyPeriodicEventStreamRequest, lambda request: request.id == 2)
        for number in (1, 2, 3):
            peer.send([6, str(number), "NotifyPeriodicEventStream", {"id": number, **STREAM}])
        assert (await expected).id == 2


@scenario
async def test_an_expectation_ends_by_time_by_the_connection_and_by_its_predicate() -> None:
    def choose(request: Any) -> bool:
        raise LookupError("on purpose")

    async with serving() as site:
        peer, station = await site.station()
        with pytest.raises(TimeoutError, match=r"CP1: no such HeartbeatRequest came within 0.01 s"):
            await station.expect(v16.HeartbeatRequest, timeout=0.01)
        failing, cancelled = station.expect(v16.HeartbeatRequest, choose), station.expect(v16.HeartbeatRequest)
        cancelled.cancel()
        await lives(peer)
        with pytest.raises(LookupError, match="on purpose"):
            await failing
        pending = station.expect(v16.HeartbeatRequest)
        peer.abort()
        with pytest.raises(Disconnected, match="CP1: the connection closed before such a request came"):
            await pending
        with pytest.raises(Disconnected):
            await station.expect(v16.HeartbeatRequest)


@scenario
async def test_what_never_comes_can_not_be_expected() -> None:
    async with serving() as site:
        _, station = await site.station()
        for request in (v16.ResetRequest, v16.HeartbeatResponse, int):
            with pytest.raises(TypeError):
                station.expect(request)  # type: ignore[type-var]  # meant
        with pytest.raises(ValueError, match="timeout: expected seconds"):
            station.expect(v16.HeartbeatRequest, timeout=0)


@on_one_loop
async def test_a_charge_point_expects_as_well() -> None:
    async with serving() as site:
        charge_point = ChargePoint("CP1", site.server.url, versions=[v201])

        @charge_point.on(v201.ClearCacheRequest)
        def clear(request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
            return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)

        with pytest.raises(Disconnected):
            charge_point.expect(v201.ClearCacheRequest)
        async with charge_point:
            expected = charge_point.expect(v201.ClearCacheRequest)
            await (await site.central.wait_connected("CP1")).v201.clear_cache()
            assert await expected == v201.ClearCacheRequest()


@scenario
async def test_on_any_is_told_of_every_request_of_all_stations_or_of_one() -> None:
    central, told, of_one = central_system(), [], []
    central.on(v16.AuthorizeRequest)(authorized)

    @central.on_any
    async def everything(context: Context, station: Station, request: Any) -> None:
        told.append((station.id, context.unique_id, type(request).__name__))

    async with serving(central) as site:
        peer, station = await site.station()

        @station.on_any
        def one(station: Station, request: Any) -> None:
            of_one.append(request)

        other, _ = await site.station("CP2")
        peer.send([2, "1", "Authorize", {"idTag": "A"}])
        await peer.message()
        await lives(other)
        await until(lambda: len(told) == 2)
    assert told == [("CP1", "1", "AuthorizeRequest"), ("CP2", "after", "HeartbeatRequest")]
    assert of_one == [v16.AuthorizeRequest(id_tag="A")]


@scenario
async def test_a_hook_of_one_station_ends_with_it() -> None:
    ended: list[object] = []

    async def watch(station: Station, request: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(request)

    async with serving() as site:
        peer, station = await site.station()
        station.on_any(watch)
        await lives(peer)
        peer.abort()
        await until(lambda: ended)


@pytest.mark.parametrize("hook", [lambda: None, lambda request: None, lambda a, b, c: None])
def test_a_hook_of_on_any_is_called_as_handlers_are(hook: Any) -> None:
    with pytest.raises(TypeError, match=r"expected a handler that takes \(station, request\)"):
        central_system().on_any(hook)


@scenario
async def test_shortcuts_may_have_a_time_of_their_own() -> None:
    async with serving() as site:
        peer, station = await site.station()
        with pytest.raises(CallTimeout):
            await station.v16(timeout=0.01).clear_cache()
        await peer.message()
        answer = asyncio.create_task(station.v16(timeout=5).clear_cache())
        peer.send([3, (await peer.message())[1], CLEARED])
        assert (await answer).status is v16.ClearCacheStatus.ACCEPTED
        with pytest.raises(ValueError, match="timeout: expected seconds"):
            await station.v16(timeout=-1).clear_cache()
