"""What follows when a car, a driver, a fault or a charging profile comes or goes: transactions, currents, statuses."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from .local_list import Verdict
from .outlet import OFF, Outlet, Reading, Transaction

if TYPE_CHECKING:
    from .station import SimulatedStation

__all__ = ["Charging"]


class Charging:
    """Keeps transactions, currents and statuses in line with what is the case; reasons are the words of OCPP."""

    def __init__(self, station: SimulatedStation) -> None:
        self._station = station

    # What happens at an outlet

    def plug(self, outlet: Outlet, *, visiting: bool = False) -> None:
        """Plug a car in; one that visits leaves when its transaction has ended."""
        if not outlet.plugged:
            if outlet.timer is not None:
                outlet.timer.cancel()
            outlet.plugged, outlet.visiting = True, visiting
            self.settle(outlet, "CablePluggedIn")

    def unplug(self, outlet: Outlet) -> None:
        """Take the car away; if the settings say so, that ends the authorization."""
        if outlet.plugged:
            outlet.plugged = outlet.visiting = outlet.finished = False
            if self._station.flag("stop_on_unplug"):
                outlet.token = None
            self.settle(outlet, "EVDisconnected")

    def admit(
        self, outlet: Outlet, token: str, *, transaction_id: str | None = None, remote_start_id: int | None = None
    ) -> None:
        """Take a token for authorized; without a car, until the time for that is over."""
        station = self._station
        outlet.token = token
        reservation, outlet.reservation = outlet.reservation, None
        outlet.prepared = Transaction(
            id=transaction_id or str(uuid4()),
            outlet=outlet.id,
            token=token,
            started=station.now(),
            remote_start_id=remote_start_id,
            reservation_id=None if reservation is None else reservation.id,
        )
        if outlet.transaction is not None:
            outlet.transaction.token, outlet.transaction.remote_start_id = token, remote_start_id
        if not outlet.plugged and (seconds := station.number("plug_timeout")):
            outlet.timer = asyncio.get_running_loop().call_later(seconds, self.stop, outlet, "Timeout")

    def stop(self, outlet: Outlet, reason: str) -> None:
        """End the authorization at an outlet, and its transaction if the settings say so or it has no authorization."""
        transaction, authorized = outlet.transaction, outlet.token is not None
        if outlet.timer is not None:
            outlet.timer.cancel()
        outlet.token = None
        if transaction is not None and (not authorized or reason not in ("Local", "Remote", "DeAuthorized")):
            self._end(outlet, transaction, reason)
        elif transaction is None and outlet.prepared is not None:
            self._station.profiles.end_transaction(outlet.prepared.id)
            outlet.prepared = None
        self.settle(outlet, reason)

    # What follows

    def settle(self, outlet: Outlet, cause: str) -> None:
        """Begin or end the transaction of an outlet, and let flow and report what follows; `cause` may be a reason."""
        station = self._station
        self.report(outlet)
        held, before = self._held(outlet), outlet.held
        outlet.held, transaction = held, outlet.transaction
        if transaction is None:
            if begun := (held - before) & station.points("start"):
                self._begin(outlet, begun)
        elif (before - held) & station.points("stop"):
            self._end(outlet, transaction, cause)
        elif held ^ before:
            station.send_update(outlet, transaction, cause)
        self.balance()
        self.report(outlet)
        station.changed()

    def _held(self, outlet: Outlet) -> frozenset[str]:
        """Return the values of TxStartPoint and TxStopPoint that hold."""
        points = {"EVConnected": outlet.plugged, "Authorized": outlet.token is not None}
        points["PowerPathClosed"] = all(points.values()) and not outlet.fault
        station = self._station
        points["EnergyTransfer"] = (
            points["PowerPathClosed"]
            and (outlet.transaction is None or outlet.transaction.accepted is not False)
            and station.profiles.limit(outlet.id, station.now(), station.running).amperes > 0
        )
        return frozenset(name for name, holds in points.items() if holds)

    def balance(self) -> None:
        """Set the currents to what the charging profiles allow now: transactions share what the station may draw."""
        station, now = self._station, asyncio.get_running_loop().time()
        for outlet in station.outlets.values():
            if (transaction := outlet.transaction) is None:
                continue
            flows = transaction.powered and "PowerPathClosed" in outlet.held and transaction.accepted is not False
            limit = station.profiles.limit(outlet.id, station.now(), station.running) if flows else OFF
            stopped = outlet.flowing.amperes > 0 and not limit.amperes and "EnergyTransfer" in station.points("stop")
            outlet.flow(limit, now)
            if stopped:
                self._end(outlet, transaction, "Other")
            elif outlet.state != transaction.state:
                station.send_update(outlet, transaction, "ChargingStateChanged")
            self.report(outlet)

    def _begin(self, outlet: Outlet, points: frozenset[str]) -> None:
        station = self._station
        transaction = outlet.prepared or Transaction(
            id=str(uuid4()), outlet=outlet.id, token=None, started=station.now()
        )
        outlet.prepared, outlet.transaction, outlet.finished = None, transaction, False
        transaction.started = station.now()
        self._keep(outlet, transaction, "Transaction.Begin", "ended_sampled_data")
        cause = "CablePluggedIn" if points == {"EVConnected"} else "Authorized"
        answer = station.send_start(outlet, transaction, cause)
        transaction.tasks.append(station.jobs.create_task(self._power(outlet, transaction, answer)))
        station.happened("TransactionStarted", outlet.id, transaction.id)

    async def _power(self, outlet: Outlet, transaction: Transaction, answer: asyncio.Future[None]) -> None:
        """Let energy flow once the central system has answered, or can't be asked; then sample the meter."""
        station = self._station
        await station.unless_offline(answer)
        transaction.powered = True
        self.balance()
        for name, act in (("sample", self._sample), ("sample_ended", self._sample_for_the_end)):
            work = station.every(name, partial(act, outlet, transaction))
            transaction.tasks.append(station.jobs.create_task(work))
        self.settle(outlet, "ChargingStateChanged")

    def judge(self, transaction: Transaction, accepted: bool | None) -> None:
        """Take note of what the central system says of a token; None if it answers with errors only."""
        outlet = self._station.outlets[transaction.outlet]
        if accepted is None and transaction.accepted is None:
            transaction.refused = True
            if not transaction.ended:
                self._end(outlet, transaction, "Other")
        elif accepted is not None and (transaction.accepted is None or not accepted):
            transaction.accepted = accepted
            if not accepted and not transaction.ended and self._station.flag("stop_on_invalid"):
                self.stop(outlet, "DeAuthorized")
        self._settle_all()

    def _settle_all(self) -> None:
        self.balance()
        self._station.changed()

    def _end(self, outlet: Outlet, transaction: Transaction, reason: str) -> None:
        """End a transaction, and let a visiting car go; nothing is told of one that the central system has refused."""
        station = self._station
        outlet.flow(OFF, asyncio.get_running_loop().time())
        transaction.reason = reason
        for each in transaction.tasks:
            each.cancel()
        station.profiles.end_transaction(transaction.id)
        if not transaction.refused:
            self._keep(outlet, transaction, "Transaction.End", "ended_sampled_data")
            station.send_end(outlet, transaction)
        outlet.transaction = outlet.token = None
        outlet.finished, outlet.held = outlet.plugged, self._held(outlet)
        station.happened("TransactionEnded", outlet.id, transaction.id)
        self.report(outlet)
        if outlet.visiting:
            outlet.plugged = outlet.visiting = outlet.finished = False
            outlet.held = self._held(outlet)
            self.report(outlet)

    # The meter

    def read(self, outlet: Outlet, context: str, measurands: str) -> Reading:
        """Read what a setting lists."""
        station = self._station
        outlet.flow(outlet.flowing, asyncio.get_running_loop().time())
        return Reading(station.now(), context, {each: outlet.read(each) for each in station.items(measurands)})

    def _keep(self, outlet: Outlet, transaction: Transaction, context: str, measurands: str) -> None:
        """Read what is told when the transaction ends."""
        if (reading := self.read(outlet, context, measurands)).values:
            transaction.kept.append(reading)
            self._station.changed()

    def _sample(self, outlet: Outlet, transaction: Transaction) -> None:
        self.balance()
        transaction.samples += 1
        self._station.send_sample(outlet, transaction, self.read(outlet, "Sample.Periodic", "sampled_data"))
        self._station.changed()

    def _sample_for_the_end(self, outlet: Outlet, transaction: Transaction) -> None:
        self._keep(outlet, transaction, "Sample.Periodic", "ended_sampled_data")

    def read_aligned(self) -> None:
        """Send what all meters show at a moment that is aligned with the clock."""
        for outlet in self._station.outlets.values():
            reading = self.read(outlet, "Sample.Clock", "aligned_data")
            self._station.send_sample(outlet, outlet.transaction, reading)

    def keep_aligned(self) -> None:
        """Read, at such a moment, what is told when transactions end."""
        for outlet in self._station.outlets.values():
            if outlet.transaction is not None:
                self._keep(outlet, outlet.transaction, "Sample.Clock", "ended_aligned_data")

    # Statuses

    def report(self, outlet: Outlet) -> None:
        """Report the status of an outlet if it has changed, and has lasted as long as the settings want."""
        station, status = self._station, outlet.status
        if outlet.lasting is not None:
            outlet.lasting.cancel()
        if status == outlet.told:
            return
        if seconds := station.number("minimum_status"):
            outlet.lasting = asyncio.get_running_loop().call_later(seconds, self._report_now, outlet)
        else:
            self._report_now(outlet)

    def _report_now(self, outlet: Outlet) -> None:
        outlet.told, word = outlet.status, self._station.word_of(outlet)
        if word != outlet.word:
            outlet.word = word
            self._station.send_status(outlet)
        self._station.happened("StatusChanged", outlet.id, outlet.told)

    # Who may charge

    async def ask(self, token: str) -> Verdict:
        """Decide whether an id token may charge: by the local list or, if that may not decide, the central system."""
        station = self._station
        listed = station.local_list.find(token) if station.flag("list") else None
        if not station.online:
            if listed is not None:
                return listed if station.flag("authorize_offline") else Verdict(False)
            return Verdict(station.flag("offline_unknown"))
        if listed is not None and listed.accepted and station.flag("pre_authorize"):
            return listed
        return await station.authorize_remotely(token)

    async def request(
        self,
        outlet: Outlet,
        token: str,
        *,
        group: str = "",
        ask: bool = True,
        transaction_id: str | None = None,
        remote_start_id: int | None = None,
        visit: bool = False,
    ) -> bool:
        """Present a token at a free outlet, known to be accepted unless `ask`; return whether it was taken.

        With `visit` a car comes, if there is none.
        """
        station, verdict = self._station, Verdict(True)
        if ask:
            verdict = await self.ask(token)
        if not verdict.accepted or not outlet.is_free_for(token, group, verdict.group or ""):
            if transaction_id is not None:
                station.profiles.end_transaction(transaction_id)
            return False
        self.admit(outlet, token, transaction_id=transaction_id, remote_start_id=remote_start_id)
        if visit and not outlet.plugged:
            self.plug(outlet, visiting=True)
        else:
            self.settle(outlet, "Authorized")
        return True
