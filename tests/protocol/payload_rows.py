"""Faults in a payload, and what a handler may do wrong, with the codes that they are answered with in 1.6."""

from __future__ import annotations

from collections.abc import Iterator

from ocpp_fast import Fault, Policy

from .cases import Row

__all__ = ["ROWS"]

_BOOT = '{"chargePointVendor":"V","chargePointModel":"M"%s}'
_START = '{"connectorId":1,"idTag":"T","meterStart":0,"timestamp":"2024-01-01T00:00:00Z"%s}'
_STATUS = '{"connectorId":1,"errorCode":"NoError","status":"Available"%s}'
_METER = '{"connectorId":1,"meterValue":[%s]}'
_AT = '"timestamp":"2024-01-01T00:00:00Z"'
_SAMPLES = _METER % f'{{{_AT},"sampledValue":[%s]}}'
_NULL_UNIT = _SAMPLES % '{"value":"1","unit":null}'
_UPLOADS = "BadMessage, Idle, NotSupportedOperation, PermissionDenied, Uploaded, UploadFailure, Uploading"
_ERRORS = (
    "ConnectorLockFailure, EVCommunicationError, GroundFailure, HighTemperature, InternalError, LocalListConflict, "
    "NoError, OtherError, OverCurrentFailure, PowerMeterFailure, PowerSwitchFailure, ReaderFailure, ResetFailure, "
    "UnderVoltage, OverVoltage"
)

FAULTS: dict[str, list[tuple[str, str, str, str]]] = {
    "OccurenceConstraintViolation": [
        ("missing", "BootNotification", '{"chargePointVendor":"V"}', "chargePointModel: expected a value"),
        ("first_missing", "BootNotification", "{}", "chargePointVendor: expected a value"),
        ("missing_before_wrong", "BootNotification", '{"chargePointVendor":5}', "chargePointModel: expected a value"),
        ("missing_in_a_list", "MeterValues", _SAMPLES % "{}", "meterValue[0].sampledValue[0].value: expected a value"),
        ("empty_list", "MeterValues", _METER % "", "meterValue: expected at least 1 item"),
        ("empty_inner", "MeterValues", _SAMPLES % "", "meterValue[0].sampledValue: expected at least 1 item"),
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
        (
            "long_enum_is_cut",
            "StatusNotification",
            _STATUS.replace("NoError", "") % "",
            f"errorCode: expected one of {_ERRORS}"[:255],
        ),
        ("21_of_20", "Authorize", '{"idTag":"%s"}' % ("x" * 21), "idTag: expected at most 20 characters"),
        ("no_time", "StatusNotification", _STATUS % ',"timestamp":"now"', "timestamp: expected an RFC 3339 date-time"),
        (
            "no_such_day",
            "StatusNotification",
            _STATUS % ',"timestamp":"2023-02-29T00:00:00Z"',
            "timestamp: expected an RFC 3339 date-time",
        ),
    ],
    "FormationViolation": [
        ("additional", "Heartbeat", '{"a":1}', "a: expected no property of this name"),
        (
            "additional_in_a_list",
            "MeterValues",
            _SAMPLES % '{"value":"1","Unit":"Wh"}',
            "meterValue[0].sampledValue[0].Unit: expected no property of this name",
        ),
        ("snake_case", "Authorize", '{"idTag":"T","id_tag":"T"}', "id_tag: expected no property of this name"),
        ("customData", "Heartbeat", '{"customData":{}}', "customData: expected no property of this name"),
        (
            "64_characters_at_most",
            "Heartbeat",
            '{"%s":1}' % ("x" * 999),
            f"{'x' * 64}: expected no property of this name",
        ),
        *(
            (f"{value}_as_payload", "Heartbeat", value, "payload: expected object")
            for value in ("[]", '"{}"', "0", "false", "true")
        ),
    ],
}
"""Name, action, payload and description of a fault, by its code."""

HANDLED: list[tuple[str, str, Policy]] = [
    ("raises", '"InternalError","the handler failed"', Policy()),
    ("raises", '"InternalError","RuntimeError: the password is 1234"', Policy(reveal_exceptions=True)),
    ("raises with a lone surrogate", '"InternalError","the handler failed"', Policy()),
    ("raises with a lone surrogate", '"InternalError","the handler failed"', Policy(reveal_exceptions=True)),
    ("returns None", '"InternalError","the handler\'s answer is not valid"', Policy()),
    ("returns another class", '"InternalError","the handler\'s answer is not valid"', Policy()),
    ("returns too little", '"InternalError","the handler\'s answer is not valid"', Policy()),
    ("returns a wrong value", '"InternalError","the handler\'s answer is not valid"', Policy()),
    ("refuses in its own words", '"VendorError",""', Policy(codes={Fault.HANDLER: "GenericError"})),
    ("raises", '"GenericError","the handler failed"', Policy(codes={Fault.HANDLER: "GenericError"})),
]
"""A vendor id, which tells the handler what to do; the code and the description of the answer."""

OVERRIDDEN: list[tuple[str, str, str, str, dict[Fault, str]]] = [
    ("BootNotification", "{}", "MyCode", "chargePointVendor: expected a value", {Fault.OCCURRENCE: "MyCode"}),
    ("Heartbeat", '{"a":1}', "MyCode", "a: expected no property of this name", {Fault.ADDITIONAL: "MyCode"}),
    ("Heartbeat", "[]", "MyCode", "payload: expected object", {Fault.NOT_AN_OBJECT: "MyCode", Fault.WRONG_TYPE: "X"}),
]
"""Action, payload, code and description of a fault whose code a policy overrides."""

LENIENT: list[tuple[str, str, str, str | None, Policy]] = [
    (
        "optional",
        "StopTransaction",
        f'{{"idTag":null,"meterStop":1,{_AT},"transactionId":1}}',
        None,
        Policy(lenient=True),
    ),
    ("deep_inside", "MeterValues", _NULL_UNIT, None, Policy(lenient=True)),
    ("this_action", "MeterValues", _NULL_UNIT, None, Policy(lenient={"MeterValues"})),
    (
        "another_action",
        "MeterValues",
        _NULL_UNIT,
        "meterValue[0].sampledValue[0].unit: expected string",
        Policy(lenient={"StatusNotification"}),
    ),
    ("required", "Authorize", '{"idTag":null}', "idTag: expected string", Policy(lenient=True)),
    ("in_a_list", "MeterValues", _METER % "null", "meterValue[0]: expected object", Policy(lenient=True)),
    (
        "type",
        "StartTransaction",
        _START % ',"reservationId":"1"',
        "reservationId: expected integer",
        Policy(lenient=True),
    ),
]
"""Null that is read leniently, or not (R25): name, action, payload, and the description of the fault."""


def _row(rule: str, name: str, action: str, payload: str, answer: str, policy: Policy) -> Row:
    frame = f'[2,"a","{action}",{payload}]'.encode()
    return Row(name, rule, frame, {"1.6": answer.encode()}, policy=policy)


def _rows() -> Iterator[Row]:
    for code, faults in FAULTS.items():
        for name, action, payload, description in faults:
            yield _row("FAULT", name, action, payload, f'[4,"a","{code}","{description}",{{}}]', Policy())
    for number, (vendor, error, policy) in enumerate(HANDLED):
        payload = f'{{"vendorId":"{vendor}"}}'
        yield _row("HANDLER", f"{number}_{vendor}", "DataTransfer", payload, f'[4,"a",{error},{{}}]', policy)
    for action, payload, code, description, codes in OVERRIDDEN:
        answer = f'[4,"a","{code}","{description}",{{}}]'
        yield _row("FAULT", f"overridden_{description}", action, payload, answer, Policy(codes=codes))
    for name, action, payload, fault, policy in LENIENT:
        answer = f'[4,"a","TypeConstraintViolation","{fault}",{{}}]' if fault else '[3,"a",{}]'
        yield _row("R25", f"null_{name}", action, payload, answer, policy)
    unknown = '[4,"a","FormationViolation","a: expected no property of this name",{}]'
    yield _row("R25", "null_unknown", "Heartbeat", '{"a":null}', unknown, Policy(lenient=True))


ROWS: list[Row] = list(_rows())
