"""Tolerance on a socket: what the hooks are told, and that a policy follows what is known of a station."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from ocpp_fast import (
    CentralSystem,
    FieldLength,
    FrameFault,
    Peer,
    Policy,
    Station,
    Tolerance,
    ValidationError,
    habits,
    v16,
)
from ocpp_fast.schema import DataTransfer

from .exchanges import BOOTED, answered
from .harness import HEARTBEAT_JSON, central_system, on_one_loop, scenario, serving, until

ODD = [2, "1", "Heartbeat", {"odd": 1}]
REFUSED = [4, "1", "FormationViolation", "odd: expected no property of this name", {}]
SERVED = [3, "1", HEARTBEAT_JSON]
ABB = Policy(
    tolerate=habits.of(Peer(vendor="abb*", firmware="1.*"), *habits.UNKNOWN_FIELDS),
    lengths=[FieldLength(30, "RemoteStartTransaction", "idTag", Peer(vendor="abb*"))],
)


def boot(vendor: str, firmware: str = "1.8", **more: Any) -> list[Any]:
    fields = {"chargePointVendor": vendor, "chargePointModel": "M", "firmwareVersion": firmware}
    return [2, "b", "BootNotification", fields | more]


def booting(**options: Any) -> CentralSystem:
    """A central system that accepts every BootNotification."""
    central = central_system(**options)
    central.on(v16.BootNotificationRequest)(lambda station, request: BOOTED)
    return central


def watched(**options: Any) -> tuple[CentralSystem, list[Any]]:
    """A central system, and what its hooks of faults and of requests are told."""
    central = booting(**options)
    told: list[Any] = []

    @central.on_fault
    def fault(station: Station, fault: FrameFault) -> None:
        told.append((station.id, fault.mended.path if fault.mended else fault.description, fault.answered))

    central.on_any(lambda station, request: told.append(type(request).__name__))
    return central, told


@pytest.mark.parametrize("straight", [True, False])
@scenario
async def test_what_is_tolerated_is_told_before_the_message_is_handled(
    straight: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ocpp_fast")
    central = central_system(policy=Policy(tolerate=habits.UNKNOWN_FIELDS))
    told: list[Any] = []
    if not straight:
        central.on_any(lambda station, request: told.append("handled"))

    @central.on_fault
    async def fault(station: Station, fault: FrameFault) -> None:
        assert fault.mended is not None
        told.append((fault.mended.old, json.loads(fault.raw), fault.answered))

    async with serving(central) as site:
        peer, _ = await site.station()
        for _ in range(2):
            for message in ([2, "0", "Heartbeat", {}], ODD):
                peer.send(message)
                assert (await peer.message())[0] == 3
        await until(lambda: len(told) == (2 if straight else 6))
        assert [each for each in told if each != "handled"] == [("1", ODD, False)] * 2
    levels = {record.levelno for record in caplog.records if "tolerated" in record.getMessage()}
    assert levels == {logging.DEBUG}


@scenario
async def test_vendor_and_firmware_count_from_the_boot_notification_on_and_after_a_reconnect() -> None:
    async with serving(booting(policy=ABB)) as site:
        for vendor, firmware, answer in (("ABB", "1.8", SERVED), ("Alfen", "1.8", REFUSED), ("ABB", "2.0", REFUSED)):
            peer, station = await site.station()
            peer.send(boot(vendor, firmware))
            assert await peer.message() == [3, "b", BOOTED.to_dict()]
            peer.send(ODD)
            assert await peer.message() == answer
            peer.abort()
            await station.wait_closed()
            peer, station = await site.station()
            peer.send(ODD)
            assert await peer.message() == answer
            peer.abort()
            await station.wait_closed()


@scenario
async def test_before_the_boot_notification_only_what_the_handshake_tells_counts() -> None:
    rows = [*habits.of(Peer(identity="CP1"), *habits.UNKNOWN_FIELDS), *ABB.tolerate]
    async with serving(policy=Policy(tolerate=rows)) as site:
        for identity, answer in (("CP1", SERVED), ("CP2", REFUSED)):
            peer, _ = await site.station(identity)
            peer.send(ODD)
            assert await peer.message() == answer


@scenario
async def test_a_boot_notification_is_judged_by_what_it_tells_of_itself_and_the_calls_behind_it_too() -> None:
    central, told = watched(policy=ABB)
    async with serving(central) as site:
        peer, station = await site.station()
        peer.send(boot("ABB", odd=1))
        assert await peer.message() == [3, "b", BOOTED.to_dict()]
        assert told == [("CP1", "odd", False), "BootNotificationRequest"]
        calling = asyncio.ensure_future(station.v16.remote_start_transaction(id_tag="a" * 30))
        await answered(peer)
        assert (await calling).status == "Accepted"
        peer.send(boot("Alfen", odd=1))  # judged by what was known before
        assert await peer.message() == [3, "b", BOOTED.to_dict()]
        peer.send(boot("Alfen", odd=1))
        assert (await peer.message())[2] == "FormationViolation"
        with pytest.raises(ValidationError, match="idTag: expected at most 20 characters"):
            await station.v16.remote_start_transaction(id_tag="a" * 30)
        assert station.policy.lengths == ()


@on_one_loop
async def test_a_function_of_a_policy_that_raises_is_logged_and_nothing_is_tolerated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(peer: Peer) -> bool:
        raise LookupError("no database")

    async with serving(booting(policy=Policy(tolerate=habits.of(fails, *habits.UNKNOWN_FIELDS)))) as site:
        peer, _ = await site.station()
        peer.send(boot("ABB"))
        assert await peer.message() == [3, "b", BOOTED.to_dict()]
        peer.send(ODD)
        assert await peer.message() == REFUSED
    assert [record.getMessage() for record in caplog.records] == ["CP1: the policy failed"] * 2
    caplog.clear()


@on_one_loop
async def test_a_policy_that_depends_on_no_peer_remembers_none() -> None:
    async with serving(booting(policy=Policy(lenient=True))) as site:
        peer, station = await site.station()
        given = station.policy
        peer.send(boot("ABB"))
        assert await peer.message() == [3, "b", BOOTED.to_dict()]
        assert station.policy is given
        assert site.central._runtime.peers == {}


class Price(DataTransfer[None], vendor_id="V", message_id="M"):
    """A vendor's message."""

    price: int


@on_one_loop
async def test_what_is_tolerated_in_a_vendors_message_is_told() -> None:
    rows = [Tolerance("number_as_text", "DataTransfer", "data.price"), Tolerance("unknown_field", "Reset")]
    central, told = watched(policy=Policy(tolerate=rows))
    prices: list[int] = []
    central.on(Price)(lambda station, message: prices.append(message.price))
    async with serving(central) as site:
        peer, _ = await site.station()
        for data, status in (('{"price":"7"}', 3), ('{"price":"7","x":1}', 4)):
            peer.send([2, "1", "DataTransfer", {"vendorId": "V", "messageId": "M", "data": data}])
            assert (await peer.message())[0] == status
        assert prices == [7]
        assert told == ["DataTransferRequest", ("CP1", "data.price", False), "DataTransferRequest"]
