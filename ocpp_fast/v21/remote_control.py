"""Remote control: start, stop, unlock and trigger (block F)."""

from enum import StrEnum
from typing import Annotated

from ..schema import CENTRAL, CustomData, Id36, Profile, Range, Request, Response, Str50
from .charging_profiles import ChargingProfileType
from .types import EVSEType, IdTokenType, StatusInfoType

__all__ = [
    "REMOTE_CONTROL",
    "MessageTriggerEnumType",
    "RequestStartStopStatusEnumType",
    "RequestStartTransactionRequest",
    "RequestStartTransactionResponse",
    "RequestStopTransactionRequest",
    "RequestStopTransactionResponse",
    "TriggerMessageRequest",
    "TriggerMessageResponse",
    "TriggerMessageStatusEnumType",
    "UnlockConnectorRequest",
    "UnlockConnectorResponse",
    "UnlockStatusEnumType",
]


class RequestStartStopStatusEnumType(StrEnum):
    """Whether the station will start or end a transaction."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class RequestStartTransactionResponse(Response):
    """Says whether the station will try to start the transaction."""

    status: RequestStartStopStatusEnumType
    status_info: StatusInfoType | None = None
    transaction_id: Id36 | None = None
    """Only when a transaction runs already, the cable having come first."""
    custom_data: CustomData | None = None


class RequestStartTransactionRequest(
    Request[RequestStartTransactionResponse], action="RequestStartTransaction", sender=CENTRAL
):
    """Makes the station start a transaction for a token."""

    evse_id: Annotated[int, Range(1, None)] | None = None
    """Counted from 1; the station's choice without a value."""
    group_id_token: IdTokenType | None = None
    id_token: IdTokenType
    remote_start_id: int
    """Comes back in the transaction's events."""
    charging_profile: ChargingProfileType | None = None
    """A `TX_PROFILE` for the new transaction."""
    custom_data: CustomData | None = None


class RequestStopTransactionResponse(Response):
    """Says whether the station will end the transaction."""

    status: RequestStartStopStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class RequestStopTransactionRequest(
    Request[RequestStopTransactionResponse], action="RequestStopTransaction", sender=CENTRAL
):
    """Makes the station end a transaction."""

    transaction_id: Id36
    custom_data: CustomData | None = None


class UnlockStatusEnumType(StrEnum):
    """Whether a cable was released."""

    UNLOCKED = "Unlocked"
    UNLOCK_FAILED = "UnlockFailed"
    ONGOING_AUTHORIZED_TRANSACTION = "OngoingAuthorizedTransaction"
    UNKNOWN_CONNECTOR = "UnknownConnector"


class UnlockConnectorResponse(Response):
    """Says whether the cable was released."""

    status: UnlockStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class UnlockConnectorRequest(Request[UnlockConnectorResponse], action="UnlockConnector", sender=CENTRAL):
    """Releases a cable that is stuck in its connector."""

    evse_id: Annotated[int, Range(0, None)]
    connector_id: Annotated[int, Range(0, None)]
    custom_data: CustomData | None = None


class TriggerMessageStatusEnumType(StrEnum):
    """Whether a triggered message will come."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_IMPLEMENTED = "NotImplemented"


class TriggerMessageResponse(Response):
    """Says whether the triggered message will come."""

    status: TriggerMessageStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class MessageTriggerEnumType(StrEnum):
    """The messages that can be triggered."""

    BOOT_NOTIFICATION = "BootNotification"
    LOG_STATUS_NOTIFICATION = "LogStatusNotification"
    FIRMWARE_STATUS_NOTIFICATION = "FirmwareStatusNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    SIGN_CHARGING_STATION_CERTIFICATE = "SignChargingStationCertificate"
    SIGN_V2G_CERTIFICATE = "SignV2GCertificate"
    SIGN_V2G20_CERTIFICATE = "SignV2G20Certificate"
    STATUS_NOTIFICATION = "StatusNotification"
    TRANSACTION_EVENT = "TransactionEvent"
    SIGN_COMBINED_CERTIFICATE = "SignCombinedCertificate"
    PUBLISH_FIRMWARE_STATUS_NOTIFICATION = "PublishFirmwareStatusNotification"
    CUSTOM_TRIGGER = "CustomTrigger"


class TriggerMessageRequest(Request[TriggerMessageResponse], action="TriggerMessage", sender=CENTRAL):
    """Makes the station send a message it would otherwise send by itself."""

    evse: EVSEType | None = None
    """No value means all that the message can be about."""
    requested_message: MessageTriggerEnumType
    custom_trigger: Str50 | None = None
    """What to send, for `CUSTOM_TRIGGER`."""
    custom_data: CustomData | None = None


REMOTE_CONTROL = Profile(
    "RemoteControl",
    [
        RequestStartTransactionRequest,
        RequestStopTransactionRequest,
        UnlockConnectorRequest,
        TriggerMessageRequest,
    ],
)
