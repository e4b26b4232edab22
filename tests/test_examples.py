"""The examples, and what README.md shows, run as they are, against each other."""

from __future__ import annotations

import re
import signal
import socket

from .cli.programs import in_time, program
from .sources import ROOT

SERVER, STATION = re.findall(
    r"```python\n((?:import|from) .*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
)[:2]


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


@in_time
async def test_the_central_system_and_the_charge_point_talk_and_end_by_ctrl_c() -> None:
    port = free_port()
    async with program(str(ROOT / "examples/central_system.py"), port) as central:
        await central.line(f"listening on ws://127.0.0.1:{port}$")
        async with program(str(ROOT / "examples/charge_point.py"), port) as station:
            await station.line(r"it is \d\d:\d\d:\d\d$")
            assert "connector 1 shall be Inoperative" in station.printed
            assert "the central system says Accepted" in station.printed
            assert (await station.stop(signal.SIGINT), station.complaints) == (0, "")
        assert (await central.stop(signal.SIGINT), central.complaints) == (0, "")
        assert "CP001 is a Model of Vendor" in central.printed
        assert "CP001: connector 1 is Available" in central.printed
        assert "CP001: the change of availability is Accepted" in central.printed


@in_time
async def test_the_station_of_the_readme_boots_at_its_server() -> None:
    port = free_port()
    server_code, station_code = (code.replace("8887", port) for code in (SERVER, STATION))
    async with program("-u", "-c", server_code) as server:
        for _ in range(100):
            async with program(
                "-c", station_code.replace("asyncio.sleep(boot.interval)", "asyncio.sleep(0)")
            ) as station:
                if await station.ended() == 0:
                    break
            assert "Connect call failed" in station.complaints
        await server.line("CP001 is a M$")
        assert server.printed == ["CP001 is a M"]
