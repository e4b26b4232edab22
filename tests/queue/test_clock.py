"""The retry rule on a clock that a test puts forward, in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp_fast import CallError, CentralSystem, ChargePoint, Direction, MemoryQueue, NoAuth, Retries, v16
from ocpp_fast.testing import FakeClock, connect

from .transactions import start


@pytest.mark.parametrize(
    ("retries", "instants"),
    [
        (Retries(interval=60, attempts=3), [0, 60, 180]),
        (Retries(interval=10, attempts=5), [0, 10, 30, 60, 100]),
        (Retries(interval=10, attempts=1), [0]),
    ],
)
@pytest.mark.parametrize("answers", [True, False], ids=["refused", "not answered"])
def test_R43_tries_begin_when_the_rule_says(retries: Retries, instants: list[int], answers: bool) -> None:
    central = CentralSystem(auth=NoAuth(), versions=[v16], handler_timeout=1e6)
    came: list[float] = []

    @central.on_frame
    def see(direction: Direction, *_: object) -> None:
        if direction is Direction.IN:
            came.append(asyncio.get_running_loop().time())

    @central.on(v16.StartTransactionRequest)
    async def handle(station: Any, request: v16.StartTransactionRequest) -> v16.StartTransactionResponse:
        if not answers:
            await asyncio.Event().wait()
        raise CallError

    async def test() -> None:
        clock = FakeClock()
        station = ChargePoint("CP1", "ws://memory", versions=[v16], queue=MemoryQueue(), retries=retries)
        dropped: list[Any] = []
        station.on_dropped(dropped.append)
        async with connect(central, station, clock=clock):
            await station.post(start())
            while not dropped:
                await clock.advance(1.0)
        await asyncio.sleep(0)

    asyncio.run(test())
    unanswered = 0 if answers else 30  # seconds of call_timeout
    expected = [instant + unanswered * tried for tried, instant in enumerate(instants)]
    assert [each - came[0] for each in came] == pytest.approx(expected, abs=2.0)
