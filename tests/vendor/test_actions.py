"""A vendor's own actions: declared by the user, and treated as OCPP's own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import pytest

from ocpp_fast import (
    ChargePoint,
    InvalidResult,
    Station,
    UnhandledActions,
    ValidationError,
    VersionMismatch,
    on,
    v16,
    v201,
)
from ocpp_fast.schema import BOTH, STATION, Notification, Profile, Request, Response, Str3, Version
from ocpp_fast.testing import Pair

from ..aio.harness import on_one_loop
from .exchange import VERSIONS, central_system, connected, every_version, in_every_version, spelled


class Program(StrEnum):
    SHORT = "Short"
    LONG = "Long"


class WashResponse(Response):
    done_at: datetime


class WashRequest(Request[WashResponse], action="Wash", sender=BOTH):
    program: Program
    brushes: int
    foam: Str3 | None = None


class RinseResponse(Response):
    """Says nothing."""


class RinseRequest(Request[RinseResponse], action="Rinse", sender=STATION):
    """Goes one way only."""


class DripNotification(Notification, action="Drip", sender=STATION):
    drops: int


CAR_WASH: Final = Profile("CarWash", [WashRequest, RinseRequest, DripNotification])
WASH: Final = WashRequest(program=Program.LONG, brushes=4)
WASH_JSON: Final = b'{"program":"Long","brushes":4}'
DONE: Final = WashResponse(done_at=datetime(2026, 1, 1, tzinfo=UTC))


def extended(number: str) -> Version:
    version: Version = VERSIONS[number].VERSION
    return version.extended(CAR_WASH)


def test_extended_version_is_another_one_with_more_actions() -> None:
    version = extended("2.0.1")
    assert (version.number, version.subprotocol) == ("2.0.1", "ocpp2.0.1")
    assert version.profiles == (*v201.VERSION.profiles, CAR_WASH)
    assert version.actions.keys() - v201.VERSION.actions.keys() == {"Wash", "Rinse", "Drip"}
    assert version.central_shortcuts is v201.VERSION.central_shortcuts
    assert version.extended().actions == version.actions
    assert "Wash" not in v201.VERSION.actions


@pytest.mark.parametrize(("version", "action"), [(v16.VERSION, "Heartbeat"), (extended("2.1"), "Wash")])
def test_action_that_is_there_already_is_refused(version: Version, action: str) -> None:
    class Odd(Request[WashResponse], action=action, sender=STATION):
        pass

    with pytest.raises(ValueError, match=f"^OCPP {version.number} declares {action} twice$"):
        version.extended(Profile("Odd", [Odd]))


@in_every_version
async def test_both_sides_send_and_handle_an_own_action(number: str) -> None:
    async def wash(station: Station, request: WashRequest) -> WashResponse:
        assert request == WASH
        return await station.call(request)

    async with connected(central_system({WashRequest: wash}, versions=[extended(number)]), extended(number)) as station:
        station.on(WashRequest)(lambda request: DONE if request == WASH else WashResponse(done_at=datetime.min))
        assert await station.call(WASH) == DONE


@pytest.mark.parametrize(
    ("wash", "code", "description"),
    [
        (b'{"program":"Long","brushes":"4"}', "TypeConstraintViolation", "brushes: expected integer"),
        (b'{"program":"Tiny","brushes":4}', "PropertyConstraintViolation", "program: expected one of Short, Long"),
        (b'{"program":"Long","brushes":4,"x":1}', "FormatViolation", "x: expected no property of this name"),
    ],
    ids=["type", "enum", "unknown key"],
)
@every_version
def test_faults_in_an_own_action_are_answered_as_any_other(
    number: str, wash: bytes, code: str, description: str
) -> None:
    pair = Pair(extended(number))
    pair.central.receive(b'[2,"1","Wash",%b]' % wash)
    assert pair.central.in_transit == [f'[4,"1","{spelled(number, code)}","{description}",{{}}]'.encode()]


@every_version
def test_own_action_goes_the_way_it_is_declared_and_is_unknown_without_the_extension(number: str) -> None:
    pair, plain = Pair(extended(number)), Pair(VERSIONS[number].VERSION)
    pair.station.receive(b'[2,"1","Rinse",{}]')
    assert b'"NotSupported","Rinse is not sent in this direction"' in pair.station.in_transit[0]
    plain.central.receive(b'[2,"1","Wash",%b]' % WASH_JSON)
    assert b'"NotImplemented"' in plain.central.in_transit[0]


@every_version
def test_own_action_in_frames(number: str) -> None:
    pair = Pair(extended(number))
    call = pair.station.call(WASH)
    assert pair.station.in_transit == [b'[2,"1","Wash",%b]' % WASH_JSON]
    pair.station.deliver()
    assert pair.central.handling is not None and pair.central.handling.payload == WASH
    pair.central.answer(DONE)
    assert pair.central.in_transit == [b'[3,"1",{"doneAt":"2026-01-01T00:00:00.000Z"}]']
    pair.central.deliver()
    assert pair.station.outcome(call) == DONE


@every_version
def test_invalid_own_action_raises_before_a_byte_is_sent_and_an_invalid_result_ends_the_call(number: str) -> None:
    pair = Pair(extended(number))
    with pytest.raises(ValidationError, match="foam: expected at most 3 characters"):
        pair.station.call(WASH.replace(foam="a lot"))
    assert pair.station.in_transit == []
    call = pair.station.call(WASH, unique_id="1")
    pair.station.receive(b'[3,"1",{"doneAt":"soon"}]')
    outcome = pair.station.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert outcome.path == "doneAt"


@every_version
def test_handlers_of_a_vendors_profile_are_checked_for_completeness(number: str) -> None:
    class Half:
        @on(WashRequest)
        def wash(self, station: Station, request: WashRequest) -> WashResponse:
            return DONE

    with pytest.raises(UnhandledActions) as caught:
        central_system(versions=[extended(number)]).include(Half(), profile=CAR_WASH)
    assert (caught.value.profile, caught.value.actions) == ("CarWash", ("Rinse",))
    with pytest.raises(TypeError, match=r"Half.wash: expected a handler that takes \(request\)"):
        ChargePoint("CP1", "ws://localhost", versions=[extended(number)]).include(Half(), profile=CAR_WASH)


@on_one_loop
async def test_own_send_of_21() -> None:
    heard: asyncio.Future[DripNotification] = asyncio.get_running_loop().create_future()
    central = central_system(
        {DripNotification: lambda station, drip: heard.set_result(drip)}, versions=[extended("2.1")]
    )
    async with connected(central, extended("2.1")) as station:
        station.send(DripNotification(drops=3))
        assert await heard == DripNotification(drops=3)
        with pytest.raises(ValidationError, match="drops: expected integer"):
            station.send(DripNotification(drops="3"))  # type: ignore[arg-type]  # meant


@pytest.mark.parametrize("number", ["1.6", "2.0.1"])
@on_one_loop
async def test_own_send_before_21_mismatches(number: str) -> None:
    async with connected(central_system(versions=[extended(number)]), extended(number)) as station:
        with pytest.raises(VersionMismatch):
            station.send(DripNotification(drops=3))
