"""What 2.x sends keeps the bounds of its primitive types (R50, R51); the schemas alone judge what it receives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp_fast import Policy, ValidationError, v16, v21, v201
from ocpp_fast._core.decimals import LongFloat
from ocpp_fast._core.plan import Plan
from ocpp_fast.frames import Call, Decoder, Encoder
from ocpp_fast.schema import CENTRAL, STATION, Request, Version, plan_of

from .cases import NOON, SETUPS, Setup, answers, pair_of

V2 = [v201, v21]
both = pytest.mark.parametrize("module", V2, ids=["2.0.1", "2.1"])
LONG = "1" * 30 + "." + "3" * 30


def sent(request: Request[Any]) -> bytes:
    """Return what is written of a request in its own version."""
    version = next(each.VERSION for each in (v16, *V2) if each.__name__ in type(request).__module__)
    return Encoder(version).call("a", request)


def refused(request: Request[Any]) -> tuple[str, str, str]:
    with pytest.raises(ValidationError) as raised:
        sent(request)
    return raised.value.path, raised.value.rule, raised.value.expected


def measured(module: Any, *values: float) -> Request[Any]:
    samples = [module.SampledValueType(value=value) for value in values]
    meter_value = [module.MeterValueType(timestamp=NOON, sampled_value=samples)]
    request: Request[Any] = module.MeterValuesRequest(evse_id=1, meter_value=meter_value)
    return request


def numbers(frame: bytes) -> list[bytes]:
    return re.findall(rb'"value":([^},]*)', frame)


def schedule(module: Any, limit: float, rate: float | None = None) -> Request[Any]:
    made = module.ChargingScheduleType(
        id=1,
        charging_rate_unit="A",
        charging_schedule_period=[module.ChargingSchedulePeriodType(start_period=0, limit=limit)],
        min_charging_rate=rate,
    )
    request: Request[Any] = module.NotifyEVChargingScheduleRequest(time_base=NOON, evse_id=1, charging_schedule=made)
    return request


# Decimals

DECIMALS: list[tuple[float, bytes]] = [
    *((0.0, b"0.0"), (1.0, b"1.0"), (21.4, b"21.4"), (-8.05, b"-8.05"), (100.0, b"100.0"), (230, b"230")),
    *((0.1 + 0.2, b"0.3"), (1 / 3, b"0.333333"), (-2 / 3, b"-0.666667"), (230 * 16.1 * 3, b"11109.0")),
    *((0.000001, b"0.000001"), (0.000012, b"0.000012"), (1e-5, b"0.00001"), (0.00001234, b"0.000012")),
    *((5e-7, b"0.0"), (5.1e-7, b"0.000001"), (1e-7, b"0.0"), (5e-324, b"0.0"), (-0.0, b"-0.0")),
    *((0.0078125, b"0.007812"), (0.0234375, b"0.023438")),  # in the middle: to the even one
    *((1.0000005, b"1.0"), (1.0000015, b"1.000002"), (9.9999995, b"10.0"), (1.00000049, b"1.0")),
    *((2.0000005, b"2.0"), (0.1234565, b"0.123456"), (0.1234575, b"0.123458")),  # by the decimal text
    *((9999999.9999994, b"9999999.999999"), (9999999.9999996, b"10000000.0"), (12345678.1234567, b"12345678.123457")),
    *((123456789.123456, b"123456789.123456"), (2251799813685249.5, b"2251799813685249.5")),
    *((1e14, b"100000000000000.0"), (1e15, b"1000000000000000.0"), (1e16, b"10000000000000000.0")),
    *((1e22, b"1%b.0" % (b"0" * 22)), (-1.5e300, b"-15%b.0" % (b"0" * 299)), (2**70, b"%d" % 2**70)),
    *(
        (LongFloat(LONG), LONG[:37].encode()),
        (LongFloat("1e-400"), b"0.0"),
        (LongFloat("12e20"), b"12%b.0" % (b"0" * 20)),
    ),
]


@both
@pytest.mark.parametrize(("value", "text"), DECIMALS, ids=lambda each: repr(each)[:30])
def test_R50_decimals_are_rounded_to_six_places_and_have_no_exponent(module: Any, value: float, text: bytes) -> None:
    assert numbers(sent(measured(module, value))) == [text]


def test_R50_numbers_beyond_64_bits_stand_beside_numbers_that_are_rounded() -> None:
    assert numbers(sent(measured(v21, 1e-6, 2**70, 1 / 3, 1e22))) == [
        *(b"0.000001", b"%d" % 2**70, b"0.333333", b"10000000000000000000000.0"),
    ]


@given(
    value=st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e8, 1e8)
    | st.integers(0, 10**9).map(lambda n: n / 2e6)
)
@example(value=1e7)
@example(value=9999999.999999)
def test_R50_what_is_written_is_the_decimal_text_half_even(value: float) -> None:
    (text,) = numbers(sent(measured(v21, value)))
    exact = Context(1024, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX)
    assert Decimal(text.decode()) == exact.quantize(Decimal(repr(value)), Decimal("0.000001"))
    assert re.fullmatch(rb"-?[0-9]+\.[0-9]{1,6}", text)


@pytest.mark.parametrize("limit", [8.1, 21.4, 0.3, 0.0, -1.1, 16, 1e15])
def test_R50_limits_of_201_with_one_place_are_sent(limit: float) -> None:
    assert orjson.loads(sent(schedule(v201, limit, limit)))[3]["chargingSchedule"]["minChargingRate"] == limit


@pytest.mark.parametrize("limit", [8.15, 0.1 + 0.2, 1e-7, 21.41, LongFloat("8.1" + "0" * 30 + "1")])
def test_R50_limits_of_201_with_more_than_one_place_are_refused_and_not_rounded(limit: float) -> None:
    path = "chargingSchedule.chargingSchedulePeriod[0].limit"
    assert refused(schedule(v201, limit)) == (path, "multipleOf", "a multiple of 0.1")
    assert refused(schedule(v201, 8.1, limit)) == (
        "chargingSchedule.minChargingRate",
        "multipleOf",
        "a multiple of 0.1",
    )
    assert b'"limit":' in sent(schedule(v21, limit, limit))


# Integers


def reset(evse_id: int) -> Request[Any]:
    return v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE, evse_id=evse_id)


@pytest.mark.parametrize("number", [2**31 - 1, -(2**31), 0])
def test_R51_integers_of_32_bits_are_sent(number: int) -> None:
    assert b'"evseId":%d}' % number in sent(reset(number))


@pytest.mark.parametrize(
    ("number", "rule", "expected"),
    [
        *((number, "maximum", "at most 2147483647") for number in (2**31, 2**53, 2**64, 10**255)),
        *((-number, "minimum", "at least -2147483648") for number in (2**31 + 1, 2**64)),
    ],
)
def test_R51_other_integers_are_refused(number: int, rule: str, expected: str) -> None:
    assert refused(reset(number)) == ("evseId", rule, expected)


# Identifiers

KEYS = {
    *("transactionId", "idToken", "additionalIdToken", "issuerNameHash", "iccid", "imsi", "checksum"),
    *("preferredNetwork", "idTokens", "controlId", "supersededIds", "prioritizedEMAIDs", "pspRef"),
}
"""The fields that part 2 types as identifierString, wherever they stand."""
FIELDS = {
    *((kind, key) for kind in ("ComponentType", "VariableType") for key in ("name", "instance")),
    *((kind, "serialNumber") for kind in ("CertificateHashDataType", "OCSPRequestDataType")),
}
"""Those whose names are also those of other fields; in 2.1, the `id` of each `...GetType` of DER control, too."""


def strings(plan: Plan) -> Iterator[tuple[str, str, bool]]:
    """Yield the strings in a plan: class, key, and whether it is an identifier."""
    for member in plan.members:
        node = member.node if member.node.item is None else member.node.item
        if node.plan is not None:
            yield from strings(node.plan)
        elif node.max_length is not None and node.enum is None:
            yield plan.struct.__name__, member.key, node.identifier


@both
def test_R51_identifiers_are_declared(module: Any) -> None:
    version: Version = module.VERSION
    structs = [each for action in version.actions.values() for each in (action.request, action.response) if each]
    found = {each for struct in structs for each in strings(plan_of(struct))}
    assert found
    for kind, key, identifier in found:
        is_setting = key == "id" and kind.endswith("GetType")
        assert identifier is (key in KEYS or (kind, key) in FIELDS or is_setting), (kind, key)


@both
def test_R51_identifiers_hold_their_characters_and_no_others(module: Any) -> None:
    right = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-_=:+|@."
    for character in (*map(chr, range(256)), "€", "А", "０", "😀", "ſ"):
        for text in (f"a{character}b", f"{'x' * 20}{character}", f"{character}{'x' * 35}"):
            request = module.CostUpdatedRequest(total_cost=1.0, transaction_id=text)
            if character in right:
                assert b'"%b"' % text.encode() in sent(request)
            else:
                expected = "an identifier of A-Z a-z 0-9 * - _ = : + | @ ."
                assert refused(request) == ("transactionId", "pattern", expected), character
    assert b'"transactionId":""' in sent(module.CostUpdatedRequest(total_cost=1.0, transaction_id=""))


def test_R51_identifiers_in_lists_are_judged_each() -> None:
    request = v21.NotifyDERStartStopRequest(control_id="a", started=True, timestamp=NOON, superseded_ids=["a", "b c"])
    assert refused(request)[:2] == ("supersededIds[1]", "pattern")


# Date-times


@both
def test_R51_date_times_finer_than_milliseconds_are_refused(module: Any) -> None:
    with pytest.raises(ValueError, match=rf"^timespec: OCPP {module.VERSION.number} has milliseconds at most"):
        Encoder(module.VERSION, Policy(timespec="microseconds"))
    Encoder(module.VERSION, Policy(timespec="seconds"))


# What is not bound

LAX = [
    '{"evseId":9007199254740993,"meterValue":[{"timestamp":"2024-01-01T00:00:00Z","sampledValue":[{"value":1e-9}]}]}',
    '{"evseId":1,"meterValue":[{"timestamp":"2024-01-01T00:00:00.123456Z","sampledValue":[{"value":0.12345678}]}]}',
]


@both
@pytest.mark.parametrize("payload", LAX)
def test_R50_R51_what_is_received_is_judged_by_the_schema(module: Any, payload: str) -> None:
    decoder = Decoder(module.VERSION, CENTRAL, lambda action: True)
    call = decoder.decode(f'[2,"a","MeterValues",{payload}]'.encode(), lambda unique_id: None)
    assert isinstance(call, Call)
    assert call.payload == module.MeterValuesRequest.from_json(payload)
    assert module.MeterValuesRequest.from_json(call.payload.to_json()).evse_id == call.payload.evse_id


def test_R51_a_bad_identifier_is_received_and_shown_and_not_sent_on() -> None:
    frame = b'[2,"a","RequestStopTransaction",{"transactionId":"12 34"}]'
    call = Decoder(v201.VERSION, STATION, lambda action: True).decode(frame, lambda unique_id: None)
    assert isinstance(call, Call)
    assert call.payload.to_json() == '{"transactionId":"12 34"}'
    assert refused(call.payload)[1] == "pattern"


def test_R50_R51_16_is_not_bound() -> None:
    request = v16.StartTransactionRequest(connector_id=2**40, id_tag="é €", meter_start=0, timestamp=NOON)
    assert b'"connectorId":1099511627776,"idTag":"\xc3\xa9 \xe2\x82\xac"' in sent(request)


def test_R51_a_handlers_answer_is_bound_too() -> None:
    def start(request: Any) -> Any:
        accepted = v201.RequestStartStopStatusEnumType.ACCEPTED
        return v201.RequestStartTransactionResponse(status=accepted, transaction_id="12 34")

    setup = Setup(v201, {v201.RequestStartTransactionRequest: start}, SETUPS["2.0.1"].requests)
    frame = b'[2,"a","RequestStartTransaction",{"remoteStartId":1,"idToken":{"idToken":"a b","type":"Central"}}]'
    expected = b'[4,"a","InternalError","the handler\'s answer is not valid",{}]'
    assert answers(setup, pair_of(setup).station, frame) == [expected]
