"""The command line in every version: each action is answered, and whole sessions run side by side."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websocket_server
from websockets.typing import Subprotocol

from ocpp_fast import v16, v21, v201
from ocpp_fast.schema import Action, plan_of

from ..payloads import maximal, minimal
from .programs import Program, in_time, ocpp_fast, serve

MODULES: Final[dict[str, Any]] = {"1.6": v16, "2.0.1": v201, "2.1": v21}

each_version = pytest.mark.parametrize("number", list(MODULES))


def requests(number: str, *sides: str) -> Iterator[tuple[Action, dict[str, Any]]]:
    """Each message of these sides with every field, then each with no more than it must have; Reset after the rest."""
    actions = [each for each in MODULES[number].VERSION.actions.values() if each.sender.name in sides]
    for payload in (maximal, minimal):
        for action in sorted(actions, key=lambda each: each.name == "Reset"):
            yield action, payload(plan_of(action.request))


@each_version
@in_time
async def test_every_action_of_a_station_gets_a_result(number: str) -> None:
    subprotocol = Subprotocol(f"ocpp{number}")
    async with serve("--no-auth", "--ocpp", number) as (program, url):
        async with connect(f"{url}/CP001", subprotocols=[subprotocol]) as client:
            assert client.subprotocol == subprotocol
            for action, payload in requests(number, "STATION", "BOTH"):
                frame_type = 6 if action.response is None else 2
                await client.send(json.dumps([frame_type, action.name, action.name, payload]))
                if action.response is not None:
                    answer = json.loads(await client.recv())
                    assert answer[:2] == [3, action.name], answer
                await program.line(rf"CP001 -> {action.name}\(")
        assert (await program.stop(), program.complaints) == (0, "")


@each_version
@in_time
async def test_every_command_gets_a_result(number: str) -> None:
    answers: list[Any] = []
    finished = asyncio.Event()

    async def talk(connection: ServerConnection) -> None:
        for _ in range(4 if number == "1.6" else 3):  # it boots and reports itself (1.6) and two connectors
            await answer(connection, number, json.loads(await connection.recv()))
        for action, payload in requests(number, "CENTRAL", "BOTH"):
            await connection.send(json.dumps([2, action.name, action.name, payload]))
            answers.append((await answer_until(connection, number, action.name))[:2])
        finished.set()

    async with websocket_server(talk, "127.0.0.1", 0, subprotocols=[Subprotocol(f"ocpp{number}")]) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with ocpp_fast("station", "--id", "CP001", "--url", url, "--ocpp", number, "--sessions", "0") as program:
            await program.line(r"CP001 <- Reset\(type=(Hard|Immediate)\): status=Accepted")
            await finished.wait()
            assert (await program.stop(), program.complaints) == (0, "")
    assert answers == [[3, action.name] for action, _ in requests(number, "CENTRAL", "BOTH")]


async def answer(connection: ServerConnection, number: str, frame: list[Any]) -> None:
    """Answer a call with no more than must be in it; a message that wants no answer gets none."""
    if frame[0] == 2:
        response = MODULES[number].VERSION.actions[frame[2]].response
        await connection.send(json.dumps([3, frame[1], minimal(plan_of(response))]))


async def answer_until(connection: ServerConnection, number: str, unique_id: str) -> list[Any]:
    """Return the station's answer to a command; its own calls are answered meanwhile."""
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


@in_time
async def test_a_server_of_all_versions_serves_a_session_of_each_at_the_same_time() -> None:
    async def charge(url: str, number: str) -> None:
        options = ("--once", "--interval", "0.05", "--ocpp", number)
        async with ocpp_fast("station", "--id", number, "--url", url, *options) as station:
            assert (await station.ended(), station.complaints) == (0, "")

    def told(program: Program, number: str) -> None:
        lines = iter([each for each in program.printed if each.startswith(f"{number} ")])
        for pattern in [
            f"connected, OCPP {re.escape(number)}, from 127.0.0.1:",
            *SESSIONS[number],
            "disconnected, code 1000",
        ]:
            assert any(re.match(rf"{re.escape(number)} (-> )?{pattern}", line) for line in lines), pattern

    async with serve("--no-auth") as (program, url):
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
