"""asyncio: the central system and the charge point over real sockets."""

from .backoff import BackOff
from .central_system import CentralSystem, Server
from .charge_point import ChargePoint
from .connection import Direction
from .security import Auth, BasicAuth, Handshake, NoAuth, Verdict
from .stations import Station

__all__ = [
    "Auth",
    "BackOff",
    "BasicAuth",
    "CentralSystem",
    "ChargePoint",
    "Direction",
    "Handshake",
    "NoAuth",
    "Server",
    "Station",
    "Verdict",
]
