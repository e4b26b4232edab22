"""The command line in every version: each action is answered, and whole sessions run side by side."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from ocpp_fast.schema import Action, plan_of

from ..declarations.instances import maximal, minimal
from .central import connected
from .csms import MODULES, Csms
from .programs import PATIENCE, Program, ocpp_fast

each_version = pytest.mark.parametrize("number", list(MODULES))


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(3 * PATIENCE):
            await test

    asyncio.run(bounded())


def messages(number: str, *sides: str) -> list[Action]:
    """The messages that one of these sides may send, and a Reset after all others."""
    declared = [each for each in MODULES[number].VERSION.actions.values() if each.sender.name in sides]
    return sorted(declared, key=lambda each: each.action == "Reset")


def requests(number: str, *sides: str) -> Iterator[tuple[Action, dict[str, Any]]]:
    """Each message with every field, then each with no more than it must have."""
    for message in messages(number, *sides):
        yield message, maximal(plan_of(message.request))
    for message in messages(number, *sides):
        yield message, minimal(plan_of(message.request))


@each_version
def test_every_action_of_a_station_gets_a_result(number: str) -> None:
    async def test() -> None:
        subprotocol = Subprotocol(f"ocpp{number}")
        async with ocpp_fast("serve", "--no-auth", "--port", "0", "--ocpp", number) as program:
            url = (await program.line(r"listening on (ws://127\.0\.0\.1:\d+)$"))[1]
            async with connect(f"{url}/CP001", subprotocols=[subprotocol]) as client:
                assert client.subprotocol == subprotocol
                for message, payload in requests(number, "STATION", "BOTH"):
                    frame_type = 6 if message.response is None else 2
                    await client.send(json.dumps([frame_type, message.name, message.name, payload]))
                    if message.response is not None:
                        answer = json.loads(await client.recv())
                        assert answer[:2] == [3, message.name], answer
                    await program.line(rf"CP001 -> {message.name}\(")
            assert (await program.stop(), program.complaints) == (0, "")

    run(test())


@each_version
def test_every_command_gets_a_result(number: str) -> None:
    subprotocol = Subprotocol(f"ocpp{number}")

    async def test() -> None:
        finished = asyncio.Event()
        answers: list[Any] = []

        async def talk(connection: ServerConnection) -> None:
            for _ in range(3):  # it boots and reports two EVSEs
                await answer(connection, number, json.loads(await connection.recv()))
            for message, payload in requests(number, "CENTRAL", "BOTH"):
                await connection.send(json.dumps([2, message.name, message.name, payload]))
                answers.append((await answer_until(connection, number, message.name))[:2])
            finished.set()

        async with serve(talk, "127.0.0.1", 0, subprotocols=[subprotocol]) as server:
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            options = ("--id", "CP001", "--url", url, "--ocpp", number, "--sessions", "0")
            async with ocpp_fast("station", *options) as program:
                await program.line(r"CP001 <- Reset\(type=Immediate\): status=Accepted")
                await finished.wait()
                assert (await program.stop(), program.complaints) == (0, "")
        assert answers == [[3, message.name] for message, _ in requests(number, "CENTRAL", "BOTH")]

    run(test())


async def answer(connection: ServerConnection, number: str, frame: list[Any]) -> None:
    """Answer a call with no more than must be in it; what wants no answer gets none."""
    if frame[0] == 2:
        response = MODULES[number].VERSION.actions[frame[2]].response
        await connection.send(json.dumps([3, frame[1], minimal(plan_of(response))]))


async def answer_until(connection: ServerConnection, number: str, unique_id: str) -> list[Any]:
    """Return the station's answer to a command; what it calls meanwhile is answered."""
    while True:
        frame: list[Any] = json.loads(await connection.recv())
        if frame[0] in (3, 4) and frame[1] == unique_id:
            return frame
        await answer(connection, number, frame)


SESSIONS = {
    "1.6": [
        *("BootNotification", "StatusNotification", "Authorize", "StartTransaction", "StatusNotification"),
        *("MeterValues", "StopTransaction", "StatusNotification"),
    ],
    "2.0.1": [
        *("BootNotification", "StatusNotification", "Authorize", "StatusNotification"),
        *(r"TransactionEvent\(eventType=Started", r"TransactionEvent\(eventType=Updated"),
        *(r"TransactionEvent\(eventType=Ended", "StatusNotification"),
    ],
}
SESSIONS["2.1"] = SESSIONS["2.0.1"]


def test_a_server_of_all_versions_serves_a_session_of_each_at_the_same_time() -> None:
    async def charge(url: str, number: str) -> None:
        options = ("--once", "--interval", "0.05", "--ocpp", number)
        async with ocpp_fast("station", "--id", number, "--url", url, *options) as station:
            assert (await station.ended(), station.complaints) == (0, "")

    def told(program: Program, number: str) -> None:
        lines = iter([each for each in program.printed if each.startswith(f"{number} ")])
        for pattern in [f"connected, OCPP {re.escape(number)}$", *SESSIONS[number], "disconnected, code 1000"]:
            assert any(re.match(rf"{re.escape(number)} (-> )?{pattern}", line) for line in lines), pattern

    async def test() -> None:
        async with ocpp_fast("serve", "--no-auth", "--port", "0") as program:
            url = (await program.line(r"listening on (ws://127\.0\.0\.1:\d+)$"))[1]
            for offered in (["ocpp1.6", "ocpp2.1"], ["ocpp2.1", "ocpp1.6"]):
                async with connect(f"{url}/CP001", subprotocols=list(map(Subprotocol, offered))) as client:
                    assert client.subprotocol == offered[0]
            async with asyncio.TaskGroup() as stations:
                for number in SESSIONS:
                    stations.create_task(charge(url, number))
            assert (await program.stop(), program.complaints) == (0, "")
            for number in SESSIONS:
                told(program, number)
            assert not [each for each in program.printed if "refused" in each or "missing" in each]

    run(test())


def test_a_signal_ends_a_station_in_its_session() -> None:
    async def test() -> None:
        csms = Csms("2.0.1")
        async with connected("--ocpp", "2.0.1", "--interval", "60", central=csms, sessions=1) as (program, _):
            await csms.next_event("Updated")
            assert (await program.stop(signal.SIGTERM), program.complaints) == (0, "")

    run(test())
