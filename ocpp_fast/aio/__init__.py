"""asyncio: the central system and the charge point over real sockets."""

from ..queueing import (
    AfterRestart,
    Delivered,
    Dropped,
    DropReason,
    MemoryQueue,
    Posted,
    Retries,
    RunningTransaction,
    SqliteQueue,
    TransactionQueue,
)
from .address import NetworkProfile
from .admission import identity_of
from .authentication import BasicAuth, NoAuth, Profile0, Profile1, Profile2, Profile3, Profiles
from .backoff import BackOff
from .central_system import CentralSystem
from .certificates import CertificateNames, ClientCertificate
from .charge_point import ChargePoint
from .connection import Direction
from .events import Event, Limit, LimitReached, QueueFailed, Replaced, VersionAssumed
from .security import Auth, Handshake, Refusal, Verdict
from .server import HttpRequest, HttpResponse, Server, health
from .stations import Station
from .tls import TlsContext, client_context, server_context
from .upgrade import UpgradeRequest

__all__ = [
    "AfterRestart",
    "Auth",
    "BackOff",
    "BasicAuth",
    "CentralSystem",
    "CertificateNames",
    "ChargePoint",
    "ClientCertificate",
    "Delivered",
    "Direction",
    "DropReason",
    "Dropped",
    "Event",
    "Handshake",
    "HttpRequest",
    "HttpResponse",
    "Limit",
    "LimitReached",
    "MemoryQueue",
    "NetworkProfile",
    "NoAuth",
    "Posted",
    "Profile0",
    "Profile1",
    "Profile2",
    "Profile3",
    "Profiles",
    "QueueFailed",
    "Refusal",
    "Replaced",
    "Retries",
    "RunningTransaction",
    "Server",
    "SqliteQueue",
    "Station",
    "TlsContext",
    "TransactionQueue",
    "UpgradeRequest",
    "Verdict",
    "VersionAssumed",
    "client_context",
    "health",
    "identity_of",
    "server_context",
]
