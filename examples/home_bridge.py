"""One wallbox of OCPP 1.6 at home, as an HTTP API: for Home Assistant's REST integration, a script, or a phone.

    BRIDGE_TOKEN=... python home_bridge.py [PORT]

The wallbox connects to ws://<this machine>:PORT/ocpp/wallbox with the token as its password. With the header
`Authorization: Bearer <the token>`:

    GET /state                  {"connected": true, "status": "Charging", "power": 3700.0, "energy": 1200.0, ...}
    POST /start, /stop          starts or stops charging
    PUT /limit?amperes=10       limits the current of whatever is charged

Power is in W, energy in Wh. FastAPI and uvicorn are needed.
"""

import os
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from ocpp_fast import BasicAuth, CentralSystem, NotConnected, OcppError, Station, v16
from ocpp_fast.asgi import App

TOKEN = os.environ.get("BRIDGE_TOKEN", "")
WALLBOX = "wallbox"
ACCEPTED = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)


@dataclass
class State:
    """What is known of the wallbox; None before it has told."""

    connected: bool = False
    status: str | None = None
    transaction: int | None = None
    power: float | None = None
    energy: float | None = None


state = State()
central = CentralSystem(auth=BasicAuth({WALLBOX: TOKEN.encode()}), versions=[v16])


@central.on_connect
def connected(station: Station) -> None:
    state.connected = True


@central.on_disconnect
def disconnected(station: Station) -> None:
    state.connected = station.id in central


@central.on(v16.BootNotificationRequest)
def boot(station: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
    return v16.BootNotificationResponse(
        status=v16.RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=300
    )


@central.on(v16.HeartbeatRequest)
def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
    return v16.HeartbeatResponse(current_time=datetime.now(UTC))


@central.on(v16.StatusNotificationRequest)
def status(station: Station, request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
    if request.connector_id == 1:
        state.status = request.status
    return v16.StatusNotificationResponse()


@central.on(v16.AuthorizeRequest)
def authorize(station: Station, request: v16.AuthorizeRequest) -> v16.AuthorizeResponse:
    return v16.AuthorizeResponse(id_tag_info=ACCEPTED)


@central.on(v16.StartTransactionRequest)
def started(station: Station, request: v16.StartTransactionRequest) -> v16.StartTransactionResponse:
    state.transaction = int(request.timestamp.timestamp())  # it need not outlive this process
    return v16.StartTransactionResponse(transaction_id=state.transaction, id_tag_info=ACCEPTED)


@central.on(v16.StopTransactionRequest)
def stopped(station: Station, request: v16.StopTransactionRequest) -> v16.StopTransactionResponse:
    state.transaction, state.power = None, 0.0
    return v16.StopTransactionResponse()


@central.on(v16.MeterValuesRequest)
def meter(station: Station, request: v16.MeterValuesRequest) -> v16.MeterValuesResponse:
    for sample in (sample for values in request.meter_value for sample in values.sampled_value if not sample.phase):
        thousand = 1000 if sample.unit in (v16.UnitOfMeasure.KW, v16.UnitOfMeasure.KWH) else 1
        if sample.measurand == v16.Measurand.POWER_ACTIVE_IMPORT:
            state.power = float(sample.value) * thousand
        elif sample.measurand in (None, v16.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER):
            state.energy = float(sample.value) * thousand
    return v16.MeterValuesResponse()


def allowed(authorization: Annotated[str, Header()] = "") -> None:
    if not compare_digest(authorization.encode(), f"Bearer {TOKEN}".encode()):
        raise HTTPException(401, "the header Authorization has not the token", {"WWW-Authenticate": "Bearer"})


ocpp = App(central)
app = FastAPI(title="A wallbox", lifespan=ocpp.lifespan)
app.mount("/ocpp", ocpp)


@app.exception_handler(OcppError)
def failed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 503 if isinstance(error, NotConnected) else 502)


@app.get("/state", dependencies=[Depends(allowed)])
async def get_state() -> dict[str, Any]:
    return asdict(state)


@app.post("/start", dependencies=[Depends(allowed)])
async def start() -> dict[str, str]:
    answer = await central[WALLBOX].v16(timeout=10).remote_start_transaction(connector_id=1, id_tag="home")
    return {"status": answer.status}


@app.post("/stop", dependencies=[Depends(allowed)])
async def stop() -> dict[str, str]:
    if state.transaction is None:
        raise HTTPException(409, "nothing is charged")
    answer = await central[WALLBOX].v16(timeout=10).remote_stop_transaction(transaction_id=state.transaction)
    return {"status": answer.status}


@app.put("/limit", dependencies=[Depends(allowed)])
async def limit(amperes: Annotated[float, Query(ge=0, le=32)]) -> dict[str, str]:
    profile = v16.ChargingProfile(
        charging_profile_id=1,
        stack_level=0,
        charging_profile_purpose=v16.ChargingProfilePurposeType.TX_DEFAULT_PROFILE,
        charging_profile_kind=v16.ChargingProfileKindType.RELATIVE,
        charging_schedule=v16.ChargingSchedule(
            charging_rate_unit=v16.ChargingRateUnitType.A,
            charging_schedule_period=[v16.ChargingSchedulePeriod(start_period=0, limit=round(amperes, 1))],
        ),
    )
    answer = await central[WALLBOX].v16(timeout=10).set_charging_profile(connector_id=1, cs_charging_profiles=profile)
    return {"status": answer.status}


if __name__ == "__main__":
    if not TOKEN:
        sys.exit("BRIDGE_TOKEN: expected a token for the HTTP API, which is the wallbox's password, too")
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8887
    uvicorn.run(app, host="0.0.0.0", port=port, log_level="warning")  # it says itself that a port is in use
