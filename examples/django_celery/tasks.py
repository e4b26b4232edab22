"""Celery's side: `celery -A tasks worker`. What surely has not reached the station is tried again."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from charging import soft_reset

from ocpp_fast import OcppError

app = Celery(
    "tasks",
    broker=os.environ.get("BROKER_URL", "amqp://127.0.0.1"),
    backend=os.environ.get("RESULT_BACKEND", "rpc://"),
)


@app.task(bind=True, max_retries=5)
def reset(self: Any, identity: str) -> dict[str, Any]:
    try:
        return {"status": soft_reset(identity)}
    except OcppError as error:
        if error.delivered is False and not self.request.is_eager and self.request.retries < self.max_retries:
            raise self.retry(countdown=2**self.request.retries) from error
        return {"error": str(error), "delivered": error.delivered}
