"""Policies: their defaults, for whom they are lenient, and that they can't change under a session."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from ocpp_fast import LENIENT, STRICT, Fault, Policy
from ocpp_fast.faults import code_of, dialect_of


def test_the_defaults_are_strict() -> None:
    assert STRICT.lenient is False
    assert STRICT.answer_malformed
    assert not STRICT.codes
    assert not STRICT.reveal_exceptions
    assert STRICT.timespec == "milliseconds"
    assert (STRICT.max_open_calls, STRICT.max_waiting_calls) == (1, 16)


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
def test_leniency_is_for_all_actions_or_for_some(policy: Policy, tolerated: list[str]) -> None:
    assert [each for each in ("Heartbeat", "MeterValues") if policy.tolerates(each)] == tolerated


def test_a_policy_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        STRICT.lenient = True  # type: ignore[misc]  # what the test is about


def test_a_policy_can_be_a_key_whatever_it_holds() -> None:
    policy = Policy(codes={Fault.HANDLER: "GenericError"}, lenient=["Heartbeat"])
    assert {policy: 1}[policy] == 1
    assert policy == Policy(codes={Fault.HANDLER: "GenericError"}, lenient={"Heartbeat"})
    assert policy != Policy(codes={Fault.HANDLER: "GenericError"}, lenient=["Authorize"])


# What a policy's codes override


@pytest.mark.parametrize("number", ["1.6", "2.0.1", "2.1"])
def test_every_fault_has_a_code_in_every_version(number: str) -> None:
    dialect = dialect_of(number)
    assert dialect.codes.keys() == set(Fault)


R09_SPELLING = [
    ("1.6", "FormatViolation", "FormationViolation"),
    ("1.6", "OccurrenceConstraintViolation", "OccurenceConstraintViolation"),
    ("1.6", "RpcFrameworkError", "GenericError"),
    ("1.6", "MessageTypeNotSupported", "GenericError"),
    ("1.6", "FormationViolation", "FormationViolation"),
    ("1.6", "NotSupported", "NotSupported"),
    ("1.6", "MyError", "MyError"),
    ("2.0.1", "FormatViolation", "FormatViolation"),
    ("2.0.1", "OccurrenceConstraintViolation", "OccurrenceConstraintViolation"),
    ("2.0.1", "RpcFrameworkError", "RpcFrameworkError"),
    ("2.1", "MessageTypeNotSupported", "MessageTypeNotSupported"),
    ("2.1", "MyError", "MyError"),
]


@pytest.mark.parametrize(("number", "code", "spelt"), R09_SPELLING)
def test_R09_a_code_is_spelt_as_the_version_does(number: str, code: str, spelt: str) -> None:
    assert dialect_of(number).spell(code) == spelt


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("FormationViolation", "FormatViolation"),
        ("FormatViolation", "FormatViolation"),
        ("OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
        ("OccurrenceConstraintViolation", "OccurrenceConstraintViolation"),
        ("GenericError", "GenericError"),
        ("MyError", "MyError"),
        ("", ""),
    ],
)
def test_R09_both_spellings_are_understood(code: str, meaning: str) -> None:
    assert code_of(code) == meaning
