"""The answers of a CSMS that takes everybody in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ocpp_fast import Router, Station, on

from ..console import Console
from .additions import ANSWERS
from .version import ocpp

__all__ = ["CentralSystemAnswers"]

_Event = ocpp.TransactionEventEnumType
_Generic = ocpp.GenericStatusEnumType

_ACCEPTED: Final = ocpp.IdTokenInfoType(status=ocpp.AuthorizationStatusEnumType.ACCEPTED)
_PRICE: Final = 0.30
"""Per kWh, in the currency of the reader's choice."""


class CentralSystemAnswers(Router):
    """Handlers of everything that a station sends; `interval` is in seconds, between heartbeats."""

    def __init__(self, console: Console, interval: int) -> None:
        super().__init__()
        self.include(_Answers(console, interval))
        for additional in ANSWERS:
            self.include(additional())
        for action in ocpp.VERSION.actions.values():
            if action.sender.name == "STATION" and action.response and self._routes.find(action.request) is None:
                self.add(action, _acknowledging(action.response))


def _acknowledging(response: Callable[[], object]) -> Callable[[Station, object], object]:
    """Return the handler of a message whose answer says nothing."""
    return lambda station, request: response()


@dataclass(slots=True)
class _Transaction:
    """What is known of a transaction that goes on."""

    events: int
    """How many came; the sequence number that the next should have."""
    energy: float | None = None
    """What its meter showed first, in Wh."""


class _Answers:
    """Accepts every station and id token, follows the transactions, and says what they cost."""

    def __init__(self, console: Console, interval: int) -> None:
        self._console = console
        self._interval = interval
        self._open: dict[tuple[str, str], _Transaction] = {}

    @on(ocpp.BootNotificationRequest)
    def boot(self, station: Station, request: ocpp.BootNotificationRequest) -> ocpp.BootNotificationResponse:
        return ocpp.BootNotificationResponse(
            status=ocpp.RegistrationStatusEnumType.ACCEPTED, current_time=datetime.now(UTC), interval=self._interval
        )

    @on(ocpp.HeartbeatRequest)
    def heartbeat(self, station: Station, request: ocpp.HeartbeatRequest) -> ocpp.HeartbeatResponse:
        return ocpp.HeartbeatResponse(current_time=datetime.now(UTC))

    @on(ocpp.AuthorizeRequest)
    def authorize(self, station: Station, request: ocpp.AuthorizeRequest) -> ocpp.AuthorizeResponse:
        return ocpp.AuthorizeResponse(id_token_info=_ACCEPTED)

    # Transactions

    @on(ocpp.TransactionEventRequest)
    def event(self, station: Station, request: ocpp.TransactionEventRequest) -> ocpp.TransactionEventResponse:
        """Say who the id token is, and after the start what the energy has cost."""
        transaction = self._follow(station, request)
        cost = None
        if (energy := _energy(request.meter_value or [])) is not None:
            if transaction.energy is None:
                transaction.energy = energy
            if request.event_type is not _Event.STARTED:
                cost = round((energy - transaction.energy) / 1000 * _PRICE, 2)
        return ocpp.TransactionEventResponse(
            id_token_info=_ACCEPTED if request.id_token is not None else None, total_cost=cost
        )

    def _follow(self, station: Station, request: ocpp.TransactionEventRequest) -> _Transaction:
        """Return what is known of the transaction, and tell what is odd about the event."""
        number = request.transaction_info.transaction_id
        key = station.id, number
        transaction = self._open.get(key)
        if transaction is None:
            transaction = _Transaction(events=request.seq_no)
            if request.event_type is not _Event.STARTED:
                self._console.note(f"{station} tells of transaction {number}, of which the start is not known")
        elif request.seq_no > transaction.events:
            missing = f"{transaction.events} to {request.seq_no - 1}"
            self._console.note(f"{station}: of transaction {number} the events {missing} are missing")
        transaction.events = max(transaction.events, request.seq_no + 1)
        self._open[key] = transaction
        if request.event_type is _Event.ENDED:
            del self._open[key]
        return transaction

    # Smart charging

    @on(ocpp.NotifyEVChargingNeedsRequest)
    def charging_needs(
        self, station: Station, request: ocpp.NotifyEVChargingNeedsRequest
    ) -> ocpp.NotifyEVChargingNeedsResponse:
        """Refuse: nothing here makes charging profiles."""
        return ocpp.NotifyEVChargingNeedsResponse(status=ocpp.NotifyEVChargingNeedsStatusEnumType.REJECTED)

    @on(ocpp.NotifyEVChargingScheduleRequest)
    def charging_schedule(
        self, station: Station, request: ocpp.NotifyEVChargingScheduleRequest
    ) -> ocpp.NotifyEVChargingScheduleResponse:
        return ocpp.NotifyEVChargingScheduleResponse(status=_Generic.ACCEPTED)

    # Certificates: nothing here can sign or look one up

    @on(ocpp.SignCertificateRequest)
    def sign_certificate(self, station: Station, request: ocpp.SignCertificateRequest) -> ocpp.SignCertificateResponse:
        return ocpp.SignCertificateResponse(status=_Generic.REJECTED)

    @on(ocpp.Get15118EVCertificateRequest)
    def ev_certificate(
        self, station: Station, request: ocpp.Get15118EVCertificateRequest
    ) -> ocpp.Get15118EVCertificateResponse:
        return ocpp.Get15118EVCertificateResponse(
            status=ocpp.Iso15118EVCertificateStatusEnumType.FAILED, exi_response=""
        )

    @on(ocpp.GetCertificateStatusRequest)
    def certificate_status(
        self, station: Station, request: ocpp.GetCertificateStatusRequest
    ) -> ocpp.GetCertificateStatusResponse:
        return ocpp.GetCertificateStatusResponse(status=ocpp.GetCertificateStatusEnumType.FAILED)

    # Vendors

    @on(ocpp.DataTransferRequest)
    def data_transfer(self, station: Station, request: ocpp.DataTransferRequest) -> ocpp.DataTransferResponse:
        return ocpp.DataTransferResponse(status=ocpp.DataTransferStatusEnumType.UNKNOWN_VENDOR_ID)


def _energy(readings: Iterable[ocpp.MeterValueType]) -> float | None:
    """Return what the meter showed last, in Wh."""
    register = ocpp.MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER
    last = None
    for sample in (each for reading in readings for each in reading.sampled_value):
        if sample.measurand in (None, register) and sample.phase is None:
            unit = sample.unit_of_measure or ocpp.UnitOfMeasureType()
            factor = 1000 if unit.unit == "kWh" else 1
            last = sample.value * factor * 10.0 ** max(-9, min(unit.multiplier or 0, 9))
    return last
