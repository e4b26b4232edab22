"""The commands about firmware; nothing is really fetched, verified or installed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from ocpp_fast import on

from ..certificates import is_certificate
from .machine import Machine
from .version import ocpp

__all__ = ["FirmwareCommands", "report_firmware", "report_publication"]

_Publication = ocpp.PublishFirmwareStatusEnumType
_Stage = ocpp.FirmwareStatusEnumType
_Unpublish = ocpp.UnpublishFirmwareStatusEnumType
_Update = ocpp.UpdateFirmwareStatusEnumType

_PUBLISH: Final = (_Publication.DOWNLOADING, _Publication.DOWNLOADED, _Publication.CHECKSUM_VERIFIED)


async def report_firmware(machine: Machine) -> None:
    """Send how far an update is."""
    stage, request_id = machine.firmware.stage, machine.firmware.request_id
    await machine.tell(lambda csms: csms.firmware_status_notification(status=stage, request_id=request_id))


async def report_publication(machine: Machine) -> None:
    """Send how far a publication is."""
    stage, request_id = machine.publication.stage, machine.publication.request_id
    location = ["http://127.0.0.1/firmware"] if stage is _Publication.PUBLISHED else None
    await machine.tell(
        lambda csms: csms.publish_firmware_status_notification(status=stage, request_id=request_id, location=location)
    )


class FirmwareCommands:
    """Goes through the stages of an update or of a publication, and reports each."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._published: set[str] = set()
        self._publishing: str | None = None

    # Update

    @on(ocpp.UpdateFirmwareRequest)
    def update_firmware(self, request: ocpp.UpdateFirmwareRequest) -> ocpp.UpdateFirmwareResponse:
        machine, certificate = self._machine, request.firmware.signing_certificate
        if certificate is not None and not is_certificate(certificate):
            return ocpp.UpdateFirmwareResponse(status=_Update.INVALID_CERTIFICATE)
        replaced = machine.firmware.begin(machine.jobs, lambda: self._update(request.firmware), request.request_id)
        return ocpp.UpdateFirmwareResponse(status=_Update.ACCEPTED_CANCELED if replaced else _Update.ACCEPTED)

    async def _update(self, firmware: ocpp.FirmwareType) -> None:
        await self._wait(firmware.retrieve_date_time, _Stage.DOWNLOAD_SCHEDULED)
        for stage in (_Stage.DOWNLOADING, _Stage.DOWNLOADED):
            await self._reach(stage)
        if firmware.signing_certificate is not None:
            await self._reach(_Stage.SIGNATURE_VERIFIED)
        await self._wait(firmware.install_date_time, _Stage.INSTALL_SCHEDULED)
        for stage in (_Stage.INSTALLING, _Stage.INSTALLED):
            await self._reach(stage)
        self._machine.firmware.end()

    async def _wait(self, until: datetime | None, stage: ocpp.FirmwareStatusEnumType) -> None:
        """Wait for a moment; report that, if it is still to come."""
        seconds = 0.0 if until is None else (until - datetime.now(UTC)).total_seconds()
        if seconds > 0:
            await self._reach(stage)
            await asyncio.sleep(seconds)

    async def _reach(self, stage: ocpp.FirmwareStatusEnumType) -> None:
        self._machine.firmware.stage = stage
        await report_firmware(self._machine)
        await asyncio.sleep(self._machine.given.interval)

    # Publication

    @on(ocpp.PublishFirmwareRequest)
    def publish_firmware(self, request: ocpp.PublishFirmwareRequest) -> ocpp.PublishFirmwareResponse:
        machine = self._machine
        machine.publication.begin(machine.jobs, lambda: self._publish(request.checksum), request.request_id)
        return ocpp.PublishFirmwareResponse(status=ocpp.GenericStatusEnumType.ACCEPTED)

    async def _publish(self, checksum: str) -> None:
        machine = self._machine
        self._publishing = checksum
        for stage in _PUBLISH:
            machine.publication.stage = stage
            await report_publication(machine)
            await asyncio.sleep(machine.given.interval)
        self._published.add(checksum)
        machine.publication.stage = _Publication.PUBLISHED
        await report_publication(machine)
        machine.publication.end()

    @on(ocpp.UnpublishFirmwareRequest)
    def unpublish_firmware(self, request: ocpp.UnpublishFirmwareRequest) -> ocpp.UnpublishFirmwareResponse:
        ongoing = self._machine.publication.stage in _PUBLISH
        if ongoing and request.checksum == self._publishing:
            return ocpp.UnpublishFirmwareResponse(status=_Unpublish.DOWNLOAD_ONGOING)
        if request.checksum not in self._published:
            return ocpp.UnpublishFirmwareResponse(status=_Unpublish.NO_FIRMWARE)
        self._published.remove(request.checksum)
        return ocpp.UnpublishFirmwareResponse(status=_Unpublish.UNPUBLISHED)
