"""Signed frames over sockets (R17): both roles, and what handlers see of who signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from ocpp_fast import CallError, CentralSystem, ChargePoint, Context, Station, v201
from ocpp_fast.signing import KeySigner, Signing, sign, verify

from ..signing.keys import EC_OWNER, NOW, STRANGER, Owner
from .harness import central_system, scenario, serving

HEARTBEAT: Final = v201.HeartbeatRequest()
HEARTBEAT_RESPONSE: Final = v201.HeartbeatResponse(current_time=NOW)
RESET: Final = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)
RESET_RESPONSE: Final = v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)
OWNERS: Final[dict[str, Owner]] = {"station": EC_OWNER, "central": STRANGER}


def lookup(station: str, header: Mapping[str, Any]) -> bytes | None:
    return OWNERS[header["kid"]].public if station == "CP1" else None


def signer(kid: str) -> KeySigner:
    return KeySigner(OWNERS[kid].private, header={"kid": kid})


def always(station: str, payload: Any) -> bool:
    return True


def signing(kid: str, **options: Any) -> Signing:
    given: dict[str, Any] = {"keys": lookup, "signer": signer(kid), "signs": always}
    return Signing(**given | options)


def central_signing(**options: Any) -> CentralSystem:
    """A central system of 2.0.1 that signs, and answers Heartbeats."""
    central = central_system(versions=[v201], signing=signing("central", **options))
    central.on(v201.HeartbeatRequest)(lambda *_: HEARTBEAT_RESPONSE)
    return central


def station_signing(url: str, identity: str = "CP1", **options: Any) -> ChargePoint:
    return ChargePoint(identity, url, versions=[v201], signing=signing("station", **options), close_timeout=2.0)


@scenario
async def test_R17_both_sides_sign_their_calls_and_results() -> None:
    seen: list[Context] = []
    frames: list[Any] = []
    central = central_signing(requires=always)
    central.on_frame(lambda direction, station, raw: frames.append(json.loads(raw)))

    @central.on(v201.HeartbeatRequest)
    async def heartbeat(station: Station, request: v201.HeartbeatRequest, context: Context) -> Any:
        seen.append(context)
        return HEARTBEAT_RESPONSE

    async with serving(central) as site:
        station = station_signing(site.server.url, requires=always)

        @station.on(v201.ResetRequest)
        def reset(request: v201.ResetRequest, context: Context) -> v201.ResetResponse:
            seen.append(context)
            return RESET_RESPONSE

        async with station:
            assert await station.call(HEARTBEAT) == HEARTBEAT_RESPONSE
            assert await central["CP1"].call(RESET) == RESET_RESPONSE
    theirs, ours = EC_OWNER.public, STRANGER.public
    signers = [(each.action.name, each.signature and each.signature.key) for each in seen]
    assert signers == [("Heartbeat", theirs), ("Reset", ours)]
    assert json.loads(seen[0].raw)[2] == "Heartbeat-Signed"
    signed = [("Heartbeat", 2, theirs), ("Heartbeat", 3, ours), ("Reset", 2, ours), ("Reset", 3, theirs)]
    for frame, (action, message_type, key) in zip(frames, signed, strict=True):
        assert frame[0] == message_type
        verify(frame[-1], lambda _, key=key: key, action=action, message_type=message_type)  # type: ignore[misc]  # key


@scenario
async def test_R17_keys_are_those_of_the_station_that_connected() -> None:
    async with serving(central_signing()) as site:
        async with station_signing(site.server.url, "CP2") as other:
            with pytest.raises(CallError, match="SecurityError: signature: expected a key that is known here"):
                await other.call(HEARTBEAT)
        async with station_signing(site.server.url) as station:
            assert await station.call(HEARTBEAT) == HEARTBEAT_RESPONSE


class Broken:
    """A chip that does not answer."""

    header: Final[Mapping[str, Any]] = {"alg": "ES256"}

    def sign(self, data: bytes) -> bytes:
        raise OSError("no chip")


def failing(*_: Any) -> Any:
    raise LookupError("no database")


PLAIN: Final = [2, "1", "Heartbeat", {}]
SIGNED: Final = [2, "1", "Heartbeat-Signed", sign(b"{}", signer("station"), action="Heartbeat", message_type=2)]


@pytest.mark.parametrize(
    ("options", "call", "logged"),
    [
        ({"signer": Broken()}, PLAIN, "no chip"),
        ({"keys": failing}, SIGNED, "no database"),
        ({"requires": failing}, PLAIN, "no database"),
    ],
    ids=["signer", "keys", "requires"],
)
@scenario
async def test_R45_a_function_of_the_users_that_fails_is_an_internal_error(
    options: Mapping[str, Any], call: list[Any], logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(central_signing(**options)) as site:
        peer, station = await site.station(subprotocols="ocpp2.0.1")
        peer.send(call)
        assert (await peer.message())[:3] == [4, "1", "InternalError"]
        assert station.connected
    assert logged in caplog.text
    caplog.clear()
