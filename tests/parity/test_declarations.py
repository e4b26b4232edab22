"""The compiled core judges the payloads of `tests/payloads.py`, sound or with one fault, as the reference does."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ..payloads import valid, violations
from .cores import DECLINED, Subject, subjects

each_subject = pytest.mark.parametrize("subject", subjects(), ids=repr)


def frame_of(subject: Subject, instance: dict[str, Any]) -> bytes:
    return subject.framed(orjson.dumps(instance).decode())


@each_subject
def test_what_is_accepted_of_valid_instances_is_what_the_reference_reads_and_writes(subject: Subject) -> None:
    for _, instance in valid(subject.plan):
        raw = frame_of(subject, instance)
        found = subject.check_read(raw)
        if found is not DECLINED:
            subject.check_write(found.payload)


@each_subject
def test_R21_no_instance_with_a_fault_is_accepted(subject: Subject) -> None:
    for case in violations(subject.plan):
        assert subject.read(frame_of(subject, case.instance)) is DECLINED, case.description
