"""Tariffs, and the cost of running transactions (block I)."""

from enum import StrEnum
from typing import Annotated

from ..schema import CENTRAL, CustomData, DateTime, Id36, Id255, Items, Profile, Range, Request, Response, Str60, Struct
from .tariffs import TariffType
from .types import StatusInfoType

__all__ = [
    "TARIFF_AND_COST",
    "ChangeTransactionTariffRequest",
    "ChangeTransactionTariffResponse",
    "ClearTariffsRequest",
    "ClearTariffsResponse",
    "ClearTariffsResultType",
    "CostUpdatedRequest",
    "CostUpdatedResponse",
    "GetTariffsRequest",
    "GetTariffsResponse",
    "SetDefaultTariffRequest",
    "SetDefaultTariffResponse",
    "TariffAssignmentType",
    "TariffChangeStatusEnumType",
    "TariffClearStatusEnumType",
    "TariffGetStatusEnumType",
    "TariffKindEnumType",
    "TariffSetStatusEnumType",
]


class CostUpdatedResponse(Response):
    """Acknowledges the running cost."""

    custom_data: CustomData | None = None


class CostUpdatedRequest(Request[CostUpdatedResponse], action="CostUpdated", sender=CENTRAL):
    """Tells what a running transaction has cost so far, for the display."""

    total_cost: float
    """With taxes, in the currency that the station is set to."""
    transaction_id: Id36
    custom_data: CustomData | None = None


class TariffSetStatusEnumType(StrEnum):
    """Whether a tariff was installed, or why not."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    TOO_MANY_ELEMENTS = "TooManyElements"
    CONDITION_NOT_SUPPORTED = "ConditionNotSupported"
    DUPLICATE_TARIFF_ID = "DuplicateTariffId"


class SetDefaultTariffResponse(Response):
    """Says whether the tariff was installed."""

    status: TariffSetStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class SetDefaultTariffRequest(Request[SetDefaultTariffResponse], action="SetDefaultTariff", sender=CENTRAL):
    """Installs the tariff for drivers who bring none of their own."""

    evse_id: Annotated[int, Range(0, None)]
    """0 means all EVSEs."""
    tariff: TariffType
    custom_data: CustomData | None = None


class TariffGetStatusEnumType(StrEnum):
    """Whether there are tariffs to list."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NO_TARIFF = "NoTariff"


class TariffKindEnumType(StrEnum):
    """Whether a tariff is everyone's or a driver's own."""

    DEFAULT_TARIFF = "DefaultTariff"
    DRIVER_TARIFF = "DriverTariff"


class TariffAssignmentType(Struct):
    """A tariff, and the EVSEs or tokens it is for."""

    tariff_id: Str60
    tariff_kind: TariffKindEnumType
    valid_from: DateTime | None = None
    """Missing when in force already."""
    evse_ids: Annotated[list[Annotated[int, Range(0, None)]], Items(1, None)] | None = None
    id_tokens: Annotated[list[Id255], Items(1, None)] | None = None
    custom_data: CustomData | None = None


class GetTariffsResponse(Response):
    """Lists tariffs and where they apply."""

    status: TariffGetStatusEnumType
    status_info: StatusInfoType | None = None
    tariff_assignments: Annotated[list[TariffAssignmentType], Items(1, None)] | None = None
    custom_data: CustomData | None = None


class GetTariffsRequest(Request[GetTariffsResponse], action="GetTariffs", sender=CENTRAL):
    """Asks which tariffs are installed or in use."""

    evse_id: Annotated[int, Range(0, None)]
    """0 means all EVSEs."""
    custom_data: CustomData | None = None


class TariffClearStatusEnumType(StrEnum):
    """Whether a tariff was removed."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NO_TARIFF = "NoTariff"


class ClearTariffsResultType(Struct):
    """How the removal of one tariff went."""

    status_info: StatusInfoType | None = None
    tariff_id: Str60 | None = None
    """Missing when no tariff was found."""
    status: TariffClearStatusEnumType
    custom_data: CustomData | None = None


class ClearTariffsResponse(Response):
    """Tells, tariff by tariff, whether it was removed."""

    clear_tariffs_result: Annotated[list[ClearTariffsResultType], Items(1, None)]
    custom_data: CustomData | None = None


class ClearTariffsRequest(Request[ClearTariffsResponse], action="ClearTariffs", sender=CENTRAL):
    """Removes tariffs from the station."""

    tariff_ids: Annotated[list[Str60], Items(1, None)] | None = None
    """No value means all."""
    evse_id: Annotated[int, Range(0, None)] | None = None
    """No value means all EVSEs."""
    custom_data: CustomData | None = None


class TariffChangeStatusEnumType(StrEnum):
    """Whether a transaction's tariff was changed, or why not."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    TOO_MANY_ELEMENTS = "TooManyElements"
    CONDITION_NOT_SUPPORTED = "ConditionNotSupported"
    TX_NOT_FOUND = "TxNotFound"
    NO_CURRENCY_CHANGE = "NoCurrencyChange"


class ChangeTransactionTariffResponse(Response):
    """Says whether the transaction goes on with the new tariff."""

    status: TariffChangeStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ChangeTransactionTariffRequest(
    Request[ChangeTransactionTariffResponse], action="ChangeTransactionTariff", sender=CENTRAL
):
    """Puts a running transaction on another tariff."""

    tariff: TariffType
    transaction_id: Id36
    custom_data: CustomData | None = None


TARIFF_AND_COST = Profile(
    "TariffAndCost",
    [
        CostUpdatedRequest,
        SetDefaultTariffRequest,
        GetTariffsRequest,
        ClearTariffsRequest,
        ChangeTransactionTariffRequest,
    ],
)
