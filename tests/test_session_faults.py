"""Whatever fails while a session reads, answers or refuses: the peer gets one answer, and the next call is handled."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from ocpp_fast import CallError, Fault, InvalidResult, Policy, session, v16, v21
from ocpp_fast.frames import Call, FrameFault
from ocpp_fast.registration import CentralGate
from ocpp_fast.testing import Pair, Side

from .protocol.cases import NOON


class Odd(BaseException):
    """Of a kind that nobody catches by chance."""


KINDS: Final = [RuntimeError, StopIteration, MemoryError, Odd, GeneratorExit, asyncio.CancelledError, SystemExit]
each_kind = pytest.mark.parametrize("kind", KINDS)
CONSTANT: Final = b'[4,"%b","InternalError","the handler failed",{}]'
CLEARED: Final = v21.ClearCacheRequest()


@contextmanager
def broken(side: Side, name: str, kind: type[BaseException]) -> Iterator[None]:
    """Let the encoder, or the decoder, of a side raise."""

    class Broken:
        def __getattr__(self, attribute: str) -> Any:
            return raises if attribute == name else getattr(whole, attribute)

    def raises(*_: object) -> Any:
        raise kind("on purpose")

    holder: Any = side.session
    place = "_decoder" if name == "decode" else "_encoder"
    whole = getattr(holder, place)
    setattr(holder, place, Broken())
    try:
        yield
    finally:
        setattr(holder, place, whole)


def lives(side: Side) -> None:
    """Fails unless the next call is answered."""
    side.in_transit.clear()
    side.receive(b'[2,"after","Heartbeat",{}]')
    assert side.handling is not None
    side.answer(v21.HeartbeatResponse(current_time=NOON))
    assert [each[:11] for each in side.in_transit] == [b'[3,"after",']


def second_call(side: Side) -> None:
    side.receive(b'[2,"x","Heartbeat",{}]')
    side.receive(b'[2,"b","Heartbeat",{"x":1}]')
    side.answer(v21.HeartbeatResponse(current_time=NOON))
    del side.in_transit[0]


def other_bytes(side: Side) -> None:
    side.receive(b'[2,"b","Heartbeat",{}]')
    side.receive(b'[2,"b","Heartbeat", {}]')
    sent = side.in_transit[:]
    side.answer(v21.HeartbeatResponse(current_time=NOON))
    side.in_transit[:] = sent


def handler_fails(side: Side) -> None:
    side.receive(b'[2,"b","Heartbeat",{}]')
    side.fail(CallError("GenericError"))


def bad_result(side: Side) -> None:
    side.call(CLEARED, unique_id="b")
    side.in_transit.clear()
    side.receive(b'[3,"b",{}]')


def refused_result(side: Side) -> None:
    assert side.session.refuse_result("b", CallError("GenericError")) is not None
    side.record(None)


SITES: Final[dict[str, tuple[Callable[[Side], None], bytes]]] = {
    "no frame": (lambda side: side.receive(b"nonsense"), CONSTANT % b"-1"),
    "an invalid call": (lambda side: side.receive(b'[2,"b","Heartbeat",{"x":1}]'), CONSTANT % b"b"),
    "an invalid call whose turn comes": (second_call, CONSTANT % b"b"),
    "an id that is in use": (other_bytes, CONSTANT % b"b"),
    "a call of an unregistered station": (lambda side: side.receive(b'[2,"b","Authorize",{}]'), CONSTANT % b"b"),
    "a handler that failed": (handler_fails, CONSTANT % b"b"),
    "an invalid result": (bad_result, b'[5,"b","InternalError","the handler failed",{}]'),
    "a result that is not accepted": (refused_result, b'[5,"b","InternalError","the handler failed",{}]'),
}
"""Each way to the one place that writes errors."""


def test_errors_are_written_in_one_place() -> None:
    """Or the sites above would not be all."""
    calls = [
        ast.unparse(each.func) for each in ast.walk(ast.parse(inspect.getsource(session))) if type(each) is ast.Call
    ]
    assert [calls.count(f"self._encoder.{name}") for name in ("error", "result")] == [1, 1]


@each_kind
@pytest.mark.parametrize("site", SITES)
def test_an_error_that_can_not_be_written_is_a_constant_one(site: str, kind: type[BaseException]) -> None:
    gate = CentralGate("Pending" if "unregistered" in site else "Accepted")
    central = Pair(v21.VERSION, central_gate=gate).central
    lead_there, answer = SITES[site]
    with broken(central, "error", kind):
        lead_there(central)
    assert central.in_transit == [answer]
    gate.status = "Accepted"
    lives(central)
    causes = [type(each.__cause__) for each in central.events if isinstance(each, FrameFault)]
    assert causes == (
        [] if site in ("a handler that failed", "a result that is not accepted", "an invalid result") else [kind]
    )


@each_kind
@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (b'[2,"b","Heartbeat",{}]', b'[4,"b","InternalError","can\'t be read here",{}]'),
        (b"nonsense", b'[4,"-1","InternalError","can\'t be read here",{}]'),
        (b'[6,"b","Nonsense",{}]', None),
        (b'[3,"b",{"status":"Accepted"}]', None),
    ],
)
def test_a_frame_that_can_not_be_read_is_answered_if_it_is_a_call(
    frame: bytes, answer: bytes | None, kind: type[BaseException]
) -> None:
    central = Pair(v21.VERSION).central
    call = central.call(CLEARED, unique_id="b")
    central.in_transit.clear()
    with broken(central, "decode", kind):
        central.receive(frame)
    assert central.in_transit == ([] if answer is None else [answer])
    assert isinstance(central.outcome(call), InvalidResult if frame.startswith(b"[3") else type(None))
    lives(central)


@each_kind
def test_a_parked_call_that_can_not_be_read_again_is_answered_in_its_turn(kind: type[BaseException]) -> None:
    central = Pair(v21.VERSION, central=Policy(max_waiting_calls=1)).central
    for unique_id in (b"a", b"b", b"c"):
        central.receive(b'[2,"%b","Heartbeat",{}]' % unique_id)
    with broken(central, "decode", kind):
        for _ in range(2):
            central.answer(v21.HeartbeatResponse(current_time=NOON))
    assert central.in_transit[2] == b'[4,"c","InternalError","can\'t be read here",{}]'
    assert central.handling is None
    lives(central)


@each_kind
def test_a_result_that_can_not_be_written_leaves_the_call_to_be_answered(kind: type[BaseException]) -> None:
    central = Pair(v21.VERSION).central
    central.receive(b'[2,"b","Heartbeat",{}]')
    with broken(central, "result", kind), pytest.raises(kind):
        central.answer(v21.HeartbeatResponse(current_time=NOON))
    central.fail(RuntimeError())
    assert central.in_transit == [CONSTANT % b"b"]
    lives(central)


@each_kind
def test_the_text_of_an_error_that_has_none_is_its_name(kind: type[BaseException]) -> None:
    class Evil(Exception):
        def __str__(self) -> str:
            raise kind("on purpose")

    central = Pair(v16.VERSION, central=Policy(reveal_exceptions=True)).central
    central.receive(b'[2,"b","Heartbeat",{}]')
    central.fail(Evil())
    assert central.in_transit == [b'[4,"b","InternalError","Evil",{}]']


@pytest.mark.parametrize(("name", "frame"), [("error", b"nonsense"), ("decode", b'[2,"b","Heartbeat",{}]')])
def test_a_KeyboardInterrupt_passes(name: str, frame: bytes) -> None:
    central = Pair(v21.VERSION).central
    with broken(central, name, KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        central.receive(frame)


def test_a_result_that_was_prepared_for_a_call_answers_no_other() -> None:
    """As when it can't be stored, and the handler returns the same object again."""
    central = Pair(v21.VERSION).central
    response = v21.HeartbeatResponse(current_time=NOON)
    for unique_id in (b"a", b"b"):
        central.receive(b'[2,"%b","Heartbeat",{}]' % unique_id)
        central.session.prepare(response)
        if unique_id == b"a":
            central.fail(RuntimeError())
    central.answer(response)
    assert [each[:7] for each in central.in_transit] == [b'[4,"a",', b'[3,"b",']


def test_a_call_is_answered_once() -> None:
    """A handler that was given up may go on, and return."""
    central = Pair(v21.VERSION).central
    central.receive(b'[2,"a","Heartbeat",{}]')
    first = central.handling
    assert isinstance(first, Call)
    central.fail(TimeoutError())
    central.receive(b'[2,"b","Heartbeat",{}]')
    central.session.answer(first, v21.HeartbeatResponse(current_time=NOON))
    central.session.fail(first, RuntimeError())
    central.record(None)
    assert central.in_transit == [CONSTANT % b"a"]
    assert central.session.current_call is central.handling
    assert [each for each in central.events if isinstance(each, FrameFault) and each.fault is Fault.HANDLER] == []
