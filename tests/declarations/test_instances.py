"""We judge every payload, valid or with a single fault, as `jsonschema` does by the official schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft6Validator, FormatChecker, validators
from jsonschema.protocols import Validator

from ocpp_fast._core.payload import PayloadCodec, Violation
from ocpp_fast._core.plan import Node, Op, Plan
from ocpp_fast.schema import Struct, codec_of

from ..payloads import Case, Steps, path_of, valid, violations
from .official import Payload, each_payload, inlined

pytestmark = pytest.mark.once

OF_THE_OBJECT = {"required", "additionalProperties"}
"""Rules that `jsonschema` reports at the object, we at the field."""


def codec(payload: Payload) -> PayloadCodec:
    return codec_of(payload.struct, payload.action.draft)


def plan(payload: Payload) -> Plan:
    return codec(payload).plan


# The judge


def _is_integer(_: object, instance: object) -> bool:
    """Judge as draft 6 does, but of a `Decimal`: `1.0` is an integer (R20)."""
    if isinstance(instance, Decimal):
        return instance == instance.to_integral_value()
    return isinstance(instance, int) and not isinstance(instance, bool)


_extend: Any = validators.extend
_JUDGES: dict[int, Any] = {
    4: Draft4Validator,
    6: _extend(Draft6Validator, type_checker=Draft6Validator.TYPE_CHECKER.redefine("integer", _is_integer)),
}


@cache
def judge(payload: Payload) -> Validator:
    """Return the validator of the official schema, which wants its fractions as `Decimal` (R23)."""
    validator: Validator = _JUDGES[payload.action.draft](
        inlined(payload.schema), format_checker=FormatChecker(["date-time", "uri"])
    )
    assert validator.META_SCHEMA["$schema"] == payload.schema["$schema"]
    return validator


def judged(payload: Payload, instance: dict[str, Any]) -> set[tuple[str, str]]:
    """Return path and rule of what `jsonschema` finds wrong; it is given what a parser that keeps decimals reads."""
    errors = judge(payload).iter_errors(json.loads(json.dumps(instance), parse_float=Decimal))
    return {(path_of(tuple(error.absolute_path)), str(error.validator)) for error in errors}


def expected_of_judge(case: Case) -> tuple[str, str]:
    steps = case.steps[:-1] if case.rule in OF_THE_OBJECT else case.steps
    return path_of(steps), case.rule


# Reading


@each_payload
def test_R21_valid_payloads_are_accepted_by_both(payload: Payload) -> None:
    for description, instance in valid(plan(payload)):
        assert not judged(payload, instance), description
        assert isinstance(codec(payload).decode(instance), payload.struct), description


@each_payload
def test_R21_each_single_violation_is_refused_by_both_at_its_place_by_its_rule(payload: Payload) -> None:
    wrong = []
    for case in violations(plan(payload)):
        if expected_of_judge(case) not in judged(payload, case.instance):
            wrong.append(f"jsonschema: {case.description}")
        found = refusal(payload, case.instance)
        if found != (case.path, case.rule):
            wrong.append(f"{case.description}: expected {case.path} {case.rule}, found {found}")
    assert not wrong, "\n".join(wrong)


def refusal(payload: Payload, instance: dict[str, Any]) -> tuple[str, str] | None:
    """Return path and rule of what we find wrong."""
    try:
        codec(payload).decode(instance)
    except Violation as violation:
        return violation.path, violation.rule
    return None


# Writing


@each_payload
def test_R25_R27_what_was_read_is_written_as_it_was_and_what_is_absent_is_left_out(payload: Payload) -> None:
    for description, instance in valid(plan(payload)):
        typed = codec(payload).decode(instance)
        written = codec(payload).encode(typed)
        assert json.loads(written) == instance, description
        again = codec(payload).decode(json.loads(written))
        assert again == typed, description
        assert codec(payload).encode(again) == written, description


@each_payload
def test_a_typed_object_with_a_single_violation_is_not_written(payload: Payload) -> None:
    for case, typed in typed_violations(payload):
        with pytest.raises(Violation) as caught:
            codec(payload).encode(typed)
        assert (caught.value.path, caught.value.rule) == (case.path, case.rule), case.description


def typed_violations(payload: Payload) -> Iterator[tuple[Case, Struct]]:
    """Yield the violations that a typed object can have; None can only stand for a missing required field."""
    root = Node(Op.OBJECT, plan=plan(payload))
    for case in violations(plan(payload)):
        if case.rule != "additionalProperties":
            typed = spoiled(root, codec(payload).decode(case.sound), case.instance, case.steps)
            if typed is not None:
                yield case, typed


def spoiled(node: Node, good: Any, bad: Any, steps: Steps) -> Any:
    """Return the typed value `good` with the one fault that the wire value `bad` has at `steps`, or None."""
    if not steps:
        return spoiled_here(node, good, bad)
    if node.op is Op.OPEN:
        return bad
    step, rest = steps[0], steps[1:]
    if node.item is not None:
        last = spoiled(node.item, good[-1], bad[step], rest)
        return None if last is None else [*good[:-1], last]
    assert node.plan is not None
    member = next(each for each in node.plan.members if each.key == step)
    if step not in bad:
        return good.replace(**{member.name: None})
    value = spoiled(member.node, getattr(good, member.name), bad[step], rest)
    return None if value is None else good.replace(**{member.name: value})


def spoiled_here(node: Node, good: Any, bad: Any) -> Any:
    if node.item is not None and isinstance(bad, list):
        return [good[-1]] * len(bad)
    if node.op is Op.DATE_TIME and isinstance(bad, str):
        return None
    return bad
