"""The command that carries the data of vendors."""

from __future__ import annotations

from ocpp_fast import on

from .machine import Machine
from .version import ocpp

__all__ = ["DataTransferCommands"]


class DataTransferCommands:
    """Knows no vendor."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(ocpp.DataTransferRequest)
    def data_transfer(self, request: ocpp.DataTransferRequest) -> ocpp.DataTransferResponse:
        return ocpp.DataTransferResponse(status=ocpp.DataTransferStatusEnumType.UNKNOWN_VENDOR_ID)
