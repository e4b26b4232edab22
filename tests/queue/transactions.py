"""Messages of transactions, for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from ocpp_fast import v16, v201

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
ACCEPTED: Final = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
KINDS: Final = v201.TransactionEventEnumType


def start(name: str = "A", *, connector: int = 1, meter: int = 0) -> v16.StartTransactionRequest:
    return v16.StartTransactionRequest(connector_id=connector, id_tag=name, meter_start=meter, timestamp=NOW)


def meter(transaction_id: int, value: str = "1", **options: Any) -> v16.MeterValuesRequest:
    sample = v16.SampledValue(value=value, **options)
    reading = v16.MeterValue(timestamp=NOW, sampled_value=[sample])
    return v16.MeterValuesRequest(connector_id=1, transaction_id=transaction_id, meter_value=[reading])


def stop(transaction_id: int, value: int = 9) -> v16.StopTransactionRequest:
    return v16.StopTransactionRequest(transaction_id=transaction_id, meter_stop=value, timestamp=NOW)


def event(seq_no: int, kind: v201.TransactionEventEnumType = KINDS.UPDATED, name: str = "T", **options: Any) -> Any:
    return v201.TransactionEventRequest(
        event_type=kind,
        timestamp=NOW,
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=seq_no,
        transaction_info=v201.TransactionType(transaction_id=name),
        **options,
    )


def started(transaction_id: int) -> v16.StartTransactionResponse:
    return v16.StartTransactionResponse(id_tag_info=ACCEPTED, transaction_id=transaction_id)


def course(*, updates: int, name: str = "T") -> list[Any]:
    """A whole transaction of 2.0.1: Started, so many times Updated, Ended."""
    last = updates + 1
    return [
        event(0, KINDS.STARTED, name),
        *(event(at, name=name) for at in range(1, last)),
        event(last, KINDS.ENDED, name),
    ]
