"""The Remote Trigger profile: a message of the station's, on demand."""

from __future__ import annotations

from enum import StrEnum

from ..schema import CENTRAL, Profile, Response
from ._draft4 import Request

__all__ = [
    "REMOTE_TRIGGER",
    "MessageTrigger",
    "TriggerMessageRequest",
    "TriggerMessageResponse",
    "TriggerMessageStatus",
]


class MessageTrigger(StrEnum):
    """The messages that can be asked for."""

    BOOT_NOTIFICATION = "BootNotification"
    DIAGNOSTICS_STATUS_NOTIFICATION = "DiagnosticsStatusNotification"
    FIRMWARE_STATUS_NOTIFICATION = "FirmwareStatusNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    STATUS_NOTIFICATION = "StatusNotification"


class TriggerMessageStatus(StrEnum):
    """Whether the message will come."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_IMPLEMENTED = "NotImplemented"


class TriggerMessageResponse(Response):
    """Says whether the message will come; it comes after this answer."""

    status: TriggerMessageStatus


class TriggerMessageRequest(Request[TriggerMessageResponse], action="TriggerMessage", sender=CENTRAL):
    """Asks the station to send a message now."""

    requested_message: MessageTrigger
    connector_id: int | None = None


REMOTE_TRIGGER = Profile("RemoteTrigger", [TriggerMessageRequest])
