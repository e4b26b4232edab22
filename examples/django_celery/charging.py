"""The stations, for code without an event loop: a client of the cluster, on a loop in a thread of this process."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import cache

from ocpp_fast import Cluster, v16

NATS = os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
_LOCK = threading.Lock()


def cluster() -> Cluster:
    """Return the cluster, joined when this process first asks (after Celery's fork). Raises `Unreachable`."""
    with _LOCK:
        return _join()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="ocpp", daemon=True).start()
    return loop


@cache
def _join() -> Cluster:
    async def join() -> Cluster:
        return await Cluster(NATS, namespace="example", versions=[v16]).__aenter__()

    return asyncio.run_coroutine_threadsafe(join(), _loop()).result()


def soft_reset(identity: str) -> str:
    """Reset a station, whichever node has it; return its answer. Raises `OcppError`."""
    request = v16.ResetRequest(type=v16.ResetType.SOFT)
    return cluster().call_threadsafe(identity, request, timeout=10).result().status
