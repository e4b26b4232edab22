"""Rows of a policy: where they hold, for whom, and what lengths of a station's own do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_fast import CallError, FieldLength, Peer, Policy, Tolerance, ValidationError, habits, v16, v21, v201
from ocpp_fast.frames import Call, FrameFault
from ocpp_fast.schema import Request
from ocpp_fast.testing import Pair, Side
from ocpp_fast.tolerance import decide, rows_for

BOOT = '[2,"1","BootNotification",{"chargePointVendor":"%s","chargePointModel":"%s","x":1}]'
UNKNOWN_FIELD = Tolerance("unknown_field")


def receive(policy: Policy, frame: str, version: Any = v16, call: Request[Any] | None = None) -> Side:
    pair = Pair(version.VERSION, central=policy)
    if call is not None:
        pair.central.call(call)
        pair.central.in_transit.clear()
    pair.central.receive(frame.encode())
    return pair.central


def told(side: Side) -> list[tuple[str, str]]:
    faults = [each for each in side.events if isinstance(each, FrameFault)]
    assert all(each.elements is not None and each.raw for each in faults)
    return [(each.mended.rule, each.mended.path) if each.mended else ("", each.description) for each in faults]


# Where a row holds


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([], "refuse"),
        ([Tolerance("unknown_field")], "mend"),
        ([Tolerance("unknown_enum")], "refuse"),
        ([Tolerance("unknown_field", "MeterValues")], "mend"),
        ([Tolerance("unknown_field", "Meter*", "meterValue[].*[].a")], "mend"),
        ([Tolerance("unknown_field", path="meterValue[].sampledValue[].a")], "mend"),
        ([Tolerance("unknown_field", path="*.a")], "mend"),
        ([Tolerance("unknown_field", "metervalues")], "refuse"),
        ([Tolerance("unknown_field", "Meter")], "refuse"),
        ([Tolerance("unknown_field", path="a")], "refuse"),
        ([Tolerance("unknown_field", path="meterValueXX.sampledValue[].a")], "refuse"),
        ([Tolerance("unknown_field", path="*.a", answer="refuse"), UNKNOWN_FIELD], "refuse"),
        ([UNKNOWN_FIELD, Tolerance("unknown_field", answer="refuse")], "mend"),
        ([Tolerance("unknown_field", peer=Peer(vendor="*"))], "refuse"),
    ],
)
def test_the_first_row_that_fits_rule_action_and_path_decides(rows: list[Tolerance], answer: str) -> None:
    assert decide(rows, "unknown_field", "MeterValues", "meterValue[].sampledValue[].a") == answer


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Tolerance("other"), ValueError, "rule: expected one of unknown_field, "),  # type: ignore[arg-type]
        (lambda: Tolerance("long_text", answer="cut"), ValueError, "answer: expected one of mend, "),  # type: ignore[arg-type]
        (lambda: Tolerance("null_as_absent", answer="take"), ValueError, "can be mended or refused"),
        (lambda: Tolerance("long_text", path="a[0].b"), ValueError, r"path: expected \[\] for the items"),
        (lambda: Tolerance("long_text", 5), TypeError, "action: expected a text"),  # type: ignore[arg-type]
        (lambda: Tolerance("long_text", peer="ABB"), TypeError, "peer: expected a Peer, a function"),  # type: ignore[arg-type]
        (lambda: FieldLength(0, "A", "b"), ValueError, "limit: expected an integer greater than 0"),
        (lambda: FieldLength(5, "A", "b[1]"), ValueError, r"path: expected \[\]"),
        (lambda: Policy(tolerate=["long_text"]), TypeError, "tolerate: expected rows of Tolerance"),  # type: ignore[list-item]
        (lambda: Policy(tolerate=UNKNOWN_FIELD), TypeError, "tolerate: expected rows of Tolerance"),  # type: ignore[arg-type]
        (lambda: Policy(lengths=[UNKNOWN_FIELD]), TypeError, "lengths: expected rows of FieldLength"),  # type: ignore[list-item]
    ],
)
def test_an_unusable_row_is_refused_when_it_is_made(make: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        make()


def test_policies_with_equal_rows_are_equal_and_share_a_hash() -> None:
    one, other = (Policy(tolerate=[Tolerance("long_text")], lengths=(FieldLength(5, "A", "b"),)) for _ in range(2))
    assert one == other and hash(one) == hash(other)
    assert one != Policy(tolerate=habits.NULLS)


def test_every_preset_has_rows_and_is_made_one_of_some_stations_by_of() -> None:
    presets = [getattr(habits, name) for name in habits.__all__ if name != "of"]
    assert all(isinstance(row, Tolerance) for rows in presets for row in rows)
    assert Policy(tolerate=[row for rows in presets for row in rows]).rows
    assert {row.peer for row in habits.of(Peer(vendor="A"), *habits.NULLS)} == {Peer(vendor="A")}


# For whom

PEER = Peer("acme/CP1", "ABB", "Terra AC", "1.8.21")


@pytest.mark.parametrize(
    ("choice", "unknown", "booted"),
    [
        (None, "applies", "applies"),
        (Peer(), "applies", "applies"),
        (Peer(identity="acme/*"), "applies", "applies"),
        (Peer(identity="other/*"), "gone", "gone"),
        (Peer(vendor="abb"), "open", "applies"),
        (Peer(vendor="A*", model="Terra*", firmware="1.8.*"), "open", "applies"),
        (Peer(identity="acme/*", vendor="ABB"), "open", "applies"),
        (Peer(identity="other/*", vendor="ABB"), "gone", "gone"),
        (Peer(vendor="ABB", firmware="2.*"), "open", "gone"),
        (Peer(vendor="Alfen*"), "open", "gone"),
        (lambda peer: peer.identity == "acme/CP1", "applies", "applies"),
        (lambda peer: peer.model == "Terra AC" and peer.identity == "acme/CP1", "open", "applies"),
        (lambda peer: False, "open", "gone"),
    ],
)
def test_a_row_applies_when_all_that_it_asks_for_is_known(choice: Any, unknown: str, booted: str) -> None:
    def state(rows: tuple[Tolerance, ...]) -> str:
        return "gone" if not rows else "applies" if rows[0].peer is None else "open"

    before = rows_for([Tolerance("long_text", peer=choice)], Peer("acme/CP1"))
    assert state(before) == unknown
    assert state(rows_for([Tolerance("long_text", peer=choice)], PEER)) == booted
    assert state(rows_for(before, Peer(None, PEER.vendor, PEER.model, PEER.firmware))) == booted


def test_what_is_known_of_a_station_decides_on_its_policy_and_may_change() -> None:
    policy = Policy(tolerate=[Tolerance("long_text", peer=Peer(firmware="1.*"))], timespec="seconds")
    assert policy.depends_on_peer
    old = policy.known(PEER)
    assert (old.rows, old.timespec, old.depends_on_peer) == ((Tolerance("long_text"),), "seconds", True)
    new = old.known(Peer("acme/CP1", "ABB", "Terra AC", "2.0"))
    assert (new.rows, new.known(PEER)) == ((), old)
    assert not Policy(lenient=True).depends_on_peer


@pytest.mark.parametrize(
    "request_",
    [
        {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "F"},
        {"chargingStation": {"vendorName": "V", "model": "M", "firmwareVersion": "F"}, "reason": "PowerUp"},
        v16.BootNotificationRequest(charge_point_vendor="V", charge_point_model="M", firmware_version="F"),
        v201.BootNotificationRequest.from_dict(
            {"chargingStation": {"vendorName": "V", "model": "M", "firmwareVersion": "F"}, "reason": "PowerUp"}
        ),
    ],
)
def test_a_boot_notification_of_any_version_tells_who_it_is(request_: Any) -> None:
    assert Peer.of_boot("CP1", request_) == Peer("CP1", "V", "M", "F")


@pytest.mark.parametrize("request_", [None, [], {}, {"chargingStation": 5}, {"chargePointVendor": 5}])
def test_a_boot_notification_that_tells_nothing_is_of_nobody(request_: Any) -> None:
    assert Peer.of_boot("CP1", request_) == Peer("CP1", "", "", "")


@pytest.mark.parametrize(("vendor", "served"), [("ABB", True), ("Alfen", False)])
def test_a_boot_notification_is_itself_judged_by_the_vendor_that_it_names(vendor: str, served: bool) -> None:
    policy = Policy(tolerate=[Tolerance("unknown_field", peer=Peer(vendor="ABB"))])
    side = receive(policy, BOOT % (vendor, "M"))
    assert told(side) == [("unknown_field", "x") if served else ("", "x: expected no property of this name")]
    assert isinstance(side.handling, Call) is served


def test_a_function_that_raises_is_our_fault_and_the_station_gets_an_internal_error() -> None:
    def fails(peer: Peer) -> bool:
        raise RuntimeError("no database")

    side = receive(Policy(tolerate=[Tolerance("unknown_field", peer=fails)]), BOOT % ("V", "M"))
    assert side.in_transit == [b'[4,"1","InternalError","the policy failed",{}]']
    assert isinstance(side.events[0], FrameFault) and isinstance(side.events[0].__cause__, RuntimeError)


# Frames


@pytest.mark.parametrize(("frame", "told_"), [('[4,"1","E"]', True), ('[4,"1","E","why"]', True), ('[4,"1"]', False)])
@pytest.mark.parametrize("policy", [Policy(lenient={"GetConfiguration"}), Policy(tolerate=habits.SHORT_ERRORS)])
def test_R06_a_short_callerror_keeps_its_code_where_it_is_tolerated(policy: Policy, frame: str, told_: bool) -> None:
    side = receive(policy, frame, call=v16.GetConfigurationRequest())
    assert told(side) == ([("short_error", "")] if told_ else [])
    outcome = getattr(side.events[-1], "outcome", None)
    if told_:
        assert isinstance(outcome, CallError)
        assert (outcome.code, outcome.description, outcome.details) == ("E", "why" if "why" in frame else "", {})
    else:
        assert "frame: expected 5 elements" in str(outcome)


def test_R06_a_short_callerror_of_another_action_is_refused() -> None:
    side = receive(Policy(lenient={"Reset"}), '[4,"1","E"]', call=v16.GetConfigurationRequest())
    assert told(side) == []
    assert "frame: expected 5 elements" in str(getattr(side.events[-1], "outcome", ""))


def test_R11_what_is_tolerated_in_a_send_is_told_and_nothing_is_answered() -> None:
    payload = '{"id":1,"pending":0,"basetime":"2026-01-01 00:00:00","data":[{"t":0,"v":"1"}]}'
    side = receive(Policy(lenient=True), f'[6,"1","NotifyPeriodicEventStream",{payload}]', v21)
    assert told(side) == [("loose_time", "basetime")]
    assert (type(side.events[-1]).__name__, side.in_transit) == ("Send", [])


def test_R14_what_is_tolerated_in_a_call_that_waits_is_told_when_it_comes() -> None:
    pair = Pair(v16.VERSION, central=Policy(tolerate=habits.UNKNOWN_FIELDS))
    pair.central.receive(b'[2,"1","Heartbeat",{}]')
    pair.central.receive(b'[2,"2","Heartbeat",{"x":1}]')
    assert told(pair.central) == [("unknown_field", "x")]
    pair.central.answer(v16.HeartbeatResponse(current_time=datetime(2026, 1, 1, tzinfo=UTC)))
    assert pair.central.handling is not None and pair.central.handling.unique_id == "2"


# Lengths


@pytest.mark.parametrize(
    ("limit", "length", "fits"), [(30, 30, True), (30, 31, False), (30, 21, True), (5, 5, True), (5, 6, False)]
)
def test_a_length_holds_in_both_directions(limit: int, length: int, fits: bool) -> None:
    policy = Policy(lengths=[FieldLength(limit, "Authorize", "idTag"), FieldLength(1, "*", "idTag")])
    request = v16.AuthorizeRequest(id_tag="a" * length)
    pair = Pair(v16.VERSION, central=policy, station=policy)
    if not fits:
        with pytest.raises(ValidationError, match=f"idTag: expected at most {limit} characters"):
            pair.station.call(request)
    pair.central.receive(f'[2,"1","Authorize",{{"idTag":"{"a" * length}"}}]'.encode())
    assert isinstance(pair.central.handling, Call) is fits
    if fits:
        pair.station.call(request)
        assert request == pair.central.handling.payload  # type: ignore[union-attr]  # it is a call
        assert pair.central.events == [pair.central.handling]  # nothing deviates, nothing is told


def test_a_length_holds_deep_inside_for_the_stations_that_it_names_and_leaves_other_actions_alone() -> None:
    lengths = [FieldLength(1000, "GetConfiguration", "configurationKey[].value", Peer(vendor="Wallbox*"))]
    policy = Policy(lengths=lengths)
    frame = '[3,"1",{"configurationKey":[{"key":"K","readonly":true,"value":"%s"}]}]' % ("v" * 551)
    for each, fits in ((policy, False), (policy.known(Peer("CP1", "Wallbox Chargers", "", "")), True)):
        side = receive(each, frame, call=v16.GetConfigurationRequest())
        assert ("InvalidResult" in repr(getattr(side.events[-1], "outcome", None))) is not fits
    with pytest.raises(ValidationError, match="value: expected at most 500 characters"):
        Pair(v16.VERSION, central=policy).central.call(v16.ChangeConfigurationRequest(key="K", value="v" * 501))
