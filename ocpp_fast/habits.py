"""Rows of `Policy.tolerate` by the habit that they serve: `Policy(tolerate=[*habits.NULLS, *habits.LOOSE_TIMES])`.

Each names one public report of the habit, where there is one. They are for every station; `of` makes them rows for
some.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .tolerance import PeerChoice, Tolerance

__all__ = [
    "CONFIGURATION_VALUES_AS_NUMBERS",
    "EMPTY_FOR_ABSENT",
    "EMPTY_FOR_OBJECT",
    "ITEM_FOR_LIST",
    "LONG_BOOT_FIELDS",
    "LONG_STATUS_INFO",
    "LOOSE_TIMES",
    "NULLS",
    "NUMBERS_AS_TEXT",
    "SAMPLES_AS_NUMBERS",
    "SHORT_ERRORS",
    "UNKNOWN_FIELDS",
    "UNKNOWN_SAMPLES",
    "UNKNOWN_STATUS",
    "WHOLE_DECIMALS",
    "of",
]

Rows = tuple[Tolerance, ...]

_SAMPLES: Final = (("MeterValues", "meterValue[]"), ("StopTransaction", "transactionData[]"))


def of(peer: PeerChoice, *rows: Tolerance) -> Rows:
    """Return rows for some stations only."""
    return tuple(replace(row, peer=peer) for row in rows)


NULLS: Final[Rows] = (Tolerance("null_as_absent"),)
"""null for an optional field without a value. No public report of one product is known."""
LOOSE_TIMES: Final[Rows] = (Tolerance("loose_time"),)
"""Times without a zone, which are read as UTC, with a blank, or with an offset such as +02: Growatt THOR.
https://github.com/evcc-io/evcc/issues/10399"""
SHORT_ERRORS: Final[Rows] = (Tolerance("short_error"),)
"""CALLERRORs without description or details. No public report of one product is known."""
UNKNOWN_FIELDS: Final[Rows] = (Tolerance("unknown_field"),)
"""Fields that the schema does not have, which are left out. https://github.com/road-labs/chargestation-one/issues/61"""
LONG_BOOT_FIELDS: Final[Rows] = (Tolerance("long_text", "BootNotification", answer="take"),)
"""Serial numbers and models longer than the schema's, taken whole: Schneider EVlink.
https://github.com/mobilityhouse/ocpp/issues/273"""
LONG_STATUS_INFO: Final[Rows] = (Tolerance("long_text", "StatusNotification", "info"),)
"""Messages for the driver in `info`, cut. https://github.com/lbbrhzn/ocpp/issues/987"""
SAMPLES_AS_NUMBERS: Final[Rows] = tuple(
    Tolerance("text_as_number", action, f"{path}.sampledValue[].value") for action, path in _SAMPLES
)
"""Sampled values of OCPP 1.6 as numbers, not texts: OpenEVSE.
https://github.com/OpenEVSE/openevse_esp32_firmware/issues/335"""
UNKNOWN_SAMPLES: Final[Rows] = tuple(
    Tolerance("unknown_enum", action, f"{path}.sampledValue[].*") for action, path in _SAMPLES
)
"""Units, contexts and measurands that OCPP does not know: ChargeAmps Halo (`Hz`), Alfen Eve (`CurrentMax`).
https://github.com/lbbrhzn/ocpp/issues/1576"""
UNKNOWN_STATUS: Final[Rows] = (Tolerance("unknown_enum", "StatusNotification"),)
"""Error codes and statuses that OCPP does not know: Legrand GreenUp. https://github.com/lbbrhzn/ocpp/issues/1248"""
CONFIGURATION_VALUES_AS_NUMBERS: Final[Rows] = (
    Tolerance("text_as_number", "GetConfiguration", "configurationKey[].value"),
    Tolerance("loose_boolean", "GetConfiguration", "configurationKey[].readonly"),
)
"""Values of configuration keys as numbers or booleans, and `readonly` as a text or number: Scame, EFR.
https://github.com/evcc-io/evcc/issues/10339"""
NUMBERS_AS_TEXT: Final[Rows] = (Tolerance("number_as_text"),)
"""Numbers in quotation marks: OCPP-2.0-CP-Simulator.
https://github.com/JavaIsJavaScript/OCPP-2.0-CP-Simulator/pull/5"""
WHOLE_DECIMALS: Final[Rows] = (Tolerance("decimal_as_integer"),)
"""12.0 for 12, where 1.6 wants an integer. Reported are decimals of other values, which only "take" lets through.
https://github.com/shiv3/ocpp-cp-simulator/pull/83"""
ITEM_FOR_LIST: Final[Rows] = (Tolerance("item_as_list"),)
"""An object where a list of one belongs: Huawei SCharger. https://github.com/lbbrhzn/ocpp/issues/1144"""
EMPTY_FOR_ABSENT: Final[Rows] = (Tolerance("empty_as_absent"),)
"""An empty text, list or object for an optional field without a value: times of requests for logs.
https://github.com/EVerest/libocpp/issues/808"""
EMPTY_FOR_OBJECT: Final[Rows] = (Tolerance("empty_as_object"),)
"""An empty list or text for an object without fields, as scripting languages write it. No public report of one product
is known."""
