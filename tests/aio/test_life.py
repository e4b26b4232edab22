"""The life of a station, as hooks and the log are told of it: from its connection to its end."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from ocpp_fast import FrameFault, Station, v16, v21
from ocpp_fast.faults import Fault

from .exchanges import lives
from .harness import CLEARED, HEARTBEAT, HEARTBEAT_JSON, central_system, scenario, serving, until
from .peer import BINARY, TEXT, frame_bytes

# on_connect comes first


@scenario
async def test_no_message_is_handled_before_on_connect_has_ended() -> None:
    central, may_go = central_system(), asyncio.Event()
    order: list[object] = []

    @central.on_connect
    async def connected(station: Station) -> None:
        order.append(await station.v16.clear_cache())
        await may_go.wait()
        order.append("connected")

    @central.on(v16.HeartbeatRequest)
    def heartbeat(*_: object) -> v16.HeartbeatResponse:
        order.append("heartbeat")
        return HEARTBEAT

    async with serving(central) as site:
        peer = await site.peer()
        peer.heartbeat("1")
        peer.heartbeat("2")
        call = await peer.message()
        peer.send([3, call[1], CLEARED])
        await until(lambda: order)
        assert order == [v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)]
        may_go.set()
        assert await peer.message() == [3, "1", HEARTBEAT_JSON]
        assert await peer.message() == [3, "2", HEARTBEAT_JSON]
    assert order[1:] == ["connected", "heartbeat", "heartbeat"]


@scenario
async def test_sends_wait_for_on_connect_as_well_and_reading_stops_at_too_many() -> None:
    central, seen, may_go = central_system(), [], asyncio.Event()
    central.on_connect(lambda station: may_go.wait())

    @central.on(v21.NotifyPeriodicEventStreamRequest)
    def stream(station: Station, request: v21.NotifyPeriodicEventStreamRequest) -> None:
        seen.append(request.id)

    async with serving(central) as site:
        peer, station = await site.station(subprotocols="ocpp2.1")
        data = {"pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0, "v": "1"}]}
        for number in range(1100):
            peer.send([6, str(number), "NotifyPeriodicEventStream", {"id": number, **data}])
        await until(lambda: station._paused)
        assert station._held is not None
        assert len(station._held) < 1100
        assert seen == []
        may_go.set()
        await until(lambda: len(seen) == 1100)
    assert seen == list(range(1100))


@scenario
async def test_messages_are_handled_when_on_connect_takes_too_long(caplog: pytest.LogCaptureFixture) -> None:
    central, ended = central_system(open_timeout=0.2), []

    @central.on_connect
    async def connected(station: Station) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(station.connected)

    async with serving(central) as site:
        peer = await site.peer()
        peer.heartbeat("1")
        assert await peer.message() == [3, "1", HEARTBEAT_JSON]
        assert "CP1: on_connect takes more than 0.2 s: messages are handled now" in caplog.text
        caplog.clear()
        assert ended == []
        peer.abort()
        await until(lambda: ended)
    assert ended == [False]


@scenario
async def test_hooks_of_a_station_end_with_it_and_what_waits_is_not_handled() -> None:
    central, order = central_system(), []

    @central.on_connect
    async def connected(station: Station) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            order.append("on_connect ends")

    central.on_disconnect(lambda station: order.append("on_disconnect"))
    central.after(v16.HeartbeatRequest)(lambda *_: order.append("handled"))
    async with serving(central) as site:
        peer, station = await site.station()
        peer.heartbeat("1")
        await until(lambda: station._held)
        peer.abort()
        await until(lambda: len(order) == 2)
    assert sorted(order) == ["on_connect ends", "on_disconnect"]


@scenario
async def test_a_station_that_leaves_at_once_ends_its_hooks() -> None:
    central, ended = central_system(), []

    @central.on_connect
    async def connected(station: Station) -> None:
        await station.close()
        ended.append(station.id)
        await asyncio.Event().wait()

    async with serving(central) as site:
        peer = await site.peer()
        assert await peer.close_frame() == (1000, "")
        await until(lambda: not site.central._runtime.tasks._tasks)


# Faults


@scenario
async def test_on_fault_is_told_of_every_invalid_frame(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocpp_fast")
    central, told = central_system(), []

    @central.on_fault
    def fault(station: Station, fault: FrameFault) -> None:
        told.append((station.id, fault.fault, fault.raw))

    async with serving(central) as site:
        peer, _ = await site.station()
        caplog.clear()
        for raw, kind in (
            (b"nonsense", Fault.MALFORMED),
            (b'[2,"1","Nonsense",{}]', Fault.UNKNOWN_ACTION),
            (b'[2,"2","Heartbeat",{"odd":1}]', Fault.ADDITIONAL),
            (b'[3,"2",{}]', Fault.UNKNOWN_ID),
        ):
            peer.write(frame_bytes(TEXT, raw))
            await until(lambda: told)
            assert told.pop() == ("CP1", kind, raw)
            (record,) = caplog.records
            about = vars(record)
            assert (about["station"], about["fault"], about["path"]) == ("CP1", kind.name, "/CP1")
            assert about["peer"][0] == "127.0.0.1"
            assert about["reason"] in record.getMessage()
            caplog.clear()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (frame_bytes(BINARY, b"1"), 1003),
        (frame_bytes(TEXT, b"\xff"), 1007),
        (frame_bytes(TEXT, b"1" * 70_000), 1009),
        (frame_bytes(TEXT, b"1", rsv1=True), 1002),
        (frame_bytes(TEXT, b"1", masked=False), 1002),
    ],
)
@scenario
async def test_on_fault_is_told_of_what_breaks_the_transport(frame: bytes, code: int) -> None:
    central, told = central_system(max_message_size=65_536), []
    central.on_fault(lambda station, fault: told.append((station.id, fault.fault, fault.answered)))
    async with serving(central) as site:
        peer, station = await site.station()
        peer.write(frame)
        await until(lambda: told)
        assert station.close_code == code
    assert told == [("CP1", Fault.TRANSPORT, False)]


@pytest.mark.parametrize("code", [1000, 1002, 4000])
@scenario
async def test_a_clean_end_is_no_fault(code: int) -> None:
    central, told = central_system(), []
    central.on_fault(lambda *given: told.append(given))
    async with serving(central) as site:
        peer, _ = await site.station()
        peer.close(code)
        await until(lambda: len(central) == 0)
        _, station = await site.station()
        await station.close(code)
    assert told == []


# The log


@scenario
async def test_the_log_has_a_line_for_each_connection_replacement_and_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocpp_fast")
    async with serving() as site:
        first, _ = await site.station()
        second, station = await site.station()
        assert await first.close_frame() == (1008, "replaced by a newer connection")
        second.close(4001)
        await until(lambda: not station.connected)
    lines = [each.getMessage() for each in caplog.records]
    assert {vars(each)["station"] for each in caplog.records} == {"CP1"}
    assert {vars(each)["path"] for each in caplog.records} == {"/CP1"}
    assert {vars(each)["version"] for each in caplog.records} == {"1.6"}
    assert [line.partition(" from ")[0] for line in lines] == [
        "CP1: connected with OCPP 1.6",
        "CP1: replaced by a connection",
        "CP1: disconnected: 1008 replaced by a newer connection",
        "CP1: connected with OCPP 1.6",
        "CP1: disconnected: 4001",
    ]


def failing(*_: object) -> Any:
    raise RuntimeError("on purpose")


async def failing_later(*_: object) -> Any:
    raise RuntimeError("on purpose")


@pytest.mark.parametrize("hook", [failing, failing_later])
@scenario
async def test_failures_are_logged_with_station_and_action(hook: Any, caplog: pytest.LogCaptureFixture) -> None:
    central = central_system()
    central.on_connect(hook)
    central.after(v16.HeartbeatRequest)(hook)
    central.on(v16.DataTransferRequest)(hook)
    async with serving(central) as site:
        peer = await site.peer()
        await lives(peer)
        peer.send([2, "2", "DataTransfer", {"vendorId": "V"}])
        assert (await peer.message())[2] == "InternalError"
        await until(lambda: len(caplog.records) == 3)
    about = [(vars(each)["station"], vars(each)["action"]) for each in caplog.records]
    assert sorted(about, key=str) == [("CP1", "DataTransfer"), ("CP1", "Heartbeat"), ("CP1", None)]
    caplog.clear()
