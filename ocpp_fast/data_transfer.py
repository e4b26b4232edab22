"""Vendors' messages in DataTransfer: typed payloads go into `data` and come out of it, and each finds its handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from ._core.plan import Node, Op
from ._core.strict_json import dumps, loads
from ._core.texts import Timespec
from ._core.violation import Violation
from .errors import InvalidAnswer, InvalidPayload, InvalidResult, TransferRefused, ValidationError, VersionMismatch
from .faults import MessageType
from .handlers import Context, is_awaitable
from .mending import Mender
from .policy import Policy
from .received import Faulty, FrameFault
from .routing import Route, Routes
from .schema import DATA_TRANSFER, Action, DataTransfer, Request, Response, Struct, Transfer, Version, codec_of, plan_of
from .tolerance import decide

__all__ = ["Envelope", "TransferRoute", "carrier_of"]

ACCEPTED: Final = "Accepted"
UNKNOWN_MESSAGE: Final = "UnknownMessageId"
UNKNOWN_VENDOR: Final = "UnknownVendorId"


def carrier_of(version: Version) -> Action | None:
    """Return the message of a version that carries those of vendors."""
    return version.actions.get(DATA_TRANSFER)


class Envelope:
    """How one version carries vendors' messages: `data` is any JSON or, in 1.6, a text with the JSON in it.

    Raises `VersionMismatch` for a version without DataTransfer.
    """

    def __init__(self, version: Version, policy: Policy) -> None:
        carrier = carrier_of(version)
        if carrier is None or carrier.response is None:
            raise VersionMismatch(f"OCPP {version.number} is declared without {DATA_TRANSFER}")
        self._request: Any = carrier.request
        self._response: Any = carrier.response
        self._is_text = _nodes(carrier.request, carrier.draft)["data"].op is Op.STRING
        info = _nodes(carrier.response, carrier.draft).get("status_info")
        self._status_info: Any = info.plan.struct if info is not None and info.plan is not None else None
        self._policy = policy
        self._timespec: Timespec = policy.timespec

    # The side that sends

    def request(self, payload: DataTransfer[Any]) -> Request[Any]:
        """Return the DataTransfer that carries a payload. Raises `ValidationError`."""
        transfer = payload.__transfer__
        data = self._written(transfer.payload, payload)
        request: Request[Any] = self._request(vendor_id=transfer.vendor_id, message_id=transfer.message_id, data=data)
        return request

    def reply(self, transfer: Transfer, response: Any, faulty: Faulty) -> Any:
        """Return what the answer carries. Raises `TransferRefused`, `InvalidResult`."""
        if response.status != ACCEPTED:
            info = getattr(response, "status_info", None)
            why = (info.reason_code, info.additional_info or "") if info is not None else ()
            raise TransferRefused(response.status, *why, data=response.data)
        try:
            return self._reply(transfer, response.data, faulty)
        except Violation as violation:
            raise InvalidResult.of(violation) from None

    def _reply(self, transfer: Transfer, data: Any, faulty: Faulty) -> Any:
        nothing = data is None or (self._is_text and not data)
        if nothing and transfer.optional:
            return None
        if transfer.reply is None:
            raise Violation("data", "additionalProperties", "nothing")
        return self._read(transfer.reply, data, faulty)

    # The side that answers

    def payload(self, transfer: Transfer, request: Any, faulty: Faulty) -> Any:
        """Return the payload that a DataTransfer carries; `faulty.mended` is what was tolerated in it.

        Raises `InvalidPayload`.
        """
        try:
            return self._read(transfer.payload, request.data, faulty)
        except Violation as violation:
            raise InvalidPayload.of(violation) from None

    def accepted(self, transfer: Transfer, reply: Any) -> Response:
        """Return the answer that carries a reply. Raises `InvalidAnswer`."""
        data = None
        try:
            if reply is not None or not transfer.optional:
                data = self._answered(transfer, reply)
        except ValidationError as error:
            raise InvalidAnswer.of(error) from None
        return self._status(ACCEPTED, data=data)

    def _answered(self, transfer: Transfer, reply: Any) -> Any:
        if transfer.reply is None:
            raise ValidationError("data", "type", "None")
        return self._written(transfer.reply, reply, empty=transfer.optional)

    def refused(self, refusal: TransferRefused) -> Response:
        """Return the answer that says what a handler has raised."""
        if self._status_info is None or not refusal.reason_code:
            return self._status(refusal.status, data=refusal.data)
        info = self._status_info(reason_code=refusal.reason_code, additional_info=refusal.additional_info or None)
        return self._status(refusal.status, data=refusal.data, status_info=info)

    def unknown(self, *, vendor: bool) -> Response:
        """Return the answer to an unknown vendor, or to an unknown message of a known one."""
        return self._status(UNKNOWN_VENDOR if vendor else UNKNOWN_MESSAGE)

    def _status(self, status: str, **fields: Any) -> Response:
        response: Response = self._response(status=status, **fields)
        return response

    # What stands in `data`

    def _read(self, struct: type[Struct], data: Any, faulty: Faulty) -> Any:
        try:
            value = self._value(data)
            try:
                return codec_of(struct).decode(value)
            except Violation:
                mender = Mender(lambda rule, path: decide(self._policy.rows, rule, DATA_TRANSFER, path))
                payload = mender.read(plan_of(struct), value, "data")
                faulty.mended = mender.mended
                return payload
        except Violation as violation:
            raise violation.within("data") from None

    def _value(self, data: Any) -> Any:
        """Return the JSON value of a `data`; none is an object without fields."""
        if self._is_text and data is not None:
            try:
                data = loads(data.encode()) if data else None
            except ValueError:
                raise Violation("", "format", "the JSON text of an object") from None
        return {} if data is None else data

    def _written(self, struct: type[Struct], value: Any, *, empty: bool = False) -> Any:
        """Return the `data` of a struct; one without values has none, unless `empty` says that it shall."""
        try:
            wire = codec_of(struct).wire(value, self._timespec)
        except Violation as violation:
            raise ValidationError.of(violation.within("data")) from None
        if not wire and not empty:
            return None
        return dumps(wire).decode() if self._is_text else wire


def _nodes(struct: type[Struct], draft: int) -> dict[str, Node]:
    return {each.name: each.node for each in plan_of(struct, draft).members}


class TransferRoute(Route):
    """Handles DataTransfer by the handlers of vendors' messages; `rest`, if given, handles all other messages.

    `envelope_of` gives the envelope of a station, or of None on a charge point; `tell` is called with that and with
    what was tolerated in a message.
    """

    __slots__ = ("_envelope_of", "_rest", "_routes", "_tell")

    def __init__(
        self,
        routes: Routes,
        envelope_of: Callable[..., Envelope],
        tell: Callable[[Any, FrameFault], object],
        *,
        rest: Route | None,
    ) -> None:
        self.handler = self._run
        self.run = self._run
        self.wants_context = True
        self._routes = routes
        self._envelope_of = envelope_of
        self._tell = tell
        self._rest = rest

    def _run(self, station: Any, request: Any, context: Context[Any]) -> Any:
        envelope = self._envelope_of(station)
        transfers = self._routes.transfers_of(request.vendor_id)
        transfer = transfers.get(request.message_id)
        if transfer is None:
            if self._rest is not None:
                return self._rest.run(station, request, context)
            return envelope.unknown(vendor=not transfers)
        route = self._routes.find(transfer.payload)
        assert route is not None
        faulty = Faulty(context.unique_id, MessageType.CALL, answered=False)
        payload = envelope.payload(transfer, request, faulty)
        for fault in faulty.mended_faults():
            self._tell(station, fault.as_event(context.raw))
        try:
            outcome = route.run(station, payload, context)
        except TransferRefused as refusal:
            return envelope.refused(refusal)
        if is_awaitable(outcome):
            return _later(envelope, transfer, outcome)
        return envelope.accepted(transfer, outcome)


async def _later(envelope: Envelope, transfer: Transfer, outcome: Awaitable[Any]) -> Response:
    try:
        reply = await outcome
    except TransferRefused as refusal:
        return envelope.refused(refusal)
    return envelope.accepted(transfer, reply)
