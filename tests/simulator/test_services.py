"""What else the CSMS may ask of a simulated station of 2.0.1 or 2.1: lists, messages, files, certificates, triggers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp_fast import Direction

from ..cli.programs import in_time
from .central import in_process
from .csms import MODULES, Commanded, Csms, commanded
from .recorder import CERTIFICATE, LOCATION

PAST = datetime(2020, 1, 1, tzinfo=UTC)

each_version = commanded(*MODULES)


# Registration


@in_time
async def test_it_boots_again_until_it_is_accepted() -> None:
    csms = Csms("2.0.1")
    csms.answers["BootNotification"] = csms.boot_answer("Rejected", 1)
    async with in_process(csms, "2.0.1", 0.02) as notes:
        await csms.next(csms.ocpp.BootNotificationRequest, reason="PowerUp")
        csms.answers["BootNotification"] = csms.boot_answer("Pending", 3600)
        await csms.next(csms.ocpp.BootNotificationRequest, reason="PowerUp")
        station = Commanded.of(csms)
        assert await station.start() == "Rejected"
        base = csms.ocpp.ReportBaseEnumType.SUMMARY_INVENTORY
        assert (await station.calls.get_base_report(request_id=1, report_base=base)).status == "Accepted"
        await csms.next(csms.ocpp.NotifyReportRequest)
        assert notes == [f"CP001 is not accepted; it boots again in {each} s" for each in (1, 3600)]
        del csms.answers["BootNotification"]
        await station.calls.trigger_message(requested_message=csms.ocpp.MessageTriggerEnumType.BOOT_NOTIFICATION)
        await csms.next(csms.ocpp.BootNotificationRequest, reason="Triggered")
        await csms.next_status(1, "Available")


# Triggers


@each_version
async def test_a_message_that_is_asked_for_comes_after_the_answer(station: Commanded) -> None:
    ocpp, csms, trigger = station.ocpp, station.csms, station.calls.trigger_message
    frames: list[bytes] = []

    @csms.on_frame
    def arrived(direction: Direction, _: object, raw: bytes) -> None:
        if direction is Direction.IN:
            frames.append(raw)

    wanted = {
        "Heartbeat": "Heartbeat",
        "LogStatusNotification": "LogStatusNotification",
        "FirmwareStatusNotification": "FirmwareStatusNotification",
        "MeterValues": "MeterValues",
        "StatusNotification": "StatusNotification",
        "SignChargingStationCertificate": "SignCertificate",
        "SignV2GCertificate": "SignCertificate",
    }
    for message, action in wanted.items():
        frames.clear()
        kind = ocpp.MessageTriggerEnumType(message)
        answer = await trigger(requested_message=kind, evse=station.evse(2, 1))
        assert answer.status == "Accepted"
        sent = await csms.next(ocpp.VERSION.actions[action].request)
        assert getattr(sent, "evse_id", 2) == 2
        assert [frame[:2] for frame in frames] == [b"[3", b"[2"]


@each_version
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


@each_version
async def test_the_local_list_keeps_its_version(station: Commanded) -> None:
    ocpp = station.ocpp
    full, differential = ocpp.UpdateEnumType.FULL, ocpp.UpdateEnumType.DIFFERENTIAL

    def entry(token: str, known: bool = True) -> Any:
        info = station.csms.id_token_info("Accepted") if known else None
        return ocpp.AuthorizationData(id_token=station.token(token), id_token_info=info)

    async def send(version: int, kind: Any, *entries: Any) -> Any:
        answer = await station.calls.send_local_list(
            version_number=version, update_type=kind, local_authorization_list=list(entries) or None
        )
        return answer.status

    async def version() -> Any:
        return (await station.calls.get_local_list_version()).version_number

    assert await version() == 0
    assert await send(5, full, entry("A"), entry("B")) == "Accepted"
    assert await send(5, differential, entry("C")) == "VersionMismatch"
    assert await send(6, differential, entry("C"), entry("A", known=False)) == "Accepted"
    assert await send(7, full, entry("A"), entry("A")) == "Failed"
    assert await version() == 6
    assert await send(7, full) == "Accepted"
    assert await version() == 0
    await station.set("LocalAuthListCtrlr", "Enabled", "false")
    assert await send(8, full, entry("A")) == "Failed"
    assert (await station.calls.clear_cache()).status == "Accepted"


# The display


@each_version
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


@each_version
async def test_an_update_is_verified_scheduled_and_installed(station: Commanded) -> None:

    async def update(request_id: int, certificate: str | None, seconds: float | None) -> Any:
        later = datetime.now(UTC) + timedelta(seconds=seconds) if seconds is not None else None
        firmware = station.ocpp.FirmwareType(
            location=LOCATION,
            retrieve_date_time=PAST,
            install_date_time=later,
            signing_certificate=certificate,
        )
        return (await station.calls.update_firmware(request_id=request_id, firmware=firmware)).status

    assert await update(1, "none", None) == "InvalidCertificate"
    assert await update(2, None, None) == "Accepted"
    assert await update(3, CERTIFICATE, 0.3) == "AcceptedCanceled"
    stages = ["Downloading", "Downloaded", "SignatureVerified", "InstallScheduled", "Installing", "Installed"]
    for stage in stages:
        notice = station.ocpp.FirmwareStatusNotificationRequest
        await station.csms.next(notice, status=stage, request_id=3)


@each_version
async def test_firmware_is_not_published_for_others(station: Commanded) -> None:
    published = await station.calls.publish_firmware(location=LOCATION, checksum="abc", request_id=4)
    assert published.status == "Rejected"
    assert (await station.calls.unpublish_firmware(checksum="abc")).status == "NoFirmware"


@each_version
async def test_a_log_is_uploaded_and_a_newer_request_takes_its_place(station: Commanded) -> None:
    ocpp = station.ocpp
    for request_id, status in ((1, "Accepted"), (2, "AcceptedCanceled")):
        answer = await station.calls.get_log(
            log=ocpp.LogParametersType(remote_location=LOCATION),
            log_type=ocpp.LogEnumType.SECURITY_LOG,
            request_id=request_id,
        )
        assert (answer.status, answer.filename) == (status, f"SecurityLog-{request_id}.log")
    told = [await station.csms.next(ocpp.LogStatusNotificationRequest) for _ in range(4)]
    assert [each.status for each in told if each.request_id == 1] == ["Uploading", "AcceptedCanceled"]
    assert [each.status for each in told if each.request_id == 2] == ["Uploading", "Uploaded"]


@each_version
async def test_nothing_is_known_of_customers(station: Commanded) -> None:
    ask = station.calls.customer_information
    assert (await ask(request_id=1, report=True, clear=False)).status == "Invalid"
    named = {"customer_identifier": "somebody"}
    assert (await ask(request_id=2, report=False, clear=False, **named)).status == "Rejected"
    assert (await ask(request_id=3, report=True, clear=True, **named)).status == "Accepted"
    told = await station.csms.next(station.ocpp.NotifyCustomerInformationRequest, request_id=3)
    assert (told.data, told.seq_no) == ("", 0)


# Certificates and networks


@each_version
async def test_certificates_are_installed_listed_and_deleted(station: Commanded) -> None:
    ocpp, calls = station.ocpp, station.calls
    install, listed = calls.install_certificate, calls.get_installed_certificate_ids
    root = ocpp.InstallCertificateUseEnumType.CSMS_ROOT_CERTIFICATE
    assert (await listed()).status == "NotFound"
    assert (await install(certificate_type=root, certificate="none")).status == "Rejected"
    assert (await install(certificate_type=root, certificate=CERTIFICATE)).status == "Accepted"
    other = [ocpp.GetCertificateIdUseEnumType.V2G_ROOT_CERTIFICATE]
    assert (await listed(certificate_type=other)).status == "NotFound"
    (chain,) = (await listed()).certificate_hash_data_chain
    assert chain.certificate_type == "CSMSRootCertificate"
    delete = calls.delete_certificate
    assert (await delete(certificate_hash_data=chain.certificate_hash_data)).status == "Accepted"
    assert (await delete(certificate_hash_data=chain.certificate_hash_data)).status == "NotFound"
    assert (await calls.certificate_signed(certificate_chain=CERTIFICATE * 2)).status == "Accepted"
    assert (await calls.certificate_signed(certificate_chain="none")).status == "Rejected"


@each_version
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
    assert await put(1, security=0) == "Rejected"
