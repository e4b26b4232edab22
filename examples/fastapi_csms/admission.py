"""Which stations may connect, how each is judged, and which were accepted: all from the database."""

import asyncio

from sqlalchemy import select, update

from ocpp_fast import Handshake, Policy, identity_of

from .database import ChargingStation, Sessions


def identify(path: str, headers: object) -> tuple[str, str] | None:
    """Return tenant and identity of `/ocpp/<tenant>/<identity>`."""
    path = path.partition("?")[0]
    tenant, identity = identity_of(path.rpartition("/")[0]), identity_of(path)
    return (tenant, identity) if tenant and identity else None


NOBODY = ChargingStation(password=bytes(80))


class Admission:
    """What a central system asks about a station before it is connected."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def check(self, identity: str, password: bytes, handshake: Handshake) -> bool | None:
        async with self._sessions() as db:
            station = await db.get(ChargingStation, handshake.id)
        right = await asyncio.to_thread((station or NOBODY).has_password, password)
        return right and station is not None  # nobody can find out who exists

    async def connecting(self, handshake: Handshake) -> None:
        async with self._sessions() as db:
            station = await db.get_one(ChargingStation, handshake.id)
        handshake.policy = Policy(lenient=station.lenient, repeat_window=300)
        handshake.state = station

    # Registrations

    async def load(self, identity: str) -> str | None:
        async with self._sessions() as db:
            return await db.scalar(select(ChargingStation.registration).where(ChargingStation.id == identity))

    async def store(self, identity: str, status: str) -> None:
        async with self._sessions.begin() as db:
            await db.execute(update(ChargingStation).where(ChargingStation.id == identity).values(registration=status))
