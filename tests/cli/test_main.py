"""The command line as a whole: help, version, and what a wrong one is answered with."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ocpp_fast
from ocpp_fast.cli import main

HELP = """
import sys
from ocpp_fast.cli import main
try:
    main(["load", "--help"])
except SystemExit as ended:
    assert ended.code == 0
print(sorted({"asyncio", "websockets", "ocpp_fast.v16", "ocpp_fast.aio"} & set(sys.modules)))
"""


def test_help_imports_nothing_that_takes_its_time() -> None:
    ended = subprocess.run([sys.executable, "-c", HELP], capture_output=True, check=True, text=True)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_version_tells_which_core_is_in_use_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())  # argparse wraps it
    assert printed == f"ocpp_fast {ocpp_fast.__version__}, {ocpp_fast.core}"


@pytest.mark.parametrize(
    ("arguments", "explanation"),
    [
        ([], "required: serve | station | load | check"),
        (["fly"], "invalid choice: 'fly'"),
        (["station", "--url", "ws://x"], "required: --id"),
        (["station", "--id", "x", "--url", "http://x"], "expected a ws:// or wss:// URL"),
        (["station", "--id", "x", "--url", "ws://x:99999"], "expected a ws:// or wss:// URL"),
        (["station", "--id", "x", "--url", "ws://x", "--interval", "0"], "expected seconds, more than 0"),
        (["station", "--id", "x", "--url", "ws://x", "--password", "hex:s3cret"], "40 hexadecimal digits"),
        (["station", "--id", "x", "--url", "ws://x", "--connectors", "0"], "expected at least 1"),
        (["station", "--id", "x", "--url", "ws://x", "--id-tag", "x" * 21], "at most 20 characters"),
        (["station", "--id", "x", "--url", "ws://x", "--once", "--sessions", "2"], "not allowed with"),
        (["station", "--id", "x", "--url", "ws://x", "--ocpp", "2"], "expected versions of OCPP"),
        (["serve", "--no-auth", "--ocpp", "1.5"], "invalid choice: '1.5'"),
        (["serve"], "who may connect? Give --auth-file FILE"),
        (["serve", "--auth-file", "no such file"], "No such file or directory"),
        (["serve", "--no-auth", "--auth-file", "x"], "not allowed with argument"),
        (["serve", "--no-auth", "--port", "65536"], "expected a port from 0 to 65535"),
        (["serve", "--no-auth", "--interval", "-1"], "expected a whole number"),
        (["serve", "--no-auth", "--ping-interval", "-1"], "expected a whole number"),
        (["serve", "--no-auth", "--max-connections", "0"], "expected at least 1"),
        (["serve", "--no-auth", "--loop", "trio"], "invalid choice: 'trio'"),
        (["serve", "--no-auth", "--frames", "."], "can't write .: "),
        (["check"], "required: FILE"),
        (["check", "--ocpp", "1.5", "x"], "invalid choice: '1.5'"),
        (["serve", "--no-auth=everywhere"], "invalid choice: 'everywhere'"),
        (["serve", "--no-auth", "--key", "x"], "--key, --client-ca: expected --cert, too"),
        (["serve", "--client-ca", "x"], "--key, --client-ca: expected --cert, too"),
        (["serve", "--no-auth", "--cert", "x", "--client-ca", "x"], "--client-ca: not allowed with --no-auth"),
        (["serve", "--no-auth", "--proxy-protocol"], "--proxy-protocol: expected --trusted-proxy, too"),
        (["serve", "--no-auth", "--trusted-proxy", "me"], "expected a network such as 10.0.0.0/8, or unix, not 'me'"),
        (["serve", "--cert", "x"], "who may connect?"),
        (["serve", "--no-auth", "--cert", "none.pem"], "--cert, --key, --client-ca: [Errno 2] No such file"),
        (["station", "--id", "x", "--url", "wss://x", "--key", "x"], "--key: expected --cert, too"),
        (["station", "--id", "x", "--url", "ws://x", "--ca", "x"], "--ca, --cert: expected a wss:// URL"),
        (["station", "--id", "x", "--url", "wss://x", "--ca", "none.pem"], "--ca, --cert, --key: [Errno 2] No such"),
        (["load"], "required: --url"),
        (["load", "--url", "ws://x", "--stations", "0"], "expected at least 1"),
        (["load", "--url", "ws://x", "--closed", "--rate", "5"], "not allowed with"),
        (["load", "--url", "ws://x", "--mix", "odd"], "invalid choice: 'odd'"),
        (["load", "--url", "ws://x", "--source", "localhost"], "expected an IP address, not 'localhost'"),
        (["load", "--url", "ws://x", "--stations", "28001"], "need 2 addresses to connect from: give --source"),
    ],
)
def test_a_wrong_command_line_is_explained(
    arguments: list[str], explanation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert explanation in printed.err
    assert "s3cret" not in printed.err
    assert printed.out == ""
