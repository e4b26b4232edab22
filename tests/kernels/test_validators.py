"""Validators that are made together: each judges as one of its schema alone, whatever the others are."""

from __future__ import annotations

from typing import Annotated, Any

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast._kernels.payload import PayloadCodec, Violation
from ocpp_fast._kernels.texts import is_date_time, is_uri
from ocpp_fast._kernels.validators import load, validator
from ocpp_fast.schema import MaxLength, Struct, codec_of, plan_of, prepare, schema_of, unprepared
from ocpp_fast.schema.validators import source_of, validators_of

from .test_payload import Inner, Outer


def codec_alone(struct: type[Struct], draft: int = 6) -> PayloadCodec:
    """A codec whose validator fastjsonschema makes of the derived schema as it is."""
    formats = {"date-time": is_date_time, "uri": is_uri}
    made = fastjsonschema.compile(schema_of(struct, draft), formats=formats, use_default=False)
    return PayloadCodec(plan_of(struct, draft), lambda: made)


def codec_together(struct: type[Struct], draft: int = 6) -> PayloadCodec:
    """A codec whose validator is made with others, of either draft."""
    made = validators_of([(Inner, 4), (struct, 10 - draft), (struct, draft), (Inner, 6)])
    return PayloadCodec(plan_of(struct, draft), lambda: made[2])


ALONE = {draft: codec_alone(Outer, draft) for draft in (4, 6)}
TOGETHER = {draft: codec_together(Outer, draft) for draft in (4, 6)}

KEYS = [member.key for member in plan_of(Outer).members]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 12),
    st.sampled_from([1.0, 0.25, 2.1, "", "Red", "abcd", "abcdef", "a:b", "2024-02-29T12:00:00Z"]),
)
OBJECTS = st.dictionaries(st.sampled_from(["value", "note", "vendorId", "odd"]), SCALARS)
VALUES = SCALARS | OBJECTS | st.lists(SCALARS | OBJECTS | st.lists(SCALARS, max_size=2), max_size=3)
PAYLOADS = VALUES | st.dictionaries(st.sampled_from([*KEYS, "odd"]), VALUES)


def outcome(codec: PayloadCodec, payload: Any) -> Any:
    """What a payload is read as, or how it is refused."""
    try:
        return codec.decode(payload)
    except Violation as violation:
        return violation.path, violation.rule, violation.expected


@pytest.mark.parametrize("draft", [4, 6])
@given(payload=PAYLOADS)
def test_validator_finds_what_one_of_the_plain_schema_finds_first(draft: int, payload: Any) -> None:
    assert outcome(TOGETHER[draft], payload) == outcome(ALONE[draft], payload)


def declared(name: str, **annotations: Any) -> Any:
    """A struct of some name and fields."""
    metaclass: Any = type(Struct)
    return metaclass(name, (Struct,), {"__module__": __name__, "__annotations__": annotations})


def limited(name: str, limit: int) -> Any:
    """A struct with a text of at most so many characters."""
    return declared(name, it=Annotated[str, MaxLength(limit)])


def test_validators_are_told_apart_whatever_their_classes_are_called() -> None:
    structs = [limited(name, limit) for limit, name in enumerate(["Same", "Same", "SAME", "Same_", "Sáme", "Sème"], 1)]
    holder = declared("Holder", **{f"field{n}": each for n, each in enumerate(structs)})
    prepare([(each, 6) for each in structs])
    for limit, struct in enumerate(structs, 1):
        codec_of(struct).decode({"it": "x" * limit})
        with pytest.raises(Violation, match=f"at most {limit} characters"):
            codec_of(struct).decode({"it": "x" * (limit + 1)})
    right = {f"field{n}": {"it": "x" * (n + 1)} for n in range(len(structs))}
    codec_of(holder).decode(right)
    for n in range(len(structs)):
        with pytest.raises(Violation, match=f"at most {n + 1} characters"):
            codec_of(holder).decode(right | {f"field{n}": {"it": "x" * (n + 2)}})


def test_prepare_makes_what_is_missing_and_only_that() -> None:
    first, second = limited("First", 1), limited("Second", 1)
    assert unprepared([(first, 6), (second, 6), (first, 6), (first, 4)]) == [(first, 6), (second, 6), (first, 4)]
    prepare([(first, 6)])
    kept = codec_of(first).validate
    prepare([(first, 6), (second, 6)])
    assert unprepared([(first, 6), (second, 6)]) == []
    assert codec_of(first).validate is kept
    assert codec_of(first, 4).validate is None


def test_validators_of_a_source_are_found_by_their_keys() -> None:
    made = load(source_of({("Inner", 4): (Inner, 4), ("Inner", 6): (Inner, 6)}))["VALIDATORS"]
    assert list(made) == [("Inner", 4), ("Inner", 6)]
    validator(made["Inner", 6])({"value": 1.0})
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        validator(made["Inner", 4])({"value": 1.0})
