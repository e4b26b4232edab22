"""What `ocpp-fast serve` answers stations of each version, and what it prints of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_fast import CentralSystem, ChargePoint, NoAuth
from ocpp_fast.cli.answers import answers_of
from ocpp_fast.cli.console import Console
from ocpp_fast.cli.traffic import Traffic

from ..simulator.csms import MODULES
from .programs import in_time

NOW = datetime.now(UTC)


class Lines(Console):
    """Keeps what would be printed."""

    def __init__(self) -> None:
        super().__init__(quiet=False)
        self.printed: list[str] = []

    def say(self, line: str, most: int = 0) -> None:
        self.printed.append(line)


@asynccontextmanager
async def calls(number: str, lines: Lines) -> AsyncIterator[Any]:
    """The shortcuts of a station that is connected to the answers of `serve`."""
    version = MODULES[number]
    central = CentralSystem(auth=NoAuth(), versions=[version])
    central.include(answers_of(number, lines, 77)[1])
    async with central.serve() as server, ChargePoint("CP001", server.url, versions=[version]) as station:
        yield getattr(station, version.__name__.rpartition(".")[2])


@pytest.mark.parametrize("number", list(MODULES))
@in_time
async def test_a_station_is_answered_sensibly(number: str) -> None:
    ocpp = MODULES[number]
    async with calls(number, Lines()) as csms:
        if number == "1.6":
            boot = await csms.boot_notification(charge_point_vendor="V", charge_point_model="M")
            token = (await csms.authorize(id_tag="TAG")).id_tag_info
        else:
            about = ocpp.ChargingStationType(model="M", vendor_name="V")
            boot = await csms.boot_notification(charging_station=about, reason=ocpp.BootReasonEnumType.POWER_UP)
            token = (await csms.authorize(id_token=ocpp.IdTokenType(id_token="TAG", type="Central"))).id_token_info
        assert (boot.status, boot.interval, token.status) == ("Accepted", 77, "Accepted")
        assert (await csms.data_transfer(vendor_id="com.example")).status == "UnknownVendorId"
        assert (await csms.sign_certificate(csr="x")).status == "Rejected"


@pytest.mark.parametrize("number", ["2.0.1", "2.1"])
@in_time
async def test_a_transaction_costs_what_its_energy_does_and_gaps_are_told(number: str) -> None:
    ocpp = MODULES[number]
    kind, reason = ocpp.TransactionEventEnumType, ocpp.TriggerReasonEnumType.TRIGGER

    def energy(value: float, unit: str) -> Any:
        sample = ocpp.SampledValueType(value=value, unit_of_measure=ocpp.UnitOfMeasureType(unit=unit))
        return [ocpp.MeterValueType(timestamp=NOW, sampled_value=[sample])]

    lines = Lines()
    async with calls(number, lines) as csms:

        async def event(transaction: str, what: Any, seq_no: int, **fields: Any) -> Any:
            return await csms.transaction_event(
                event_type=what,
                trigger_reason=reason,
                timestamp=NOW,
                seq_no=seq_no,
                transaction_info=ocpp.TransactionType(transaction_id=transaction),
                **fields,
            )

        token = ocpp.IdTokenType(id_token="TAG", type="Central")
        started = await event("A", kind.STARTED, 0, id_token=token, meter_value=energy(500, "Wh"))
        assert (started.id_token_info.status, started.total_cost) == ("Accepted", None)
        updated = await event("A", kind.UPDATED, 1, meter_value=energy(10.5, "kWh"))
        assert (updated.id_token_info, updated.total_cost) == (None, 3.0)
        assert (await event("A", kind.UPDATED, 2)).total_cost is None
        await event("A", kind.ENDED, 5, meter_value=energy(500, "Wh"))
        await event("A", kind.ENDED, 5)
        assert lines.printed == [
            "CP001: of transaction A the events 3 to 4 are missing",
            "CP001 tells of transaction A, of which the start is not known",
        ]


def test_messages_that_want_no_answer_and_refused_answers_are_printed() -> None:
    lines = Lines()
    traffic = Traffic(lines)
    traffic.frame("CP001", from_station=True, raw=b'[6,"1","NotifyPeriodicEventStream",{"id":1}]')
    traffic.frame("CP001", from_station=True, raw=b'[5,"2","FormatViolation","odd",{}]')
    assert lines.printed == [
        "CP001 -> NotifyPeriodicEventStream(id=1)",
        "CP001 -> the answer is refused, FormatViolation: odd",
    ]
