"""The commands that start and stop transactions, ask for them, and reserve EVSEs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from ocpp_fast import Router

from ..local_list import Verdict
from ..outlet import Outlet, Reservation

if TYPE_CHECKING:
    from .station import Station
    from .version import ocpp

__all__ = ["handle_charging", "key_of", "verdict_of"]


def key_of(token: ocpp.IdTokenType) -> str:
    """Return an id token as text, with its type."""
    return f"{token.type}/{token.id_token}"


def verdict_of(info: ocpp.IdTokenInfoType | None) -> Verdict | None:
    """Return what is said of an id token."""
    if info is None:
        return None
    group = info.group_id_token
    return Verdict(info.status == "Accepted", None if group is None else key_of(group))


def handle_charging(station: Station, commands: Router) -> None:
    """Begin sessions that last until they are stopped, and keep EVSEs for id tokens."""
    if not TYPE_CHECKING:
        ocpp = station.ocpp
    status = ocpp.RequestStartStopStatusEnumType

    @commands.on(ocpp.RequestStartTransactionRequest)
    def start(request: ocpp.RequestStartTransactionRequest) -> ocpp.RequestStartTransactionResponse:
        tokens = _keys(request.id_token, request.group_id_token)
        free = [each for each in station.outlets.values() if station.may_be_free(each, *tokens)]
        evse = next((each for each in free if request.evse_id in (None, each.id)), None)
        transaction_id, profile = str(uuid4()), request.charging_profile
        if evse is not None and evse.transaction is not None:
            transaction_id = evse.transaction.id
        if evse is None or not station.accepted.is_set() or not _takes(station, evse, profile, transaction_id):
            return ocpp.RequestStartTransactionResponse(status=status.REJECTED)
        station.start_remotely(
            evse,
            tokens[0],
            transaction_id=transaction_id,
            remote_start_id=request.remote_start_id,
            group=tokens[-1] if len(tokens) > 1 else "",
        )
        going_on = evse.transaction
        return ocpp.RequestStartTransactionResponse(
            status=status.ACCEPTED, transaction_id=None if going_on is None else going_on.id
        )

    @commands.on(ocpp.RequestStopTransactionRequest)
    def stop(request: ocpp.RequestStopTransactionRequest) -> ocpp.RequestStopTransactionResponse:
        evse = station.charges(request.transaction_id)
        if evse is not None:
            station.charging.stop(evse, "Remote")
        return ocpp.RequestStopTransactionResponse(status=status.REJECTED if evse is None else status.ACCEPTED)

    @commands.on(ocpp.GetTransactionStatusRequest)
    def get_status(request: ocpp.GetTransactionStatusRequest) -> ocpp.GetTransactionStatusResponse:
        ongoing = station.charges(request.transaction_id) is not None
        return ocpp.GetTransactionStatusResponse(
            ongoing_indicator=None if request.transaction_id is None else ongoing,
            messages_in_queue=station.charge_point.queued_messages(request.transaction_id) > 0,
        )

    @commands.on(ocpp.ReserveNowRequest)
    def reserve_now(request: ocpp.ReserveNowRequest) -> ocpp.ReserveNowResponse:
        tokens = frozenset(_keys(request.id_token, request.group_id_token))
        fits = request.connector_type in (None, "cType2")
        evses = [each for each in station.outlets.values() if fits and request.evse_id in (None, each.id)]
        group = None if request.group_id_token is None else key_of(request.group_id_token)
        reservation = Reservation(request.id, tokens, request.expiry_date_time, group)
        word = station.reservations.reserve(evses, reservation)
        return ocpp.ReserveNowResponse(status=ocpp.ReserveNowStatusEnumType(word))

    @commands.on(ocpp.CancelReservationRequest)
    def cancel_reservation(request: ocpp.CancelReservationRequest) -> ocpp.CancelReservationResponse:
        answer, found = ocpp.CancelReservationStatusEnumType, station.reservations.cancel(request.reservation_id)
        return ocpp.CancelReservationResponse(status=answer.ACCEPTED if found else answer.REJECTED)


def _keys(*tokens: ocpp.IdTokenType | None) -> list[str]:
    return [key_of(each) for each in tokens if each is not None]


def _takes(station: Station, evse: Outlet, profile: ocpp.ChargingProfileType | None, transaction_id: str) -> bool:
    """Whether there is no charging profile, or one of a transaction that is now installed."""
    if profile is None:
        return True
    of_transaction = profile.charging_profile_purpose == "TxProfile"
    return of_transaction and station.install(evse.id, profile, transaction_id)
