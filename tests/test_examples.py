"""The examples, and what README.md shows, run as they are, against each other."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ocpp_fast import Auth, BasicAuth, CentralSystem, NoAuth, accelerated, core, v16, v21

from .cli.programs import Program, in_time, program
from .sources import ROOT

SERVER, STATION = re.findall(
    r"```python\n((?:import|from) .*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
)[:2]


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def complaints(ended: Program) -> str:
    """What it has logged, but for what it says of the slower core."""
    return ended.complaints if accelerated else ended.complaints.removeprefix(f"{core}\n")


@in_time
async def test_the_central_system_and_the_charge_point_talk_and_end_by_ctrl_c() -> None:
    port = free_port()
    async with program(str(ROOT / "examples/central_system.py"), port) as central:
        await central.line(f"listening on ws://127.0.0.1:{port}$")
        async with program(str(ROOT / "examples/charge_point.py"), port) as station:
            await station.line(r"it is \d\d:\d\d:\d\d$")
            assert "connector 1 shall be Inoperative" in station.printed
            assert "the central system says Accepted" in station.printed
            assert await station.stop(signal.SIGINT) == 0
            assert re.fullmatch(f"CP001: connected to ws://127.0.0.1:{port}/CP001 with OCPP 1.6\n", complaints(station))
        assert await central.stop(signal.SIGINT) == 0
        assert re.fullmatch("CP001: connected with OCPP 1.6 .*\nCP001: disconnected: 1000\n", complaints(central))
        assert "CP001 is a Model of Vendor" in central.printed
        assert "CP001: connector 1 is Available" in central.printed
        assert "CP001: the change of availability is Accepted" in central.printed


@pytest.mark.parametrize(
    ("auth", "versions", "reason"),
    [
        (BasicAuth({"CP001": b"secret"}), [v16], "the server refused with HTTP status 401: Unauthorized"),
        (NoAuth(), [v21], "the server chose no subprotocol; offered were ocpp1.6"),
        (None, [v16], r"\[Errno \d+\] Connect call failed \('127.0.0.1', \d+\)"),
    ],
)
@in_time
async def test_the_charge_point_says_in_one_line_why_it_cannot_connect(
    auth: Auth | None, versions: Sequence[Any], reason: str
) -> None:
    async with AsyncExitStack() as stack:
        port = free_port()
        if auth is not None:
            await stack.enter_async_context(CentralSystem(auth=auth, versions=versions).serve(port=int(port)))
        station = await stack.enter_async_context(program(str(ROOT / "examples/charge_point.py"), port))
        assert await station.ended() == 1
        assert re.fullmatch(f"cannot connect: .*{reason}\n", complaints(station))


@in_time
async def test_the_central_system_says_in_one_line_that_its_port_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with program(str(ROOT / "examples/central_system.py"), port) as central:
            assert await central.ended() == 1
            assert re.fullmatch("cannot listen: .*address already in use\n", complaints(central))


@in_time
async def test_the_two_programs_of_the_readme_charge_together_and_say_who_is_refused() -> None:
    port = free_port()
    server_code, station_code = (code.replace("8887", port) for code in (SERVER, STATION))
    assert "sleep(5)" in station_code
    charging = station_code.replace("sleep(5)", "sleep(0)")
    async with program("-u", "-c", server_code) as server:
        for _ in range(100):
            async with program("-c", charging) as station:
                if await station.ended() == 0:
                    break
                assert re.fullmatch(r"\[Errno \d+\] Connect call failed .*\n", complaints(station))
        async with program("-c", charging.replace("v16", "v21")) as station:
            assert await station.ended() == 1
            assert complaints(station) == "CP001: the server chose no subprotocol; offered were ocpp2.1\n"
        await server.line("CP001 has charged 9 Wh$")
        assert server.printed == ["CP001 is a M", "CP001 charges for TAG", "CP001 has charged 9 Wh"]
        await server.stop()
        assert "no common" in server.complaints
