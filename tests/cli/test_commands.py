"""The commands of OCPP 1.6 to a simulated station: what it answers, what it keeps, and what it sends then."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocpp_fast import Direction, v16

from .central import Central, commanded
from .payloads import CERTIFICATE, LOCATION
from .programs import PATIENCE

Purpose = v16.ChargingProfilePurposeType
Status = v16.ChargePointStatus
Trigger = v16.MessageTrigger
ExtendedTrigger = v16.MessageTriggerEnumType

PAST = datetime(2020, 1, 1, tzinfo=UTC)
ROOT = v16.CertificateUseEnumType.CENTRAL_SYSTEM_ROOT_CERTIFICATE


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await test

    asyncio.run(bounded())


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
def test_a_configuration_key_takes_what_fits(key: str, value: str, status: str) -> None:
    async def test() -> None:
        async with commanded() as (station, _):
            assert (await station.v16.change_configuration(key=key, value=value)).status == status
            read = await station.v16.get_configuration(key=[key])
            if status == "NotSupported":
                assert read.unknown_key == [key]
            else:
                assert read.configuration_key is not None
                assert (read.configuration_key[0].value == value) is (status == "Accepted")

    run(test())


def test_all_keys_are_listed_and_the_password_is_not_shown() -> None:
    async def test() -> None:
        async with commanded() as (station, _):
            await station.v16.change_configuration(key="AuthorizationKey", value="00" * 20)
            listed = (await station.v16.get_configuration()).configuration_key
            assert listed is not None
            values = {each.key: each.value for each in listed}
            assert len(values) > 30
            assert values["NumberOfConnectors"] == "2"
            assert values["AuthorizationKey"] is None

    run(test())


def test_a_remote_start_charges_until_the_remote_stop() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
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

    run(test())


def test_a_remote_start_asks_first_when_configured_so() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
            await station.v16.change_configuration(key="AuthorizeRemoteTxRequests", value="true")
            await station.v16.remote_start_transaction(id_tag="TAG")
            await central.next(v16.AuthorizeRequest, id_tag="TAG")
            await central.next_status(1, Status.CHARGING)

    run(test())


def test_unlocking_stops_the_transaction() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
            await station.v16.remote_start_transaction(id_tag="TAG", connector_id=1)
            await central.next_status(1, Status.CHARGING)
            assert (await station.v16.unlock_connector(connector_id=3)).status == "NotSupported"
            assert (await station.v16.unlock_connector(connector_id=1)).status == "Unlocked"
            await central.next(v16.StopTransactionRequest, reason=v16.Reason.UNLOCK_COMMAND)

    run(test())


def test_availability_changes_now_or_after_the_transaction() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
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

    run(test())


# Reservation


def test_a_reserved_connector_charges_only_for_its_id_tag() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
            start = station.v16.remote_start_transaction
            assert await reserve(station, 7, "MINE") == "Accepted"
            await central.next_status(1, Status.RESERVED)
            assert await reserve(station, 8, "OTHER") == "Occupied"
            assert (await start(id_tag="OTHER", connector_id=1)).status == "Rejected"
            assert (await start(id_tag="MINE", connector_id=1)).status == "Accepted"
            await central.next(v16.StartTransactionRequest, id_tag="MINE", reservation_id=7)
            assert (await station.v16.cancel_reservation(reservation_id=7)).status == "Rejected"

    run(test())


def test_a_reservation_ends_by_cancellation_or_by_time() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
            assert await reserve(station, 7, "MINE") == "Accepted"
            await central.next_status(1, Status.RESERVED)
            assert (await station.v16.cancel_reservation(reservation_id=7)).status == "Accepted"
            await central.next_status(1, Status.AVAILABLE)
            assert await reserve(station, 8, "MINE", seconds=-1) == "Rejected"
            assert await reserve(station, 8, "MINE", connector_id=0) == "Rejected"
            assert await reserve(station, 8, "MINE", seconds=0.2) == "Accepted"
            await central.next_status(1, Status.RESERVED)
            await central.next_status(1, Status.AVAILABLE)

    run(test())


async def reserve(station: Any, number: int, id_tag: str, seconds: float = 60, connector_id: int = 1) -> str:
    answer: v16.ReserveNowResponse = await station.v16.reserve_now(
        connector_id=connector_id,
        expiry_date=datetime.now(UTC) + timedelta(seconds=seconds),
        id_tag=id_tag,
        reservation_id=number,
    )
    return answer.status


# The local list


def test_the_local_list_keeps_its_version() -> None:
    def entry(id_tag: str, known: bool = True) -> v16.AuthorizationData:
        info = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED) if known else None
        return v16.AuthorizationData(id_tag=id_tag, id_tag_info=info)

    async def test() -> None:
        async with commanded() as (station, _):

            async def send(version: int, kind: v16.UpdateType, *entries: v16.AuthorizationData) -> str:
                answer = await station.v16.send_local_list(
                    list_version=version, update_type=kind, local_authorization_list=list(entries)
                )
                return answer.status

            full, differential = v16.UpdateType.FULL, v16.UpdateType.DIFFERENTIAL
            assert (await station.v16.get_local_list_version()).list_version == 0
            assert await send(5, full, entry("A"), entry("B")) == "Accepted"
            assert await send(5, differential, entry("C")) == "VersionMismatch"
            assert await send(6, differential, entry("C"), entry("A", known=False)) == "Accepted"
            assert await send(7, full, entry("A"), entry("A")) == "Failed"
            assert (await station.v16.get_local_list_version()).list_version == 6
            await station.v16.change_configuration(key="LocalAuthListEnabled", value="false")
            assert await send(7, full) == "NotSupported"

    run(test())


# Smart charging


def test_the_current_follows_the_charging_profiles() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
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

    run(test())


async def amperes(central: Central) -> float:
    reading = await central.next(v16.MeterValuesRequest)
    current = [each for each in reading.meter_value[0].sampled_value if each.measurand is v16.Measurand.CURRENT_IMPORT]
    return float(current[0].value)


def test_the_composite_schedule_is_told() -> None:
    async def test() -> None:
        async with commanded() as (station, _):
            default = profile(1, Purpose.TX_DEFAULT_PROFILE, 8.5)
            await station.v16.set_charging_profile(connector_id=0, cs_charging_profiles=default)
            answer = await station.v16.get_composite_schedule(connector_id=2, duration=60)
            assert (answer.status, answer.connector_id) == ("Accepted", 2)
            assert answer.charging_schedule == v16.ChargingSchedule(
                duration=60,
                charging_rate_unit=v16.ChargingRateUnitType.A,
                charging_schedule_period=[v16.ChargingSchedulePeriod(start_period=0, limit=8.5)],
            )
            wrong = await station.v16.get_composite_schedule(connector_id=3, duration=60)
            assert wrong.status == "Rejected"

    run(test())


# Triggers


@pytest.mark.parametrize("wanted", list(Trigger))
def test_a_message_that_is_asked_for_comes_after_the_answer(wanted: Trigger) -> None:
    async def test() -> None:
        async with commanded() as (station, central):
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

    run(test())


@pytest.mark.parametrize("wanted", list(ExtendedTrigger))
def test_so_does_one_of_the_security_extension(wanted: ExtendedTrigger) -> None:
    actions = {
        ExtendedTrigger.SIGN_CHARGE_POINT_CERTIFICATE: "SignCertificate",
        ExtendedTrigger.FIRMWARE_STATUS_NOTIFICATION: "SignedFirmwareStatusNotification",
    }

    async def test() -> None:
        async with commanded() as (station, central):
            answer = await station.v16.extended_trigger_message(requested_message=wanted)
            assert answer.status == "Accepted"
            await central.next(v16.VERSION.actions[actions.get(wanted, wanted)].request)

    run(test())


# Firmware, diagnostics and logs


def test_an_update_and_an_upload_tell_how_far_they_are() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
            await station.v16.update_firmware(location=LOCATION, retrieve_date=PAST)
            for stage in ("Downloading", "Downloaded", "Installing", "Installed"):
                await central.next(v16.FirmwareStatusNotificationRequest, status=stage)
            assert (await station.v16.get_diagnostics(location=LOCATION)).file_name == "diagnostics.log"
            for upload in ("Uploading", "Uploaded"):
                await central.next(v16.DiagnosticsStatusNotificationRequest, status=upload)

    run(test())


def test_a_log_is_uploaded_and_a_newer_request_takes_its_place() -> None:
    async def test() -> None:
        async with commanded() as (station, central):
            for number, status in ((1, "Accepted"), (2, "AcceptedCanceled")):
                answer = await station.v16.get_log(
                    log=v16.LogParametersType(remote_location=LOCATION),
                    log_type=v16.LogEnumType.SECURITY_LOG,
                    request_id=number,
                )
                assert (answer.status, answer.filename) == (status, f"SecurityLog-{number}.log")
            for stage in ("Uploading", "Uploaded"):
                await central.next(v16.LogStatusNotificationRequest, status=stage, request_id=2)

    run(test())


def test_a_signed_update_is_verified_scheduled_and_installed() -> None:
    def firmware(certificate: str) -> v16.FirmwareType:
        return v16.FirmwareType(
            location=LOCATION,
            retrieve_date_time=PAST,
            install_date_time=datetime.now(UTC) + timedelta(seconds=0.3),
            signing_certificate=certificate,
            signature="c2ln",
        )

    async def test() -> None:
        async with commanded() as (station, central):
            update = station.v16.signed_update_firmware
            refused = await update(request_id=3, firmware=firmware("none"))
            assert refused.status == "InvalidCertificate"
            assert (await update(request_id=4, firmware=firmware(CERTIFICATE))).status == "Accepted"
            for stage in (
                "Downloading",
                "Downloaded",
                "SignatureVerified",
                "InstallScheduled",
                "Installing",
                "Installed",
            ):
                await central.next(v16.SignedFirmwareStatusNotificationRequest, status=stage, request_id=4)

    run(test())


# Certificates


def test_certificates_are_installed_listed_and_deleted() -> None:
    async def test() -> None:
        async with commanded() as (station, _):
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

    run(test())
