"""The HTTP API: a tenant's stations, and commands to them."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from pydantic import BaseModel
from sqlalchemy import select

from ocpp_fast import (
    CallError,
    CallTimeout,
    CentralSystem,
    Disconnected,
    InvalidResult,
    Station,
    ValidationError,
    v16,
)

from .database import ChargingStation, Sessions, Tenant

STATUSES: dict[type[Exception], int] = {
    ValidationError: 422,
    CallError: 502,
    InvalidResult: 502,
    Disconnected: 502,
    CallTimeout: 504,
}
"""The HTTP status of an error of a command; of others, such as `NotConnected`, it is 409."""


class StationState(BaseModel):
    identity: str
    connected: bool
    model: str | None
    registration: str | None
    connectors: dict[str, str]


async def refused(request: Request, error: Exception) -> JSONResponse:
    """Answer a request whose command failed: the handler of `OcppError`."""
    return JSONResponse({"detail": str(error)}, STATUSES.get(type(error), 409))


def commands(central: CentralSystem, sessions: Sessions) -> APIRouter:
    async def tenant_of_key(tenant: str, key: Annotated[str, Security(APIKeyHeader(name="X-API-Key"))]) -> str:
        async with sessions() as db:
            found = await db.get(Tenant, tenant)
        if found is None or not found.has_api_key(key):
            raise HTTPException(401, "the API key is wrong")
        return tenant

    async def connected(tenant: Annotated[str, Depends(tenant_of_key)], identity: str) -> Station:
        async with sessions() as db:
            row = await db.get(ChargingStation, f"{tenant}/{identity}")
        if row is None:
            raise HTTPException(404, "there is no such station")
        return central[row.id]

    router = APIRouter(prefix="/{tenant}/stations", dependencies=[Depends(tenant_of_key)])

    @router.get("")
    async def stations(tenant: str) -> list[StationState]:
        async with sessions() as db:
            rows = await db.scalars(select(ChargingStation).filter_by(tenant=tenant).order_by(ChargingStation.identity))
        return [
            StationState(
                identity=row.identity,
                connected=row.id in central,
                model=row.model,
                registration=row.registration,
                connectors=row.connectors,
            )
            for row in rows
        ]

    @router.post("/{identity}/reset")
    async def reset(body: v16.ResetRequest, station: Annotated[Station, Depends(connected)]) -> v16.ResetResponse:
        return await station.call(body)

    @router.post("/{identity}/{action}")
    async def command(
        action: str, payload: Annotated[dict[str, Any], Body()], station: Annotated[Station, Depends(connected)]
    ) -> Any:
        if action not in station.version.actions:
            raise HTTPException(404, f"OCPP {station.version.number} has no action {action!r}")
        answer = await station.call(station.version.request(action, payload))
        return answer.to_dict()

    return router
