"""A charging session, from the id tag to the free connector."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ocpp_fast import v16

from .connector import Connector, Transaction
from .machine import Machine

__all__ = ["begin_session", "own_sessions"]

_Status = v16.ChargePointStatus


def begin_session(
    machine: Machine, connector: Connector, id_tag: str, *, authorize: bool, samples: int | None = None
) -> asyncio.Task[bool]:
    """Occupy a free connector and charge: until stopped, or until so many meter values were sent.

    The task tells whether the central system let it happen.
    """
    connector.phase = _Status.PREPARING
    connector.session = machine.jobs.create_task(_session(machine, connector, id_tag, authorize, samples))
    return connector.session


async def own_sessions(machine: Machine) -> None:
    """Charge as often as the station was told to, one session after another."""
    given = machine.given
    while machine.sessions_left:
        free = (each for each in machine.connectors.values() if each.is_free_for(given.id_tag))
        if (connector := next(free, None)) is not None:
            charged = await begin_session(machine, connector, given.id_tag, authorize=True, samples=given.samples)
            machine.sessions_left -= 1
            if given.once:
                machine.power_off(0 if charged else 1)
        await asyncio.sleep(given.interval)


async def _session(machine: Machine, connector: Connector, id_tag: str, authorize: bool, samples: int | None) -> bool:
    charged = not authorize or await _authorized(machine, id_tag)
    if charged:
        await machine.report(connector.id)
        charged = await _charge(machine, connector, id_tag, samples)
    connector.phase = connector.session = None
    await machine.report(connector.id)
    return charged


async def _authorized(machine: Machine, id_tag: str) -> bool:
    answer = await machine.tell(lambda central: central.authorize(id_tag=id_tag))
    return answer is not None and answer.id_tag_info.status is v16.AuthorizationStatus.ACCEPTED


async def _charge(machine: Machine, connector: Connector, id_tag: str, samples: int | None) -> bool:
    """Run a transaction; return whether energy was allowed to flow."""
    answer = await _start(machine, connector, id_tag)
    if answer is None:
        return False
    ending = asyncio.get_running_loop().create_future()
    transaction = Transaction(answer.transaction_id, id_tag, datetime.now(UTC), ending)
    connector.transaction = transaction
    allowed = answer.id_tag_info.status is v16.AuthorizationStatus.ACCEPTED
    if not allowed and machine.configuration.flag("StopTransactionOnInvalidId"):
        connector.stop(v16.Reason.DE_AUTHORIZED)
    reason = await _flow(machine, connector, transaction, samples)
    connector.amperes = 0.0
    connector.phase = _Status.FINISHING
    await _stop(machine, connector, transaction, reason)
    connector.transaction = None
    machine.profiles.end_transaction(connector.id)
    await machine.report(connector.id)
    return allowed


async def _start(machine: Machine, connector: Connector, id_tag: str) -> v16.StartTransactionResponse | None:
    reservation, connector.reservation = connector.reservation, None
    now, meter = datetime.now(UTC), round(connector.energy)
    return await machine.tell(
        lambda central: central.start_transaction(
            connector_id=connector.id,
            id_tag=id_tag,
            meter_start=meter,
            timestamp=now,
            reservation_id=reservation.id if reservation is not None else None,
        )
    )


async def _flow(machine: Machine, connector: Connector, transaction: Transaction, samples: int | None) -> v16.Reason:
    """Let energy flow; return why it ended."""
    taken = 0
    while not transaction.end.done() and (samples is None or taken < samples):
        await _follow_limit(machine, connector, transaction)
        sample_interval = machine.configuration.number("MeterValueSampleInterval")
        interval = sample_interval or machine.given.interval
        await asyncio.wait([transaction.end], timeout=interval)
        if not transaction.end.done():
            connector.flow(interval)
            taken += 1
            if sample_interval:
                await machine.report_meter(connector, v16.ReadingContext.SAMPLE_PERIODIC)
    return transaction.end.result() if transaction.end.done() else v16.Reason.LOCAL


async def _follow_limit(machine: Machine, connector: Connector, transaction: Transaction) -> None:
    """Set the current to what the charging profiles allow now."""
    limit = machine.profiles.limit(connector.id, datetime.now(UTC), transaction.started)
    connector.amperes = limit
    phase = _Status.CHARGING if limit else _Status.SUSPENDED_EVSE
    if connector.phase is not phase:
        connector.phase = phase
        await machine.report(connector.id)


async def _stop(machine: Machine, connector: Connector, transaction: Transaction, reason: v16.Reason) -> None:
    now, meter = datetime.now(UTC), round(connector.energy)
    await machine.tell(
        lambda central: central.stop_transaction(
            transaction_id=transaction.id,
            id_tag=transaction.id_tag if reason is v16.Reason.LOCAL else None,
            meter_stop=meter,
            timestamp=now,
            reason=reason,
        )
    )
