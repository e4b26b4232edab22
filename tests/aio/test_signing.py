"""Signed frames over sockets (R17): both roles, and what handlers see of who signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ocpp_fast import CallError, CentralSystem, ChargePoint, Context, Direction, NoAuth, SigningFailed, Station, v201
from ocpp_fast.signing import KeySigner, Signing, sign, verify

from .harness import scenario, serving

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
HEARTBEAT: Final = v201.HeartbeatRequest()
HEARTBEAT_RESPONSE: Final = v201.HeartbeatResponse(current_time=NOW)
RESET: Final = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)
RESET_RESPONSE: Final = v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)


def key_pair() -> tuple[bytes, bytes]:
    """A private key and its public key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


STATION_KEY, STATION_PUBLIC = key_pair()
CENTRAL_KEY, CENTRAL_PUBLIC = key_pair()
STRANGER_KEY, _ = key_pair()
KEYS: Final = {("CP1", "station"): STATION_PUBLIC, ("CP1", "central"): CENTRAL_PUBLIC}


def lookup(station: str, header: Mapping[str, Any]) -> bytes | None:
    return KEYS.get((station, header.get("kid", "")))


def signer(key: bytes, kid: str) -> KeySigner:
    return KeySigner(key, header={"kid": kid})


def always(station: str, payload: Any) -> bool:
    return True


def central_signing(**options: Any) -> Signing:
    given: dict[str, Any] = {"keys": lookup, "signer": signer(CENTRAL_KEY, "central"), "signs": always}
    return Signing(**(given | options))


def station_signing(**options: Any) -> Signing:
    given: dict[str, Any] = {"keys": lookup, "signer": signer(STATION_KEY, "station"), "signs": always}
    return Signing(**(given | options))


def central_system(signing: Signing | None, version: Any = v201) -> CentralSystem:
    return CentralSystem(auth=NoAuth(), versions=[version], signing=signing, close_timeout=2.0)


def station_at(url: str, signing: Signing | None, version: Any = v201, identity: str = "CP1") -> ChargePoint:
    return ChargePoint(identity, url, versions=[version], signing=signing, close_timeout=2.0)


def on_wire(endpoint: CentralSystem | ChargePoint) -> list[tuple[Direction, Any]]:
    """What an endpoint sends and receives."""
    frames: list[tuple[Direction, Any]] = []
    endpoint.on_frame(lambda direction, _, raw: frames.append((direction, json.loads(raw))))
    return frames


@scenario
async def test_R17_both_sides_sign_their_calls_and_results() -> None:
    seen: list[Context] = []
    central = central_system(central_signing(requires=always))
    frames = on_wire(central)

    @central.on(v201.HeartbeatRequest)
    async def heartbeat(station: Station, request: v201.HeartbeatRequest, context: Context) -> Any:
        seen.append(context)
        return HEARTBEAT_RESPONSE

    async with serving(central) as site:
        station = station_at(site.server.url, station_signing(requires=always))

        @station.on(v201.ResetRequest)
        def reset(request: v201.ResetRequest, context: Context) -> v201.ResetResponse:
            seen.append(context)
            return RESET_RESPONSE

        async with station:
            assert await station.call(HEARTBEAT) == HEARTBEAT_RESPONSE
            assert await central["CP1"].call(RESET) == RESET_RESPONSE
    assert [(each.action.name, each.signature and each.signature.key) for each in seen] == [
        ("Heartbeat", STATION_PUBLIC),
        ("Reset", CENTRAL_PUBLIC),
    ]
    assert json.loads(seen[0].raw)[2] == "Heartbeat-Signed"
    for (_, frame), action, message_type, key in zip(
        frames,
        ("Heartbeat", "Heartbeat", "Reset", "Reset"),
        (2, 3, 2, 3),
        (STATION_PUBLIC, CENTRAL_PUBLIC, CENTRAL_PUBLIC, STATION_PUBLIC),
        strict=True,
    ):
        assert frame[0] == message_type
        verify(frame[-1], lambda _, key=key: key, action=action, message_type=message_type)  # type: ignore[misc]  # key


@scenario
async def test_R17_keys_are_those_of_the_station_that_connected() -> None:
    central = central_system(central_signing())
    central.on(v201.HeartbeatRequest)(lambda *_: HEARTBEAT_RESPONSE)
    async with serving(central) as site:
        async with station_at(site.server.url, station_signing(), identity="CP2") as other:
            with pytest.raises(CallError, match="SecurityError: signature: expected a key that is known here"):
                await other.call(HEARTBEAT)
        async with station_at(site.server.url, station_signing()) as station:
            assert await station.call(HEARTBEAT) == HEARTBEAT_RESPONSE


def sign_heartbeat() -> dict[str, str]:
    return sign(b"{}", signer(STATION_KEY, "station"), action="Heartbeat", message_type=2)


# When a function of the user's own fails


class Broken:
    """A chip that does not answer."""

    header: Final[Mapping[str, Any]] = {"alg": "ES256"}

    def sign(self, data: bytes) -> bytes:
        raise OSError("no chip")


def failing(*_: Any) -> Any:
    raise LookupError("no database")


@scenario
async def test_R45_a_signer_that_fails_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    central = central_system(central_signing(signer=Broken()))
    central.on(v201.HeartbeatRequest)(lambda *_: HEARTBEAT_RESPONSE)
    async with serving(central) as site:
        peer, station = await site.station(subprotocols="ocpp2.0.1")
        peer.send([2, "1", "Heartbeat", {}])
        assert (await peer.message())[:3] == [4, "1", "InternalError"]
        with pytest.raises(SigningFailed):
            await station.call(RESET)
        assert station.connected
    assert "no chip" in caplog.text
    caplog.clear()


@pytest.mark.parametrize("options", [{"keys": failing}, {"requires": failing, "keys": lambda *_: STATION_PUBLIC}])
@scenario
async def test_R45_a_lookup_that_fails_is_an_internal_error(
    options: Mapping[str, Callable[..., Any]], caplog: pytest.LogCaptureFixture
) -> None:
    central = central_system(central_signing(**options))
    central.on(v201.HeartbeatRequest)(lambda *_: HEARTBEAT_RESPONSE)
    async with serving(central) as site:
        peer = await site.peer(subprotocols="ocpp2.0.1")
        if "requires" in options:
            peer.send([2, "1", "Heartbeat", {}])
        else:
            peer.send([2, "1", "Heartbeat-Signed", sign_heartbeat()])
        assert (await peer.message())[:3] == [4, "1", "InternalError"]
    assert "no database" in caplog.text
    caplog.clear()
