"""Logs of many programs: which frames are found in them, whose they are, and where they go."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from ocpp_fast.cli import main
from ocpp_fast.cli.checking.files import Log
from ocpp_fast.cli.checking.sighting import Sighting

from ..sources import ROOT

FRAME = '[2,"1","Heartbeat",{}]'
ESCAPED = FRAME.replace('"', '\\"')
DOUBLED = FRAME.replace('"', '""')


def sightings(tmp_path: Path, log: str | bytes) -> list[Sighting]:
    path = tmp_path / "log"
    path.write_bytes(log.encode() if isinstance(log, str) else log)
    return list(Log(str(path)).sightings())


@pytest.mark.parametrize(
    ("line", "station", "sent"),
    [
        (f"INFO:ocpp:CP_1: receive message {FRAME}", "CP_1", False),
        (f"2024-12-10 12:19:59.054 INFO (MainThread) [ocpp] CP_1: send {FRAME}", "CP_1", True),
        (f"hass  | 2025-01-30 14:41:45.253 INFO (MainThread) [ocpp] CP_1: send {FRAME}", "CP_1", True),
        (f"2021-10-08 14:39:39 INFO (MainThread) [ocpp] : send {FRAME}", "", True),
        (f"INFO:charge_point:CP_1: receive message {FRAME}", "CP_1", False),
        (f"[ocpp  ] TRACE 2024/07/11 17:12:57 recv CP_1: {FRAME}", "CP_1", False),
        (f"evcc  | [ocpp  ] TRACE 2024/07/11 17:12:57 sent CP_1: {FRAME}", "CP_1", True),
        (f"Oct 11 11:42:45 pi evcc[2]: [ocpp  ] TRACE 2023/10/11 11:42:45 send CP_1: {FRAME}", "CP_1", True),
        (f'level=debug msg="received JSON message from CP_1: {ESCAPED}" logger=ocppj', "CP_1", False),
        (f'level=debug msg="sent JSON message to server: {ESCAPED}"', "", True),
        (f"DEBU[0001] received JSON message from CP_1: {FRAME} logger=ocppj", "CP_1", False),
        (
            f"[INFO ] 2024-02-26 09:10:45,446 WebSocketLogger - [chargeBoxId=CP_1, sessionId=58] Received: {FRAME}",
            "CP_1",
            False,
        ),
        (f"[INFO]\tWebSocketLogger\t(qtp1-30)\t-\t[chargeBoxId=CP_1,\tsessionId=58]\tSending:\t{FRAME}", "CP_1", True),
        (f"CP_1 -> {FRAME}", "CP_1", False),
        (f"2024-01-01T00:00:00Z CP_1 <- {FRAME}", "CP_1", True),
        (f"station=CP_1 direction=in frame={FRAME}", "CP_1", False),
        (f"[CP_1] Received: {FRAME}", "CP_1", False),
        (f"ws://host:80/ocpp/CP_1 recv {FRAME}", "CP_1", False),
        (f"GET /steve/websocket/CentralSystemService/CP_1 received {FRAME}", "CP_1", False),
        (f"10/1/2023, 4:25:10 PM    node: Server Port 9595     type: request   data: {FRAME}", "", None),
        (f"Message from charger CP_1 : {FRAME}", "CP_1", False),
        (f"10:00:00 CP_1: {FRAME}", "CP_1", None),
        (FRAME, "", None),
        (json.dumps({"stationId": "CP_1", "direction": "OUT", "message": json.loads(FRAME)}), "CP_1", True),
        (json.dumps({"log": f"INFO:ocpp:CP_1: send {FRAME}\n", "stream": "stderr"}), "CP_1", True),
    ],
)
def test_a_line_tells_the_identity_and_who_sent_a_frame(
    line: str, station: str, sent: bool | None, tmp_path: Path
) -> None:
    for end in ("\n", "\r\n", ""):
        assert sightings(tmp_path, line + end) == [Sighting(FRAME.encode(), station, None, sent)]


@pytest.mark.parametrize(
    ("log", "station", "from_station", "version"),
    [
        (f"2024-01-01: ChargePoint>CentralSystem Heartbeat\n{FRAME}", "", True, ""),
        (f"[2024-01-01 00:00:00] [CP_1] CSMS -> CP: {FRAME}", "CP_1", False, ""),
        (json.dumps({"station": "CP_1", "from": "station", "version": "2.1", "frame": FRAME}), "CP_1", True, "2.1"),
        (json.dumps({"station": "CP_1", "from": "central", "frame": FRAME}), "CP_1", False, ""),
        (json.dumps({"meta": {"charge_point_id": "CP_1"}, "dir": "CS->CSMS", "raw": FRAME}), "CP_1", True, ""),
        (
            json.dumps({"cpId": "CP_1", "subprotocol": "ocpp2.0.1", "from_station": False, "m": FRAME}),
            "CP_1",
            False,
            "2.0.1",
        ),
        (f'time;station;from;frame\n1;CP_1;station;"{DOUBLED}"', "CP_1", True, ""),
    ],
)
def test_a_log_that_names_the_side_is_believed(
    log: str, station: str, from_station: bool, version: str, tmp_path: Path
) -> None:
    assert sightings(tmp_path, log) == [Sighting(FRAME.encode(), station, from_station, None, version)]


def test_the_line_of_the_page_is_read(tmp_path: Path) -> None:
    _, _, page = (ROOT / "docs" / "check.md").read_text("utf-8").partition("```json\n")
    assert sightings(tmp_path, page.partition("```")[0]) == [Sighting(FRAME.encode(), "CP001", True, None, "1.6")]


@pytest.mark.parametrize(
    "lines",
    [
        ['INFO:ocpp:CP_1: receive message [2,"1","Heartbeat",', "{", "}]"],
        [
            "2024-01-01: ChargePoint>CentralSystem Heartbeat",
            "[",
            "    2,",
            '    "1",',
            '    "Heartbeat",',
            "    {}",
            "]",
        ],
    ],
)
def test_a_frame_may_be_spread_over_lines(lines: list[str], tmp_path: Path) -> None:
    found = sightings(tmp_path, "\n".join([*lines, "INFO: something else", ""]))
    assert [json.loads(each.raw) for each in found] == [json.loads(FRAME)]


@pytest.mark.parametrize("follows", ["2024-01-01 00:00:00 INFO next", f"INFO:ocpp:CP_1: send {FRAME}", "[INFO ] next"])
def test_a_frame_without_an_end_takes_nothing_of_what_follows(follows: str, tmp_path: Path) -> None:
    log = f'INFO:ocpp:CP_1: receive message [2,"1","Heartbeat",{{\n{follows}\n'
    assert sightings(tmp_path, log)[0].raw == b'[2,"1","Heartbeat",{'


def test_the_line_behind_a_frame_without_an_end_tells_of_the_next_one(tmp_path: Path) -> None:
    log = f'CP_1 -> [2,"1","Heartbeat",{{\nCP_2: ChargePoint>CentralSystem\n{FRAME}\n'
    assert [(each.station, each.from_station) for each in sightings(tmp_path, log)] == [("CP_1", None), ("CP_2", True)]


@pytest.mark.parametrize(
    "line",
    [
        "nothing",
        "[ocpp  ] INFO 3 stations, [2, 3, 4]",
        '{"station": "CP_1", "frame": "nothing"}',
        '{"list": [2, 3]}',
        f"ERROR:ocpp:Unable to parse message: '{FRAME}', it doesn't seem to be valid OCPP",
        "",
    ],
)
def test_what_is_no_frame_is_passed_over(line: str, tmp_path: Path) -> None:
    assert sightings(tmp_path, f"{line}\n") == []


@pytest.mark.parametrize("pack", [gzip.compress, lambda log: log.decode().encode("utf-16")])
def test_a_log_may_be_packed_or_of_another_encoding(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (found,) = sightings(tmp_path, pack(f"CP_1 -> {FRAME}\n".encode()))
    assert found.raw == FRAME.encode()


# Packet captures


def packet(source: int, target: int, seq: int, data: bytes, flags: int = 0x18) -> bytes:
    """A packet of TCP between two ports of one machine, as it stands in a capture."""
    tcp = struct.pack(">HHIIBBHHH", source, target, seq, 1, 0x50, flags, 0xFFFF, 0, 0) + data
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(4), bytes(4)) + tcp
    whole = bytes(12) + b"\x08\x00" + ip
    return struct.pack("<IIII", 0, 0, len(whole), len(whole)) + whole


def capture() -> bytes:
    """A station connects and sends a Heartbeat."""
    request = (
        b"GET /ocpp/CP%201 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    )
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    )
    text = FRAME.encode()
    call = bytes([0x81, 0x80 | len(text)]) + bytes(4) + text
    result = b'[3,"1",{"currentTime":"2024-01-01 00:00:00"}]'
    packets = [
        packet(5000, 80, 0, b"", 2),
        packet(80, 5000, 0, b"", 0x12),
        packet(5000, 80, 1, request),
        packet(80, 5000, 1, answer),
        packet(5000, 80, 1 + len(request), call),
        packet(80, 5000, 1 + len(answer), bytes([0x81, len(result)]) + result),
    ]
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(packets)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_packet_captures(tmp_path: Path) -> None:
    call, result = sightings(tmp_path, capture())
    assert call == Sighting(FRAME.encode(), "CP 1", True, None, "1.6")
    assert (result.station, result.from_station, result.raw[:6]) == ("CP 1", False, b'[3,"1"')


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_a_damaged_capture_is_no_clean_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "damaged.pcap"
    path.write_bytes(capture()[:-10])
    assert main(["check", str(path)]) == 2
    assert "damaged.pcap: tshark: " in capsys.readouterr().err


def test_without_tshark_a_capture_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "some.pcap"
    path.write_bytes(capture())
    assert main(["check", str(path)]) == 2
    assert "apt install tshark" in capsys.readouterr().err


# Whatever a log holds


def test_no_line_of_a_log_stops_the_analysis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = Random(12)
    frames = [
        b'[2,"a","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"now","sampledValue":[{"value":2}]}]}]',
        b'[3,"a",{"x":[null,"",1e400,-0.0,123456789012345678901234567890]}]',
        b'[4,"a","InternalError","text"]',
        b'{"station":"CP1","from":"station","frame":"[2,\\"a\\",\\"Heartbeat\\",{}]"}',
    ]
    path = tmp_path / "log"
    with path.open("wb") as log:
        for _ in range(2000):
            damaged = bytearray(b"CP1 -> " * random.randrange(2) + random.choice(frames))
            for _ in range(random.randrange(3)):
                damaged[random.randrange(len(damaged))] = random.choice(b'{}[],:"\\\0\n 2e\xff.')
            log.write(damaged + b"\n")
    for options in ([], ["--json"]):
        assert main(["check", *options, str(path)]) == 1
        printed = capsys.readouterr().out
        assert all(line.isprintable() for line in printed.splitlines())
    assert {each["station"] for each in json.loads(printed)["stations"]} >= {"", "CP1"}
