"""Bidirectional power transfer, V2X (block Q)."""

from enum import StrEnum
from typing import Annotated

from ..schema import CENTRAL, CustomData, DateTime, Id36, Items, Profile, Request, Response
from .types import EnergyTransferModeEnumType, GenericStatusEnumType, StatusInfoType

__all__ = [
    "BIDIRECTIONAL_POWER_TRANSFER",
    "AFRRSignalRequest",
    "AFRRSignalResponse",
    "NotifyAllowedEnergyTransferRequest",
    "NotifyAllowedEnergyTransferResponse",
    "NotifyAllowedEnergyTransferStatusEnumType",
]


class NotifyAllowedEnergyTransferStatusEnumType(StrEnum):
    """Whether the station applies the modes."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class NotifyAllowedEnergyTransferResponse(Response):
    """Says whether the station can apply the modes."""

    status: NotifyAllowedEnergyTransferStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class NotifyAllowedEnergyTransferRequest(
    Request[NotifyAllowedEnergyTransferResponse], action="NotifyAllowedEnergyTransfer", sender=CENTRAL
):
    """Tells which modes of energy transfer a transaction may use from now on."""

    transaction_id: Id36
    allowed_energy_transfer: Annotated[list[EnergyTransferModeEnumType], Items(1, None)]
    custom_data: CustomData | None = None


class AFRRSignalResponse(Response):
    """Says whether the station acts on the signal."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class AFRRSignalRequest(Request[AFRRSignalResponse], action="AFRRSignal", sender=CENTRAL):
    """Carries a signal of the grid operator for frequency restoration."""

    timestamp: DateTime
    """When the signal takes effect."""
    signal: int
    """Looked up in the `v2x_signal_watt_curve` of the charging profile."""
    custom_data: CustomData | None = None


BIDIRECTIONAL_POWER_TRANSFER = Profile(
    "BidirectionalPowerTransfer", [NotifyAllowedEnergyTransferRequest, AFRRSignalRequest]
)
