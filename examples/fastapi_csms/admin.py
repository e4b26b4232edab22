"""Adds tenants and stations: `python -m fastapi_csms.admin`; prints the secret of each, which is stored nowhere."""

import argparse
import asyncio
import hashlib
import secrets
from collections.abc import Sequence

from .database import ChargingStation, Sessions, Tenant, create_tables, open_database, salted


async def add_tenant(sessions: Sessions, name: str) -> str:
    """Return its API key."""
    key = secrets.token_urlsafe()
    async with sessions.begin() as db:
        db.add(Tenant(name=name, api_key=hashlib.sha256(key.encode()).digest()))
    return key


async def add_station(sessions: Sessions, tenant: str, identity: str, *, lenient: bool = False) -> str:
    """Return its password."""
    password = secrets.token_hex(10)
    station = ChargingStation(id=f"{tenant}/{identity}", tenant=tenant, identity=identity, lenient=lenient)
    station.password = salted(password.encode(), secrets.token_bytes(16))
    async with sessions.begin() as db:
        db.add(station)
    return password


async def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m fastapi_csms.admin", description=__doc__)
    parser.add_argument("tenant", help="the tenant to add, or that of the station")
    parser.add_argument("station", nargs="?", help="the identity of a station to add")
    parser.add_argument("--lenient", action="store_true", help="tolerate its nulls, and its times without a zone")
    given = parser.parse_args(arguments)

    engine, sessions = open_database()
    await create_tables(engine)
    if given.station is None:
        print(await add_tenant(sessions, given.tenant))
    else:
        print(await add_station(sessions, given.tenant, given.station, lenient=given.lenient))
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
