"""The station that is built in docs/build_a_station.md, its EVSE behind a serial line."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ocpp_fast import v16

from ..cli.programs import in_time, program
from ..simulator.csms import Commanded, Csms
from ..sources import ROOT

FOLDER = ROOT / "examples/meter_station"


def test_the_page_shows_the_program() -> None:
    code = (FOLDER / "station.py").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "build_a_station.md").read_text("utf-8"), re.S)
    assert len(blocks) > 3
    for block in blocks:
        assert without_spaces(block) in without_spaces(code)


def without_spaces(code: str) -> str:
    """Return code as it is however far it is indented."""
    return "".join(code.split())


def profile(amperes: float) -> v16.ChargingProfile:
    period = v16.ChargingSchedulePeriod(start_period=0, limit=amperes)
    return v16.ChargingProfile(
        charging_profile_id=1,
        stack_level=0,
        charging_profile_purpose=v16.ChargingProfilePurposeType.TX_PROFILE,
        charging_profile_kind=v16.ChargingProfileKindType.ABSOLUTE,
        charging_schedule=v16.ChargingSchedule(
            start_schedule=datetime.now(UTC),
            charging_rate_unit=v16.ChargingRateUnitType.A,
            charging_schedule_period=[period],
        ),
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_it_charges_as_it_is_told_and_loses_nothing(tmp_path: Path) -> None:
    @in_time
    async def charge() -> None:
        csms = Csms("1.6")
        async with csms.serve() as server, program(str(FOLDER / "serial_evse.py")) as evse:
            device = (await evse.line("(/.*)$"))[1]
            arguments = [str(FOLDER / "station.py"), server.url, device, str(tmp_path / "queue")]
            async with program(*arguments) as station:
                await csms.next_status(1, "Available")
                calls = csms["METER1"].v16
                for key, value, status in (
                    ("MeterValueSampleInterval", "0.1", "Accepted"),
                    ("WebSocketPingInterval", "-1", "Rejected"),
                    ("AuthorizationKey", "00" * 20, "Accepted"),
                    ("Unheard", "1", "NotSupported"),
                ):
                    assert (await calls.change_configuration(key=key, value=value)).status == status
                commanded = Commanded(calls, csms, v16)
                number = await commanded.charge()
                assert await commanded.start(1) == "Rejected"
                answer = await calls.set_charging_profile(connector_id=1, cs_charging_profiles=profile(10.0))
                assert answer.status == "Accepted"
                while (
                    power := (await csms.next(v16.MeterValuesRequest)).meter_value[0].sampled_value[1].value
                ) != "6900":
                    assert power == "22080"
                assert await commanded.stop(number) == "Accepted"
                stopped = await csms.next(v16.StopTransactionRequest, transaction_id=number)
                assert stopped.meter_stop > 0
                assert await commanded.start(1) == "Accepted"
                number = (await csms.next(v16.MeterValuesRequest, transaction_id=2)).transaction_id
                await station.kill()
            async with program(*arguments):
                stopped = await csms.next(v16.StopTransactionRequest, transaction_id=number)
                assert stopped.reason is v16.Reason.POWER_LOSS

    charge()
