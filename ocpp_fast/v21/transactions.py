"""Transactions: their start, course and end (block E)."""

from enum import StrEnum
from typing import Annotated

from ..schema import (
    CENTRAL,
    STATION,
    CustomData,
    DateTime,
    Id36,
    Items,
    Profile,
    Range,
    Request,
    Response,
    Str3,
    Str60,
    Str500,
    Struct,
    field,
)
from .charging_profiles import OperationModeEnumType
from .tariffs import PriceType
from .types import EVSEType, IdTokenInfoType, IdTokenType, MessageContentType, MeterValueType

__all__ = [
    "TRANSACTIONS",
    "ChargingPeriodType",
    "ChargingStateEnumType",
    "CostDetailsType",
    "CostDimensionEnumType",
    "CostDimensionType",
    "GetTransactionStatusRequest",
    "GetTransactionStatusResponse",
    "PreconditioningStatusEnumType",
    "ReasonEnumType",
    "TariffCostEnumType",
    "TotalCostType",
    "TotalPriceType",
    "TotalUsageType",
    "TransactionEventEnumType",
    "TransactionEventRequest",
    "TransactionEventResponse",
    "TransactionLimitType",
    "TransactionType",
    "TriggerReasonEnumType",
]


class TransactionLimitType(Struct):
    """Where a transaction is to stop."""

    max_cost: float | None = None
    """In the tariff's currency."""
    max_energy: float | None = None
    """In Wh."""
    max_time: int | None = None
    """In seconds."""
    max_soc: Annotated[int, Range(0, 100)] | None = field(json="maxSoC", default=None)
    """State of charge, in percent."""
    custom_data: CustomData | None = None


class TransactionEventResponse(Response):
    """Acknowledges a transaction event, and may update cost, token or messages."""

    total_cost: float | None = None
    """The cost so far or, at the end, in total; taxes included."""
    charging_priority: int | None = None
    """-9 to 9: the highest goes first; usually 0."""
    id_token_info: IdTokenInfoType | None = None
    """Answers the `id_token` of the request."""
    transaction_limit: TransactionLimitType | None = None
    """Where the transaction is to stop."""
    updated_personal_message: MessageContentType | None = None
    """Replaces the message that came with the authorization."""
    updated_personal_message_extra: Annotated[list[MessageContentType], Items(1, 4)] | None = None
    """The same message in other languages."""
    custom_data: CustomData | None = None


class CostDimensionEnumType(StrEnum):
    """What a volume counts."""

    ENERGY = "Energy"
    MAX_CURRENT = "MaxCurrent"
    MIN_CURRENT = "MinCurrent"
    MAX_POWER = "MaxPower"
    MIN_POWER = "MinPower"
    IDLE_TIME = "IdleTIme"  # spelled so in the schemas
    CHARGING_TIME = "ChargingTime"


class CostDimensionType(Struct):
    """How much of one thing a period has used."""

    type: CostDimensionEnumType
    volume: float
    """In the unit that belongs to `type`."""
    custom_data: CustomData | None = None


class ChargingPeriodType(Struct):
    """A stretch of a transaction during which one price was in force."""

    dimensions: Annotated[list[CostDimensionType], Items(1, None)] | None = None
    tariff_id: Str60 | None = None
    """The tariff the cost was worked out by."""
    start_period: DateTime
    """It ends where the next one starts, or with the transaction."""
    custom_data: CustomData | None = None


class TariffCostEnumType(StrEnum):
    """Whether a cost is the regular one or the tariff's minimum or maximum."""

    NORMAL_COST = "NormalCost"
    MIN_COST = "MinCost"
    MAX_COST = "MaxCost"


class TotalPriceType(Struct):
    """A sum without tax, with tax, or both."""

    excl_tax: float | None = None
    """One of the two must be there."""
    incl_tax: float | None = None
    """Both are in the currency of the tariff."""
    custom_data: CustomData | None = None


class TotalCostType(Struct):
    """The cost of a transaction, part by part."""

    currency: Str3
    """ISO 4217."""
    type_of_cost: TariffCostEnumType
    fixed: PriceType | None = None
    """An amount that is paid once."""
    energy: PriceType | None = None
    charging_time: PriceType | None = None
    idle_time: PriceType | None = None
    reservation_time: PriceType | None = None
    reservation_fixed: PriceType | None = None
    total: TotalPriceType
    custom_data: CustomData | None = None


class TotalUsageType(Struct):
    """What a transaction has used."""

    energy: float
    charging_time: int
    """In seconds, pauses included."""
    idle_time: int
    """Seconds without energy flowing."""
    reservation_time: int | None = None
    """In seconds."""
    custom_data: CustomData | None = None


class CostDetailsType(Struct):
    """What a transaction has cost, as the station worked it out."""

    charging_periods: Annotated[list[ChargingPeriodType], Items(1, None)] | None = None
    total_cost: TotalCostType
    total_usage: TotalUsageType
    failure_to_calculate: bool | None = None
    """Whether the station could not work out the cost."""
    failure_reason: Str500 | None = None
    """Free text."""
    custom_data: CustomData | None = None


class TransactionEventEnumType(StrEnum):
    """Where in its life a transaction is."""

    ENDED = "Ended"
    STARTED = "Started"
    UPDATED = "Updated"


class TriggerReasonEnumType(StrEnum):
    """What made the station send a transaction event."""

    ABNORMAL_CONDITION = "AbnormalCondition"
    AUTHORIZED = "Authorized"
    CABLE_PLUGGED_IN = "CablePluggedIn"
    CHARGING_RATE_CHANGED = "ChargingRateChanged"
    CHARGING_STATE_CHANGED = "ChargingStateChanged"
    COST_LIMIT_REACHED = "CostLimitReached"
    DEAUTHORIZED = "Deauthorized"
    ENERGY_LIMIT_REACHED = "EnergyLimitReached"
    EV_COMMUNICATION_LOST = "EVCommunicationLost"
    EV_CONNECT_TIMEOUT = "EVConnectTimeout"
    EV_DEPARTED = "EVDeparted"
    EV_DETECTED = "EVDetected"
    LIMIT_SET = "LimitSet"
    METER_VALUE_CLOCK = "MeterValueClock"
    METER_VALUE_PERIODIC = "MeterValuePeriodic"
    OPERATION_MODE_CHANGED = "OperationModeChanged"
    REMOTE_START = "RemoteStart"
    REMOTE_STOP = "RemoteStop"
    RESET_COMMAND = "ResetCommand"
    RUNNING_COST = "RunningCost"
    SIGNED_DATA_RECEIVED = "SignedDataReceived"
    SOC_LIMIT_REACHED = "SoCLimitReached"
    STOP_AUTHORIZED = "StopAuthorized"
    TARIFF_CHANGED = "TariffChanged"
    TARIFF_NOT_ACCEPTED = "TariffNotAccepted"
    TIME_LIMIT_REACHED = "TimeLimitReached"
    TRIGGER = "Trigger"
    TX_RESUMED = "TxResumed"
    UNLOCK_COMMAND = "UnlockCommand"


class PreconditioningStatusEnumType(StrEnum):
    """Whether the EV has brought its battery to charging temperature."""

    UNKNOWN = "Unknown"
    READY = "Ready"
    NOT_READY = "NotReady"
    PRECONDITIONING = "Preconditioning"


class ChargingStateEnumType(StrEnum):
    """What happens between EV and EVSE at the moment."""

    EV_CONNECTED = "EVConnected"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    IDLE = "Idle"


class ReasonEnumType(StrEnum):
    """Why a transaction ended; no value means `LOCAL`."""

    DE_AUTHORIZED = "DeAuthorized"
    EMERGENCY_STOP = "EmergencyStop"
    ENERGY_LIMIT_REACHED = "EnergyLimitReached"
    EV_DISCONNECTED = "EVDisconnected"
    GROUND_FAULT = "GroundFault"
    IMMEDIATE_RESET = "ImmediateReset"
    MASTER_PASS = "MasterPass"
    LOCAL = "Local"
    LOCAL_OUT_OF_CREDIT = "LocalOutOfCredit"
    OTHER = "Other"
    OVERCURRENT_FAULT = "OvercurrentFault"
    POWER_LOSS = "PowerLoss"
    POWER_QUALITY = "PowerQuality"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    SOC_LIMIT_REACHED = "SOCLimitReached"
    STOPPED_BY_EV = "StoppedByEV"
    TIME_LIMIT_REACHED = "TimeLimitReached"
    TIMEOUT = "Timeout"
    REQ_ENERGY_TRANSFER_REJECTED = "ReqEnergyTransferRejected"


class TransactionType(Struct):
    """A transaction and its present state."""

    transaction_id: Id36
    charging_state: ChargingStateEnumType | None = None
    time_spent_charging: int | None = None
    """Seconds during which energy flowed."""
    stopped_reason: ReasonEnumType | None = None
    remote_start_id: int | None = None
    """The one of the `RequestStartTransactionRequest` behind this transaction."""
    operation_mode: OperationModeEnumType | None = None
    tariff_id: Str60 | None = None
    """The tariff in force."""
    transaction_limit: TransactionLimitType | None = None
    custom_data: CustomData | None = None


class TransactionEventRequest(Request[TransactionEventResponse], action="TransactionEvent", sender=STATION):
    """Tells that a transaction began, went on or ended, and why this is sent."""

    cost_details: CostDetailsType | None = None
    """The cost, when the station calculates it."""
    event_type: TransactionEventEnumType
    meter_value: Annotated[list[MeterValueType], Items(1, None)] | None = None
    timestamp: DateTime
    trigger_reason: TriggerReasonEnumType
    seq_no: Annotated[int, Range(0, None)]
    """Counts the events of the transaction without gaps, from 0."""
    offline: bool | None = None
    """Whether this happened without a connection; no value means no."""
    number_of_phases_used: Annotated[int, Range(0, 3)] | None = None
    cable_max_current: int | None = None
    """In A."""
    reservation_id: Annotated[int, Range(0, None)] | None = None
    """The reservation that the transaction uses up."""
    preconditioning_status: PreconditioningStatusEnumType | None = None
    evse_sleep: bool | None = None
    """Whether the power electronics sleep; no value means no."""
    transaction_info: TransactionType
    evse: EVSEType | None = None
    """Sent once the EVSE is known, or has changed."""
    id_token: IdTokenType | None = None
    """Sent once after an authorization."""
    custom_data: CustomData | None = None


class GetTransactionStatusResponse(Response):
    """Says how far a transaction is and whether the station's queue holds messages."""

    ongoing_indicator: bool | None = None
    """Only when a transaction was asked for."""
    messages_in_queue: bool
    custom_data: CustomData | None = None


class GetTransactionStatusRequest(Request[GetTransactionStatusResponse], action="GetTransactionStatus", sender=CENTRAL):
    """Asks whether a transaction still runs and whether messages wait to be sent."""

    transaction_id: Id36 | None = None
    """No value asks for the queue as a whole."""
    custom_data: CustomData | None = None


TRANSACTIONS = Profile("Transactions", [TransactionEventRequest, GetTransactionStatusRequest])
