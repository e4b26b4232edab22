"""Plain and async handlers give the same answers in the same order, whatever decides on a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp_fast import CallError, CentralSystem, Policy, v16, v21, v201

from .harness import central_system, scenario, serving

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOOTS: dict[str, dict[str, Any]] = {
    "1.6": {"chargePointVendor": "V", "chargePointModel": "M"},
    "2.0.1": {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}},
    "2.1": {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}},
}
MODULES: dict[str, Any] = {"1.6": v16, "2.0.1": v201, "2.1": v21}


def later(answer: Callable[..., Any]) -> Callable[..., Any]:
    async def handler(*arguments: object) -> Any:
        for _ in range(3):
            await asyncio.sleep(0)
        return answer(*arguments)

    return handler


def central_of(number: str, statuses: list[str], wrap: Callable[[Any], Any]) -> CentralSystem:
    """A central system whose BootNotifications are answered with these statuses, one after another."""
    module = MODULES[number]
    central = central_system(policy=Policy(lets_strangers=False))

    def boot(*_: object) -> Any:
        return module.BootNotificationResponse(current_time=NOW, interval=60, status=statuses.pop(0))

    def transfer(_: object, request: Any) -> Any:
        if request.vendor_id == "refused":
            raise CallError("SecurityError", "not for you")
        return module.DataTransferResponse(status="Accepted")

    def heartbeat(*_: object) -> Any:
        return module.HeartbeatResponse(current_time=NOW)

    handlers: dict[str, Any] = {"BootNotification": boot, "DataTransfer": transfer, "Heartbeat": heartbeat}
    for name, handler in handlers.items():
        central.add(module.VERSION.actions[name], wrap(handler))
    return central


def calls_of(number: str) -> list[list[Any]]:
    """What a station sends at once: calls before, between and after its BootNotifications, valid and invalid."""
    boot = ["BootNotification", BOOTS[number]]
    refused = ["DataTransfer", {"vendorId": "refused"}]
    kinds: list[list[Any]] = [
        ["Heartbeat", {}],
        boot,
        ["Heartbeat", {}],
        ["DataTransfer", {}],
        boot,
        ["DataTransfer", {"vendorId": "V"}],
        ["Nonsense", {}],
        refused,
        ["Authorize", {}],
        ["Heartbeat", {"x": 1}],
        boot,
        ["Heartbeat", {}],
    ]
    return [[2, f"{place}", *kind] for place, kind in enumerate(kinds)]


async def answers_of(number: str, wrap: Callable[[Any], Any]) -> list[Any]:
    central = central_of(number, ["Pending", "Accepted", "Rejected"], wrap)
    async with serving(central) as site:
        peer = await site.peer(subprotocols=f"ocpp{number}")
        for call in calls_of(number):
            peer.send(call)
        messages: list[Any] = []
        while len([each for each in messages if each[0] != 2]) < len(calls_of(number)):
            messages.append(await peer.message())
        return [each for each in messages if each[0] != 2]  # but for the TriggerMessage


@pytest.mark.parametrize("number", MODULES)
@scenario
async def test_R40_plain_and_async_handlers_give_the_same_answers_in_the_same_order(number: str) -> None:
    at_once, afterwards = await answers_of(number, lambda handler: handler), await answers_of(number, later)
    assert at_once == afterwards
    assert [each[1] for each in at_once] == [f"{place}" for place in range(12)]
    assert [each[2] for each in at_once if each[0] == 4].count("SecurityError") == 4
