"""OCPP-J for Python: central systems and charge points, typed and fast.

`from ocpp_fast import CentralSystem, NoAuth, v16` is how it starts; the messages of a version are imported only where
they are named. `accelerated` tells whether the compiled core is in use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._core import accelerated
from .errors import (
    CallError,
    CallTimeout,
    ConnectionReplaced,
    DeliveryUnknown,
    Disconnected,
    ErrorCode,
    HandshakeFailed,
    HandshakeRefused,
    InvalidPayload,
    InvalidResult,
    InvalidSignature,
    NotConnected,
    NotRegistered,
    NotSent,
    OcppError,
    PayloadError,
    QueueFull,
    SigningFailed,
    TransferRefused,
    UnhandledActions,
    Unreachable,
    ValidationError,
    VersionMismatch,
)
from .escaping import shown
from .faults import Fault
from .frames import FrameFault
from .handlers import CallNext, Context, Middleware
from .masking import masked
from .policy import LENIENT, STRICT, Policy
from .registration import Registrations
from .routing import Router, after, on
from .tolerance import FieldLength, Mended, Peer, Tolerance

if TYPE_CHECKING:
    from .aio import (
        Auth,
        BackOff,
        BasicAuth,
        CentralSystem,
        CertificateNames,
        ChargePoint,
        ClientCertificate,
        Direction,
        Event,
        Handshake,
        HttpRequest,
        HttpResponse,
        Limit,
        LimitReached,
        NoAuth,
        Profile0,
        Profile1,
        Profile2,
        Profile3,
        Profiles,
        Refusal,
        Replaced,
        Server,
        Station,
        TlsContext,
        UpgradeRequest,
        Verdict,
        VersionAssumed,
        client_context,
        identity_of,
        server_context,
    )
    from .cluster import Cluster

__all__ = [
    "LENIENT",
    "STRICT",
    "Auth",
    "BackOff",
    "BasicAuth",
    "CallError",
    "CallNext",
    "CallTimeout",
    "CentralSystem",
    "CertificateNames",
    "ChargePoint",
    "ClientCertificate",
    "Cluster",
    "ConnectionReplaced",
    "Context",
    "DeliveryUnknown",
    "Direction",
    "Disconnected",
    "ErrorCode",
    "Event",
    "Fault",
    "FieldLength",
    "FrameFault",
    "Handshake",
    "HandshakeFailed",
    "HandshakeRefused",
    "HttpRequest",
    "HttpResponse",
    "InvalidPayload",
    "InvalidResult",
    "InvalidSignature",
    "Limit",
    "LimitReached",
    "Mended",
    "Middleware",
    "NoAuth",
    "NotConnected",
    "NotRegistered",
    "NotSent",
    "OcppError",
    "PayloadError",
    "Peer",
    "Policy",
    "Profile0",
    "Profile1",
    "Profile2",
    "Profile3",
    "Profiles",
    "QueueFull",
    "Refusal",
    "Registrations",
    "Replaced",
    "Router",
    "Server",
    "SigningFailed",
    "Station",
    "TlsContext",
    "Tolerance",
    "TransferRefused",
    "UnhandledActions",
    "Unreachable",
    "UpgradeRequest",
    "ValidationError",
    "Verdict",
    "VersionAssumed",
    "VersionMismatch",
    "accelerated",
    "after",
    "client_context",
    "identity_of",
    "masked",
    "on",
    "server_context",
    "shown",
]

__version__ = "0.1.0"


_MODULES = frozenset(
    {"asgi", "cluster", "habits", "signing", "simulator", "smart_charging", "testing", "v16", "v201", "v21"}
)


def __getattr__(name: str) -> Any:
    """Import what a name needs when it is asked for: asyncio and the WebSocket layer, or a module that has the name."""
    if name == "Cluster":
        from .cluster import Cluster

        return Cluster
    if name in __all__:
        from . import aio

        return getattr(aio, name)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
