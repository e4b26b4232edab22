"""The messages that are measured: what stations and central systems send, in the order in which they write it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ocpp_fast import v16, v201
from ocpp_fast.schema import Action, Version

__all__ = ["CALLS", "RESULTS", "UNIQUE_ID", "WITH_BLANKS", "Example", "moment", "samples16"]

UNIQUE_ID: Final = "7d2c6a3e-5b0f-4c9e-9d61-3f0a8c1b2e47"


@dataclass(frozen=True, slots=True)
class Example:
    """A payload of a message, as JSON values."""

    name: str
    version: Version
    action_name: str
    payload: dict[str, Any]
    blanks: bool = False
    """Whether it is written with a blank behind each comma and colon, as `json.dumps` does."""

    @property
    def action(self) -> Action:
        return self.version.actions[self.action_name]

    @property
    def call(self) -> bytes:
        """The frame of a CALL."""
        return self._written([2, UNIQUE_ID, self.action_name, self.payload])

    @property
    def result(self) -> bytes:
        """The frame of a CALLRESULT."""
        return self._written([3, UNIQUE_ID, self.payload])

    def _written(self, frame: list[Any]) -> bytes:
        return json.dumps(frame).encode() if self.blanks else orjson.dumps(frame)


def moment(minutes: int) -> str:
    return f"2026-01-15T{8 + minutes // 60:02}:{minutes % 60:02}:30.250Z"


def samples16(number: int) -> list[dict[str, Any]]:
    """Eight readings of a three-phase meter."""
    always = {"context": "Sample.Periodic", "format": "Raw"}
    phases: list[dict[str, Any]] = [
        {"value": value, **always, "measurand": measurand, "phase": phase, "location": "Outlet", "unit": unit}
        for measurand, unit, values in (
            ("Current.Import", "A", ("15.9", "16.0", "15.8")),
            ("Voltage", "V", ("229.8", "230.4", "231.1")),
        )
        for phase, value in zip(("L1", "L2", "L3"), values, strict=True)
    ]
    energy = {"value": str(1_204_500 + 184 * number), **always, "measurand": "Energy.Active.Import.Register"}
    power = {"value": "11040", **always, "measurand": "Power.Active.Import", "unit": "W"}
    return [energy | {"location": "Outlet", "unit": "Wh"}, power, *phases]


def _meter_values16(moments: int) -> dict[str, Any]:
    readings = [{"timestamp": moment(n), "sampledValue": samples16(n)} for n in range(moments)]
    return {"connectorId": 1, "transactionId": 170_023, "meterValue": readings}


def _samples201() -> list[dict[str, Any]]:
    def sample(value: float, measurand: str, unit: str, **more: Any) -> dict[str, Any]:
        told = {"value": value, "context": "Sample.Periodic", "measurand": measurand, **more}
        return {**told, "location": "Outlet", "unitOfMeasure": {"unit": unit, "multiplier": 0}}

    return [
        sample(1204500, "Energy.Active.Import.Register", "Wh"),
        sample(11040.5, "Power.Active.Import", "W"),
        *(sample(15.9, "Current.Import", "A", phase=phase) for phase in ("L1", "L2", "L3")),
    ]


def _report_data(number: int) -> dict[str, Any]:
    return {
        "component": {"name": "Connector", "evse": {"id": number // 2 + 1, "connectorId": number % 2 + 1}},
        "variable": {"name": "AvailabilityState"},
        "variableAttribute": [
            {"type": "Actual", "value": "Available", "mutability": "ReadOnly", "persistent": False, "constant": False}
        ],
        "variableCharacteristics": {
            "dataType": "OptionList",
            "valuesList": "Available,Occupied,Reserved,Unavailable,Faulted",
            "supportsMonitoring": True,
        },
    }


_BOOT = {
    "chargePointVendor": "VendorX",
    "chargePointModel": "SingleSocketCharger",
    "chargePointSerialNumber": "CP-0123456789",
    "chargeBoxSerialNumber": "CB-0123456789",
    "firmwareVersion": "1.19.2-build.4411",
    "iccid": "8931440400000000001",
    "imsi": "204043000000001",
    "meterType": "Eastron SDM630",
    "meterSerialNumber": "SDM-20250117-004",
}
_STATUS = {
    "connectorId": 1,
    "errorCode": "NoError",
    "status": "Charging",
    "timestamp": moment(0),
    "info": "EV asks for 16 A",
}
_START = {"connectorId": 1, "idTag": "04A1B2C3D4E5F6", "timestamp": moment(0), "meterStart": 1_204_500}
_EVENT = {
    "eventType": "Updated",
    "timestamp": moment(0),
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 14,
    "transactionInfo": {
        "transactionId": "b9a1f8d2-6e0c-4a57-8a3e-1d2f3c4b5a69",
        "chargingState": "Charging",
        "timeSpentCharging": 840,
    },
    "evse": {"id": 1, "connectorId": 1},
    "idToken": {"idToken": "04A1B2C3D4E5F6", "type": "ISO14443"},
    "meterValue": [{"timestamp": moment(0), "sampledValue": _samples201()}],
}
_REPORT = {
    "requestId": 4711,
    "generatedAt": moment(0),
    "tbc": True,
    "seqNo": 3,
    "reportData": [_report_data(number) for number in range(10)],
}
_PROFILE = {
    "connectorId": 1,
    "csChargingProfiles": {
        "chargingProfileId": 158_798,
        "transactionId": 170_023,
        "stackLevel": 2,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "validFrom": moment(0),
        "validTo": moment(540),
        "chargingSchedule": {
            "duration": 28_800,
            "startSchedule": moment(0),
            "chargingRateUnit": "A",
            "minChargingRate": 6.0,
            "chargingSchedulePeriod": [
                {"startPeriod": 900 * number, "limit": limit, "numberPhases": 3}
                for number, limit in enumerate([16.0, 15.9, 13.4, 12.0, 10.5, 8.1, 21.4, 32.0])
            ],
        },
    },
}

CALLS: Final = (
    Example("Heartbeat", v16.VERSION, "Heartbeat", {}),
    Example("BootNotification", v16.VERSION, "BootNotification", _BOOT),
    Example("StatusNotification", v16.VERSION, "StatusNotification", _STATUS),
    Example("StartTransaction", v16.VERSION, "StartTransaction", _START),
    Example("MeterValues", v16.VERSION, "MeterValues", _meter_values16(1)),
    Example("MeterValues, 200 samples", v16.VERSION, "MeterValues", _meter_values16(25)),
    Example("SetChargingProfile", v16.VERSION, "SetChargingProfile", _PROFILE),
    Example("TransactionEvent (2.0.1)", v201.VERSION, "TransactionEvent", _EVENT),
    Example("NotifyReport (2.0.1)", v201.VERSION, "NotifyReport", _REPORT),
)
"""Payloads of requests."""

WITH_BLANKS: Final = Example("MeterValues, with blanks", v16.VERSION, "MeterValues", _meter_values16(1), blanks=True)

_TAG = {"status": "Accepted", "expiryDate": moment(600), "parentIdTag": "FLEET-0017"}
_COMPOSITE = {
    "status": "Accepted",
    "connectorId": 1,
    "scheduleStart": moment(0),
    "chargingSchedule": _PROFILE["csChargingProfiles"]["chargingSchedule"],  # type: ignore[index]  # a dict of dicts
}
_TOKEN = {"status": "Accepted", "cacheExpiryDateTime": moment(600), "chargingPriority": 0}

RESULTS: Final = (
    Example("Heartbeat", v16.VERSION, "Heartbeat", {"currentTime": moment(0)}),
    Example(
        "BootNotification",
        v16.VERSION,
        "BootNotification",
        {"status": "Accepted", "currentTime": moment(0), "interval": 300},
    ),
    Example("StatusNotification", v16.VERSION, "StatusNotification", {}),
    Example("StartTransaction", v16.VERSION, "StartTransaction", {"transactionId": 170_023, "idTagInfo": _TAG}),
    Example("GetCompositeSchedule", v16.VERSION, "GetCompositeSchedule", _COMPOSITE),
    Example("TransactionEvent (2.0.1)", v201.VERSION, "TransactionEvent", {"totalCost": 4.25, "idTokenInfo": _TOKEN}),
)
"""Payloads of responses."""
