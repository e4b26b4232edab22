"""The commands of the Firmware Management profile; nothing is really fetched or uploaded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from ocpp_fast import on, v16

from .machine import Machine

__all__ = ["FirmwareManagementCommands"]

_UPDATE: Final = (
    v16.FirmwareStatus.DOWNLOADING,
    v16.FirmwareStatus.DOWNLOADED,
    v16.FirmwareStatus.INSTALLING,
    v16.FirmwareStatus.INSTALLED,
)
_UPLOAD: Final = (v16.DiagnosticsStatus.UPLOADING, v16.DiagnosticsStatus.UPLOADED)


class FirmwareManagementCommands:
    """Goes through the stages of an update or an upload, and reports each."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(v16.UpdateFirmwareRequest)
    def update_firmware(self, request: v16.UpdateFirmwareRequest) -> v16.UpdateFirmwareResponse:
        machine = self._machine
        machine.firmware.begin(machine.jobs, lambda: self._update(request.retrieve_date))
        return v16.UpdateFirmwareResponse()

    async def _update(self, when: datetime) -> None:
        machine = self._machine
        await asyncio.sleep(max(0.0, (when - datetime.now(UTC)).total_seconds()))
        for stage in _UPDATE:
            machine.firmware.stage = stage
            await machine.report_firmware()
            await asyncio.sleep(machine.given.interval)
        machine.firmware.end()

    @on(v16.GetDiagnosticsRequest)
    def get_diagnostics(self, request: v16.GetDiagnosticsRequest) -> v16.GetDiagnosticsResponse:
        machine = self._machine
        machine.diagnostics.begin(machine.jobs, self._upload)
        return v16.GetDiagnosticsResponse(file_name="diagnostics.log")

    async def _upload(self) -> None:
        machine = self._machine
        for stage in _UPLOAD:
            machine.diagnostics.stage = stage
            await machine.report_diagnostics()
            await asyncio.sleep(machine.given.interval)
        machine.diagnostics.end()
