"""Many stations in one process, for `test_scale`: each boots and sends heartbeats.

Arguments: port, number of stations, heartbeats of each. Prints `booted` when all are accepted, waits for a line, sends
the heartbeats, prints `done`, and waits for another line before they leave.
"""

from __future__ import annotations

import asyncio
import sys

from ocpp_fast import ChargePoint, v16


async def main(port: int, count: int, heartbeats: int) -> None:
    loop = asyncio.get_running_loop()
    stations = [
        ChargePoint(f"CP{number}", f"ws://127.0.0.1:{port}", versions=[v16], open_timeout=60.0, call_timeout=60.0)
        for number in range(count)
    ]
    at_once = asyncio.Semaphore(100)

    async def start(station: ChargePoint) -> None:
        async with at_once:
            await station.__aenter__()
            boot = await station.v16.boot_notification(charge_point_vendor="V", charge_point_model="M")
            assert boot.status is v16.RegistrationStatus.ACCEPTED

    async def beat(station: ChargePoint) -> None:
        for _ in range(heartbeats):
            await station.v16.heartbeat()

    await asyncio.gather(*map(start, stations))
    sys.stdout.write("booted\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.readline)
    await asyncio.gather(*map(beat, stations))
    sys.stdout.write("done\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.readline)
    await asyncio.gather(*(station.__aexit__(None, None, None) for station in stations))


if __name__ == "__main__":
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    except ImportError:
        pass  # not on Windows
    asyncio.run(main(*map(int, sys.argv[1:])))
