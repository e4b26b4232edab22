"""A central system in a process of its own, not written on this library: it writes down each CALL, then answers it."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from contextlib import suppress
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

VERSIONS: Final = ["ocpp1.6", "ocpp2.0.1"]
NOW: Final = "2026-01-01T00:00:00Z"


class Recorder:
    """Answers every CALL; a transaction of 1.6 has one id, however often its StartTransaction comes."""

    def __init__(self, path: str, cuts: float, seed: int) -> None:
        self._log = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115  # for as long as the process lives
        self._cuts = cuts
        self._random = random.Random(seed)
        self._ids: dict[str, int] = {}

    async def serve_one(self, connection: ServerConnection) -> None:
        """Write down and answer what a station sends."""
        with suppress(ConnectionClosedError):
            async for text in connection:
                answer, cut = self._take(text)
                if cut:
                    connection.transport.abort()
                else:
                    await connection.send(answer)

    def _take(self, text: str | bytes) -> tuple[str, bool]:
        """Write a CALL down; return its answer, and whether the connection is cut instead."""
        _, unique_id, action, payload = json.loads(text)
        answer = self._answer(action, payload)
        cut = self._random.random() < self._cuts
        line = {"raw": text, "id": unique_id, "action": action, "payload": payload, "answer": answer, "cut": cut}
        self._log.write(json.dumps(line) + "\n")
        return json.dumps([3, unique_id, answer]), cut

    def _answer(self, action: str, payload: Any) -> Any:
        if action == "BootNotification":
            return {"currentTime": NOW, "interval": 300, "status": "Accepted"}
        if action == "StartTransaction":
            number = self._ids.setdefault(payload["idTag"], len(self._ids) + 1)
            return {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
        return {}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log")
    parser.add_argument("--cuts", type=float, default=0.0, help="the share of CALLs that are answered by a cut")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    recorder = Recorder(options.log, options.cuts, options.seed)
    async with serve(recorder.serve_one, "127.0.0.1", 0, subprotocols=VERSIONS, compression=None) as server:  # type: ignore[arg-type]  # texts
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
