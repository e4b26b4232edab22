"""The commands of OCPP 1.6 to a simulated station: what it answers, what it keeps, and what it sends then."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ocpp_fast import Direction, Station, v16

from ..cli.programs import in_time
from .central import Central, commanded, station_of_16
from .recorder import CERTIFICATE, LOCATION

Purpose = v16.ChargingProfilePurposeType
Status = v16.ChargePointStatus
Trigger = v16.MessageTrigger
ExtendedTrigger = v16.MessageTriggerEnumType

PAST = datetime(2020, 1, 1, tzinfo=UTC)
ROOT = v16.CertificateUseEnumType.CENTRAL_SYSTEM_ROOT_CERTIFICATE


def profile(
    number: int, purpose: Purpose, limit: float, *, stack_level: int = 0, transaction_id: int | None = None
) -> v16.ChargingProfile:
    return v16.ChargingProfile(
        charging_profile_id=number,
        transaction_id=transaction_id,
        stack_level=stack_level,
        charging_profile_purpose=purpose,
        charging_profile_kind=v16.ChargingProfileKindType.RELATIVE,
        charging_schedule=v16.ChargingSchedule(
            charging_rate_unit=v16.ChargingRateUnitType.A,
            charging_schedule_period=[v16.ChargingSchedulePeriod(start_period=0, limit=limit)],
        ),
    )


# Core


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValueSampleInterval", "5", "Accepted"),
        ("metervaluesampleinterval", "5", "Accepted"),
        ("MeterValueSampleInterval", "-5", "Rejected"),
        ("MeterValueSampleInterval", "often", "Rejected"),
        ("LocalPreAuthorize", "TRUE", "Accepted"),
        ("LocalPreAuthorize", "yes", "Rejected"),
        ("MeterValuesSampledData", "Voltage, Current.Import", "Accepted"),
        ("MeterValuesSampledData", "Weather", "Rejected"),
        ("NumberOfConnectors", "3", "Rejected"),
        ("Nonsense", "3", "NotSupported"),
    ],
)
@in_time
async def test_a_configuration_key_takes_what_fits(key: str, value: str, status: str) -> None:
    async with station_of_16() as (station, _):
        assert (await station.v16.change_configuration(key=key, value=value)).status == status
        read = await station.v16.get_configuration(key=[key])
        if status == "NotSupported":
            assert read.unknown_key == [key]
        else:
            assert read.configuration_key is not None
            assert (read.configuration_key[0].value == value) is (status == "Accepted")


@commanded
async def test_all_keys_are_listed_and_the_password_is_not_shown(station: Station, central: Central) -> None:
    await station.v16.change_configuration(key="AuthorizationKey", value="00" * 20)
    listed = (await station.v16.get_configuration()).configuration_key
    assert listed is not None
    values = {each.key: each.value for each in listed}
    assert len(values) > 30
    assert values["NumberOfConnectors"] == "2"
    assert values["AuthorizationKey"] is None


@commanded
async def test_a_remote_start_charges_until_the_remote_stop(station: Station, central: Central) -> None:
    start, stop = station.v16.remote_start_transaction, station.v16.remote_stop_transaction
    assert (await start(id_tag="TAG", connector_id=2)).status == "Accepted"
    await central.next_status(2, Status.CHARGING)
    assert (await start(id_tag="TAG", connector_id=2)).status == "Rejected"
    assert (await start(id_tag="TAG", connector_id=3)).status == "Rejected"
    await central.next(v16.MeterValuesRequest, connector_id=2, transaction_id=1)
    assert (await stop(transaction_id=2)).status == "Rejected"
    assert (await stop(transaction_id=1)).status == "Accepted"
    await central.next(v16.StopTransactionRequest, transaction_id=1, reason=v16.Reason.REMOTE)
    await central.next_status(2, Status.AVAILABLE)
    assert "Authorize" not in {each.__action__.name for each in central.received}


@commanded
async def test_a_remote_start_asks_first_when_configured_so(station: Station, central: Central) -> None:
    await station.v16.change_configuration(key="AuthorizeRemoteTxRequests", value="true")
    await station.v16.remote_start_transaction(id_tag="TAG")
    await central.next(v16.AuthorizeRequest, id_tag="TAG")
    await central.next_status(1, Status.CHARGING)


@commanded
async def test_unlocking_stops_the_transaction(station: Station, central: Central) -> None:
    await station.v16.remote_start_transaction(id_tag="TAG", connector_id=1)
    await central.next_status(1, Status.CHARGING)
    assert (await station.v16.unlock_connector(connector_id=3)).status == "NotSupported"
    assert (await station.v16.unlock_connector(connector_id=1)).status == "Unlocked"
    await central.next(v16.StopTransactionRequest, reason=v16.Reason.UNLOCK_COMMAND)


@commanded
async def test_availability_changes_now_or_after_the_transaction(station: Station, central: Central) -> None:
    change, kind = station.v16.change_availability, v16.AvailabilityType
    await station.v16.remote_start_transaction(id_tag="TAG", connector_id=1)
    await central.next_status(1, Status.CHARGING)
    assert (await change(connector_id=3, type=kind.INOPERATIVE)).status == "Rejected"
    assert (await change(connector_id=2, type=kind.INOPERATIVE)).status == "Accepted"
    await central.next_status(2, Status.UNAVAILABLE)
    assert (await change(connector_id=0, type=kind.INOPERATIVE)).status == "Scheduled"
    await central.next_status(0, Status.UNAVAILABLE)
    await station.v16.remote_stop_transaction(transaction_id=1)
    await central.next_status(1, Status.UNAVAILABLE)
    assert (await station.v16.remote_start_transaction(id_tag="TAG")).status == "Rejected"
    assert (await change(connector_id=0, type=kind.OPERATIVE)).status == "Accepted"
    await central.next_status(1, Status.AVAILABLE)


# Reservation


@commanded
async def test_a_reserved_connector_charges_only_for_its_id_tag(station: Station, central: Central) -> None:
    start = station.v16.remote_start_transaction
    assert await reserve(station, 7, "MINE") == "Accepted"
    await central.next_status(1, Status.RESERVED)
    assert await reserve(station, 8, "OTHER") == "Occupied"
    assert (await start(id_tag="OTHER", connector_id=1)).status == "Rejected"
    assert (await start(id_tag="MINE", connector_id=1)).status == "Accepted"
    await central.next(v16.StartTransactionRequest, id_tag="MINE", reservation_id=7)
    assert (await station.v16.cancel_reservation(reservation_id=7)).status == "Rejected"


async def reserve(station: Station, number: int, id_tag: str) -> str:
    later = datetime.now(UTC) + timedelta(minutes=1)
    call = station.v16.reserve_now(connector_id=1, expiry_date=later, id_tag=id_tag, reservation_id=number)
    return (await call).status


# The local list


@commanded
async def test_the_local_list_keeps_its_version(station: Station, central: Central) -> None:
    entry = v16.AuthorizationData(id_tag="A", id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED))
    send, kind = station.v16.send_local_list, v16.UpdateType
    sent = await send(list_version=5, update_type=kind.FULL, local_authorization_list=[entry])
    assert sent.status == "Accepted"
    assert (await send(list_version=5, update_type=kind.DIFFERENTIAL)).status == "VersionMismatch"
    assert (await station.v16.get_local_list_version()).list_version == 5
    await station.v16.change_configuration(key="LocalAuthListEnabled", value="false")
    assert (await send(list_version=7, update_type=kind.FULL)).status == "NotSupported"


# Smart charging


@commanded
async def test_the_current_follows_the_charging_profiles(station: Station, central: Central) -> None:
    install = station.v16.set_charging_profile
    transaction = profile(1, Purpose.TX_PROFILE, 10.0)
    refused = await install(connector_id=1, cs_charging_profiles=transaction)
    assert refused.status == "Rejected"
    await station.v16.remote_start_transaction(id_tag="TAG", connector_id=1, charging_profile=transaction)
    assert await amperes(central) == 10.0
    ceiling = profile(2, Purpose.CHARGE_POINT_MAX_PROFILE, 6.0)
    assert (await install(connector_id=0, cs_charging_profiles=ceiling)).status == "Accepted"
    while await amperes(central) != 6.0:
        pass
    pause = profile(3, Purpose.TX_PROFILE, 0.0, stack_level=1, transaction_id=1)
    assert (await install(connector_id=1, cs_charging_profiles=pause)).status == "Accepted"
    await central.next_status(1, Status.SUSPENDED_EVSE)
    assert (await station.v16.clear_charging_profile(id=3)).status == "Accepted"
    await central.next_status(1, Status.CHARGING)
    await station.v16.remote_stop_transaction(transaction_id=1)
    await central.next_status(1, Status.AVAILABLE)
    assert (await station.v16.clear_charging_profile(id=1)).status == "Unknown"
    assert (await station.v16.clear_charging_profile()).status == "Accepted"


@commanded
async def test_the_composite_schedule_is_told(station: Station, central: Central) -> None:
    default, composite = profile(1, Purpose.TX_DEFAULT_PROFILE, 8.5), station.v16.get_composite_schedule
    await station.v16.set_charging_profile(connector_id=0, cs_charging_profiles=default)
    answer = await composite(connector_id=2, duration=60)
    assert (answer.status, answer.connector_id) == ("Accepted", 2)
    assert answer.charging_schedule == default.charging_schedule.replace(duration=60)
    assert (await composite(connector_id=3, duration=60)).status == "Rejected"


async def amperes(central: Central) -> float:
    reading = await central.next(v16.MeterValuesRequest)
    current = [each for each in reading.meter_value[0].sampled_value if each.measurand is v16.Measurand.CURRENT_IMPORT]
    return float(current[0].value)


# Triggers


@pytest.mark.parametrize("wanted", list(Trigger))
@in_time
async def test_a_message_that_is_asked_for_comes_after_the_answer(wanted: Trigger) -> None:
    async with station_of_16() as (station, central):
        frames: list[bytes] = []

        @central.on_frame
        def arrived(direction: Direction, _: object, raw: bytes) -> None:
            if direction is Direction.IN:
                frames.append(raw)

        answer = await station.v16.trigger_message(requested_message=wanted, connector_id=2)
        assert answer.status == "Accepted"
        sent = await central.next(v16.VERSION.actions[wanted].request)
        assert getattr(sent, "connector_id", 2) == 2
        assert [frame[:2] for frame in frames] == [b"[3", b"[2"]
        refused = await station.v16.trigger_message(requested_message=wanted, connector_id=3)
        assert refused.status == "Rejected"


@pytest.mark.parametrize("wanted", list(ExtendedTrigger))
@in_time
async def test_so_does_one_of_the_security_extension(wanted: ExtendedTrigger) -> None:
    actions = {
        ExtendedTrigger.SIGN_CHARGE_POINT_CERTIFICATE: "SignCertificate",
        ExtendedTrigger.FIRMWARE_STATUS_NOTIFICATION: "SignedFirmwareStatusNotification",
    }

    async with station_of_16() as (station, central):
        answer = await station.v16.extended_trigger_message(requested_message=wanted)
        assert answer.status == "Accepted"
        await central.next(v16.VERSION.actions[actions.get(wanted, wanted)].request)


# Firmware, diagnostics and logs


@commanded
async def test_an_update_and_an_upload_tell_how_far_they_are(station: Station, central: Central) -> None:
    await station.v16.update_firmware(location=LOCATION, retrieve_date=PAST)
    for stage in ("Downloading", "Downloaded", "Installing", "Installed"):
        await central.next(v16.FirmwareStatusNotificationRequest, status=stage)
    assert (await station.v16.get_diagnostics(location=LOCATION)).file_name == "diagnostics.log"
    for upload in ("Uploading", "Uploaded"):
        await central.next(v16.DiagnosticsStatusNotificationRequest, status=upload)


@commanded
async def test_a_log_is_uploaded_and_a_newer_request_takes_its_place(station: Station, central: Central) -> None:
    for number, status in ((1, "Accepted"), (2, "AcceptedCanceled")):
        answer = await station.v16.get_log(
            log=v16.LogParametersType(remote_location=LOCATION),
            log_type=v16.LogEnumType.SECURITY_LOG,
            request_id=number,
        )
        assert (answer.status, answer.filename) == (status, f"SecurityLog-{number}.log")
    for stage in ("Uploading", "Uploaded"):
        await central.next(v16.LogStatusNotificationRequest, status=stage, request_id=2)


@commanded
async def test_a_signed_update_is_verified_scheduled_and_installed(station: Station, central: Central) -> None:
    firmware = v16.FirmwareType(
        location=LOCATION,
        retrieve_date_time=PAST,
        install_date_time=datetime.now(UTC) + timedelta(seconds=0.3),
        signing_certificate=CERTIFICATE,
        signature="c2ln",
    )
    update = station.v16.signed_update_firmware
    refused = await update(request_id=3, firmware=firmware.replace(signing_certificate="none"))
    assert refused.status == "InvalidCertificate"
    assert (await update(request_id=4, firmware=firmware)).status == "Accepted"
    for stage in ("Downloading", "Downloaded", "SignatureVerified", "InstallScheduled", "Installing", "Installed"):
        await central.next(v16.SignedFirmwareStatusNotificationRequest, status=stage, request_id=4)


# Certificates


@commanded
async def test_certificates_are_installed_listed_and_deleted(station: Station, central: Central) -> None:
    install, listed = station.v16.install_certificate, station.v16.get_installed_certificate_ids
    assert (await listed(certificate_type=ROOT)).status == "NotFound"
    assert (await install(certificate_type=ROOT, certificate="none")).status == "Rejected"
    assert (await install(certificate_type=ROOT, certificate=CERTIFICATE)).status == "Accepted"
    assert (await install(certificate_type=ROOT, certificate=CERTIFICATE)).status == "Accepted"
    hashes = (await listed(certificate_type=ROOT)).certificate_hash_data
    assert hashes is not None
    assert len(hashes) == 1
    delete = station.v16.delete_certificate
    assert (await delete(certificate_hash_data=hashes[0])).status == "Accepted"
    assert (await delete(certificate_hash_data=hashes[0])).status == "NotFound"
    signed = station.v16.certificate_signed
    assert (await signed(certificate_chain=CERTIFICATE * 2)).status == "Accepted"
    assert (await signed(certificate_chain="none")).status == "Rejected"


@commanded
async def test_meter_values_may_be_asked_for_before_the_transaction_has_an_id(
    station: Station, central: Central
) -> None:
    started, asked = asyncio.Event(), asyncio.Event()

    @central.on(v16.StartTransactionRequest)
    async def start(_: Station, request: v16.StartTransactionRequest) -> v16.StartTransactionResponse:
        started.set()
        await asked.wait()
        info = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
        return v16.StartTransactionResponse(id_tag_info=info, transaction_id=-1)

    await station.v16.remote_start_transaction(id_tag="TAG", connector_id=1)
    await started.wait()
    await station.v16.trigger_message(requested_message=Trigger.METER_VALUES, connector_id=1)
    asked.set()
    await central.next(v16.MeterValuesRequest, transaction_id=None)
    await central.next(v16.MeterValuesRequest, transaction_id=-1)
