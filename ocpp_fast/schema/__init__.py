"""Declarations of OCPP messages, and what is derived from them: plans, JSON Schemas, codecs, registries."""

from .codec import (
    codec_of,
    codec_with,
)
from .constraints import (
    CustomData,
    DateTime,
    Format,
    Identifier,
    Items,
    Json,
    MaxLength,
    MultipleOf,
    Open,
    Places,
    Range,
    Tenths,
    Uri,
)
from .json_schema import (
    request_schema,
    response_schema,
    schema_of,
)
from .lengths import *  # noqa: F403  # all that it has, so that each length is written once
from .plan import (
    plan_of,
)
from .registry import (
    Profile,
    Version,
)
from .shortcuts import (
    Shortcuts,
    notice,
    shortcut,
)
from .struct import (
    BOTH,
    CENTRAL,
    STATION,
    Action,
    Notification,
    Request,
    Response,
    Sender,
    Struct,
)
from .struct_type import (
    Field,
    field,
)
from .vendor import (
    DATA_TRANSFER,
    DataTransfer,
    Extension,
    Transfer,
)

__all__ = [
    "BOTH",
    "CENTRAL",
    "DATA_TRANSFER",
    "STATION",
    "Action",
    "CustomData",
    "DataTransfer",
    "DateTime",
    "Extension",
    "Field",
    "Format",
    "Identifier",
    "Items",
    "Json",
    "MaxLength",
    "MultipleOf",
    "Notification",
    "Open",
    "Places",
    "Profile",
    "Range",
    "Request",
    "Response",
    "Sender",
    "Shortcuts",
    "Struct",
    "Tenths",
    "Transfer",
    "Uri",
    "Version",
    "codec_of",
    "codec_with",
    "field",
    "notice",
    "plan_of",
    "request_schema",
    "response_schema",
    "schema_of",
    "shortcut",
]
