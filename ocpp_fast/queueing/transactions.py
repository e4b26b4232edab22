"""What a message says of its transaction, and how one that was cut off is ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from ..schema import Request, Version
from .messages import Part, RunningTransaction, State, TransactionRow

__all__ = ["id_of", "power_loss", "seen", "with_id"]

_ENERGY: Final = "Energy.Active.Import.Register"
_TOO_MUCH: Final = 2.0**31
"""Wh that a meterStop can't tell; nor what is no number."""


def id_of(request: Any) -> int | str | None:
    """Return the id of the transaction that a request is of; None for a StartTransaction."""
    if hasattr(request, "transaction_info"):
        text: str = request.transaction_info.transaction_id
        return text
    number: int | None = getattr(request, "transaction_id", None)
    return number


def with_id(request: Any, transaction_id: int) -> Request[Any]:
    """Return a request of 1.6 with another transaction id."""
    changed: Request[Any] = request.replace(transaction_id=transaction_id)
    return changed


def seen(transaction: TransactionRow, request: Any, part: Part) -> TransactionRow:
    """Return what is known of a transaction after a message of it."""
    state = State.ENDED if part is Part.END else transaction.state
    if hasattr(request, "transaction_info"):
        place = transaction.place if request.evse is None else request.evse.id
        seq_no = max(transaction.seq_no, request.seq_no)
        return transaction._replace(state=state, place=place, seq_no=seq_no, time=_text(request.timestamp))
    readings: Sequence[Any] = getattr(request, "meter_value", None) or ()
    times = [getattr(request, "timestamp", None), *(each.timestamp for each in readings[-1:]), transaction.time]
    meters = (getattr(request, "meter_stop", None), _energy(readings), getattr(request, "meter_start", None))
    return transaction._replace(
        state=state,
        place=getattr(request, "connector_id", transaction.place),
        meter=next((each for each in meters if each is not None), transaction.meter),
        time=next(_text(each) for each in times if each is not None),
    )


def _text(time: Any) -> str:
    return time.isoformat() if isinstance(time, datetime) else str(time)


def _energy(readings: Iterable[Any]) -> float | None:
    """Return the last reading of the energy register, in Wh (1.6)."""
    found = None
    for sample in (each for reading in readings for each in reading.sampled_value):
        is_register = sample.measurand in (None, _ENERGY) and sample.phase is None and sample.format in (None, "Raw")
        if is_register and sample.unit in (None, "Wh", "kWh"):
            try:
                reading = float(sample.value) * (1000 if sample.unit == "kWh" else 1)
            except ValueError:
                continue
            found = reading if abs(reading) < _TOO_MUCH else found
    return found


def power_loss(transaction: RunningTransaction, version: Version) -> Request[Any]:
    """Return the request that ends a transaction which was cut off, as of its last message."""
    if isinstance(transaction.transaction_id, int):
        payload: dict[str, Any] = {
            "transactionId": transaction.transaction_id,
            "meterStop": round(transaction.meter or 0),
            "timestamp": transaction.timestamp.isoformat(),
            "reason": "PowerLoss",
        }
        request: Request[Any] = version.request("StopTransaction", payload)
        return request
    payload = {
        "eventType": "Ended",
        "timestamp": transaction.timestamp.isoformat(),
        "triggerReason": "AbnormalCondition",
        "seqNo": transaction.seq_no + 1,
        "transactionInfo": {"transactionId": transaction.transaction_id, "stoppedReason": "PowerLoss"},
    }
    request = version.request("TransactionEvent", payload)
    return request
