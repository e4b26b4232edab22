"""Faults in a payload, and what a handler may do wrong, with the codes that they are answered with in 1.6."""

from __future__ import annotations

from collections.abc import Iterator

from ocpp_fast import LENIENT, STRICT, Fault, Policy

from .cases import Row

__all__ = ["ROWS"]

_BOOT = '{"chargePointVendor":"V","chargePointModel":"M"%s}'
_START = '{"connectorId":1,"idTag":"T","meterStart":0,"timestamp":"2024-01-01T00:00:00Z"%s}'
_STATUS = '{"connectorId":1,"errorCode":"NoError","status":"Available"%s}'
_METER = '{"connectorId":1,"meterValue":[%s]}'
_AT = '"timestamp":"2024-01-01T00:00:00Z"'
_SAMPLES = _METER % f'{{{_AT},"sampledValue":[%s]}}'
_NULL_UNIT = _SAMPLES % '{"value":"1","unit":null}'
_NO_UNIT = "meterValue[0].sampledValue[0].unit: expected string"
_BIG_UNIT = '{"value":"1","Unit":"Wh"}'
_NO_OBJECTS = ("[]", '"{}"', "0", "false", "true")
_NOT_EXPECTED = "expected no property of this name"
_NO_TIME = "timestamp: expected an RFC 3339 date-time"
_UPLOADS = "BadMessage, Idle, NotSupportedOperation, PermissionDenied, Uploaded, UploadFailure, Uploading"
_ERRORS = (
    "expected one of ConnectorLockFailure, EVCommunicationError, GroundFailure, HighTemperature, InternalError, "
    "LocalListConflict, NoError, OtherError, OverCurrentFailure, PowerMeterFailure, PowerSwitchFailure, ReaderFailure, "
    "ResetFailure, UnderVoltage, OverVoltage"
)

FAULTS: dict[str, list[tuple[str, str, str, str]]] = {
    "OccurenceConstraintViolation": [
        ("missing", "BootNotification", '{"chargePointVendor":"V"}', "chargePointModel: expected a value"),
        ("first_missing", "BootNotification", "{}", "chargePointVendor: expected a value"),
        ("missing_before_wrong", "BootNotification", '{"chargePointVendor":5}', "chargePointModel: expected a value"),
        ("missing_in_a_list", "MeterValues", _SAMPLES % "{}", "meterValue[0].sampledValue[0].value: expected a value"),
    ],
    "TypeConstraintViolation": [
        ("text", "StartTransaction", _START.replace(":1", ':"1"') % "", "connectorId: expected integer"),
        ("fraction", "StartTransaction", _START.replace(":1", ":1.5") % "", "connectorId: expected integer"),
        ("true", "StartTransaction", _START.replace(":1", ":true") % "", "connectorId: expected integer"),
        ("number_for_text", "Authorize", '{"idTag":1}', "idTag: expected string"),
        ("null_for_text", "Authorize", '{"idTag":null}', "idTag: expected string"),
        ("null_for_optional", "BootNotification", _BOOT % ',"iccid":null', "iccid: expected string"),
        ("number_for_enum", "LogStatusNotification", '{"status":0}', "status: expected string"),
        ("number_for_time", "StatusNotification", _STATUS % ',"timestamp":17', "timestamp: expected string"),
        ("object_for_list", "MeterValues", '{"connectorId":1,"meterValue":{}}', "meterValue: expected array"),
        ("list_for_object", "MeterValues", _METER % "[]", "meterValue[0]: expected object"),
    ],
    "PropertyConstraintViolation": [
        ("enum", "LogStatusNotification", '{"status":"uploaded"}', f"status: expected one of {_UPLOADS}"),
        ("long_enum", "StatusNotification", _STATUS.replace("NoError", "") % "", f"errorCode: {_ERRORS}"[:255]),
        ("21_of_20", "Authorize", '{"idTag":"%s"}' % ("x" * 21), "idTag: expected at most 20 characters"),
        ("no_time", "StatusNotification", _STATUS % ',"timestamp":"now"', _NO_TIME),
        ("no_such_day", "StatusNotification", _STATUS % ',"timestamp":"2023-02-29T00:00:00Z"', _NO_TIME),
    ],
    "FormationViolation": [
        ("additional", "Heartbeat", '{"a":1}', f"a: {_NOT_EXPECTED}"),
        (
            "additional_in_a_list",
            "MeterValues",
            _SAMPLES % _BIG_UNIT,
            f"meterValue[0].sampledValue[0].Unit: {_NOT_EXPECTED}",
        ),
        ("snake_case", "Authorize", '{"idTag":"T","id_tag":"T"}', f"id_tag: {_NOT_EXPECTED}"),
        ("customData", "Heartbeat", '{"customData":{}}', f"customData: {_NOT_EXPECTED}"),
        ("64_characters_at_most", "Heartbeat", '{"%s":1}' % ("x" * 999), f"{'x' * 64}: {_NOT_EXPECTED}"),
        *((f"{value}_as_payload", "Heartbeat", value, "payload: expected object") for value in _NO_OBJECTS),
    ],
}
"""Name, action, payload and description of a fault, by its code."""

_FAILED = '"InternalError","the handler failed"'
_NOT_VALID = '"InternalError","the handler\'s answer is not valid"'
_REVEAL = Policy(reveal_exceptions=True)
_GENERIC = Policy(codes={Fault.HANDLER: "GenericError"})
HANDLED: list[tuple[str, str, Policy]] = [
    ("raises", _FAILED, STRICT),
    ("raises", '"InternalError","RuntimeError: the password is 1234"', _REVEAL),
    ("raises with a lone surrogate", _FAILED, STRICT),
    ("raises with a lone surrogate", r'"InternalError","RuntimeError: \\udc80"', _REVEAL),
    *((f"returns {what}", _NOT_VALID, STRICT) for what in ("None", "another class", "too little", "a wrong value")),
    ("refuses in its own words", '"VendorError",""', _GENERIC),
    ("raises", '"GenericError","the handler failed"', _GENERIC),
]
"""A vendor id, which tells the handler what to do; the code and the description of the answer."""

OVERRIDDEN: list[tuple[str, str, str, str, dict[Fault, str]]] = [
    ("BootNotification", "{}", "MyCode", "chargePointVendor: expected a value", {Fault.OCCURRENCE: "MyCode"}),
    ("Heartbeat", '{"a":1}', "MyCode", "a: expected no property of this name", {Fault.ADDITIONAL: "MyCode"}),
    ("Heartbeat", "[]", "MyCode", "payload: expected object", {Fault.NOT_AN_OBJECT: "MyCode", Fault.WRONG_TYPE: "X"}),
]
"""Action, payload, code and description of a fault whose code a policy overrides."""

NULLS: list[tuple[str, str, str, str | None, Policy]] = [
    ("optional", "StopTransaction", f'{{"idTag":null,"meterStop":1,{_AT},"transactionId":1}}', None, LENIENT),
    ("deep_inside", "MeterValues", _NULL_UNIT, None, LENIENT),
    ("this_action", "MeterValues", _NULL_UNIT, None, Policy(lenient={"MeterValues"})),
    ("another_action", "MeterValues", _NULL_UNIT, _NO_UNIT, Policy(lenient={"StatusNotification"})),
    ("required", "Authorize", '{"idTag":null}', "idTag: expected string", LENIENT),
    ("in_a_list", "MeterValues", _METER % "null", "meterValue[0]: expected object", LENIENT),
    ("type", "StartTransaction", _START % ',"reservationId":"1"', "reservationId: expected integer", LENIENT),
]
"""Null that is read leniently, or not (R25): name, action, payload, and the description of the fault."""

_STOP = f'{{"meterStop":1,{_AT},"transactionId":1,"transactionData":[%s]}}'
_HERTZ = f'{{{_AT},"sampledValue":[{{"value":"50","measurand":"Frequency","unit":"%s"}}]}}'
_REPORT = b'[2,"a","NotifyReport",{"requestId":1,"seqNo":0,"generatedAt":"2024-01-01T00:00:00Z","reportData":[]}]'
TAKEN: list[tuple[str, str, str]] = [
    ("no_meter_values", "MeterValues", _METER % ""),
    ("no_samples", "MeterValues", _SAMPLES % ""),
    ("no_transaction_data", "StopTransaction", _STOP % ""),
    *((unit, "MeterValues", _METER % _HERTZ % unit) for unit in ("Hertz", "Celsius", "Celcius")),
    *((unit, "StopTransaction", _STOP % _HERTZ % unit) for unit in ("Hertz", "Celsius", "Celcius")),
]
"""What the official schemas, or the documents beside them, allow (R52): name, action and payload."""


def _row(rule: str, name: str, action: str, payload: str, answer: str, policy: Policy) -> Row:
    frame = f'[2,"a","{action}",{payload}]'.encode()
    return Row(name, rule, frame, {"1.6": answer.encode()}, policy=policy)


def _rows() -> Iterator[Row]:
    for code, faults in FAULTS.items():
        for name, action, payload, description in faults:
            yield _row("FAULT", name, action, payload, f'[4,"a","{code}","{description}",{{}}]', STRICT)
    for number, (vendor, error, policy) in enumerate(HANDLED):
        payload = f'{{"vendorId":"{vendor}"}}'
        yield _row("HANDLER", f"{number}_{vendor}", "DataTransfer", payload, f'[4,"a",{error},{{}}]', policy)
    for action, payload, code, description, codes in OVERRIDDEN:
        answer = f'[4,"a","{code}","{description}",{{}}]'
        yield _row("FAULT", f"overridden_{description}", action, payload, answer, Policy(codes=codes))
    for name, action, payload, fault, policy in NULLS:
        answer = f'[4,"a","TypeConstraintViolation","{fault}",{{}}]' if fault else '[3,"a",{}]'
        yield _row("R25", f"null_{name}", action, payload, answer, policy)
    for name, action, payload in TAKEN:
        yield _row("R52", f"{name}_in_{action}", action, payload, '[3,"a",{}]', STRICT)
    empty = b'[4,"a","OccurrenceConstraintViolation","reportData: expected at least 1 item",{}]'
    yield Row("empty_list", "FAULT", _REPORT, {"2.0.1": empty, "2.1": empty})
    unknown = '[4,"a","FormationViolation","a: expected no property of this name",{}]'
    yield _row("R25", "null_unknown", "Heartbeat", '{"a":null}', unknown, LENIENT)


ROWS: list[Row] = list(_rows())
