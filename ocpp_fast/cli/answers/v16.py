"""The answers of a central system of 1.6 that say something."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from ocpp_fast import Station, on, v16

from ..console import Console, worker_number

__all__ = ["Answers"]

_ACCEPTED = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)


class Answers:
    """Accepts every station and id tag, numbers the transactions and remembers which are open."""

    def __init__(self, console: Console, interval: int) -> None:
        self._console = console
        self._interval = interval
        self._new_transaction_ids = count(1)
        self._open: dict[tuple[str, int], tuple[int, v16.StartTransactionRequest]] = {}
        self._connectors: dict[tuple[str, int], tuple[str, int]] = {}

    @on(v16.BootNotificationRequest)
    def boot(self, station: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
        return v16.BootNotificationResponse(
            status=v16.RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=self._interval
        )

    @on(v16.HeartbeatRequest)
    def heartbeat(self, station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        return v16.HeartbeatResponse(current_time=datetime.now(UTC))

    @on(v16.AuthorizeRequest)
    def authorize(self, station: Station, request: v16.AuthorizeRequest) -> v16.AuthorizeResponse:
        return v16.AuthorizeResponse(id_tag_info=_ACCEPTED)

    @on(v16.StartTransactionRequest)
    def start(self, station: Station, request: v16.StartTransactionRequest) -> v16.StartTransactionResponse:
        """Give the transaction an id; one that is told of again keeps the id that it has."""
        connector = station.id, request.connector_id
        known_id, known = self._open.get(connector, (0, None))
        if known == request:
            return v16.StartTransactionResponse(id_tag_info=_ACCEPTED, transaction_id=known_id)
        if known is not None:
            self._console.note(f"{station} did not stop transaction {known_id}")
            del self._connectors[station.id, known_id]
        transaction_id = self._new_transaction_id()
        self._open[connector] = transaction_id, request
        self._connectors[station.id, transaction_id] = connector
        return v16.StartTransactionResponse(id_tag_info=_ACCEPTED, transaction_id=transaction_id)

    def _new_transaction_id(self) -> int:
        """Return a number that no other worker gives: its last three digits are the worker's, if there are any."""
        number, worker = next(self._new_transaction_ids), worker_number()
        return number * 1000 + worker % 1000 if worker else number

    @on(v16.StopTransactionRequest)
    def stop(self, station: Station, request: v16.StopTransactionRequest) -> v16.StopTransactionResponse:
        """Close the transaction; an unknown one is acknowledged too, or the station would tell it again."""
        connector = self._connectors.pop((station.id, request.transaction_id), None)
        if connector is not None:
            del self._open[connector]
        else:
            self._console.note(f"{station} stopped transaction {request.transaction_id}, which was not open")
        return v16.StopTransactionResponse(id_tag_info=_ACCEPTED if request.id_tag else None)

    @on(v16.DataTransferRequest)
    def data_transfer(self, station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        return v16.DataTransferResponse(status=v16.DataTransferStatus.UNKNOWN_VENDOR_ID)

    @on(v16.SignCertificateRequest)
    def sign_certificate(self, station: Station, request: v16.SignCertificateRequest) -> v16.SignCertificateResponse:
        """Refuse: nothing here can sign."""
        return v16.SignCertificateResponse(status=v16.GenericStatusEnumType.REJECTED)
