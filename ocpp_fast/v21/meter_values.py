"""Meter values outside of transactions (block J)."""

from typing import Annotated

from ..schema import STATION, CustomData, Items, Profile, Range, Request, Response
from .types import MeterValueType

__all__ = [
    "METER_VALUES",
    "MeterValuesRequest",
    "MeterValuesResponse",
]


class MeterValuesResponse(Response):
    """Acknowledges the meter values."""

    custom_data: CustomData | None = None


class MeterValuesRequest(Request[MeterValuesResponse], action="MeterValues", sender=STATION):
    """Reports what the meter of an EVSE, or the main meter, shows."""

    evse_id: Annotated[int, Range(0, None)]
    """0 is the station's main meter."""
    meter_value: Annotated[list[MeterValueType], Items(1, None)]
    custom_data: CustomData | None = None


METER_VALUES = Profile("MeterValues", [MeterValuesRequest])
