"""The calls that servers are sent: lists of frames of OCPP 1.6, which the generator sends over and over again."""

from __future__ import annotations

from random import Random
from typing import Final

from ocpp_fast import v16

from ..messages import CALLS, Example, moment

__all__ = ["BOOT", "MIXES"]

_EXAMPLES: Final = {
    example.name: example.call
    for example in (
        *CALLS,
        Example("Authorize", v16.VERSION, "Authorize", {"idTag": "04A1B2C3D4E5F6"}),
        Example(
            "StopTransaction",
            v16.VERSION,
            "StopTransaction",
            {
                "transactionId": 170_023,
                "idTag": "04A1B2C3D4E5F6",
                "timestamp": moment(42),
                "meterStop": 1_212_044,
                "reason": "EVDisconnected",
            },
        ),
    )
}
_NETWORK: Final = {
    "MeterValues": 16,
    "Heartbeat": 10,
    "StatusNotification": 7,
    "Authorize": 2,
    "StartTransaction": 2,
    "StopTransaction": 2,
    "BootNotification": 1,
}
"""Of 40 calls, how many are of each kind where stations charge, in sessions of half an hour."""


def _mixed() -> list[bytes]:
    calls = [_EXAMPLES[name] for name, times in _NETWORK.items() for _ in range(times)]
    Random(16).shuffle(calls)
    return calls


BOOT: Final = _EXAMPLES["BootNotification"]
MIXES: Final = {
    "mix": _mixed(),
    "heartbeat": [_EXAMPLES["Heartbeat"]],
    "meter": [_EXAMPLES["MeterValues"]],
    "boot": [BOOT],
}
