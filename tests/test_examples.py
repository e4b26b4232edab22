"""The examples run as they are, against each other."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

from .cli.programs import PATIENCE, program

EXAMPLES = Path(__file__).parents[1] / "examples"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def test_the_central_system_and_the_charge_point_talk_and_end_by_ctrl_c() -> None:
    async def test() -> None:
        port = free_port()
        async with (
            asyncio.timeout(2 * PATIENCE),
            program(str(EXAMPLES / "central_system.py"), port) as central,
        ):
            await central.line(f"listening on ws://127.0.0.1:{port}$")
            async with program(str(EXAMPLES / "charge_point.py"), port) as station:
                await station.line(r"it is \d\d:\d\d:\d\d$")
                assert "connector 1 shall be Inoperative" in station.printed
                assert "the central system says Accepted" in station.printed
                assert (await station.stop(signal.SIGINT), station.complaints) == (0, "")
            assert (await central.stop(signal.SIGINT), central.complaints) == (0, "")
            assert "CP001 is a Model of Vendor" in central.printed
            assert "CP001: connector 1 is Available" in central.printed
            assert "CP001: the change of availability is Accepted" in central.printed

    asyncio.run(test())
