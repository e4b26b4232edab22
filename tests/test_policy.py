"""Policies: their defaults, for whom they are lenient, and that they can't change under a session."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from math import inf, nan
from typing import Any

import pytest

from ocpp_fast import LENIENT, STRICT, Fault, Policy
from ocpp_fast.faults import code_of, dialect_of
from ocpp_fast.tolerance import Rule, decide


def test_the_defaults_are_strict_and_do_not_change() -> None:
    assert (STRICT.lenient, STRICT.answer_malformed, STRICT.reveal_exceptions) == (False, True, False)
    assert (STRICT.codes, STRICT.timespec) == ({}, "milliseconds")
    assert (STRICT.max_open_calls, STRICT.max_waiting_calls) == (1, 16)
    with pytest.raises(FrozenInstanceError):
        STRICT.lenient = True  # type: ignore[misc]  # what the test is about


@pytest.mark.parametrize(
    ("policy", "tolerated"),
    [
        (STRICT, []),
        (LENIENT, ["Heartbeat", "MeterValues"]),
        (Policy(lenient={"MeterValues"}), ["MeterValues"]),
        (Policy(lenient=["Heartbeat"]), ["Heartbeat"]),
        (Policy(lenient=()), []),
    ],
)
@pytest.mark.parametrize("rule", ["null_as_absent", "loose_time", "short_error"])
def test_leniency_is_a_preset_for_all_actions_or_for_some(policy: Policy, tolerated: list[str], rule: Rule) -> None:
    actions = ("Heartbeat", "MeterValues")
    assert [each for each in actions if decide(policy.rows, rule, each, "a") == "mend"] == tolerated
    assert decide(policy.rows, "unknown_field", "Heartbeat", "a") == "refuse"


@pytest.mark.parametrize("interval", [None, 0, 0.5, 60])
def test_the_interval_of_pings_is_in_seconds_zero_is_off_and_none_leaves_it_open(interval: float | None) -> None:
    assert Policy(ping_interval=interval).ping_interval == interval


@pytest.mark.parametrize("interval", [-1, nan, inf, True, "60"])
def test_an_unusable_interval_of_pings_is_refused(interval: Any) -> None:
    with pytest.raises(ValueError, match="ping_interval: expected seconds, 0 or more, or None"):
        Policy(ping_interval=interval)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("max_queued_calls", 0),
        ("max_queued_calls", 1.0),
        ("max_bad_frames", -1),
        ("max_bad_frames", True),
        ("max_rate", -1),
        ("max_rate", inf),
        ("max_rate", nan),
        ("max_rate", "1"),
    ],
)
def test_an_unusable_limit_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        Policy(**{name: wrong})


def test_a_policy_can_be_a_key_whatever_it_holds() -> None:
    policy = Policy(codes={Fault.HANDLER: "GenericError"}, lenient=["Heartbeat"])
    assert {policy: 1}[policy] == 1
    assert policy == Policy(codes={Fault.HANDLER: "GenericError"}, lenient={"Heartbeat"})
    assert policy != Policy(codes={Fault.HANDLER: "GenericError"}, lenient=["Authorize"])


# What a policy's codes override

R09_SPELT: dict[str, dict[str, str]] = {
    "1.6": {
        "FormatViolation": "FormationViolation",
        "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
        "RpcFrameworkError": "GenericError",
        "MessageTypeNotSupported": "GenericError",
    },
    "2.0.1": {},
    "2.1": {},
}
"""What a version spells as no other does."""
R09_CODES = ("FormationViolation", "NotSupported", "MyError", *R09_SPELT["1.6"])


@pytest.mark.parametrize("number", R09_SPELT)
def test_R09_every_fault_has_a_code_which_is_spelt_as_the_version_does(number: str) -> None:
    dialect = dialect_of(number)
    assert dialect.codes.keys() == set(Fault)
    assert {code: dialect.spell(code) for code in R09_CODES} == {code: code for code in R09_CODES} | R09_SPELT[number]


def test_R09_both_spellings_are_understood() -> None:
    understood = {
        "FormationViolation": "FormatViolation",
        "OccurenceConstraintViolation": "OccurrenceConstraintViolation",
    }
    for code in (*understood, *understood.values(), "GenericError", "MyError", ""):
        assert code_of(code) == understood.get(code, code)
