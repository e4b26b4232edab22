"""Battery swap stations (block S)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Items,
    Profile,
    Range,
    Request,
    Response,
    Str50,
    Str500,
    Struct,
    field,
)
from .types import GenericStatusEnumType, IdTokenType, StatusInfoType

__all__ = [
    "BATTERY_SWAP",
    "BatteryDataType",
    "BatterySwapEventEnumType",
    "BatterySwapRequest",
    "BatterySwapResponse",
    "RequestBatterySwapRequest",
    "RequestBatterySwapResponse",
]


class BatterySwapResponse(Response):
    """Acknowledges the swap event."""

    custom_data: CustomData | None = None


class BatteryDataType(Struct):
    """A battery that was put in or taken out."""

    evse_id: Annotated[int, Range(0, None)]
    """The slot."""
    serial_number: Str50
    soc: Annotated[float, Range(0, 100)] = field(json="soC")
    """State of charge, in percent."""
    soh: Annotated[float, Range(0, 100)] = field(json="soH")
    """State of health, in percent."""
    production_date: DateTime | None = None
    vendor_info: Str500 | None = None
    custom_data: CustomData | None = None


class BatterySwapEventEnumType(StrEnum):
    """What happened to the batteries."""

    BATTERY_IN = "BatteryIn"
    BATTERY_OUT = "BatteryOut"
    BATTERY_OUT_TIMEOUT = "BatteryOutTimeout"


class BatterySwapRequest(Request[BatterySwapResponse], action="BatterySwap", sender=STATION):
    """Reports batteries that were put in or taken out."""

    battery_data: Annotated[list[BatteryDataType], Items(1, None)]
    event_type: BatterySwapEventEnumType
    id_token: IdTokenType
    request_id: int
    """Ties batteries in and out to each other and to a `RequestBatterySwapRequest`."""
    custom_data: CustomData | None = None


class RequestBatterySwapResponse(Response):
    """Says whether the swap can begin."""

    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class RequestBatterySwapRequest(Request[RequestBatterySwapResponse], action="RequestBatterySwap", sender=CENTRAL):
    """Lets the holder of a token swap batteries."""

    id_token: IdTokenType
    request_id: int
    """Comes back in the `BatterySwapRequest`s."""
    custom_data: CustomData | None = None


BATTERY_SWAP = Profile("BatterySwap", [BatterySwapRequest, RequestBatterySwapRequest])
