"""OCPP-J for Python: central systems and charge points, typed and fast.

`from ocpp_fast import CentralSystem, NoAuth, v16` is how it starts; the messages of a version are imported only where
they are named. `accelerated` tells whether the compiled core is in use; `core` says it in words and, if it is not, why.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._core import accelerated, core
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
    MessageDropped,
    NoCommonVersion,
    NotConnected,
    NotDurable,
    NotRegistered,
    NotSent,
    OcppError,
    PayloadError,
    QueueDamaged,
    QueueFull,
    QueueInUse,
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
        AfterRestart,
        Auth,
        BackOff,
        BasicAuth,
        CentralSystem,
        CertificateNames,
        ChargePoint,
        ClientCertificate,
        Delivered,
        Direction,
        Dropped,
        DropReason,
        Event,
        Handshake,
        HttpRequest,
        HttpResponse,
        Limit,
        LimitReached,
        MemoryQueue,
        NetworkProfile,
        NoAuth,
        Posted,
        Profile0,
        Profile1,
        Profile2,
        Profile3,
        Profiles,
        QueueFailed,
        Refusal,
        Replaced,
        Retries,
        RunningTransaction,
        Server,
        SqliteQueue,
        Station,
        TlsContext,
        TransactionQueue,
        UpgradeRequest,
        Verdict,
        VersionAssumed,
        client_context,
        health,
        identity_of,
        server_context,
    )
    from .cluster import Cluster, LocalCluster

__all__ = [
    "LENIENT",
    "STRICT",
    "AfterRestart",
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
    "Delivered",
    "DeliveryUnknown",
    "Direction",
    "Disconnected",
    "DropReason",
    "Dropped",
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
    "LocalCluster",
    "MemoryQueue",
    "Mended",
    "MessageDropped",
    "Middleware",
    "NetworkProfile",
    "NoAuth",
    "NoCommonVersion",
    "NotConnected",
    "NotDurable",
    "NotRegistered",
    "NotSent",
    "OcppError",
    "PayloadError",
    "Peer",
    "Policy",
    "Posted",
    "Profile0",
    "Profile1",
    "Profile2",
    "Profile3",
    "Profiles",
    "QueueDamaged",
    "QueueFailed",
    "QueueFull",
    "QueueInUse",
    "Refusal",
    "Registrations",
    "Replaced",
    "Retries",
    "Router",
    "RunningTransaction",
    "Server",
    "SigningFailed",
    "SqliteQueue",
    "Station",
    "TlsContext",
    "Tolerance",
    "TransactionQueue",
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
    "core",
    "health",
    "identity_of",
    "masked",
    "on",
    "server_context",
    "shown",
]

__version__ = "0.2.0"


_MODULES = frozenset(
    {"asgi", "cluster", "habits", "signing", "simulator", "smart_charging", "testing", "v16", "v201", "v21"}
)


def __getattr__(name: str) -> Any:
    """Import what a name needs when it is asked for: asyncio and the WebSocket layer, or a module that has the name."""
    if name in ("Cluster", "LocalCluster"):
        from . import cluster

        return getattr(cluster, name)
    if name in __all__:
        from . import aio

        return getattr(aio, name)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
