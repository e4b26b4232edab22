"""The answers of a CSMS of 2.0.1 or 2.1 that say something; `ocpp` is explained in `simulator/v2/version.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Final

from ocpp_fast import Router, Station

from ..console import Console

if TYPE_CHECKING:
    from ocpp_fast.simulator.v2.version import ocpp

__all__ = ["answer_requests", "answer_transactions"]

_PRICE: Final = 0.30
"""Per kWh, in the currency of the reader's choice."""


@dataclass(slots=True)
class _Transaction:
    """A running transaction."""

    events: int
    """How many came; the sequence number that the next should have."""
    energy: float | None = None
    """The first reading of its meter, in Wh."""


def answer_transactions(spoken: ModuleType, answers: Router, console: Console) -> None:
    """Follow the transactions, accept every id token, and say what the energy has cost."""
    if not TYPE_CHECKING:
        ocpp = spoken
    accepted = ocpp.IdTokenInfoType(status=ocpp.AuthorizationStatusEnumType.ACCEPTED)
    running: dict[tuple[str, str], _Transaction] = {}

    @answers.on(ocpp.AuthorizeRequest)
    def authorize(station: Station, request: ocpp.AuthorizeRequest) -> ocpp.AuthorizeResponse:
        return ocpp.AuthorizeResponse(id_token_info=accepted)

    @answers.on(ocpp.TransactionEventRequest)
    def event(station: Station, request: ocpp.TransactionEventRequest) -> ocpp.TransactionEventResponse:
        transaction = follow(station, request)
        cost = None
        if (energy := _energy(request.meter_value or [])) is not None:
            if transaction.energy is None:
                transaction.energy = energy
            if request.event_type != "Started":
                cost = round((energy - transaction.energy) / 1000 * _PRICE, 2)
        token = accepted if request.id_token is not None else None
        return ocpp.TransactionEventResponse(id_token_info=token, total_cost=cost)

    def follow(station: Station, request: ocpp.TransactionEventRequest) -> _Transaction:
        """Return what is known of the transaction, and tell what is odd about the event."""
        number = request.transaction_info.transaction_id
        transaction = running.get((station.id, number))
        if transaction is None:
            transaction = _Transaction(events=request.seq_no)
            if request.event_type != "Started":
                console.note(f"{station} tells of transaction {number}, of which the start is not known")
        elif request.seq_no > transaction.events:
            missing = f"{transaction.events} to {request.seq_no - 1}"
            console.note(f"{station}: of transaction {number} the events {missing} are missing")
        transaction.events = max(transaction.events, request.seq_no + 1)
        running[station.id, number] = transaction
        if request.event_type == "Ended":
            del running[station.id, number]
        return transaction


def _energy(readings: Iterable[ocpp.MeterValueType]) -> float | None:
    """Return the last reading of the meter, in Wh."""
    last = None
    for sample in (each for reading in readings for each in reading.sampled_value):
        if sample.measurand in (None, "Energy.Active.Import.Register") and sample.phase is None:
            unit = sample.unit_of_measure
            factor = 1000 if unit is not None and unit.unit == "kWh" else 1
            multiplier = (unit.multiplier if unit is not None else 0) or 0
            last = sample.value * factor * 10.0 ** max(-9, min(multiplier, 9))
    return last


def answer_requests(spoken: ModuleType, answers: Router, interval: int) -> None:
    """Accept every station; refuse what nothing here can make, sign or look up."""
    if not TYPE_CHECKING:
        ocpp = spoken
    generic = ocpp.GenericStatusEnumType

    @answers.on(ocpp.BootNotificationRequest)
    def boot(station: Station, request: ocpp.BootNotificationRequest) -> ocpp.BootNotificationResponse:
        status, now = ocpp.RegistrationStatusEnumType.ACCEPTED, datetime.now(UTC)
        return ocpp.BootNotificationResponse(status=status, current_time=now, interval=interval)

    @answers.on(ocpp.HeartbeatRequest)
    def heartbeat(station: Station, request: ocpp.HeartbeatRequest) -> ocpp.HeartbeatResponse:
        return ocpp.HeartbeatResponse(current_time=datetime.now(UTC))

    @answers.on(ocpp.NotifyEVChargingNeedsRequest)
    def needs(station: Station, request: ocpp.NotifyEVChargingNeedsRequest) -> ocpp.NotifyEVChargingNeedsResponse:
        return ocpp.NotifyEVChargingNeedsResponse(status=ocpp.NotifyEVChargingNeedsStatusEnumType.REJECTED)

    @answers.on(ocpp.NotifyEVChargingScheduleRequest)
    def schedule(
        station: Station, request: ocpp.NotifyEVChargingScheduleRequest
    ) -> ocpp.NotifyEVChargingScheduleResponse:
        return ocpp.NotifyEVChargingScheduleResponse(status=generic.ACCEPTED)

    @answers.on(ocpp.SignCertificateRequest)
    def sign(station: Station, request: ocpp.SignCertificateRequest) -> ocpp.SignCertificateResponse:
        return ocpp.SignCertificateResponse(status=generic.REJECTED)

    @answers.on(ocpp.Get15118EVCertificateRequest)
    def ev_certificate(
        station: Station, request: ocpp.Get15118EVCertificateRequest
    ) -> ocpp.Get15118EVCertificateResponse:
        status = ocpp.Iso15118EVCertificateStatusEnumType.FAILED
        return ocpp.Get15118EVCertificateResponse(status=status, exi_response="")

    @answers.on(ocpp.GetCertificateStatusRequest)
    def certificate(station: Station, request: ocpp.GetCertificateStatusRequest) -> ocpp.GetCertificateStatusResponse:
        return ocpp.GetCertificateStatusResponse(status=ocpp.GetCertificateStatusEnumType.FAILED)

    @answers.on(ocpp.DataTransferRequest)
    def data_transfer(station: Station, request: ocpp.DataTransferRequest) -> ocpp.DataTransferResponse:
        return ocpp.DataTransferResponse(status=ocpp.DataTransferStatusEnumType.UNKNOWN_VENDOR_ID)
