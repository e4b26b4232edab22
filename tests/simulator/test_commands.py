"""The commands of OCPP 1.6 to a simulated station: what it answers, what it keeps, and what it sends then."""

from __future__ import annotations

import asyncio
from typing import Any

from ocpp_fast import Station, v16

from ..smart_charging.profiles import Kind, Purpose, profile
from .csms import LOCATION, PAST, Commanded, in_16

Status = v16.ChargePointStatus
RELATIVE: dict[str, Any] = {"kind": Kind.RELATIVE, "start": None}


# Core


@in_16
async def test_a_configuration_key_takes_what_fits(station: Commanded) -> None:
    cases = {
        ("MeterValueSampleInterval", "5"): "Accepted",
        ("metervaluesampleinterval", "6"): "Accepted",
        ("MeterValueSampleInterval", "-5"): "Rejected",
        ("MeterValueSampleInterval", "often"): "Rejected",
        ("LocalPreAuthorize", "TRUE"): "Accepted",
        ("LocalPreAuthorize", "yes"): "Rejected",
        ("MeterValuesSampledData", "Voltage, Current.Import"): "Accepted",
        ("MeterValuesSampledData", "Weather"): "Rejected",
        ("NumberOfConnectors", "3"): "Rejected",
        ("Nonsense", "3"): "NotSupported",
    }
    for (key, value), status in cases.items():
        assert await station.set(key, value=value) == status, (key, value)
        found, present = await station.get(key)
        assert found == ("UnknownVariable" if status == "NotSupported" else "Accepted")
        assert (present == value) is (status == "Accepted")


@in_16
async def test_all_keys_are_listed_and_the_password_is_not_shown(station: Commanded) -> None:
    await station.set("AuthorizationKey", value="00" * 20)
    listed = (await station.calls.get_configuration()).configuration_key
    values = {each.key: each.value for each in listed}
    assert len(values) > 30
    assert values["NumberOfConnectors"] == "2"
    assert values["AuthorizationKey"] is None


@in_16
async def test_a_remote_start_charges_until_the_remote_stop(station: Commanded) -> None:
    csms = station.csms
    assert await station.start(2) == "Accepted"
    await csms.next_status(2, Status.CHARGING)
    await csms.next(v16.MeterValuesRequest, connector_id=2, transaction_id=1)
    assert await station.stop(2) == "Rejected"
    assert await station.stop(1) == "Accepted"
    await csms.next(v16.StopTransactionRequest, transaction_id=1, reason=v16.Reason.REMOTE)
    await csms.next_status(2, Status.AVAILABLE)
    assert "Authorize" not in csms.told()


@in_16
async def test_unlocking_stops_the_transaction(station: Commanded) -> None:
    await station.charge()
    assert (await station.calls.unlock_connector(connector_id=3)).status == "NotSupported"
    assert (await station.calls.unlock_connector(connector_id=1)).status == "Unlocked"
    await station.csms.next(v16.StopTransactionRequest, reason=v16.Reason.UNLOCK_COMMAND)


# Smart charging


@in_16
async def test_the_current_follows_the_charging_profiles(station: Commanded) -> None:
    clear, csms = station.calls.clear_charging_profile, station.csms

    async def install(connector_id: int, installed: v16.ChargingProfile) -> str:
        call = station.calls.set_charging_profile(connector_id=connector_id, cs_charging_profiles=installed)
        return str((await call).status)

    transaction = profile((0, 10.0), purpose=Purpose.TX_PROFILE, **RELATIVE)
    assert await install(1, transaction) == "Rejected"
    await station.start(1, charging_profile=transaction)
    assert await station.amperes() == 10.0
    ceiling = profile((0, 6.0), number=2, purpose=Purpose.CHARGE_POINT_MAX_PROFILE, **RELATIVE)
    assert await install(0, ceiling) == "Accepted"
    await station.flows(6.0)
    pause = profile((0, 0.0), number=3, purpose=Purpose.TX_PROFILE, stack_level=1, transaction_id=1, **RELATIVE)
    assert await install(1, pause) == "Accepted"
    await csms.next_status(1, Status.SUSPENDED_EVSE)
    assert (await clear(id=3)).status == "Accepted"
    await csms.next_status(1, Status.CHARGING)
    await station.stop(1)
    await csms.next_status(1, Status.AVAILABLE)
    assert (await clear(id=1)).status == "Unknown"
    assert (await clear()).status == "Accepted"


@in_16
async def test_the_composite_schedule_is_told(station: Commanded) -> None:
    default, composite = profile((0, 8.5), **RELATIVE), station.calls.get_composite_schedule
    await station.calls.set_charging_profile(connector_id=0, cs_charging_profiles=default)
    answer = await composite(connector_id=2, duration=60)
    assert (answer.status, answer.connector_id) == ("Accepted", 2)
    assert answer.charging_schedule == default.charging_schedule.replace(duration=60)
    assert (await composite(connector_id=3, duration=60)).status == "Rejected"


# Triggers


@in_16
async def test_a_message_of_the_security_extension_may_be_asked_for(station: Commanded) -> None:
    kind = v16.MessageTriggerEnumType
    actions = {
        kind.SIGN_CHARGE_POINT_CERTIFICATE: "SignCertificate",
        kind.FIRMWARE_STATUS_NOTIFICATION: "SignedFirmwareStatusNotification",
    }
    for wanted in kind:
        assert (await station.calls.extended_trigger_message(requested_message=wanted)).status == "Accepted"
        await station.csms.next(v16.VERSION.actions[actions.get(wanted, wanted)].request)


# Firmware and diagnostics


@in_16
async def test_an_update_and_an_upload_tell_how_far_they_are(station: Commanded) -> None:
    await station.calls.update_firmware(location=LOCATION, retrieve_date=PAST)
    for stage in ("Downloading", "Downloaded", "Installing", "Installed"):
        await station.csms.next(v16.FirmwareStatusNotificationRequest, status=stage)
    assert (await station.calls.get_diagnostics(location=LOCATION)).file_name == "diagnostics.log"
    for upload in ("Uploading", "Uploaded"):
        await station.csms.next(v16.DiagnosticsStatusNotificationRequest, status=upload)


@in_16
async def test_meter_values_may_be_asked_for_before_the_transaction_has_an_id(station: Commanded) -> None:
    started, asked = asyncio.Event(), asyncio.Event()

    @station.csms.on(v16.StartTransactionRequest)
    async def start(_: Station, __: v16.StartTransactionRequest) -> v16.StartTransactionResponse:
        started.set()
        await asked.wait()
        return v16.StartTransactionResponse(**station.csms.judged("Accepted"), transaction_id=-1)

    await station.start(1)
    await started.wait()
    await station.calls.trigger_message(requested_message="MeterValues", connector_id=1)
    asked.set()
    await station.csms.next(v16.MeterValuesRequest, transaction_id=None)
    await station.csms.next(v16.MeterValuesRequest, transaction_id=-1)
