"""The reference core and fastjsonschema, by the derived JSON Schema, find the same fault first, whatever is wrong.

OCPP_FAST_ORACLE_CASES says how many payloads there are of each class, OCPP_FAST_ORACLE_SEED with which seed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast._core.payload import Violation
from ocpp_fast._core.plan import Plan
from ocpp_fast._core.strict_json import loads
from ocpp_fast.schema import Struct, codec_of, plan_of

from ..declarations.official import PAYLOADS
from ..kernels.test_payload import Outer
from ..parity.odd import odd_object, odd_value
from ..parity.spelling import spelt
from ..payloads import random_payload, slots
from .judge import Fault, Undecided, oracle_of

pytestmark = pytest.mark.once
CASES = int(os.environ.get("OCPP_FAST_ORACLE_CASES") or 24)
SEED = os.environ.get("OCPP_FAST_ORACLE_SEED") or "1"
MOST_FAULTS = 5
CLASSES = [(each.struct, each.action.draft) for each in PAYLOADS]
EVERY_KIND: type[Struct] = Outer


def check(struct: type[Struct], draft: int, value: Any) -> Fault | None:
    """Return what is wrong with a value, as both say."""
    expected = oracle_of(struct, draft)(value)
    found = None
    try:
        assert type(codec_of(struct, draft).decode(value)) is struct
    except Violation as violation:
        found = violation.path, violation.rule, violation.expected
    assert found == expected, value
    return found


# The messages of every version


def payloads(rng: Random, plan: Plan) -> Iterator[Any]:
    """Yield values of some payloads that are odd in a few places, or in none."""
    while True:
        value = random_payload(rng, plan, rng.choice((0.0, 0.2, 0.6, 1.0)))
        where = list(slots(plan, value))
        chosen = rng.sample(range(len(where)), min(len(where), rng.randrange(MOST_FAULTS + 1)))
        for slot in (where[index] for index in sorted(chosen, reverse=True)):  # inner before outer
            slot.put(odd_value(rng, slot.node, slot.get()))
        text = spelt(rng, odd_object(rng, value) if rng.random() < 0.2 else value, 0.0)
        try:
            yield loads(text.encode("utf-8", "surrogatepass"))
        except ValueError:
            continue  # no JSON


def test_the_first_fault_of_any_payload_is_the_oracles() -> None:
    assert len(CLASSES) == 387
    rules = set()
    for number, (struct, draft) in enumerate(CLASSES + 8 * [(EVERY_KIND, 4), (EVERY_KIND, 6)]):
        source = payloads(Random(f"{SEED}/{number}"), plan_of(struct, draft))
        for _ in range(CASES):
            try:
                fault = check(struct, draft, next(source))
            except Undecided:
                continue
            rules.add(fault and fault[1])
    values = {"type", "enum", "maxLength", "format", "minimum", "maximum", "multipleOf"}
    assert rules == {None, *values, "minItems", "maxItems", "required", "additionalProperties"}


# A field of every kind

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 12),
    st.sampled_from([1.0, 0.25, 2.1, "", "Red", "abcd", "abcdef", "a:b", "2024-02-29T12:00:00Z"]),
)
OBJECTS = st.dictionaries(st.sampled_from(["value", "note", "vendorId", "odd"]), SCALARS)
VALUES = SCALARS | OBJECTS | st.lists(SCALARS | OBJECTS | st.lists(SCALARS, max_size=2), max_size=3)
KEYS = [member.key for member in plan_of(Outer).members]


@pytest.mark.parametrize("draft", [4, 6])
@given(value=VALUES | st.dictionaries(st.sampled_from([*KEYS, "odd"]), VALUES))
def test_the_first_fault_in_fields_of_every_kind_is_the_oracles(draft: int, value: Any) -> None:
    check(Outer, draft, value)
