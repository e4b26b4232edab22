"""`ocpp-fast check`: what it finds in the frames of stations, whom it blames, and what would let them pass."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest

from ocpp_fast.cli import main

from .programs import in_time, ocpp_fast, program, serve

Check: TypeAlias = Callable[..., Any]

BOOT = '[2,"0","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
BOOTED = '[3,"0",{"status":"Accepted","currentTime":"2024-01-01T00:00:00Z","interval":300}]'
BOOT_2 = '[2,"0","BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"V","model":"M"}}]'
NOW = '{"currentTime":"2024-01-01T00:00:00Z"}'
METER = {"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [{"value": "1"}]}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Write a log of one station, CP1: `> frame` is the station's, `< frame` the other side's; return its report."""

    def checked(*frames: str, options: tuple[str, ...] = ()) -> Any:
        path = tmp_path / "log.jsonl"
        sides = {">": "station", "<": "central"}
        lines = [json.dumps({"station": "CP1", "from": sides[each[0]], "frame": each[2:]}) for each in frames]
        path.write_text("\n".join(lines), "utf-8")
        code = main(["check", "--json", *options, str(path)])
        (station,) = json.loads(capsys.readouterr().out)["stations"]
        assert code == (1 if station["deviations"] else 0)
        return station

    return checked


def call(action: str, payload: Any) -> tuple[str, str, str]:
    """A station of 1.6 that boots and makes a call."""
    return f"> {BOOT}", f"< {BOOTED}", f"> {json.dumps([2, 'a', action, payload])}"


def only(report: Any) -> Any:
    (deviation,) = report["deviations"]
    return deviation


# Payloads


@pytest.mark.parametrize(
    ("action", "payload", "path", "rule", "habit"),
    [
        ("StatusNotification", STATUS | {"info": "x" * 51}, "info", "maxLength", "long_text"),
        ("StatusNotification", STATUS | {"x.y": 1}, "x.y", "additionalProperties", "unknown_field"),
        ("StatusNotification", STATUS | {"status": "Idle"}, "status", "enum", "unknown_enum"),
        ("StatusNotification", STATUS | {"connectorId": "1"}, "connectorId", "type", "number_as_text"),
        ("StatusNotification", STATUS | {"info": 7}, "info", "type", "text_as_number"),
        ("StatusNotification", STATUS | {"connectorId": 1.0}, "connectorId", "type", "decimal_as_integer"),
        ("StatusNotification", STATUS | {"timestamp": ""}, "timestamp", "format", "empty_as_absent"),
        ("StatusNotification", STATUS | {"info": None}, "info", "type", "null_as_absent"),
        ("StatusNotification", STATUS | {"connectorId": ""}, "connectorId", "type", None),
        ("StatusNotification", STATUS | {"info": True}, "info", "type", "text_as_number"),
        ("DataTransfer", {"vendorId": []}, "vendorId", "type", None),
        ("MeterValues", {"connectorId": 1, "meterValue": METER}, "meterValue", "type", "item_as_list"),
        ("StatusNotification", STATUS | {"timestamp": "2024-01-01 00:00:00"}, "timestamp", "format", "loose_time"),
        ("StatusNotification", STATUS | {"timestamp": "2024-01-01T00:00:00+02"}, "timestamp", "format", "loose_time"),
        ("StatusNotification", STATUS | {"timestamp": "yesterday"}, "timestamp", "format", None),
        ("StatusNotification", STATUS | {"connectorId": None}, "connectorId", "type", None),
        ("StatusNotification", STATUS | {"connectorId": "one"}, "connectorId", "type", None),
        ("StatusNotification", {"errorCode": "NoError", "status": "Available"}, "connectorId", "required", None),
        ("Heartbeat", [], "", "type", "empty_as_object"),
        ("Heartbeat", "text", "", "type", None),
        (
            "MeterValues",
            {
                "connectorId": 1,
                "meterValue": [{"timestamp": NOW[16:-2], "sampledValue": [{"value": "1"}, {"value": 2}]}],
            },
            "meterValue[].sampledValue[].value",
            "type",
            "text_as_number",
        ),
    ],
)
def test_a_deviation_is_named_and_so_is_what_would_let_it_pass(
    action: str, payload: Any, path: str, rule: str, habit: str | None, check: Check
) -> None:
    report = check(*call(action, payload))
    found = only(report)
    assert (found["action"], found["path"], found["rule"], found["habit"]) == (action, path, rule, habit)
    assert (found["wrong"], found["message"], found["count"], found["first"]["line"]) == ("station", "CALL", 1, 3)
    where = f', path="{path}"' if path else ""
    assert report["tolerate"] == ([f'Tolerance("{habit}", action="{action}"{where})'] if habit else [])


def test_what_nothing_mends_is_taken_before_what_is_mended_and_no_name_breaks_a_line(check: Check) -> None:
    stop = {"transactionId": 1.0, "meterStop": 7.5, "timestamp": "2024-01-01T00:00:00Z", 'a"[7].b': 1}
    assert check(*call("StopTransaction", stop))["tolerate"] == [
        'Tolerance("decimal_as_integer", action="StopTransaction", path="meterStop", answer="take")',
        'Tolerance("decimal_as_integer", action="StopTransaction", path="transactionId")',
        'Tolerance("unknown_field", action="StopTransaction", path="a\\"*")',
    ]


def test_each_of_several_deviations_of_a_payload_is_found(check: Check) -> None:
    values = [
        {"timestamp": "2024-01-01 00:00", "sampledValue": [{"value": each, "unit": "Furlong"}]} for each in (1, 2)
    ]
    report = check(*call("MeterValues", {"connectorId": "1", "meterValue": values, "": 1, "idTag": "x"}))
    assert {(each["path"], each["habit"], each["count"]) for each in report["deviations"]} == {
        ("connectorId", "number_as_text", 1),
        ("meterValue[].timestamp", None, 1),
        ("meterValue[].sampledValue[].value", "text_as_number", 1),
        ("meterValue[].sampledValue[].unit", "unknown_enum", 1),
        ('""', "unknown_field", 1),
        ("idTag", "unknown_field", 1),
    }


def test_a_wrong_answer_is_the_answerers_and_no_policy_is_proposed_for_our_own(check: Check) -> None:
    report = check(f"> {BOOT}", "< " + BOOTED.replace("300", '"300"'))
    assert (only(report)["wrong"], only(report)["message"]) == ("central system", "CALLRESULT")
    assert report["tolerate"] == []


def test_how_the_other_side_took_it_is_told(check: Check) -> None:
    payload = json.dumps(STATUS | {"info": None})
    calls = [f'> [2,"{each}","StatusNotification",{payload}]' for each in "abc"]
    report = check(f"> {BOOT}", f"< {BOOTED}", calls[0], '< [3,"a",{}]', calls[1], '< [3,"b",{}]', calls[2],
                   '< [4,"c","TypeConstraintViolation","info",{}]')  # fmt: skip
    assert only(report)["answers"] == {"result": 2, "TypeConstraintViolation": 1}
    (refusal,) = report["call_errors"]
    assert (refusal["by"], refusal["action"], refusal["count"]) == ("central system", "StatusNotification", 1)


def test_R10_a_result_may_be_refused_too(check: Check) -> None:
    error = '[5,"0","TypeConstraintViolation","currentTime: expected string",{}]'
    report = check(f"> {BOOT_2}", "< " + BOOTED.replace('"2024-01-01T00:00:00Z"', "7"), f"> {error}")
    (refusal,) = report["call_errors"]
    assert (refusal["by"], refusal["action"]) == ("station", "BootNotification result")


def test_an_example_is_short_and_breaks_no_terminal(check: Check) -> None:
    example = only(check(*call("Authorize", {"idTag": "\x1b[2J\n" * 40})))["example"]
    assert len(example) == 64
    assert example.isprintable()


# Frames


@pytest.mark.parametrize(
    ("frame", "path", "rule"),
    [
        ('[2,"a","Heartbeat",{}', "", "json"),
        ('[2,"a","Heartbeat",{"x":NaN}]', "", "json"),
        ('[2,"a","Heartbeat"]', "", "elements"),
        ('[2,"a","Heartbeat",{},{}]', "", "elements"),
        ('[2,7,"Heartbeat",{}]', "uniqueId", "type"),
        (f'[2,"{"a" * 37}","Heartbeat",{{}}]', "uniqueId", "length"),
        ('["2","a","Heartbeat",{}]', "messageType", "type"),
        ('[2,"a","Heartbeet",{}]', "", "action"),
        ('[2,"a","Reset",{"type":"Soft"}]', "", "sender"),
        ('[3,"b",{}]', "uniqueId", "unknown id"),
    ],
)
def test_a_frame_that_deviates_is_the_senders(frame: str, path: str, rule: str, check: Check) -> None:
    found = only(
        check(
            '< [2,"z","Reset",{"type":"Soft"}]',
            '> [3,"z",{"status":"Accepted"}]',
            f"> {frame}",
            options=("--ocpp", "1.6"),
        )
    )
    assert (found["path"], found["rule"], found["wrong"]) == (path, rule, "station")


@pytest.mark.parametrize("error", ['[4,"z","InternalError"]', '[4,"z","InternalError",""]'])
def test_a_short_callerror_keeps_its_code(error: str, check: Check) -> None:
    report = check('< [2,"z","Reset",{"type":"Soft"}]', f"> {error}")
    assert report["tolerate"] == ['Tolerance("short_error", action="Reset")']
    assert report["call_errors"][0]["code"] == "InternalError"


def test_null_is_an_empty_payload_and_a_signature_is_taken_off(check: Check) -> None:
    signed = '{"payload":"e30","signatures":[{"protected":"x","signature":"y"}]}'
    report = check(f'> {BOOT_2}', f"< {BOOTED}", '> [2,"a","Heartbeat",null]', f'< [3,"a",{NOW}]',
                   f'> [2,"b","Heartbeat-Signed",{signed}]', f'< [3,"b",{NOW}]')  # fmt: skip
    assert report["deviations"] == []


# Calls and answers


def test_R13_a_repeated_call_is_no_deviation_unless_it_is_another(check: Check) -> None:
    same = check(f"> {BOOT}", f"> {BOOT}", f"< {BOOTED}", f"< {BOOTED}")
    assert (same["deviations"], same["repeats"]) == ([], 2)
    other = check(f"> {BOOT}", '> [2,"0","Heartbeat",{}]')
    assert [each["rule"] for each in other["deviations"]] == ["repeated id"]


def test_R14_a_second_call_is_told_when_the_first_is_answered_after_all(check: Check) -> None:
    calls = ['> [2,"a","Heartbeat",{}]', f'> [2,"b","StatusNotification",{json.dumps(STATUS)}]']
    report = check(*calls, f'< [3,"a",{NOW}]', '< [3,"b",{}]')
    found = only(report)
    assert (found["rule"], found["wrong"], found["action"]) == ("second call", "station", "Heartbeat")
    assert found["example"] == "StatusNotification before the answer to Heartbeat"
    crossing = check(
        '> [2,"a","Heartbeat",{}]', '< [2,"a","ClearCache",{}]', '> [3,"a",{"status":"Accepted"}]', f'< [3,"a",{NOW}]'
    )
    assert crossing["deviations"] == []


def test_a_call_without_an_answer_is_the_other_sides_unless_the_log_ends(check: Check) -> None:
    report = check(
        '> [2,"a","Heartbeat",{}]', '> [2,"b","Heartbeat",{}]', f'< [3,"b",{NOW}]', '> [2,"c","Heartbeat",{}]'
    )
    assert (only(report)["rule"], only(report)["wrong"], only(report)["first"]["line"]) == (
        "no answer",
        "central system",
        1,
    )
    assert report["open_at_the_end"] == {"Heartbeat of the station": 1}


def test_a_station_that_boots_has_left_what_it_was_asked(check: Check) -> None:
    report = check('< [2,"z","Reset",{"type":"Hard"}]', f"> {BOOT}", f"< {BOOTED}")
    assert (only(report)["rule"], only(report)["wrong"], only(report)["action"]) == ("no answer", "station", "Reset")


def test_few_of_the_answered_calls_are_remembered(check: Check) -> None:
    pairs = [(f'> [2,"{each}","Heartbeat",{{}}]', f'< [3,"{each}",{NOW}]') for each in range(70)]
    report = check(*(frame for pair in pairs for frame in pair), pairs[0][1], pairs[-1][1])
    assert (only(report)["rule"], report["repeats"]) == ("unknown id", 1)


def test_R12_answers_to_no_call(check: Check) -> None:
    assert check('> [3,"z",{}]')["answers_to_earlier_calls"] == 1
    report = check(f"> {BOOT}", f"< {BOOTED}", "< " + BOOTED.replace("300", "301"), f'< [3,"q",{NOW}]')
    assert [(each["rule"], each["wrong"]) for each in report["deviations"]] == [
        ("second answer", "central system"),
        ("unknown id", "central system"),
    ]


def test_R10a_a_damaged_answer_ends_its_call(check: Check) -> None:
    report = check('< [2,"z","Reset",{"type":"Soft"}]', '> [3,"z",{"status":', '< [2,"y","Reset",{"type":"Soft"}]')
    assert [(each["action"], each["rule"]) for each in report["deviations"]] == [("Reset", "json")]


@pytest.mark.parametrize("mark", [">", "...", "\u2026"])
def test_a_frame_that_the_log_has_cut_is_paired_and_not_judged(mark: str, check: Check) -> None:
    report = check(f'> [2,"a","DataTransfer",{{"vendorId":"V","data":"1,Ch{mark}', '< [3,"a",{"status":"Accepted"}]')
    assert (report["deviations"], report["cut"], report["open_at_the_end"]) == ([], 1, {})


def test_a_station_that_calls_for_ever_without_an_answer_takes_no_room(check: Check) -> None:
    report = check(*(f'> [2,"{each}","Heartbeat",{{}}]' for each in range(100)))
    assert only(report)["count"] == 99


# Versions and directions


@pytest.mark.parametrize(
    ("frames", "version"),
    [
        ([BOOT], "1.6"),
        ([BOOT_2], "2.0.1"),
        ([BOOT_2, '[2,"b","NotifyDERAlarm",{"controlType":"EnterService","timestamp":"2024-01-01T00:00:00Z"}]'], "2.1"),
        (['[2,"a","Heartbeat",{}]'], None),
        ([f'[2,"b","StatusNotification",{json.dumps(STATUS | {"connectorId": 1.0})}]'], "1.6"),
        ([BOOT, BOOT_2.replace('"0"', '"1"')], "2.0.1"),
    ],
)
def test_the_version_is_inferred(frames: list[str], version: str | None, check: Check) -> None:
    assert check(*(f"> {each}" for each in frames))["version"] == version


def test_a_version_that_is_told_is_kept(check: Check) -> None:
    report = check(f"> {BOOT}", options=("--ocpp", "2.0.1"))
    assert report["version"] == "2.0.1"
    assert report["deviations"] != []


LOG = """\
INFO:ocpp:CP1: {} [2,"a","Heartbeat",{{}}]
INFO:ocpp:CP1: {} [3,"a",{{"currentTime":"now"}}]
INFO:ocpp:CP1: {} [2,"a","DataTransfer",{{"vendorId":""}}]
INFO:ocpp:CP1: {} [3,"a",{{"status":"Maybe"}}]
"""


@pytest.mark.parametrize(("own", "peers"), [("send", "receive message"), ("receive message", "send")])
def test_a_log_of_either_side_tells_the_same(
    own: str, peers: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    path.write_text(LOG.format(own, peers, own, peers), "utf-8")
    assert main(["check", "--json", "--ocpp", "1.6", str(path)]) == 1
    (station,) = json.loads(capsys.readouterr().out)["stations"]
    assert [(each["action"], each["wrong"], each["path"]) for each in station["deviations"]] == [
        ("Heartbeat", "central system", "currentTime"),
        ("DataTransfer", "central system", "status"),
    ]


def test_a_call_in_the_wrong_direction_is_found_once_the_log_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    sound = "".join(f'recv CP1: [2,"{each}","Heartbeat",{{}}]\nsend CP1: [3,"{each}",{NOW}]\n' for each in range(4))
    path.write_text(f'{sound}recv CP1: [2,"r","Reset",{{"type":"Soft"}}]\n', "utf-8")
    assert main(["check", "--json", "--ocpp", "1.6", str(path)]) == 1
    (station,) = json.loads(capsys.readouterr().out)["stations"]
    assert (only(station)["rule"], only(station)["wrong"]) == ("sender", "station")


# The command


def test_the_report_is_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    path.write_text(f'CP1 -> {BOOT}\nCP1 <- [3,"0",{{"status":"Accepted","currentTime":"now","interval":1}}]\n'
                    f'CP2 -> [2,"a","Heartbeat",{{}}]\nCP2 <- [3,"a",{NOW}]\n')  # fmt: skip
    assert main(["check", str(path)]) == 1
    report = capsys.readouterr().out
    assert f"1 x  BootNotification result currentTime: format, by the central system  [{path}:2]" in report
    assert 'expected an RFC 3339 date-time, not "now"' in report
    assert report.splitlines()[-1] == "4 lines, 4 frames, 2 stations: 1 deviation"


def test_logs_that_follow_each_other_are_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, frame in (("1", BOOT), ("2", BOOTED)):
        (tmp_path / name).write_text(f"CP1 -> {frame}\n")
    assert main(["check", str(tmp_path / "1"), str(tmp_path / "2")]) == 0
    assert "2 lines, 2 frames, 1 station: 0 deviations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        (b"no frames", "no frame was found"),
        (gzip.compress(BOOT.encode())[:-9], "end-of-stream"),
        (gzip.compress(BOOT.encode())[:20] + bytes(99), "log: "),
    ],
)
def test_what_cannot_be_read_is_neither_clean_nor_deviating(
    content: bytes | None, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    if content is not None:
        path.write_bytes(content)
    assert main(["check", str(path)]) == 2
    assert complaint in capsys.readouterr().err


def test_the_standard_input_is_a_file_and_may_lack_the_identity(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(BOOT.encode()))))
    assert main(["check", "--station", "CP9", "-"]) == 0
    assert capsys.readouterr().out.startswith("CP9, OCPP 1.6: 1 frame of the station (1 call)")


def test_what_serve_and_station_record_has_no_deviation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = [str(tmp_path / name) for name in ("central.jsonl", "station.jsonl")]

    @in_time
    async def record() -> None:
        async with serve("--no-auth", "--frames", logs[0]) as (_, url):
            for version in ("1.6", "2.1"):
                options = ("--ocpp", version, "--once", "--interval", "0.01", "--frames", logs[1])
                async with ocpp_fast("station", "--id", f"CP-{version}", "--url", url, *options) as station:
                    assert await station.ended() == 0

    record()
    for log in logs:
        assert main(["check", "--json", log]) == 0
        stations = json.loads(capsys.readouterr().out)["stations"]
        assert [(each["station"], each["version"]) for each in stations] == [("CP-1.6", "1.6"), ("CP-2.1", "2.1")]
        assert all(each["calls"]["station"] > 5 and not each["open_at_the_end"] for each in stations)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
@in_time
async def test_an_interrupt_ends_the_reading_and_not_the_report() -> None:
    with TemporaryDirectory() as folder:
        path = f"{folder}/log"
        os.mkfifo(path)
        async with ocpp_fast("check", path) as running:
            with suppress(BrokenPipeError), await asyncio.to_thread(open, path, "w") as log:
                # more than the pipe holds: when this returns, a part has been read
                await asyncio.to_thread(log.write, f"CP1 -> {BOOT}\n" * 5000)
                running.send(signal.SIGINT)
                assert await running.ended() == 2
    assert running.complaints == "ocpp-fast: interrupted: what follows is of the lines up to here\n"
    assert re.fullmatch(r"[\d,]+ lines, [\d,]+ frames, 1 station: 0 deviations", running.printed[-1])


PEER = """
import asyncio, logging, sys
import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result

logging.basicConfig(level=logging.INFO, filename=sys.argv[1])

class Central(ChargePoint):
    @on("BootNotification", skip_schema_validation=True)
    def boot(self, **_):
        return call_result.BootNotification(current_time="2024-01-01T00:00:00", interval=10, status="Accepted")

async def main():
    async def handle(socket):
        try:
            await Central("CP1", socket).start()
        except websockets.ConnectionClosed:
            pass
    async with websockets.serve(handle, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with websockets.connect(f"ws://{host}:{port}/CP1") as socket:
            for frame in sys.argv[2:]:
                await socket.send(frame)
                await socket.recv()

asyncio.run(main())
"""


def test_what_the_ocpp_package_logs_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(tmp_path / "log")

    @in_time
    async def exchange() -> None:
        frames = (BOOT.replace('"M"', '"M","x":1'), '[2,"1","Nonsense",{}]')
        async with program("-c", PEER, log, *frames) as peer:
            assert await peer.ended() == 0, peer.complaints

    exchange()
    assert main(["check", "--json", log]) == 1
    (station,) = json.loads(capsys.readouterr().out)["stations"]
    assert {(each["wrong"], each["action"], each["path"], each["rule"]) for each in station["deviations"]} == {
        ("station", "BootNotification", "x", "additionalProperties"),
        ("central system", "BootNotification", "currentTime", "format"),
        ("station", "Nonsense", "", "action"),
    }
    assert station["call_errors"][0]["code"] == "NotSupported"
