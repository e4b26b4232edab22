"""A CSMS on one port: `uvicorn --factory fastapi_csms.app:create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy import select

from ocpp_fast import BasicAuth, CallError, CallNext, CentralSystem, Context, ErrorCode, OcppError, v16, v201
from ocpp_fast.asgi import App

from .admission import Admission, identify
from .api import commands, refused
from .database import Sessions, create_tables, open_database
from .handlers import Charging201, Core16, State, UnknownTransaction
from .metrics import observe


def central_system(sessions: Sessions, registry: CollectorRegistry) -> CentralSystem:
    admission = Admission(sessions)
    central = CentralSystem(
        auth=BasicAuth(admission.check), versions=[v16, v201], identify=identify, registrations=admission
    )
    central.on_connecting(admission.connecting)
    observe(central, registry)

    @central.middleware
    async def with_session(call: Context[State], call_next: CallNext) -> Any:
        async with sessions.begin() as call.state.db:
            return await call_next(call)

    @central.error(UnknownTransaction)
    def unknown_transaction(error: UnknownTransaction) -> CallError:
        return CallError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"there is no transaction {error}")

    central.include(Core16(), profile=v16.CORE)
    for block in (v201.AUTHORIZATION, v201.AVAILABILITY, v201.TRANSACTIONS):
        central.include(Charging201(), profile=block)
    return central


def create_app(database_url: str | None = None) -> FastAPI:
    """Return the web application; the default database is that of DATABASE_URL, or SQLite's `csms.db` here."""
    engine, sessions = open_database(database_url)
    registry = CollectorRegistry()
    central = central_system(sessions, registry)
    ocpp = App(central)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await create_tables(engine)
        try:
            async with ocpp.lifespan():
                yield
        finally:
            await engine.dispose()

    app = FastAPI(title="CSMS", lifespan=lifespan)
    app.state.central, app.state.sessions = central, sessions
    app.mount("/ocpp", ocpp)

    @app.get("/health")
    async def health() -> dict[str, str]:
        async with sessions() as db:
            await db.execute(select(1))
        return {"status": "ok"}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    app.include_router(commands(central, sessions))
    app.add_exception_handler(OcppError, refused)
    return app
