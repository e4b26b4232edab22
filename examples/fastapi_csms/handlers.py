"""The answers to stations of OCPP 1.6 and 2.0.1."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ocpp_fast import Context, Station, on, v16, v201

from .database import ChargingStation, Transaction


class State:
    """What middleware gives to every handler, as `context.state`."""

    db: AsyncSession
    """A session that is committed before the call is answered, and rolled back if its handler fails."""


class UnknownTransaction(LookupError):
    """A station speaks of a transaction that it has never started."""


class Core16:
    """OCPP 1.6: the Core profile."""

    @on(v16.BootNotificationRequest)
    async def boot(self, request: v16.BootNotificationRequest, context: Context[State]) -> v16.BootNotificationResponse:
        (await row_of(context)).model = f"{request.charge_point_vendor} {request.charge_point_model}"
        return v16.BootNotificationResponse(
            current_time=datetime.now(UTC),
            interval=context.station.state.heartbeat_interval,
            status=v16.RegistrationStatus.ACCEPTED,
        )

    @on(v16.HeartbeatRequest)
    def heartbeat(self, station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        return v16.HeartbeatResponse(current_time=datetime.now(UTC))

    @on(v16.StatusNotificationRequest)
    async def status(
        self, request: v16.StatusNotificationRequest, context: Context[State]
    ) -> v16.StatusNotificationResponse:
        row = await row_of(context)
        row.connectors = {**row.connectors, f"{request.connector_id}": request.status}
        return v16.StatusNotificationResponse()

    @on(v16.AuthorizeRequest)
    async def authorize(self, request: v16.AuthorizeRequest, context: Context[State]) -> v16.AuthorizeResponse:
        status = v16.AuthorizationStatus(await status_of(request.id_tag, context))
        return v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status=status))

    @on(v16.StartTransactionRequest)
    async def start(
        self, request: v16.StartTransactionRequest, context: Context[State]
    ) -> v16.StartTransactionResponse:
        status = v16.AuthorizationStatus(await status_of(request.id_tag, context))
        number = f"{request.connector_id} {request.timestamp.isoformat()}"
        transaction = await started(number, request.timestamp, context)
        transaction.id_tag, transaction.meter_start = request.id_tag, request.meter_start
        info = v16.IdTagInfo(status=status)
        return v16.StartTransactionResponse(transaction_id=transaction.id, id_tag_info=info)

    @on(v16.MeterValuesRequest)
    async def meter_values(self, request: v16.MeterValuesRequest, context: Context[State]) -> v16.MeterValuesResponse:
        reading = register16(request.meter_value)
        if request.transaction_id is not None and reading is not None:
            (await transaction_of(request.transaction_id, context)).meter_last = reading
        return v16.MeterValuesResponse()

    @on(v16.StopTransactionRequest)
    async def stop(self, request: v16.StopTransactionRequest, context: Context[State]) -> v16.StopTransactionResponse:
        transaction = await transaction_of(request.transaction_id, context)
        transaction.ended_at = request.timestamp
        transaction.meter_last = request.meter_stop
        return v16.StopTransactionResponse()

    @on(v16.DataTransferRequest)
    def data_transfer(self, station: Station, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
        return v16.DataTransferResponse(status=v16.DataTransferStatus.UNKNOWN_VENDOR_ID)


class Charging201:
    """OCPP 2.0.1: provisioning, authorization, availability and transactions."""

    @on(v201.BootNotificationRequest)
    async def boot(
        self, request: v201.BootNotificationRequest, context: Context[State]
    ) -> v201.BootNotificationResponse:
        (await row_of(context)).model = f"{request.charging_station.vendor_name} {request.charging_station.model}"
        return v201.BootNotificationResponse(
            current_time=datetime.now(UTC),
            interval=context.station.state.heartbeat_interval,
            status=v201.RegistrationStatusEnumType.ACCEPTED,
        )

    @on(v201.HeartbeatRequest)
    def heartbeat(self, station: Station, request: v201.HeartbeatRequest) -> v201.HeartbeatResponse:
        return v201.HeartbeatResponse(current_time=datetime.now(UTC))

    @on(v201.StatusNotificationRequest)
    async def status(
        self, request: v201.StatusNotificationRequest, context: Context[State]
    ) -> v201.StatusNotificationResponse:
        row = await row_of(context)
        row.connectors = {**row.connectors, f"{request.evse_id}.{request.connector_id}": request.connector_status}
        return v201.StatusNotificationResponse()

    @on(v201.AuthorizeRequest)
    async def authorize(self, request: v201.AuthorizeRequest, context: Context[State]) -> v201.AuthorizeResponse:
        status = v201.AuthorizationStatusEnumType(await status_of(request.id_token.id_token, context))
        return v201.AuthorizeResponse(id_token_info=v201.IdTokenInfoType(status=status))

    @on(v201.TransactionEventRequest)
    async def transaction_event(
        self, request: v201.TransactionEventRequest, context: Context[State]
    ) -> v201.TransactionEventResponse:
        answer = v201.TransactionEventResponse()
        transaction = await started(request.transaction_info.transaction_id, request.timestamp, context)
        if request.id_token is not None:
            transaction.id_tag = request.id_token.id_token
            status = v201.AuthorizationStatusEnumType(await status_of(request.id_token.id_token, context))
            answer.id_token_info = v201.IdTokenInfoType(status=status)
        reading = register201(request.meter_value or [])
        if reading is not None:
            transaction.meter_last = reading
            if transaction.meter_start is None:
                transaction.meter_start = reading
        if request.event_type is v201.TransactionEventEnumType.ENDED:
            transaction.ended_at = request.timestamp
        return answer


async def row_of(context: Context[State]) -> ChargingStation:
    return await context.state.db.get_one(ChargingStation, context.station.id)


async def started(number: str, at: datetime, context: Context[State]) -> Transaction:
    """Return a station's transaction; a new one, unless the station has told of it before."""
    db, station_id = context.state.db, context.station.id
    transaction = await db.scalar(select(Transaction).filter_by(station_id=station_id, number=number))
    if transaction is None:
        transaction = Transaction(station_id=station_id, number=number, started_at=at)
        db.add(transaction)
        await db.flush()  # for its id
    return transaction


async def transaction_of(transaction_id: int, context: Context[State]) -> Transaction:
    transaction = await context.state.db.get(Transaction, transaction_id)
    if transaction is None or transaction.station_id != context.station.id:
        raise UnknownTransaction(transaction_id)
    return transaction


async def status_of(id_tag: str, context: Context[State]) -> str:
    """Return the authorization status of a token: it may charge at one station of a tenant at a time."""
    station = context.station
    elsewhere = (
        select(Transaction.id)
        .join(ChargingStation)
        .where(ChargingStation.tenant == station.tenant, ChargingStation.id != station.id)
        .where(Transaction.id_tag == id_tag, Transaction.ended_at.is_(None))
    )
    return "Accepted" if await context.state.db.scalar(elsewhere.limit(1)) is None else "ConcurrentTx"


def register16(values: list[v16.MeterValue]) -> float | None:
    """Return the last reading of the energy register, in Wh."""
    for sample in (sample for value in reversed(values) for sample in value.sampled_value):
        is_energy = sample.measurand in (None, v16.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER) and sample.phase is None
        if is_energy and sample.value.replace(".", "", 1).isdecimal():  # and neither signed data nor "n/a"
            return float(sample.value) * (1000 if sample.unit is v16.UnitOfMeasure.KWH else 1)
    return None


def register201(values: list[v201.MeterValueType]) -> float | None:
    """Return the last reading of the energy register, in Wh."""
    for sample in (sample for value in reversed(values) for sample in value.sampled_value):
        is_energy = sample.measurand in (None, v201.MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER)
        if is_energy and sample.phase is None:
            unit = sample.unit_of_measure or v201.UnitOfMeasureType()
            return sample.value * 10.0 ** (unit.multiplier or 0) * (1000 if unit.unit == "kWh" else 1)
    return None
