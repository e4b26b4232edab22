"""Registrations that are awaited, slow or broken: no station is left without an answer (R40)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ocpp_fast import Policy, v16

from .exchanges import BOOTED, afterwards, broken, broken_later, give
from .harness import HEARTBEAT, HEARTBEAT_JSON, scenario, serving
from .peer import Peer

BOOT = [2, "b", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
REFUSED = [4, "1", "SecurityError", "the station is not registered", {}]


def strict(load: Any = lambda _: None, store: Any = lambda *_: None) -> dict[str, Any]:
    """Options of a central system with such registrations, which lets no stranger in."""
    return {"registrations": SimpleNamespace(load=load, store=store), "policy": Policy(lets_strangers=False)}


async def first_answer(peer: Peer) -> Any:
    peer.heartbeat("1")
    return await peer.message()


@pytest.mark.parametrize("is_async", [False, True])
@scenario
async def test_R40_status_is_loaded_before_the_handshake_is_answered(is_async: bool) -> None:
    def load(identity: str) -> str:
        return {"CP1": "Accepted", "CP2": "Pending"}[identity]

    async with serving(**strict(afterwards(load) if is_async else load)) as site:
        assert await first_answer(await site.peer("/CP1")) == [3, "1", HEARTBEAT_JSON]
        assert await first_answer(await site.peer("/CP2")) == REFUSED
        assert [station.registration for station in site.central] == ["Accepted", "Pending"]


async def hang(identity: str) -> str:
    await asyncio.Event().wait()
    return "Accepted"


@pytest.mark.parametrize("load", [broken, broken_later, hang])
@scenario
async def test_R40_station_whose_status_cannot_be_loaded_is_unknown(
    load: Callable[[str], Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(**strict(load)) as site:
        peer = await site.peer()
        assert await first_answer(peer) == REFUSED
        assert (await peer.message())[2] == "TriggerMessage"
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == [
        "CP1: the registration can't be loaded"
    ]
    caplog.clear()


@scenario
async def test_R40_status_is_stored_before_the_answer_leaves() -> None:
    stored: list[tuple[str, str]] = []
    may_store = asyncio.Event()

    async def store(identity: str, status: str) -> None:
        await may_store.wait()
        stored.append((identity, status))

    async with serving(**strict(store=store)) as site:
        site.central.on(v16.BootNotificationRequest)(give(BOOTED))
        peer = await site.peer()
        peer.send(BOOT)
        peer.heartbeat("1")  # whose turn comes when the station is accepted
        await asyncio.sleep(0.02)
        assert stored == []
        may_store.set()
        assert (await peer.message())[:2] == [3, "b"]
        assert stored == [("CP1", "Accepted")]
        assert await peer.message() == [3, "1", HEARTBEAT_JSON]


@pytest.mark.parametrize("store", [broken, broken_later])
@pytest.mark.parametrize("async_handler", [False, True])
@scenario
async def test_R40_store_that_raises_leaves_no_station_unanswered(
    store: Callable[[str, str], Any], async_handler: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(**strict(store=store)) as site:
        boot = give(BOOTED)
        site.central.on(v16.BootNotificationRequest)(afterwards(boot) if async_handler else boot)
        peer = await site.peer()
        peer.send(BOOT)
        assert await peer.message() == [4, "b", "InternalError", "the handler failed", {}]
        assert await first_answer(peer) == REFUSED
        assert site.central["CP1"].registration is None
    assert "the handler of BootNotification failed" in caplog.text
    caplog.clear()


@scenario
async def test_R40_invalid_answer_is_not_stored(caplog: pytest.LogCaptureFixture) -> None:
    stored: list[str] = []
    async with serving(**strict(store=lambda _, status: stored.append(status))) as site:
        invalid: Any = "Perhaps"
        answer = v16.BootNotificationResponse(current_time=HEARTBEAT.current_time, interval=300, status=invalid)
        site.central.on(v16.BootNotificationRequest)(give(answer))
        peer = await site.peer()
        peer.send(BOOT)
        assert await peer.message() == [4, "b", "InternalError", "the handler's answer is not valid", {}]
        assert stored == []
    caplog.clear()


@scenario
async def test_R40_status_is_stored_each_time_that_a_station_boots() -> None:
    stored: list[str] = []
    statuses = [*v16.RegistrationStatus, *v16.RegistrationStatus]
    answers = (
        v16.BootNotificationResponse(current_time=HEARTBEAT.current_time, interval=300, status=status)
        for status in statuses
    )
    async with serving(**strict(store=lambda _, status: stored.append(status))) as site:
        site.central.on(v16.BootNotificationRequest)(lambda *_: next(answers))
        peer = await site.peer()
        for status in statuses:
            peer.send(BOOT)
            assert (await peer.message())[2]["status"] == status
            assert stored.pop() == status
