"""A station in a process of its own, to be killed: four outlets whose transactions follow each other without a pause.

It writes down each message that `post` or `call` has acknowledged. With `--drain` it ends once its queue is empty.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from datetime import UTC, datetime
from typing import Any, Final

from ocpp_fast import AfterRestart, BackOff, ChargePoint, Retries, SqliteQueue, v16, v201

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
MOST_WAITING: Final = 40


class Load:
    """The transactions of one process; `run` makes their names different from those of another."""

    def __init__(self, station: ChargePoint, path: str, run: int, seed: int) -> None:
        self._station = station
        self._log = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115  # for as long as the process lives
        self._run = run
        self._random = random.Random(seed)

    async def outlet(self, number: int) -> None:
        """Have one transaction after another."""
        count = 0
        while True:
            count += 1
            await self._transaction(number, f"{self._run}-{number}-{count}")

    async def _transaction(self, outlet: int, name: str) -> None:
        last = self._random.randint(1, 8)
        transaction_id: Any = name
        for index in range(last + 1):
            while self._station.queued_messages() > MOST_WAITING:  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.005)
            request = self._message(outlet, name, transaction_id, index, last)
            if index and self._random.random() < 0.2:
                await self._station.call(request)
            else:
                transaction_id = (await self._station.post(request)).transaction_id
            self._log.write(json.dumps([name, index]) + "\n")

    def _message(self, outlet: int, name: str, transaction_id: Any, index: int, last: int) -> Any:
        """Return the message of a transaction with an index, which is in what it counts or measures."""
        if self._station.versions[0] is v201.VERSION:
            kinds = v201.TransactionEventEnumType
            return v201.TransactionEventRequest(
                event_type=kinds.STARTED if index == 0 else kinds.ENDED if index == last else kinds.UPDATED,
                timestamp=NOW,
                trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
                seq_no=index,
                transaction_info=v201.TransactionType(transaction_id=name),
            )
        if index == 0:
            return v16.StartTransactionRequest(connector_id=outlet, id_tag=name, meter_start=0, timestamp=NOW)
        if index == last:
            return v16.StopTransactionRequest(transaction_id=transaction_id, meter_stop=index, timestamp=NOW)
        value = v16.MeterValue(timestamp=NOW, sampled_value=[v16.SampledValue(value=str(index))])
        return v16.MeterValuesRequest(connector_id=outlet, transaction_id=transaction_id, meter_value=[value])


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "ocpp", "queue", "log"):
        parser.add_argument(name)
    parser.add_argument("--run", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--drain", action="store_true")
    options = parser.parse_args()
    module: Any = {"1.6": v16, "2.0.1": v201}[options.ocpp]
    station = ChargePoint(
        f"CP{options.ocpp}",
        options.url,
        versions=[module],
        queue=SqliteQueue(options.queue),
        retries=Retries(interval=0.2, attempts=1000),
        after_restart=AfterRestart.END,
        back_off=BackOff(0.01, 0.0, 0),
    )
    async with station:
        if options.drain:
            while station.queued_messages():  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.01)
            return
        print("running", flush=True)
        load = Load(station, options.log, options.run, options.seed)
        await asyncio.gather(*(load.outlet(number) for number in range(1, 5)))


if __name__ == "__main__":
    asyncio.run(main())
