"""The commands for logs and for what is known of customers; nothing is really uploaded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from ocpp_fast import on

from .machine import Machine
from .version import ocpp

__all__ = ["DiagnosticsCommands", "report_log"]

_Customer = ocpp.CustomerInformationStatusEnumType
_Log = ocpp.LogStatusEnumType
_Stage = ocpp.UploadLogStatusEnumType

_UPLOAD: Final = (_Stage.UPLOADING, _Stage.UPLOADED)


async def report_log(machine: Machine, stage: ocpp.UploadLogStatusEnumType, request_id: int | None) -> None:
    """Send how far an upload is."""
    await machine.tell(lambda csms: csms.log_status_notification(status=stage, request_id=request_id))


class DiagnosticsCommands:
    """Goes through the stages of an upload, and keeps nothing of customers."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(ocpp.GetLogRequest)
    def get_log(self, request: ocpp.GetLogRequest) -> ocpp.GetLogResponse:
        """Upload a log; an upload that goes on is given up for it."""
        log, jobs, number = self._machine.log, self._machine.jobs, request.request_id
        given_up = log.request_id
        replaced = log.begin(jobs, lambda: self._upload(number), number)
        if replaced:
            jobs.create_task(report_log(self._machine, _Stage.ACCEPTED_CANCELED, given_up))
        return ocpp.GetLogResponse(
            status=_Log.ACCEPTED_CANCELED if replaced else _Log.ACCEPTED,
            filename=f"{request.log_type}-{number}.log",
        )

    async def _upload(self, request_id: int) -> None:
        for stage in _UPLOAD:
            self._machine.log.stage = stage
            await report_log(self._machine, stage, request_id)
            await asyncio.sleep(self._machine.given.interval)
        self._machine.log.end()

    @on(ocpp.CustomerInformationRequest)
    def customer_information(self, request: ocpp.CustomerInformationRequest) -> ocpp.CustomerInformationResponse:
        """Tell that nothing is known of the customer, who must be named in one way."""
        named = (request.id_token, request.customer_certificate, request.customer_identifier)
        if sum(each is not None for each in named) != 1:
            return ocpp.CustomerInformationResponse(status=_Customer.INVALID)
        if not request.report and not request.clear:
            return ocpp.CustomerInformationResponse(status=_Customer.REJECTED)
        self._machine.jobs.create_task(self._tell_nothing(request.request_id))
        return ocpp.CustomerInformationResponse(status=_Customer.ACCEPTED)

    async def _tell_nothing(self, request_id: int) -> None:
        now = datetime.now(UTC)
        await self._machine.tell(
            lambda csms: csms.notify_customer_information(
                data="", seq_no=0, generated_at=now, request_id=request_id, tbc=False
            )
        )
