"""asyncio: the central system and the charge point over real sockets."""

from .admission import identity_of
from .backoff import BackOff
from .central_system import CentralSystem
from .charge_point import ChargePoint
from .connection import Direction
from .events import Event, Limit, LimitReached, Replaced
from .security import Auth, BasicAuth, Handshake, NoAuth, Refusal, Verdict
from .server import HttpRequest, HttpResponse, Server
from .stations import Station

__all__ = [
    "Auth",
    "BackOff",
    "BasicAuth",
    "CentralSystem",
    "ChargePoint",
    "Direction",
    "Event",
    "Handshake",
    "HttpRequest",
    "HttpResponse",
    "Limit",
    "LimitReached",
    "NoAuth",
    "Refusal",
    "Replaced",
    "Server",
    "Station",
    "Verdict",
    "identity_of",
]
