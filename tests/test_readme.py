"""What README.md shows runs as it stands there."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
SERVER, STATION = re.findall(r"```python\n(import asyncio\n.*?)```", README.read_text("utf-8"), re.DOTALL)[:2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def command(code: str, port: int) -> list[str]:
    program = code.replace("8887", str(port)).replace("asyncio.sleep(boot.interval)", "asyncio.sleep(0)")
    return [sys.executable, "-u", "-c", program]


def test_the_station_boots_at_the_server() -> None:
    port = free_port()
    with subprocess.Popen(command(SERVER, port), stdout=subprocess.PIPE, text=True) as server:
        try:
            for _ in range(100):
                station = subprocess.run(
                    command(STATION, port), capture_output=True, text=True, timeout=30, check=False
                )
                if station.returncode == 0:
                    break
                assert "Connect call failed" in station.stderr
            assert server.stdout is not None
            assert server.stdout.readline() == "CP001 is a M\n"
        finally:
            server.terminate()
