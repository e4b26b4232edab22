"""The compiled core declines no message of any version that is plainly spelt, and judges as the reference does."""

from __future__ import annotations

from random import Random

import orjson
import pytest

from ocpp_fast.schema import STATION, Profile, Request, Response, Shortcuts, Version

from ..payloads import maximal, minimal, random_payload, valid, violations
from .cores import DECLINED, Subject, subjects
from .spelling import plain_texts

RICHNESSES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0, 1.0)


each_subject = pytest.mark.parametrize("subject", subjects(), ids=repr)


@each_subject
def test_plain_messages_are_read_and_written_by_the_compiled_core(subject: Subject) -> None:
    rng = Random(repr(subject))
    for richness in RICHNESSES:
        for text in plain_texts(rng, random_payload(rng, subject.plan, richness)):
            payload = subject.check_plain(subject.framed(text.decode())).payload
        for fraction in (0, 3, 6):
            subject.check_plain_write(payload, fraction)


@each_subject
def test_R50_R51_plain_messages_are_written_as_2x_sends_them_by_the_compiled_core(subject: Subject) -> None:
    for instance in (minimal(subject.plan), maximal(subject.plan)):
        subject.check_plain_write(subject.codec.decode(instance), bounded=True)


@each_subject
def test_R21_only_instances_without_a_fault_are_accepted_and_read_and_written_as_by_the_reference(
    subject: Subject,
) -> None:
    def framed(instance: object) -> bytes:
        return subject.framed(orjson.dumps(instance).decode())

    for _, instance in valid(subject.plan):
        found = subject.check_read(framed(instance))
        if found is not DECLINED:
            subject.check_write(found.payload)
            subject.check_write(found.payload, bounded=True)
    for case in violations(subject.plan):
        assert subject.read(framed(case.instance)) is DECLINED, case.description


class Noted(Response):
    number: int


class Rise(Request[Noted], action="Rise", sender=STATION):
    pass


class Fall(Request[Noted], action="Fall", sender=STATION):
    pass


def test_messages_may_share_a_response() -> None:
    profile = Profile("Weather", [Rise, Fall])
    version = Version("2.1", [profile], central_shortcuts=Shortcuts, station_shortcuts=Shortcuts)
    answers = [each for each in subjects(versions=[version]) if each.kind == "result"]
    assert len(answers) == 2
    for subject in answers:
        assert subject.check_plain(subject.framed('{"number":1}')).payload == Noted(number=1)
