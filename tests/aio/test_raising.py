"""Whatever the user's code raises, wherever it stands: the peer gets one answer, and the next call is handled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import pytest

from ocpp_fast import CallError, CentralSystem, Station, v16, v21

from .exchanges import BOOTED, KINDS, TRANSFER, TRANSFERRED, afterwards, answered, give, lives, raising
from .harness import HEARTBEAT, central_system, scenario, serving

BOOT: Final = [2, "1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]


class Place(NamedTuple):
    """Where the user's code raises: `put` takes the central system and what raises, `sent` leads there."""

    put: Callable[[CentralSystem, Callable[..., Any]], object]
    sent: Any = TRANSFER
    answer: int | None = 3
    """The message type of the answer."""


def handler(central: CentralSystem, raises: Callable[..., Any]) -> None:
    central.on(v16.DataTransferRequest)(raises)


def at_first(raises: Callable[..., Any]) -> Callable[..., Any]:
    """An async function that raises before it has awaited anything."""

    async def at_once(*given: object) -> Any:
        return raises(*given)

    return at_once


def middleware(central: CentralSystem, raises: Callable[..., Any]) -> None:
    @central.middleware
    async def around(call: Any, call_next: Any) -> Any:
        response = await call_next(call)
        return raises() if call.action.name == "DataTransfer" else response


def mapping(central: CentralSystem, raises: Callable[..., Any]) -> None:
    handler(central, give(KeyError()))
    central.error(KeyError)(raises)


def awaitable(central: CentralSystem, raises: Callable[..., Any]) -> None:
    handler(central, lambda *_: type("Bad", (), {"__await__": raises})())


def value(central: CentralSystem, raises: Callable[..., Any]) -> None:
    class Zone(tzinfo):
        utcoffset = dst = tzname = raises

    time = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=Zone())
    central.on(v16.BootNotificationRequest)(lambda *_: BOOTED.replace(current_time=time))


def details(central: CentralSystem, raises: Callable[..., Any]) -> None:
    class Evil(dict[str, Any]):
        __iter__ = keys = items = raises

    handler(central, give(CallError("GenericError", details=Evil(a=1))))


def logger(central: CentralSystem, raises: Callable[..., Any]) -> None:
    handler(central, give(KeyError()))
    central._runtime.log = central._runtime.tasks._log = logging.Logger("evil")
    central._runtime.log.addFilter(raises)


def store(central: CentralSystem, raises: Callable[..., Any]) -> None:
    central._runtime.registrations = SimpleNamespace(load=lambda _: "Accepted", store=raises)
    central.on(v16.BootNotificationRequest)(give(BOOTED))


def load(central: CentralSystem, raises: Callable[..., Any]) -> None:
    central._runtime.registrations = SimpleNamespace(load=raises, store=lambda *_: None)


def hook(name: str) -> Callable[[CentralSystem, Callable[..., Any]], object]:
    return lambda central, raises: getattr(central, name)(raises)


def of_station(register: Callable[[Station, Callable[..., Any]], object]) -> Any:
    """A place at a station that has connected."""

    def put(central: CentralSystem, raises: Callable[..., Any]) -> None:
        central.on_connect(lambda station: register(station, raises))

    return put


PLACES: Final[dict[str, Place]] = {
    "handler": Place(handler, answer=4),
    "handler, before it awaits": Place(lambda central, raises: handler(central, at_first(raises)), answer=4),
    "handler, later": Place(lambda central, raises: handler(central, afterwards(raises)), answer=4),
    "awaitable": Place(awaitable, answer=4),
    "middleware": Place(middleware, answer=4),
    "mapping of errors": Place(mapping, answer=4),
    "value of the answer": Place(value, BOOT, answer=4),
    "details of an error": Place(details, answer=4),
    "logger": Place(logger, answer=4),
    "store": Place(store, BOOT, answer=4),
    "store, later": Place(lambda central, raises: store(central, afterwards(raises)), BOOT, answer=4),
    "load": Place(load),
    "load, later": Place(lambda central, raises: load(central, afterwards(raises))),
    "after": Place(lambda central, raises: central.after(v16.DataTransferRequest)(raises)),
    "after, later": Place(lambda central, raises: central.after(v16.DataTransferRequest)(afterwards(raises))),
    "on_connect": Place(hook("on_connect")),
    "on_connect, later": Place(lambda central, raises: central.on_connect(afterwards(raises))),
    "on_any": Place(hook("on_any")),
    "on_any, later": Place(lambda central, raises: central.on_any(afterwards(raises))),
    "on_any of a station": Place(of_station(lambda station, raises: station.on_any(raises))),
    "on_frame": Place(hook("on_frame")),
    "on_frame, later": Place(lambda central, raises: central.on_frame(afterwards(raises))),
    "on_fault": Place(hook("on_fault"), [2, "1", "Nonsense", {}], answer=4),
    "on_fault, later": Place(
        lambda central, raises: central.on_fault(afterwards(raises)), [2, "1", "Nonsense", {}], answer=4
    ),
    "predicate": Place(of_station(lambda station, raises: station.expect(v16.DataTransferRequest, raises))),
    "truth of a predicate": Place(
        of_station(
            lambda station, raises: station.expect(
                v16.DataTransferRequest, lambda _: type("Bad", (), {"__bool__": raises})()
            )
        )
    ),
}


@pytest.mark.parametrize("name", PLACES)
@scenario
async def test_no_exception_mutes_a_station(name: str, caplog: pytest.LogCaptureFixture) -> None:
    place = PLACES[name]
    for kind in KINDS:
        central = central_system()
        central.on(v16.DataTransferRequest)(give(TRANSFERRED))
        place.put(central, raising(kind))
        async with serving(central) as site:
            peer, station = await site.station()
            peer.send(place.sent)
            assert (await peer.message())[:2] == [place.answer, "1"], kind
            await lives(peer)
            assert station.connected
    caplog.clear()


@pytest.mark.parametrize("kind", KINDS)
@scenario
async def test_a_check_that_raises_ends_its_call_alone(kind: type[BaseException]) -> None:
    async with serving() as site:
        peer, station = await site.station()
        calling = asyncio.create_task(station.call(v16.ClearCacheRequest(), check=raising(kind)))
        await answered(peer)
        [outcome] = await asyncio.gather(calling, return_exceptions=True)
        assert type(outcome) is (kind if kind is RuntimeError else RuntimeError)
        await lives(peer)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@scenario
async def test_a_SEND_that_raises_does_no_harm(
    kind: type[BaseException], later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    raises = raising(kind)
    async with serving() as site:
        site.central.on(v21.NotifyPeriodicEventStreamRequest)(afterwards(raises) if later else raises)
        site.central.on(v21.HeartbeatRequest)(give(v21.HeartbeatResponse(current_time=HEARTBEAT.current_time)))
        peer = await site.peer(subprotocols="ocpp2.1")
        peer.send([6, "1", "NotifyPeriodicEventStream", STREAM])
        await lives(peer)
    caplog.clear()


STREAM: Final = {"id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 1, "v": "x"}]}
