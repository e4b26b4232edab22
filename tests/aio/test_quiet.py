"""What a peer writes breaks no line of a log, an error or an event; secrets stand in none of them, at DEBUG either."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Final

import pytest

from ocpp_fast import (
    BasicAuth,
    CallError,
    CallTimeout,
    CentralSystem,
    ChargePoint,
    FrameFault,
    HandshakeFailed,
    InvalidResult,
    Station,
    v16,
    v21,
)

from ..nasty import NASTY, is_fit
from ..test_masking import CANARY, V21
from .harness import HEARTBEAT, scenario, serving, until
from .peer import CLOSE, TEXT, Peer, handshake_bytes
from .refusals import credentials
from .scripted_server import charge_point, raw_server, request_of

EACH_LEVEL: Final = pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG], ids=logging.getLevelName)
"""At DEBUG, websockets' Sans-I/O layer reads every frame."""
OURS: Final = ("station", "path", "reason", "fault", "status", "action", "version", "peer")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """All that the log of the library has, the fields of its records included; forgets it."""
    formatter = logging.Formatter("%(levelname)s %(name)s %(message)s")
    records = [each for each in caplog.records if each.name.startswith("ocpp_fast")]
    found = [formatter.format(each) for each in records]
    found += [str(getattr(each, field)) for each in records for field in OURS if hasattr(each, field)]
    caplog.clear()
    return found


def listen(central: CentralSystem) -> list[str]:
    """What hooks are told of refusals, limits and faults, as text."""
    told: list[str] = []

    def noticed(_: Station, fault: FrameFault) -> None:
        told.extend((fault.description, str(fault), repr(fault)))

    def happened(event: Any) -> None:
        told.extend((repr(event), *(str(getattr(event, each)) for each in type(event).__dataclass_fields__)))

    central.on_fault(noticed)
    central.on_event(happened)
    central.on_refused(happened)
    return told


async def outcome(call: Any) -> BaseException:
    try:
        await call
    except Exception as error:  # noqa: BLE001  # which is what is asked for
        return error
    raise AssertionError("it did not fail")


async def call_and_answer(peer: Peer, station: Station, answer: list[Any]) -> BaseException:
    """Make a call that the peer answers so, with the id in place of the second element."""
    call = asyncio.create_task(outcome(station.v16.clear_cache()))
    unique_id = (await peer.message())[1]
    peer.send([answer[0], unique_id, *answer[2:]])
    return await call


@EACH_LEVEL
@pytest.mark.parametrize("what", NASTY)
@scenario
async def test_what_a_station_writes_breaks_no_line(what: str, level: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(level)
    text = NASTY[what]
    async with serving() as site:
        told = listen(site.central)
        peer, station = await site.station()
        frames: list[list[Any]] = [
            *([2, text[:36], "Heartbeat", {}], [2, "2", text, {}], [2, "3", "Heartbeat", {text: text}]),
            *([2, "4", "Heartbeat", text], [2, "5", "BootNotification", {"chargePointVendor": text}]),
            *([3, text, {}], [4, text, text, text, {}], [9, text], [text, "6", text], [2, text * 40, "Heartbeat", {}]),
        ]
        for frame in frames:
            peer.send(frame)
            peer.send_frame(TEXT, json.dumps(frame, ensure_ascii=False).encode(errors="replace"))
        peer.heartbeat("end")
        while (await peer.message())[1] != "end":
            pass
        errors = [
            await call_and_answer(peer, station, [4, "", text, text, {text: text}]),
            await call_and_answer(peer, station, [3, "", {text: text}]),
        ]
        reason = text.encode(errors="replace")[:120].decode(errors="ignore")
        peer.send_frame(CLOSE, (4000).to_bytes(2, "big") + reason.encode())
        await until(lambda: not station.connected)
        assert station.close_reason == reason
        in_latin = text.encode("latin-1", "replace").decode("latin-1")
        for request in (
            handshake_bytes(f"/{in_latin}".replace(" ", "")),
            handshake_bytes("/CP1", subprotocols=in_latin),
            handshake_bytes("/CP1", headers=[f"Upgrade: {in_latin}"]),
            handshake_bytes("/CP1", headers=[in_latin]),
        ):
            refused = await site.tcp()
            refused.write(request)
            refused.writer.write_eof()
            await refused.reader.read()
        await until(lambda: any("status" in each for each in told))
    assert {type(each) for each in errors} <= {CallError, InvalidResult, CallTimeout}
    texts = [*told, *lines(caplog), *map(str, errors), *map(repr, errors)]
    assert len(texts) > 20
    assert [each for each in texts if not is_fit(each)] == []


@EACH_LEVEL
@pytest.mark.parametrize("what", NASTY)
@scenario
async def test_what_a_central_system_writes_breaks_no_line(
    what: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level)
    value = NASTY[what].encode("latin-1", "replace")[:7000]
    heads = iter((b"401 " + value, b"101 Switching\r\nUpgrade: " + value, b"101 Switching\r\n" + value))

    async def script(reader: Any, writer: Any) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 " + next(heads) + b"\r\n\r\n")
        writer.write_eof()
        await reader.read()

    async with raw_server(script) as url:
        errors = [await outcome(charge_point(url).__aenter__()) for _ in range(3)]
    assert {type(each) for each in errors} == {HandshakeFailed}
    texts = [*lines(caplog), *map(str, errors), *map(repr, errors)]
    assert [each for each in texts if not is_fit(each)] == []


SIMPLE: Final = v16.GetConfigurationResponse(
    configuration_key=[v16.KeyValue(key="AuthorizationKey", readonly=False, value=CANARY)]
)


def reveals_nothing(texts: list[str], caplog: pytest.LogCaptureFixture, *more: str) -> None:
    """Fail if a text, or the log of anything, tells a secret."""
    for secret in (CANARY, "91827364", *more):
        assert [each for each in (*texts, caplog.text, *map(repr, caplog.records)) if secret in each] == []
        assert [each for each in caplog.records if secret in str(vars(each))] == []


@EACH_LEVEL
@scenario
async def test_no_secret_of_a_payload_is_told(level: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(level)
    texts: list[str] = []
    async with serving() as site:
        site.central.on(v21.NotifyReportRequest)(lambda _, request: v21.NotifyReportResponse())
        told = listen(site.central)
        station = ChargePoint("CP1", site.server.url, versions=[v21])

        @station.on(v21.SetVariablesRequest)
        def set_variables(request: v21.SetVariablesRequest) -> v21.SetVariablesResponse:
            texts.append(repr(request))
            raise RuntimeError

        async with station:
            seen = await site.central.wait_connected("CP1")
            for name in ("SetVariables", "SetNetworkProfile"):
                request: Any = v21.VERSION.actions[name].request
                texts.append(str(await outcome(seen.call(request.from_dict(V21[name])))))
            report: Any = v21.NotifyReportRequest.from_dict(V21["NotifyReport"])
            await station.v21.notify_report(**{each: getattr(report, each) for each in type(report).__struct_fields__})
            report.seq_no = CANARY
            texts += [repr(error) for error in [await outcome(station.call(report))]]
        peer, _ = await site.station("CP2", subprotocols="ocpp2.1")
        for payload in ({**V21["NotifyReport"], "seqNo": CANARY}, {**V21["NotifyReport"], "password": CANARY}):
            peer.send([2, "1", "NotifyReport", payload])
            texts.append(json.dumps(await peer.message()))
        texts += told
    assert len(texts) > 6
    assert any("the handler of SetVariables" in each for each in caplog.messages)
    reveals_nothing(texts, caplog)
    caplog.clear()


@EACH_LEVEL
@scenario
async def test_no_password_of_a_handshake_is_told(level: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(level)
    texts: list[str] = []
    header = credentials(f"CP1:{CANARY}".encode())
    secret = header.rpartition(" ")[2]
    async with serving(auth=BasicAuth({"CP1": CANARY.encode()})) as site:
        told = listen(site.central)
        url = site.server.url.replace("://", f"://CP1:{CANARY}@")
        station = charge_point(url)
        async with station:
            assert await station.v16.heartbeat() == HEARTBEAT
            seen = await site.central.wait_connected("CP1")
            texts += [repr(each) for each in (station, seen, seen.handshake, site.central, site.server)]
        for path, headers in (
            ("/CP2", [header]),
            ("/CP1", [header, header]),
            ("/CP1", [header.replace("Basic", "Bearer")]),
            (f"http://CP1:{CANARY}@localhost/CP2", [f"Cookie: {CANARY}", f"X-Api-Key: {CANARY}"]),
        ):
            assert (await site.http(handshake_bytes(path, headers=headers))).status in (400, 401, 404)
        await site.peer(f"http://CP1:{CANARY}@localhost/CP1", headers=[header])
        wrong = await outcome(charge_point(url, "CP3").__aenter__())
        texts += [str(wrong), repr(wrong), station.url, *told]
    for made in (lambda: BasicAuth([CANARY]), lambda: CentralSystem(auth={"CP1": CANARY}, versions=[v16])):  # type: ignore[arg-type]  # on purpose
        with pytest.raises(TypeError) as error:
            made()
        texts.append(str(error.value))
    assert len(told) > 4
    reveals_nothing(texts, caplog, secret)
