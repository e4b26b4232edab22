"""A process without stations that calls any of them. `python api.py PORT [NATS]` answers, as JSON:

GET /stations, GET /nodes, POST /stations/CP0001/reset
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from ocpp_fast import Cluster, NotConnected, OcppError, v16

NATS = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
cluster = Cluster(NATS, namespace="example", versions=[v16])


@asynccontextmanager
async def joined(app: FastAPI) -> AsyncIterator[None]:
    async with cluster:
        yield


app = FastAPI(lifespan=joined)


@app.get("/stations")
async def stations() -> list[dict[str, Any]]:
    return [asdict(each) for each in cluster.stations()]


@app.get("/nodes")
async def nodes() -> list[dict[str, Any]]:
    return [asdict(each) for each in cluster.nodes()]


@app.post("/stations/{identity}/reset")
async def reset(identity: str) -> JSONResponse:
    try:
        answer = await cluster[identity].v16(timeout=10).reset(type=v16.ResetType.SOFT)
    except NotConnected:
        return JSONResponse({"error": f"{identity} is not connected"}, status_code=404)
    except OcppError as error:  # it may be tried again if `error.delivered` is False
        return JSONResponse({"error": str(error), "delivered": error.delivered}, status_code=502)
    return JSONResponse({"status": answer.status})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
