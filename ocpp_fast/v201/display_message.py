"""Messages on the display of a station (block O)."""

from enum import StrEnum
from typing import Annotated

from ..schema import CENTRAL, STATION, CustomData, DateTime, Id36, Items, Profile, Request, Response, Struct
from .types import ComponentType, MessageContentType, StatusInfoType

__all__ = [
    "DISPLAY_MESSAGE",
    "ClearDisplayMessageRequest",
    "ClearDisplayMessageResponse",
    "ClearMessageStatusEnumType",
    "DisplayMessageStatusEnumType",
    "GetDisplayMessagesRequest",
    "GetDisplayMessagesResponse",
    "GetDisplayMessagesStatusEnumType",
    "MessageInfoType",
    "MessagePriorityEnumType",
    "MessageStateEnumType",
    "NotifyDisplayMessagesRequest",
    "NotifyDisplayMessagesResponse",
    "SetDisplayMessageRequest",
    "SetDisplayMessageResponse",
]


class DisplayMessageStatusEnumType(StrEnum):
    """Whether a message can be displayed, or why not."""

    ACCEPTED = "Accepted"
    NOT_SUPPORTED_MESSAGE_FORMAT = "NotSupportedMessageFormat"
    REJECTED = "Rejected"
    NOT_SUPPORTED_PRIORITY = "NotSupportedPriority"
    NOT_SUPPORTED_STATE = "NotSupportedState"
    UNKNOWN_TRANSACTION = "UnknownTransaction"


class SetDisplayMessageResponse(Response):
    """Says whether the station will show the message."""

    status: DisplayMessageStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class MessagePriorityEnumType(StrEnum):
    """How a message competes with others for the display."""

    ALWAYS_FRONT = "AlwaysFront"
    IN_FRONT = "InFront"
    NORMAL_CYCLE = "NormalCycle"


class MessageStateEnumType(StrEnum):
    """The state of the station in which a message is shown."""

    CHARGING = "Charging"
    FAULTED = "Faulted"
    IDLE = "Idle"
    UNAVAILABLE = "Unavailable"


class MessageInfoType(Struct):
    """A text for a display, and when and where to show it."""

    display: ComponentType | None = None
    """The display to show it on; the main one without a value."""
    id: int
    priority: MessagePriorityEnumType
    state: MessageStateEnumType | None = None
    """No value means any."""
    start_date_time: DateTime | None = None
    """No value means at once."""
    end_date_time: DateTime | None = None
    """When to take it off for good."""
    transaction_id: Id36 | None = None
    """Shown only while this transaction runs."""
    message: MessageContentType
    custom_data: CustomData | None = None


class SetDisplayMessageRequest(Request[SetDisplayMessageResponse], action="SetDisplayMessage", sender=CENTRAL):
    """Puts a message on the station's display, now or later."""

    message: MessageInfoType
    custom_data: CustomData | None = None


class GetDisplayMessagesStatusEnumType(StrEnum):
    """Whether display messages will be reported."""

    ACCEPTED = "Accepted"
    UNKNOWN = "Unknown"


class GetDisplayMessagesResponse(Response):
    """Says whether any message matches; they follow in `NotifyDisplayMessagesRequest`s."""

    status: GetDisplayMessagesStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class GetDisplayMessagesRequest(Request[GetDisplayMessagesResponse], action="GetDisplayMessages", sender=CENTRAL):
    """Asks the station to report the messages it has been given."""

    id: Annotated[list[int], Items(1, None)] | None = None
    """No value means any."""
    request_id: int
    """Comes back in every part of the report."""
    priority: MessagePriorityEnumType | None = None
    state: MessageStateEnumType | None = None
    custom_data: CustomData | None = None


class NotifyDisplayMessagesResponse(Response):
    """Acknowledges a part of the message report."""

    custom_data: CustomData | None = None


class NotifyDisplayMessagesRequest(
    Request[NotifyDisplayMessagesResponse], action="NotifyDisplayMessages", sender=STATION
):
    """Carries some of the display messages that were asked for."""

    message_info: Annotated[list[MessageInfoType], Items(1, None)] | None = None
    request_id: int
    """The one of the request for this report."""
    tbc: bool | None = None
    """Whether more parts follow; no value means no."""
    custom_data: CustomData | None = None


class ClearMessageStatusEnumType(StrEnum):
    """Whether a display message was removed."""

    ACCEPTED = "Accepted"
    UNKNOWN = "Unknown"


class ClearDisplayMessageResponse(Response):
    """Says whether the message was there to take off."""

    status: ClearMessageStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class ClearDisplayMessageRequest(Request[ClearDisplayMessageResponse], action="ClearDisplayMessage", sender=CENTRAL):
    """Takes a message off the display."""

    id: int
    custom_data: CustomData | None = None


DISPLAY_MESSAGE = Profile(
    "DisplayMessage",
    [
        SetDisplayMessageRequest,
        GetDisplayMessagesRequest,
        NotifyDisplayMessagesRequest,
        ClearDisplayMessageRequest,
    ],
)
