"""asyncio: the central system and the charge point over real sockets."""

from .admission import identity_of
from .authentication import BasicAuth, NoAuth, Profile0, Profile1, Profile2, Profile3, Profiles
from .backoff import BackOff
from .central_system import CentralSystem
from .certificates import CertificateNames, ClientCertificate
from .charge_point import ChargePoint
from .connection import Direction
from .events import Event, Limit, LimitReached, Replaced, VersionAssumed
from .security import Auth, Handshake, Refusal, Verdict
from .server import HttpRequest, HttpResponse, Server, health
from .stations import Station
from .tls import TlsContext, client_context, server_context
from .upgrade import UpgradeRequest

__all__ = [
    "Auth",
    "BackOff",
    "BasicAuth",
    "CentralSystem",
    "CertificateNames",
    "ChargePoint",
    "ClientCertificate",
    "Direction",
    "Event",
    "Handshake",
    "HttpRequest",
    "HttpResponse",
    "Limit",
    "LimitReached",
    "NoAuth",
    "Profile0",
    "Profile1",
    "Profile2",
    "Profile3",
    "Profiles",
    "Refusal",
    "Replaced",
    "Server",
    "Station",
    "TlsContext",
    "UpgradeRequest",
    "Verdict",
    "VersionAssumed",
    "client_context",
    "health",
    "identity_of",
    "server_context",
]
