"""A charging session, from the id token to the free connector, and the transaction in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from .evse import CONNECTOR, Evse, Stop, Transaction
from .machine import Machine
from .version import ocpp

__all__ = ["begin_session", "own_sessions", "tell_event"]

_Context = ocpp.ReadingContextEnumType
_Event = ocpp.TransactionEventEnumType
_Reason = ocpp.ReasonEnumType
_State = ocpp.ChargingStateEnumType
_Trigger = ocpp.TriggerReasonEnumType

_ACCEPTED = ocpp.AuthorizationStatusEnumType.ACCEPTED
_ENOUGH = Stop(_Reason.LOCAL, _Trigger.STOP_AUTHORIZED)
"""The driver comes back."""


def begin_session(
    machine: Machine,
    evse: Evse,
    id_token: ocpp.IdTokenType,
    *,
    authorize: bool,
    samples: int | None = None,
    remote_start_id: int | None = None,
) -> asyncio.Task[bool]:
    """Occupy a free EVSE and charge: until stopped, or until so many meter values were sent.

    The task tells whether the CSMS let it happen.
    """
    session = _Session(machine, evse, id_token, remote_start_id)
    evse.session = machine.jobs.create_task(session.run(authorize, samples))
    return evse.session


async def own_sessions(machine: Machine) -> None:
    """Charge as often as the station was told to, one session after another."""
    given = machine.given
    id_token = ocpp.IdTokenType(id_token=given.id_tag, type="Central")
    while machine.sessions_left:
        free = (each for each in machine.evses.values() if each.is_free_for(id_token))
        if (evse := next(free, None)) is not None:
            charged = await begin_session(machine, evse, id_token, authorize=True, samples=given.samples)
            machine.sessions_left -= 1
            if given.once:
                machine.power_off(0 if charged else 1)
        await asyncio.sleep(given.interval)


async def tell_event(
    machine: Machine,
    evse: Evse,
    transaction: Transaction,
    kind: ocpp.TransactionEventEnumType,
    trigger: ocpp.TriggerReasonEnumType,
    *,
    context: ocpp.ReadingContextEnumType | None = None,
    stopped: ocpp.ReasonEnumType | None = None,
    reservation_id: int | None = None,
) -> ocpp.TransactionEventResponse | None:
    """Tell what happens in a transaction: with the meter where a context is given, and who charges when asked to."""
    number, transaction.events = transaction.events, transaction.events + 1
    now = datetime.now(UTC)
    with_token = number == 0 or trigger is _Trigger.STOP_AUTHORIZED
    info = ocpp.TransactionType(
        transaction_id=transaction.id,
        charging_state=transaction.state,
        remote_start_id=transaction.remote_start_id,
        time_spent_charging=round((now - transaction.started).total_seconds()),
        stopped_reason=stopped,
    )
    moment = "TxUpdatedMeasurands" if kind is _Event.UPDATED else f"Tx{kind}Measurands"
    measurands = machine.model.measurands("SampledDataCtrlr", moment)
    reading = evse.read(measurands, context) if context is not None else None
    answer = await machine.tell(
        lambda csms: csms.transaction_event(
            event_type=kind,
            trigger_reason=trigger,
            timestamp=now,
            seq_no=number,
            transaction_info=info,
            evse=ocpp.EVSEType(id=evse.id, connector_id=CONNECTOR),
            id_token=transaction.id_token if with_token else None,
            meter_value=reading,
            reservation_id=reservation_id,
        )
    )
    _heed(machine, transaction, answer)
    return answer


def _heed(machine: Machine, transaction: Transaction, answer: ocpp.TransactionEventResponse | None) -> None:
    """Stop when the CSMS does not know the id token, if the station is set so."""
    token = answer.id_token_info if answer is not None else None
    if token is not None and token.status is not _ACCEPTED and machine.model.flag("TxCtrlr", "StopTxOnInvalidId"):
        transaction.stop(Stop(_Reason.DE_AUTHORIZED, _Trigger.DEAUTHORIZED))


class _Session:
    """One session at one EVSE."""

    def __init__(self, machine: Machine, evse: Evse, id_token: ocpp.IdTokenType, remote_start_id: int | None) -> None:
        self._machine = machine
        self._evse = evse
        self._id_token = id_token
        self._remote_start_id = remote_start_id

    async def run(self, authorize: bool, samples: int | None) -> bool:
        machine, evse = self._machine, self._evse
        charged = not authorize or await self._authorized()
        if charged:
            await machine.report(evse)
            charged = await self._charge(samples)
        evse.session = None
        await machine.report(evse)
        return charged

    async def _authorized(self) -> bool:
        answer = await self._machine.tell(lambda csms: csms.authorize(id_token=self._id_token))
        return answer is not None and answer.id_token_info.status is _ACCEPTED

    async def _charge(self, samples: int | None) -> bool:
        """Run a transaction; return whether the CSMS agreed to it."""
        machine, evse = self._machine, self._evse
        ending = asyncio.get_running_loop().create_future()
        transaction = Transaction(str(uuid4()), self._id_token, self._remote_start_id, datetime.now(UTC), ending)
        evse.transaction = transaction
        allowed = await self._start(transaction)
        stop = await self._flow(transaction, samples) if allowed else await ending
        evse.amperes = 0.0
        transaction.state = _State.EV_CONNECTED
        await tell_event(
            *(machine, evse, transaction, _Event.ENDED, stop.trigger),
            context=_Context.TRANSACTION_END,
            stopped=stop.reason,
        )
        evse.transaction = None
        machine.profiles.end_transaction(evse.id)
        return allowed

    async def _start(self, transaction: Transaction) -> bool:
        """Tell of the transaction; return whether energy may flow."""
        evse = self._evse
        reservation, evse.reservation = evse.reservation, None
        remote = self._remote_start_id is not None
        answer = await tell_event(
            *(self._machine, evse, transaction, _Event.STARTED),
            _Trigger.REMOTE_START if remote else _Trigger.AUTHORIZED,
            context=_Context.TRANSACTION_BEGIN,
            reservation_id=reservation.id if reservation is not None else None,
        )
        if answer is None:
            transaction.stop(Stop(_Reason.OTHER, _Trigger.ABNORMAL_CONDITION))
        return answer is not None and not transaction.end.done()

    async def _flow(self, transaction: Transaction, samples: int | None) -> Stop:
        """Let energy flow; return why it ended."""
        machine, evse, taken = self._machine, self._evse, 0
        while not transaction.end.done() and (samples is None or taken < samples):
            await self._follow_limit(transaction)
            sample_interval = machine.model.number("SampledDataCtrlr", "TxUpdatedInterval")
            interval = sample_interval or machine.given.interval
            await asyncio.wait([transaction.end], timeout=interval)
            if not transaction.end.done():
                evse.flow(interval)
                machine.monitors.look()
                taken += 1
                if sample_interval:
                    await tell_event(
                        *(machine, evse, transaction, _Event.UPDATED, _Trigger.METER_VALUE_PERIODIC),
                        context=_Context.SAMPLE_PERIODIC,
                    )
        return transaction.end.result() if transaction.end.done() else _ENOUGH

    async def _follow_limit(self, transaction: Transaction) -> None:
        """Set the current to what the charging profiles allow now."""
        evse = self._evse
        evse.amperes = self._machine.profiles.limit(
            evse.id, datetime.now(UTC), transaction.started, priority=transaction.priority
        )
        state = _State.CHARGING if evse.amperes else _State.SUSPENDED_EVSE
        if transaction.state is not state:
            transaction.state = state
            await tell_event(self._machine, evse, transaction, _Event.UPDATED, _Trigger.CHARGING_STATE_CHANGED)
