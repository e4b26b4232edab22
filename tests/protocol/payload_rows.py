"""Faults in a payload, and what a handler may do wrong, with the codes that they are answered with."""

from __future__ import annotations

from ocpp_fast import Fault, Policy

from .cases import Row

__all__ = ["ROWS"]

_BOOT = b'"chargePointVendor":"V","chargePointModel":"M"'
_START = b'"connectorId":1,"idTag":"T","meterStart":0,"timestamp":"2024-01-01T00:00:00Z"'
_STATUS = b'"connectorId":1,"errorCode":"NoError","status":"Available"'
_METER = b'{"connectorId":1,"meterValue":[%b]}'
_AT = b'"timestamp":"2024-01-01T00:00:00Z"'


def _fault(
    name: str, action: bytes, payload: bytes, code: bytes, description: bytes, policy: Policy | None = None
) -> Row:
    return Row(
        name,
        "FAULT",
        b'[2,"a","%b",%b]' % (action, payload),
        {"1.6": b'[4,"a","%b","%b",{}]' % (code, description)},
        policy=policy or Policy(),
    )


def _handled(name: str, vendor_id: bytes, error: bytes, policy: Policy | None = None) -> Row:
    return Row(
        name,
        "HANDLER",
        b'[2,"a","DataTransfer",{"vendorId":"%b"}]' % vendor_id,
        {"1.6": b'[4,"a",%b,{}]' % error},
        policy=policy or Policy(),
    )


OCCURRENCE = b"OccurenceConstraintViolation"
TYPE = b"TypeConstraintViolation"
PROPERTY = b"PropertyConstraintViolation"
FORMATION = b"FormationViolation"

ROWS: list[Row] = [
    # required
    _fault(
        "missing",
        b"BootNotification",
        b'{"chargePointVendor":"V"}',
        OCCURRENCE,
        b"chargePointModel: expected a value",
    ),
    _fault(
        "the_first_of_many_missing",
        b"BootNotification",
        b"{}",
        OCCURRENCE,
        b"chargePointVendor: expected a value",
    ),
    _fault(
        "missing_in_a_list",
        b"MeterValues",
        _METER % b'{%b,"sampledValue":[{"value":"1"},{"unit":"Wh"}]}' % _AT,
        OCCURRENCE,
        b"meterValue[0].sampledValue[1].value: expected a value",
    ),
    # minItems
    _fault(
        "an_empty_list",
        b"MeterValues",
        _METER % b"",
        OCCURRENCE,
        b"meterValue: expected at least 1 item",
    ),
    _fault(
        "an_empty_list_in_a_list",
        b"MeterValues",
        _METER % b'{%b,"sampledValue":[]}' % _AT,
        OCCURRENCE,
        b"meterValue[0].sampledValue: expected at least 1 item",
    ),
    # type
    _fault(
        "text_for_an_integer",
        b"StatusNotification",
        b'{"connectorId":"1","errorCode":"NoError","status":"Available"}',
        TYPE,
        b"connectorId: expected integer",
    ),
    _fault(
        "a_fraction_for_an_integer",
        b"StatusNotification",
        b'{"connectorId":1.5,"errorCode":"NoError","status":"Available"}',
        TYPE,
        b"connectorId: expected integer",
    ),
    _fault(
        "true_for_an_integer",
        b"StatusNotification",
        b'{"connectorId":true,"errorCode":"NoError","status":"Available"}',
        TYPE,
        b"connectorId: expected integer",
    ),
    _fault("a_number_for_text", b"Authorize", b'{"idTag":1}', TYPE, b"idTag: expected string"),
    _fault("null_for_text", b"Authorize", b'{"idTag":null}', TYPE, b"idTag: expected string"),
    _fault(
        "null_for_an_optional_field",
        b"BootNotification",
        b'{%b,"iccid":null}' % _BOOT,
        TYPE,
        b"iccid: expected string",
    ),
    _fault(
        "a_number_for_an_enumeration",
        b"StatusNotification",
        b'{"connectorId":1,"errorCode":0,"status":"Available"}',
        TYPE,
        b"errorCode: expected string",
    ),
    _fault(
        "a_number_for_a_time",
        b"StatusNotification",
        b'{%b,"timestamp":1704067200}' % _STATUS,
        TYPE,
        b"timestamp: expected string",
    ),
    _fault(
        "an_object_for_a_list",
        b"MeterValues",
        b'{"connectorId":1,"meterValue":{}}',
        TYPE,
        b"meterValue: expected array",
    ),
    _fault(
        "a_list_for_an_object",
        b"MeterValues",
        _METER % b"[]",
        TYPE,
        b"meterValue[0]: expected object",
    ),
    # enum, maxLength, date-time; 1.6 has no minimum and no maximum, R23 has the rows of multipleOf
    _fault(
        "a_value_that_is_none_of_the_enumeration",
        b"LogStatusNotification",
        b'{"status":"uploaded"}',
        PROPERTY,
        b"status: expected one of BadMessage, Idle, NotSupportedOperation, PermissionDenied, Uploaded, "
        b"UploadFailure, Uploading",
    ),
    _fault(
        "an_enumeration_too_long_to_be_told_is_cut",
        b"StatusNotification",
        b'{"connectorId":1,"errorCode":"","status":"Available"}',
        PROPERTY,
        (
            b"errorCode: expected one of ConnectorLockFailure, EVCommunicationError, GroundFailure, "
            b"HighTemperature, InternalError, LocalListConflict, NoError, OtherError, OverCurrentFailure, "
            b"PowerMeterFailure, PowerSwitchFailure, ReaderFailure, ResetFailure, UnderVoltage, OverVoltage"
        )[:255],
    ),
    _fault(
        "21_characters_of_20",
        b"Authorize",
        b'{"idTag":"123456789012345678901"}',
        PROPERTY,
        b"idTag: expected at most 20 characters",
    ),
    _fault(
        "no_time",
        b"StatusNotification",
        b'{%b,"timestamp":"yesterday"}' % _STATUS,
        PROPERTY,
        b"timestamp: expected an RFC 3339 date-time",
    ),
    _fault(
        "a_day_that_never_was",
        b"StatusNotification",
        b'{%b,"timestamp":"2023-02-29T00:00:00Z"}' % _STATUS,
        PROPERTY,
        b"timestamp: expected an RFC 3339 date-time",
    ),
    # additionalProperties
    _fault("an_additional_field", b"Heartbeat", b'{"a":1}', FORMATION, b"a: expected no property of this name"),
    _fault(
        "an_additional_field_in_a_list",
        b"MeterValues",
        _METER % b'{%b,"sampledValue":[{"value":"1","Unit":"Wh"}]}' % _AT,
        FORMATION,
        b"meterValue[0].sampledValue[0].Unit: expected no property of this name",
    ),
    _fault(
        "an_additional_field_in_snake_case",
        b"Authorize",
        b'{"idTag":"T","id_tag":"T"}',
        FORMATION,
        b"id_tag: expected no property of this name",
    ),
    _fault(
        "customData_is_not_of_1.6",
        b"Heartbeat",
        b'{"customData":{"vendorId":"V"}}',
        FORMATION,
        b"customData: expected no property of this name",
    ),
    _fault(
        "no_more_than_64_characters_of_the_peer_are_told",
        b"Heartbeat",
        b'{"%b":1}' % (b"x" * 1000),
        FORMATION,
        b"%b: expected no property of this name" % (b"x" * 64),
    ),
    # not an object
    *(
        _fault(f"{name}_as_payload", b"Heartbeat", payload, FORMATION, b"payload: expected object")
        for name, payload in {
            "a_list": b"[]",
            "a_text": b'"{}"',
            "a_number": b"0",
            "false": b"false",
            "true": b"true",
        }.items()
    ),
    # The first fault is told: the object's before those of its fields
    _fault(
        "a_missing_field_before_a_wrong_one",
        b"BootNotification",
        b'{"chargePointVendor":5}',
        OCCURRENCE,
        b"chargePointModel: expected a value",
    ),
    # What a handler does wrong
    _handled("it_raises", b"raises", b'"InternalError","the handler failed"'),
    _handled(
        "it_raises_and_the_policy_reveals_it",
        b"raises",
        b'"InternalError","RuntimeError: the password is 1234"',
        Policy(reveal_exceptions=True),
    ),
    _handled(
        "it_raises_what_is_no_text",
        b"raises with a lone surrogate",
        b'"InternalError","the handler failed"',
    ),
    _handled(
        "it_raises_what_is_no_text_and_the_policy_reveals_it",
        b"raises with a lone surrogate",
        b'"InternalError","the handler failed"',
        Policy(reveal_exceptions=True),
    ),
    *(
        _handled(
            f"it_{vendor_id.replace(' ', '_')}",
            vendor_id.encode(),
            b'"InternalError","the handler\'s answer is not valid"',
        )
        for vendor_id in (
            "returns None",
            "returns another class",
            "returns too little",
            "returns a wrong value",
        )
    ),
    _handled(
        "it_refuses_though_the_policy_has_another_code_for_failure",
        b"refuses in its own words",
        b'"VendorError",""',
        Policy(codes={Fault.HANDLER: "GenericError"}),
    ),
    # The codes of the table can be overridden
    _handled(
        "a_policys_code_for_handlers",
        b"raises",
        b'"GenericError","the handler failed"',
        Policy(codes={Fault.HANDLER: "GenericError"}),
    ),
    _fault(
        "a_policys_code_for_missing_fields",
        b"BootNotification",
        b"{}",
        FORMATION,
        b"chargePointVendor: expected a value",
        Policy(codes={Fault.OCCURRENCE: "FormationViolation"}),
    ),
    _fault(
        "a_policys_code_for_additional_fields",
        b"Heartbeat",
        b'{"a":1}',
        OCCURRENCE,
        b"a: expected no property of this name",
        Policy(codes={Fault.ADDITIONAL: "OccurrenceConstraintViolation"}),
    ),
    _fault(
        "a_policys_code_for_what_is_no_object",
        b"Heartbeat",
        b"[]",
        TYPE,
        b"payload: expected object",
        Policy(codes={Fault.NOT_AN_OBJECT: "TypeConstraintViolation", Fault.WRONG_TYPE: "X"}),
    ),
    # Lenient mode overlooks nulls for optional fields, for all actions or for some, and nothing else
    Row(
        "lenient_takes_null_for_optional_fields",
        "R25",
        b'[2,"a","StopTransaction",{"idTag":null,"meterStop":1,%b,"transactionId":1,"transactionData":null}]' % _AT,
        {"1.6": b'[3,"a",{}]'},
        policy=Policy(lenient=True),
    ),
    Row(
        "lenient_takes_null_deep_inside",
        "R25",
        b'[2,"a","MeterValues",%b]' % (_METER % b'{%b,"sampledValue":[{"value":"1","unit":null}]}' % _AT),
        {"1.6": b'[3,"a",{}]'},
        policy=Policy(lenient=True),
    ),
    Row(
        "lenient_for_this_action",
        "R25",
        b'[2,"a","MeterValues",%b]' % (_METER % b'{%b,"sampledValue":[{"value":"1","unit":null}]}' % _AT),
        {"1.6": b'[3,"a",{}]'},
        policy=Policy(lenient={"MeterValues"}),
    ),
    _fault(
        "lenient_for_another_action",
        b"MeterValues",
        _METER % b'{%b,"sampledValue":[{"value":"1","unit":null}]}' % _AT,
        TYPE,
        b"meterValue[0].sampledValue[0].unit: expected string",
        Policy(lenient={"StatusNotification"}),
    ),
    _fault(
        "lenient_takes_no_null_for_a_required_field",
        b"Authorize",
        b'{"idTag":null}',
        TYPE,
        b"idTag: expected string",
        Policy(lenient=True),
    ),
    _fault(
        "lenient_takes_no_null_in_a_list",
        b"MeterValues",
        _METER % b"null",
        TYPE,
        b"meterValue[0]: expected object",
        Policy(lenient=True),
    ),
    _fault(
        "lenient_takes_no_null_for_an_unknown_field",
        b"Heartbeat",
        b'{"a":null}',
        FORMATION,
        b"a: expected no property of this name",
        Policy(lenient=True),
    ),
    _fault(
        "lenient_takes_no_other_type",
        b"StartTransaction",
        b'{%b,"reservationId":"1"}' % _START,
        TYPE,
        b"reservationId: expected integer",
        Policy(lenient=True),
    ),
]
