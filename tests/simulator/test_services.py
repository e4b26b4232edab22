"""What else a simulated station may be asked, in every version or in 2.x: lists, messages, files, certificates."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ocpp_fast import v16
from ocpp_fast.simulator.certificates import MAX_STORED, CertificateStore, Fingerprint

from ..authority import Authority
from ..cli.programs import in_time
from .csms import AUTHORITY, CERTIFICATE, LOCATION, MODULES, PAST, Commanded, Csms, every_version, in_2x, in_process

# Registration


@pytest.mark.parametrize("number", list(MODULES))
@in_time
async def test_it_boots_again_until_it_is_accepted(number: str) -> None:
    csms = Csms(number)
    boot, boots_for = csms.ocpp.BootNotificationRequest, {} if number == "1.6" else {"reason": "PowerUp"}
    csms.answers["BootNotification"] = csms.boot_answer("Rejected", 1)
    async with in_process(csms, number) as notes:
        await csms.next(boot, **boots_for)
        csms.answers["BootNotification"] = csms.boot_answer("Pending", 3600)
        await csms.next(boot, **boots_for)
        station = Commanded.of(csms)
        assert await station.start() == "Rejected"
        assert set(csms.told()) == {"BootNotification"}
        if number != "1.6":
            boots_for = {"reason": "Triggered"}
            base = csms.ocpp.ReportBaseEnumType.SUMMARY_INVENTORY
            assert (await station.calls.get_base_report(request_id=1, report_base=base)).status == "Accepted"
            await csms.next(csms.ocpp.NotifyReportRequest)
        del csms.answers["BootNotification"]
        await station.calls.trigger_message(requested_message="BootNotification")
        await csms.next(boot, **boots_for)
        await csms.next_status(1, "Available")
        assert notes == [f"CP001 is not accepted; it boots again in {each} s" for each in (1, 3600)]


@pytest.mark.parametrize("number", list(MODULES))
@in_time
async def test_heartbeats_follow_the_interval_that_is_given_or_set(number: str) -> None:
    where = ["HeartbeatInterval"] if number == "1.6" else ["OCPPCommCtrlr", "HeartbeatInterval"]
    csms = Csms(number)
    csms.answers["BootNotification"] = csms.boot_answer("Accepted", 3600)
    async with in_process(csms, number):
        await csms.next_status(2, "Available")
        station = Commanded.of(csms)
        assert await station.get(*where) == ("Accepted", "3600")
        assert await station.set(*where, value="1") == "Accepted"
        await csms.next(csms.ocpp.HeartbeatRequest)


# Triggers


TRIGGERED = ("Heartbeat", "LogStatusNotification", "FirmwareStatusNotification", "MeterValues", "StatusNotification")
SIGNED = {"SignChargingStationCertificate": "SignCertificate", "SignV2GCertificate": "SignCertificate"}


@every_version
async def test_a_message_that_is_asked_for_comes_after_the_answer(station: Commanded) -> None:
    ocpp, csms, trigger, in_16 = station.ocpp, station.csms, station.calls.trigger_message, station.ocpp is v16
    here, nowhere = ({"connector_id": each} if in_16 else {"evse": station.evse(each, 1)} for each in (2, 3))
    for message in v16.MessageTrigger if in_16 else (*TRIGGERED, *SIGNED):
        csms.frames.clear()
        assert (await trigger(requested_message=message, **here)).status == "Accepted"
        sent = await csms.next(ocpp.VERSION.actions[SIGNED.get(message, message)].request)
        assert getattr(sent, "connector_id" if in_16 else "evse_id", 2) == 2
        assert [frame[:2] for frame in csms.frames] == [b"[3", b"[2"]
        assert (await trigger(requested_message=message, **nowhere)).status == "Rejected"


@in_2x
async def test_a_trigger_is_refused_where_it_makes_no_sense(station: Commanded) -> None:
    kind, trigger = station.ocpp.MessageTriggerEnumType, station.calls.trigger_message
    cases = [
        (kind.BOOT_NOTIFICATION, None, "Rejected"),
        (kind.STATUS_NOTIFICATION, None, "Rejected"),
        (kind.STATUS_NOTIFICATION, station.evse(1), "Rejected"),
        (kind.METER_VALUES, station.evse(3), "Rejected"),
        (kind.TRANSACTION_EVENT, None, "Rejected"),
        (kind.SIGN_COMBINED_CERTIFICATE, None, "NotImplemented"),
        (kind.PUBLISH_FIRMWARE_STATUS_NOTIFICATION, None, "NotImplemented"),
    ]
    for message, place, status in cases:
        assert (await trigger(requested_message=message, evse=place)).status == status, message
    await station.charge(2)
    assert (await trigger(requested_message=kind.TRANSACTION_EVENT)).status == "Accepted"
    told = await station.csms.next_event("Updated", trigger_reason="Trigger")
    assert told.meter_value[0].sampled_value[0].context == "Trigger"


# The local list


@every_version
async def test_the_local_list_keeps_its_version(station: Commanded) -> None:
    ocpp, calls, in_16 = station.ocpp, station.calls, station.ocpp is v16
    number = "list_version" if in_16 else "version_number"
    enabled = ["LocalAuthListEnabled"] if in_16 else ["LocalAuthListCtrlr", "Enabled"]

    def entry(token: str, known: bool = True) -> Any:
        return ocpp.AuthorizationData(**station.who(token), **(station.csms.judged("Accepted") if known else {}))

    async def send(version: int, kind: str, *entries: Any) -> Any:
        fields = {number: version, "update_type": kind, "local_authorization_list": list(entries) or None}
        return (await calls.send_local_list(**fields)).status

    async def version() -> Any:
        return getattr(await calls.get_local_list_version(), number)

    assert await version() == 0
    assert await send(5, "Full", entry("A"), entry("B")) == "Accepted"
    assert await send(5, "Differential", entry("C")) == "VersionMismatch"
    assert await send(6, "Differential", entry("C"), entry("A", known=False)) == "Accepted"
    assert await send(7, "Full", entry("A"), entry("A")) == "Failed"
    assert await version() == 6
    assert await send(7, "Full") == "Accepted"
    assert await version() == 0
    await station.set(*enabled, value="false")
    assert await send(8, "Full", entry("A")) == ("NotSupported" if in_16 else "Failed")
    assert (await calls.clear_cache()).status == "Rejected"  # there is none


# The display


@in_2x
async def test_messages_are_kept_told_and_cleared(station: Commanded) -> None:
    ocpp, calls = station.ocpp, station.calls

    async def show(message_id: int, form: str = "UTF8", **fields: Any) -> Any:
        content = ocpp.MessageContentType(format=ocpp.MessageFormatEnumType(form), content="Hello")
        priority = ocpp.MessagePriorityEnumType.IN_FRONT
        message = ocpp.MessageInfoType(id=message_id, priority=priority, message=content, **fields)
        return (await calls.set_display_message(message=message)).status

    assert (await calls.get_display_messages(request_id=1)).status == "Unknown"
    assert await show(1) == "Accepted"
    assert await show(2, state=ocpp.MessageStateEnumType.IDLE) == "Accepted"
    assert await show(3, "HTML") == "NotSupportedMessageFormat"
    assert await show(3, transaction_id="none") == "UnknownTransaction"
    assert await show(3, end_date_time=PAST) == "Rejected"
    assert (await calls.get_display_messages(request_id=2)).status == "Accepted"
    told = await station.csms.next(ocpp.NotifyDisplayMessagesRequest, request_id=2, tbc=False)
    assert [each.id for each in told.message_info] == [1, 2]
    idle = await calls.get_display_messages(request_id=3, state=ocpp.MessageStateEnumType.IDLE)
    assert idle.status == "Accepted"
    told = await station.csms.next(ocpp.NotifyDisplayMessagesRequest, request_id=3)
    assert [each.id for each in told.message_info] == [2]
    assert (await calls.clear_display_message(id=1)).status == "Accepted"
    assert (await calls.clear_display_message(id=1)).status == "Unknown"
    transaction_id = await station.charge()
    await calls.cost_updated(total_cost=1.5, transaction_id=transaction_id)


# Firmware, logs, customers


@every_version
async def test_a_signed_update_is_verified_scheduled_and_installed(station: Commanded) -> None:
    ocpp, in_16 = station.ocpp, station.ocpp is v16
    call = station.calls.signed_update_firmware if in_16 else station.calls.update_firmware
    notice = v16.SignedFirmwareStatusNotificationRequest if in_16 else ocpp.FirmwareStatusNotificationRequest

    async def update(number: int, certificate: str | None, install: datetime | None = None) -> Any:
        times = {"retrieve_date_time": PAST, "install_date_time": install}
        signed = {"signing_certificate": certificate, "signature": "c2ln"}
        return (await call(request_id=number, firmware=ocpp.FirmwareType(location=LOCATION, **times, **signed))).status

    assert await update(1, "none") == "InvalidCertificate"
    assert await update(2, CERTIFICATE if in_16 else None) == "Accepted"
    assert await update(3, CERTIFICATE, datetime.now(UTC) + timedelta(seconds=0.3)) == "AcceptedCanceled"
    for stage in ("Downloading", "Downloaded", "SignatureVerified", "InstallScheduled", "Installing", "Installed"):
        await station.csms.next(notice, status=stage, request_id=3)


@in_2x
async def test_firmware_is_not_published_for_others(station: Commanded) -> None:
    published = await station.calls.publish_firmware(location=LOCATION, checksum="abc", request_id=4)
    assert published.status == "Rejected"
    assert (await station.calls.unpublish_firmware(checksum="abc")).status == "NoFirmware"


@every_version
async def test_a_log_is_uploaded_and_a_newer_request_takes_its_place(station: Commanded) -> None:
    ocpp, given_up = station.ocpp, [] if station.ocpp is v16 else ["AcceptedCanceled"]
    log = {"log": ocpp.LogParametersType(remote_location=LOCATION), "log_type": ocpp.LogEnumType.SECURITY_LOG}
    for request_id, status in ((1, "Accepted"), (2, "AcceptedCanceled")):
        answer = await station.calls.get_log(request_id=request_id, **log)
        assert (answer.status, answer.filename) == (status, f"SecurityLog-{request_id}.log")
    told = [await station.csms.next(ocpp.LogStatusNotificationRequest) for _ in range(3 + len(given_up))]
    assert [each.status for each in told if each.request_id == 1] == ["Uploading", *given_up]
    assert [each.status for each in told if each.request_id == 2] == ["Uploading", "Uploaded"]


@in_2x
async def test_nothing_is_known_of_customers(station: Commanded) -> None:
    ask = station.calls.customer_information
    assert (await ask(request_id=1, report=True, clear=False)).status == "Invalid"
    named = {"customer_identifier": "somebody"}
    assert (await ask(request_id=2, report=False, clear=False, **named)).status == "Rejected"
    assert (await ask(request_id=3, report=True, clear=True, **named)).status == "Accepted"
    told = await station.csms.next(station.ocpp.NotifyCustomerInformationRequest, request_id=3)
    assert (told.data, told.seq_no) == ("", 0)


# Certificates and networks


@every_version
async def test_certificates_are_installed_listed_and_deleted(station: Commanded) -> None:
    calls, in_16 = station.calls, station.ocpp is v16
    root = "CentralSystemRootCertificate" if in_16 else "CSMSRootCertificate"

    async def listed(*uses: str) -> list[Any]:
        """Return use and hashes of the certificates that are installed."""
        if in_16:
            answer = await calls.get_installed_certificate_ids(certificate_type=root)
            found = [(root, each) for each in answer.certificate_hash_data or []]
        else:
            answer = await calls.get_installed_certificate_ids(certificate_type=list(uses) or None)
            chains = answer.certificate_hash_data_chain or []
            found = [(each.certificate_type, each.certificate_hash_data) for each in chains]
        assert answer.status == ("Accepted" if found else "NotFound")
        return found

    assert await listed() == []
    for certificate, status in (("none", "Rejected"), (CERTIFICATE, "Accepted"), (CERTIFICATE, "Accepted")):
        answer = await calls.install_certificate(certificate_type=root, certificate=certificate)
        assert answer.status == status
    assert in_16 or await listed("V2GRootCertificate") == []
    ((use, hashes),) = await listed()
    assert use == root
    for status in ("Accepted", "NotFound"):
        assert (await calls.delete_certificate(certificate_hash_data=hashes)).status == status


@every_version
async def test_a_certificate_is_taken_that_answers_the_last_request(station: Commanded) -> None:
    calls, in_16 = station.calls, station.ocpp is v16
    trigger = calls.extended_trigger_message if in_16 else calls.trigger_message
    kind = "SignChargePointCertificate" if in_16 else "SignChargingStationCertificate"
    answers = []
    for _ in range(2):
        assert (await trigger(requested_message=kind)).status == "Accepted"
        answers.append(AUTHORITY.answer((await station.csms.next(station.ocpp.SignCertificateRequest)).csr))
    for chain, status in ((answers[0], "Rejected"), (CERTIFICATE, "Rejected"), ("none", "Rejected")):
        assert (await calls.certificate_signed(certificate_chain=chain)).status == status
    assert (await calls.certificate_signed(certificate_chain=answers[1] + CERTIFICATE)).status == "Accepted"


def test_roots_are_stored_by_the_hashes_that_ocsp_has(tmp_path: Path) -> None:
    store = CertificateStore()
    roots = [Authority(tmp_path, str(number)).ca.read_text() for number in range(MAX_STORED + 1)]
    assert {store.install("Root", each) for each in roots[:-1]} == {"Accepted"}
    assert [store.install("Root", each) for each in (roots[-1], roots[0])] == ["Failed", "Accepted"]
    root = x509.load_pem_x509_certificate(roots[0].encode())
    key = root.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    hashes = [hashlib.sha256(each).hexdigest() for each in (root.issuer.public_bytes(), key)]
    wanted = Fingerprint(hashes[0].upper(), hashes[1], f"{root.serial_number:X}")
    assert [store.delete(wanted) for _ in range(2)] == [True, False]


def test_what_is_no_root_is_no_certificate_to_install(tmp_path: Path) -> None:
    leaf = AUTHORITY.station("CP001").read_text()
    damaged = CERTIFICATE.replace(CERTIFICATE[100:104], "AAAA")
    assert {CertificateStore().install("Root", each) for each in (leaf, damaged, CERTIFICATE * 2, "")} == {"Rejected"}


@in_2x
async def test_a_network_profile_is_kept_where_it_is_no_less_secure(station: Commanded) -> None:
    ocpp = station.ocpp

    async def put(slot: int, transport: str = "JSON", security: int = 2) -> Any:
        profile = ocpp.NetworkConnectionProfileType(
            ocpp_version=ocpp.OCPPVersionEnumType.OCPP20,
            ocpp_transport=ocpp.OCPPTransportEnumType(transport),
            ocpp_csms_url="wss://example.com",
            message_timeout=30,
            security_profile=security,
            ocpp_interface=ocpp.OCPPInterfaceEnumType.WIRED0,
        )
        return (await station.calls.set_network_profile(configuration_slot=slot, connection_data=profile)).status

    assert await put(1) == "Accepted"
    assert await put(9) == "Rejected"
    assert await put(1, transport="SOAP") == "Rejected"
