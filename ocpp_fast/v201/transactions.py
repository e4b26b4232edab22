"""Transactions: their start, course and end (block E)."""

from enum import StrEnum
from typing import Annotated

from ..schema import CENTRAL, STATION, CustomData, DateTime, Id36, Items, Profile, Request, Response, Struct
from .types import EVSEType, IdTokenInfoType, IdTokenType, MessageContentType, MeterValueType

__all__ = [
    "TRANSACTIONS",
    "ChargingStateEnumType",
    "GetTransactionStatusRequest",
    "GetTransactionStatusResponse",
    "ReasonEnumType",
    "TransactionEventEnumType",
    "TransactionEventRequest",
    "TransactionEventResponse",
    "TransactionType",
    "TriggerReasonEnumType",
]


class TransactionEventResponse(Response):
    """Acknowledges a transaction event, and may update cost, token or messages."""

    total_cost: float | None = None
    """The final cost with taxes; 0 says that it was free."""
    charging_priority: int | None = None
    """-9 to 9: the highest goes first; usually 0."""
    id_token_info: IdTokenInfoType | None = None
    """Answers the `id_token` of the request."""
    updated_personal_message: MessageContentType | None = None
    """Replaces the message that came with the authorization."""
    custom_data: CustomData | None = None


class TransactionEventEnumType(StrEnum):
    """Where in its life a transaction is."""

    ENDED = "Ended"
    STARTED = "Started"
    UPDATED = "Updated"


class TriggerReasonEnumType(StrEnum):
    """What made the station send a transaction event."""

    AUTHORIZED = "Authorized"
    CABLE_PLUGGED_IN = "CablePluggedIn"
    CHARGING_RATE_CHANGED = "ChargingRateChanged"
    CHARGING_STATE_CHANGED = "ChargingStateChanged"
    DEAUTHORIZED = "Deauthorized"
    ENERGY_LIMIT_REACHED = "EnergyLimitReached"
    EV_COMMUNICATION_LOST = "EVCommunicationLost"
    EV_CONNECT_TIMEOUT = "EVConnectTimeout"
    METER_VALUE_CLOCK = "MeterValueClock"
    METER_VALUE_PERIODIC = "MeterValuePeriodic"
    TIME_LIMIT_REACHED = "TimeLimitReached"
    TRIGGER = "Trigger"
    UNLOCK_COMMAND = "UnlockCommand"
    STOP_AUTHORIZED = "StopAuthorized"
    EV_DEPARTED = "EVDeparted"
    EV_DETECTED = "EVDetected"
    REMOTE_STOP = "RemoteStop"
    REMOTE_START = "RemoteStart"
    ABNORMAL_CONDITION = "AbnormalCondition"
    SIGNED_DATA_RECEIVED = "SignedDataReceived"
    RESET_COMMAND = "ResetCommand"


class ChargingStateEnumType(StrEnum):
    """What happens between EV and EVSE at the moment."""

    CHARGING = "Charging"
    EV_CONNECTED = "EVConnected"
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
    LOCAL = "Local"
    LOCAL_OUT_OF_CREDIT = "LocalOutOfCredit"
    MASTER_PASS = "MasterPass"
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


class TransactionType(Struct):
    """A transaction and its present state."""

    transaction_id: Id36
    charging_state: ChargingStateEnumType | None = None
    time_spent_charging: int | None = None
    """Seconds during which energy flowed."""
    stopped_reason: ReasonEnumType | None = None
    remote_start_id: int | None = None
    """The one of the `RequestStartTransactionRequest` behind this transaction."""
    custom_data: CustomData | None = None


class TransactionEventRequest(Request[TransactionEventResponse], action="TransactionEvent", sender=STATION):
    """Tells that a transaction began, went on or ended, and why this is sent."""

    event_type: TransactionEventEnumType
    meter_value: Annotated[list[MeterValueType], Items(1, None)] | None = None
    timestamp: DateTime
    trigger_reason: TriggerReasonEnumType
    seq_no: int
    """Counts the events of the transaction without gaps, from 0."""
    offline: bool | None = None
    """Whether this happened without a connection; no value means no."""
    number_of_phases_used: int | None = None
    cable_max_current: int | None = None
    """In A."""
    reservation_id: int | None = None
    """The reservation that the transaction uses up."""
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
