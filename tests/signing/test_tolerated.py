"""Signed frames under a policy that tolerates unknown fields: a JWS is none, and signatures stay required."""

from __future__ import annotations

import json
from typing import Any

from ocpp_fast import Policy, habits, v201
from ocpp_fast.errors import OcppError
from ocpp_fast.frames import Call, FrameFault
from ocpp_fast.signing import Signing
from ocpp_fast.testing import Pair

from .keys import EC_OWNER, RSA_OWNER, signer_of
from .test_sessions import always, believes, signed_frame

TOLERANT = Policy(tolerate=[*habits.UNKNOWN_FIELDS, *habits.LOOSE_TIMES])


def pair_of(**central: Any) -> Pair:
    return Pair(
        v201.VERSION,
        central=TOLERANT,
        central_signing=Signing(keys=believes(EC_OWNER), signer=signer_of(RSA_OWNER), signs=always, **central),
        station_signing=Signing(keys=believes(RSA_OWNER), signer=signer_of(EC_OWNER)),
    )


def told(pair: Pair) -> list[str]:
    faults = [each for each in pair.central.events if isinstance(each, FrameFault)]
    return [each.mended.path if each.mended is not None else each.description for each in faults]


def test_R17_a_signed_result_is_opened_though_its_jws_could_pass_for_unknown_fields() -> None:
    pair = pair_of(requires=always)
    call = pair.central.call(v201.CostUpdatedRequest(total_cost=1, transaction_id="a"))
    pair.central.deliver()
    pair.station.answer(v201.CostUpdatedResponse())
    assert b'"signature"' in pair.station.in_transit[0]
    pair.station.deliver()
    assert pair.central.outcome(call) == v201.CostUpdatedResponse()
    assert told(pair) == []


def test_R17_a_signed_result_that_was_changed_is_refused_all_the_same() -> None:
    pair = pair_of()
    call = pair.central.call(v201.CostUpdatedRequest(total_cost=1, transaction_id="a"))
    pair.central.deliver()
    pair.station.answer(v201.CostUpdatedResponse())
    frame = json.loads(pair.station.in_transit.pop())
    frame[2]["payload"] = "e30x"
    pair.central.receive(json.dumps(frame).encode())
    assert isinstance(pair.central.outcome(call), OcppError)


def test_R17_what_is_tolerated_in_a_signed_payload_is_told() -> None:
    pair = pair_of(requires=always)
    pair.central.receive(signed_frame(payload=b'{"odd":1}'))
    assert isinstance(pair.central.handling, Call)
    assert pair.central.handling.signature.checked
    assert told(pair) == ["odd"]


def test_R17_a_tolerated_call_without_a_required_signature_is_refused() -> None:
    pair = pair_of(requires=always)
    pair.central.receive(b'[2,"1","Heartbeat",{"odd":1}]')
    assert pair.central.handling is None
    assert json.loads(pair.central.in_transit[0])[2] == "SecurityError"
