"""Plain and async handlers give the same answers in the same order, whatever decides on a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocpp_fast import CallError, CentralSystem, Policy, v16, v21, v201

from .exchanges import afterwards
from .harness import HEARTBEAT, central_system, scenario, serving

BOOT_2X: dict[str, Any] = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
BOOTS = {"1.6": {"chargePointVendor": "V", "chargePointModel": "M"}, "2.0.1": BOOT_2X, "2.1": BOOT_2X}
MODULES: dict[str, Any] = {"1.6": v16, "2.0.1": v201, "2.1": v21}


def central_of(number: str, statuses: list[str], wrap: Callable[[Any], Any]) -> CentralSystem:
    """A central system whose BootNotifications are answered with these statuses, one after another."""
    module = MODULES[number]
    central = central_system(policy=Policy(lets_strangers=False))

    def boot(*_: object) -> Any:
        return module.BootNotificationResponse(current_time=HEARTBEAT.current_time, interval=60, status=statuses.pop(0))

    def transfer(_: object, request: Any) -> Any:
        if request.vendor_id == "refused":
            raise CallError("SecurityError", "not for you")
        return module.DataTransferResponse(status="Accepted")

    def heartbeat(*_: object) -> Any:
        return module.HeartbeatResponse(current_time=HEARTBEAT.current_time)

    handlers: dict[str, Any] = {"BootNotification": boot, "DataTransfer": transfer, "Heartbeat": heartbeat}
    for name, handler in handlers.items():
        central.add(module.VERSION.actions[name], wrap(handler))
    return central


def calls_of(number: str) -> list[list[Any]]:
    """What a station sends at once: calls before, between and after its BootNotifications, valid and invalid."""
    boot, heartbeat = ["BootNotification", BOOTS[number]], ["Heartbeat", {}]
    transfer, refused = ["DataTransfer", {"vendorId": "V"}], ["DataTransfer", {"vendorId": "refused"}]
    no_transfer, nonsense = ["DataTransfer", {}], ["Nonsense", {}]
    not_handled, additional = ["Authorize", {}], ["Heartbeat", {"x": 1}]
    before, pending = [heartbeat, boot], [heartbeat, no_transfer, boot]
    accepted, rejected = [transfer, nonsense, refused, not_handled, additional, boot], [heartbeat]
    kinds: list[list[Any]] = [*before, *pending, *accepted, *rejected]
    return [[2, f"{place}", *kind] for place, kind in enumerate(kinds)]


async def answers_of(number: str, wrap: Callable[[Any], Any]) -> list[Any]:
    central = central_of(number, ["Pending", "Accepted", "Rejected"], wrap)
    async with serving(central) as site:
        peer = await site.peer(subprotocols=f"ocpp{number}")
        for call in calls_of(number):
            peer.send(call)
        answers: list[Any] = []
        while len(answers) < len(calls_of(number)):
            message = await peer.message()
            answers += [message] if message[0] != 2 else []  # but for the TriggerMessage
        return answers


@pytest.mark.parametrize("number", MODULES)
@scenario
async def test_R40_plain_and_async_handlers_give_the_same_answers_in_the_same_order(number: str) -> None:
    at_once = await answers_of(number, lambda handler: handler)
    assert at_once == await answers_of(number, afterwards)
    assert [each[1] for each in at_once] == [f"{place}" for place in range(12)]
    assert [each[2] for each in at_once if each[0] == 4].count("SecurityError") == 4
