"""Rounds of random cases: each plays one payload class through all that may be done to its frames and objects.

A round is determined by the seed and its number, so that one that has found something can be played again alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf
from random import Random
from time import monotonic
from typing import Any, get_args

from ocpp_fast._core.plan import Node, Op
from ocpp_fast.policy import LENIENT, STRICT, Policy
from ocpp_fast.schema import Version
from ocpp_fast.tolerance import TAKEN, FieldLength, Rule, Tolerance

from ..payloads import random_payload, slots
from .cores import DECLINED, VERSIONS, Disparity, Subject, subjects
from .errors import Errors, errors, odd_elements, odd_error, plain_error
from .odd import odd_object, odd_value
from .spelling import damaged, plain_texts, spelt
from .typed import odd_typed

__all__ = ["Fuzz"]

POLICIES = (
    STRICT,
    LENIENT,
    Policy(tolerate=[Tolerance(rule) for rule in get_args(Rule)]),
    Policy(tolerate=[Tolerance(rule, "*s", "*[]*", "take") for rule in get_args(Rule) if rule in TAKEN]),
    Policy(lengths=[FieldLength(3, "*", "*e"), FieldLength(5000, "*", "*")]),
)
ODD_READS = 48
DAMAGED_READS = 96
CUT_READS = 160
"""Shorter frames are cut in two at every byte."""
ODD_WRITES = 32
REFERENCE_SHARE = 8
"""Of so many that the compiled core has declined, the reference takes one: it must raise only what it may."""


class Fuzz:
    """A run: counts cases by what became of them. A case is a frame that is read or an object that is written."""

    def __init__(self, seed: int, versions: Sequence[Version] = VERSIONS) -> None:
        self.seed = seed
        self.rounds = 0
        self.tally: Counter[str] = Counter()
        self._subjects = [each for policy in POLICIES for each in subjects(policy, versions)]
        self._errors = errors()
        self._rare = [each for each in self._subjects if any(map(_is_rare, each.nodes()))] or self._subjects

    @property
    def cases(self) -> int:
        """How many cases there were."""
        return self.tally.total()

    def report(self) -> str:
        """Return what was done, in words."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.tally.items()))
        return f"{self.cases} cases in {self.rounds} rounds: {kinds}"

    def run(self, *, seconds: float = inf, cases: float = inf) -> None:
        """Play rounds for so long, or until there were so many cases. Raises `Disparity`."""
        until = monotonic() + seconds
        while monotonic() < until and self.cases < cases:
            self.play(self.rounds)
            self.rounds += 1

    def play(self, number: int) -> None:
        """Play one round. Raises `Disparity`, which tells how to play it again."""
        rng = Random(f"{self.seed}/{number}")
        try:
            if rng.random() < 0.03:
                self._play_errors(rng)
            else:
                self._play_messages(rng)
        except Disparity as error:
            error.add_note(f"again: python -m tests.parity --seed {self.seed} --round {number}")
            raise

    def _play_messages(self, rng: Random) -> None:
        subject = rng.choice(self._rare if rng.random() < 0.3 else self._subjects)
        value = random_payload(rng, subject.plan, rng.choice((0.0, 0.2, 0.6, 1.0)))
        plain = [subject.framed(text.decode()) for text in plain_texts(rng, value)]
        typed = [subject.check_plain(raw).payload for raw in plain]
        self.tally["read, plain"] += len(plain)
        for raw in (*odd_frames(rng, subject, value), *damaged_frames(rng, plain)):
            self._read(rng, subject, raw)
        self._write(rng, subject, typed[0])

    def _play_errors(self, rng: Random) -> None:
        subject = rng.choice(self._errors)
        for plain in (plain_error(rng) for _ in range(4)):
            raws = [subject.framed(text.decode()) for text in plain_texts(rng, list(plain))]
            for raw in raws:
                subject.check_plain(raw)
            self.tally["read, plain"] += len(raws)
            for raw in damaged_frames(rng, raws):
                self._read(rng, subject, raw)
        for _ in range(4 * ODD_READS):
            self._read(rng, subject, odd_error(rng, subject))
            written = subject.check_write(odd_elements(rng))
            self.tally["written, odd" if written else "written, declined"] += 1

    def _read(self, rng: Random, subject: Subject | Errors, raw: bytes) -> None:
        if subject.check_read(raw) is not DECLINED:
            self.tally["read, accepted"] += 1
            return
        self.tally["read, declined"] += 1
        if rng.randrange(REFERENCE_SHARE) == 0:
            subject.reference(raw)

    def _write(self, rng: Random, subject: Subject, value: Any) -> None:
        for fraction in (0, 3, 6):
            subject.check_plain_write(value, fraction)
        self.tally["written, plain"] += 3
        where = list(slots(subject.plan, value))
        for _ in range(ODD_WRITES if where else 1):
            chosen = rng.sample(where, min(len(where), rng.choice((1, 1, 1, 2))))
            before = [(slot, slot.put(odd_typed(rng, slot.node, slot.get()))) for slot in chosen]
            written = subject.check_write(value, rng.choice((0, 3, 6)), bounded=rng.random() < 0.5)
            self.tally["written, odd" if written else "written, declined"] += 1
            if written is None and rng.randrange(REFERENCE_SHARE) == 0:
                subject.reference_write(value)
            for slot, held in reversed(before):
                slot.put(held)


def _is_rare(node: Node) -> bool:
    """Tell whether a value has rules that few values have."""
    limited = node.minimum is not None or node.maximum is not None or node.multiple_of is not None
    return limited or node.uri is not None or node.op is Op.JSON


def damaged_frames(rng: Random, plain: list[bytes]) -> Iterator[bytes]:
    """Yield frames that were right, cut in two or damaged."""
    whole = plain[0]
    ends = range(len(whole))
    for end in ends if len(ends) <= CUT_READS else rng.sample(ends, CUT_READS):
        yield whole[:end]
        yield whole[end:]
    for _ in range(DAMAGED_READS):
        yield damaged(rng, rng.choice(plain), rng.choice((1, 1, 1, 2, 3)))


def odd_frames(rng: Random, subject: Subject, value: dict[str, Any]) -> Iterator[bytes]:
    """Yield frames whose payload is odd here and there, in its values or its spelling; some have an odd head."""
    where = list(slots(subject.plan, value))
    for _ in range(ODD_READS):
        chosen = rng.sample(range(len(where)), min(len(where), rng.choice((0, 1, 1, 1, 2, 3))))
        changed = [where[index] for index in sorted(chosen, reverse=True)]  # inner before outer
        before = [(slot, slot.put(odd_value(rng, slot.node, slot.get()))) for slot in changed]
        whole = odd_object(rng, value) if rng.random() < 0.15 else value
        payload = spelt(rng, whole, rng.choice((0.0, 0.0, 0.1, 0.5)))
        yield subject.framed(payload) if rng.random() < 0.9 else _odd_head(rng, subject, payload)
        for slot, held in before:
            slot.put(held)


def _odd_head(rng: Random, subject: Subject, payload: str) -> bytes:
    """Return a frame whose message type, id, action, length, white space or end is odd."""
    action = f'"{subject.action.name}"'
    message_type = rng.choice(_TYPES) if rng.random() < 0.2 else "2" if subject.kind == "call" else "3"
    elements = [message_type, rng.choice(_IDS), payload]
    if message_type == "2":
        elements.insert(2, action if rng.random() < 0.5 else _odd_action(rng, action))
    if rng.random() < 0.1:
        elements.insert(rng.randrange(len(elements) + 1), rng.choice(("", "null", "{}", '"a"', "1")))
    if rng.random() < 0.1:
        del elements[rng.randrange(len(elements))]
    space = rng.choice(("", "", " ", "\n\t\r ", "\x00", "\ufeff"))
    start, end = rng.choice(_STARTS), rng.choice(_ENDS)
    return f"{start}{space}{f'{space},{space}'.join(elements)}{end}".encode("utf-8", "surrogatepass")


def _odd_action(rng: Random, action: str) -> str:
    escaped = f'"\\u{ord(action[1]):04x}{action[2:]}'
    return rng.choice((escaped, action[:-2] + '"', action.upper(), '""', '"Nothing"', "7", "null"))


_STARTS = (*"[" * 10, " [", "\n[ ", "\ufeff[", "{", "")
_ENDS = (*"]" * 10, " ] ", "]\n", "]]", "] ]", "],", "]\x00", "", ",]", "}")
_TYPES = ("2", "3", "4", "5", "6", "7", "2.0", "3.0", '"2"', "true", "null", "02", "-2", "2e0", "", "23", "[]", "{}")
_SURROGATES = r"\ud83d\ude00"
_IDS = (
    *('"a"', '"a"', '"a"', '""', "7", "null", '"\x00"', '"\n"', '"a', r'"\u0041"', r'"\ud83d"'),
    *(f'"{each * length}"' for each in ("a", "é", "😀", _SURROGATES) for length in (36, 37)),
)
