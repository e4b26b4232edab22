"""What the stations of a load test send, and in which proportions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import accumulate
from random import choices
from typing import Any, Final
from uuid import uuid4

__all__ = ["Charging", "Mix", "mix_of"]

MIXES: Final[Mapping[str, Mapping[str, int]]] = {
    "realistic": {"meter": 45, "heartbeat": 25, "status": 15, "transaction": 10, "authorize": 5},
    "heartbeat": {"heartbeat": 1},
    "meter": {"meter": 1},
    "boot": {"boot": 1},
}
"""How often each kind of call is made, in proportion to the others."""


class Charging:
    """The transaction of one station, if there is one."""

    __slots__ = ("seq_no", "transaction")

    def __init__(self) -> None:
        self.transaction: Any = None
        self.seq_no = 0


class Mix:
    """Makes the calls of all stations: each of a kind chosen at random, but a transaction ends before the next begins.

    Requests are copies of a few that are made once, with the time and the transaction in them.
    """

    def __init__(self, version: Any, name: str, payloads: Mapping[str, Any]) -> None:
        self._version, self._payloads = version, payloads
        self.boot = self._made("BootNotification")
        self._heartbeat = self._made("Heartbeat")
        self._status = self._made("StatusNotification")
        self._authorize = self._made("Authorize")
        self._meter = self._made("MeterValues")
        self._reading = self._meter.meter_value[0]
        kinds: Mapping[str, Callable[[Charging], Any]] = {
            "boot": lambda _: self.boot,
            "heartbeat": lambda _: self._heartbeat,
            "status": lambda _: self._status.replace(timestamp=datetime.now(UTC)),
            "authorize": lambda _: self._authorize,
            "meter": self._metered,
            "transaction": lambda charging: self._ended(charging) if charging.transaction else self._begun(charging),
        }
        self._kinds = [kinds[kind] for kind in MIXES[name]]
        self._weights = list(accumulate(MIXES[name].values()))

    def next(self, charging: Charging) -> Any:
        """Return the next request of a station."""
        return choices(self._kinds, cum_weights=self._weights)[0](charging)

    def answered(self, charging: Charging, response: Any) -> None:
        """Take note of a response."""

    def _made(self, action: str) -> Any:
        return self._version.request(action, self._payloads[action])

    def _readings(self) -> list[Any]:
        return [self._reading.replace(timestamp=datetime.now(UTC))]

    def _metered(self, charging: Charging) -> Any:
        raise NotImplementedError

    def _begun(self, charging: Charging) -> Any:
        raise NotImplementedError

    def _ended(self, charging: Charging) -> Any:
        raise NotImplementedError


_TIME: Final = "2030-01-01T00:00:00Z"  # replaced in every copy
_TOKEN: Final = "04A1B2C3D4E5F6"
_PHASES: Final = [
    (measurand, unit, phase, value)
    for measurand, unit, value in (("Current.Import", "A", 15.9), ("Voltage", "V", 230.4))
    for phase, value in (("L1", value), ("L2", value + 0.7), ("L3", value - 0.3))
]
_SUMS: Final = [("Energy.Active.Import.Register", "Wh", 1_204_500), ("Power.Active.Import", "W", 11_040)]


_PAYLOADS_16: Final = {
    "BootNotification": {
        "chargePointVendor": "ocpp_fast",
        "chargePointModel": "Load",
        "chargePointSerialNumber": "L-0123456789",
        "firmwareVersion": "1.0",
    },
    "Heartbeat": {},
    "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": _TIME},
    "Authorize": {"idTag": _TOKEN},
    "MeterValues": {
        "connectorId": 1,
        "meterValue": [
            {
                "timestamp": _TIME,
                "sampledValue": [
                    *({"value": str(value), "measurand": what, "unit": unit} for what, unit, value in _SUMS),
                    *(
                        {"value": f"{value:.1f}", "measurand": what, "phase": phase, "unit": unit}
                        for what, unit, phase, value in _PHASES
                    ),
                ],
            }
        ],
    },
    "StartTransaction": {"connectorId": 1, "idTag": _TOKEN, "meterStart": 1_204_500, "timestamp": _TIME},
    "StopTransaction": {"transactionId": 0, "idTag": _TOKEN, "meterStop": 1_214_500, "timestamp": _TIME},
}


class Mix16(Mix):
    """OCPP 1.6."""

    def __init__(self, version: Any, name: str) -> None:
        super().__init__(version, name, _PAYLOADS_16)
        self._start, self._stop = self._made("StartTransaction"), self._made("StopTransaction")

    def answered(self, charging: Charging, response: Any) -> None:
        """Keep the number of a transaction, which the central system chooses."""
        charging.transaction = getattr(response, "transaction_id", None) or charging.transaction

    def _metered(self, charging: Charging) -> Any:
        return self._meter.replace(transaction_id=charging.transaction, meter_value=self._readings())

    def _begun(self, charging: Charging) -> Any:
        return self._start.replace(timestamp=datetime.now(UTC))

    def _ended(self, charging: Charging) -> Any:
        transaction, charging.transaction = charging.transaction, None
        return self._stop.replace(transaction_id=transaction, timestamp=datetime.now(UTC))


_PAYLOADS_2: Final = {
    "BootNotification": {
        "reason": "PowerUp",
        "chargingStation": {"vendorName": "ocpp_fast", "model": "Load", "serialNumber": "L-0123456789"},
    },
    "Heartbeat": {},
    "StatusNotification": {"evseId": 1, "connectorId": 1, "connectorStatus": "Available", "timestamp": _TIME},
    "Authorize": {"idToken": {"idToken": _TOKEN, "type": "ISO14443"}},
    "MeterValues": {
        "evseId": 1,
        "meterValue": [
            {
                "timestamp": _TIME,
                "sampledValue": [
                    *(
                        {"value": value, "measurand": what, "unitOfMeasure": {"unit": unit}}
                        for what, unit, value in _SUMS
                    ),
                    *(
                        {
                            "value": round(value, 1),
                            "measurand": what,
                            "phase": phase,
                            "unitOfMeasure": {"unit": unit},
                        }
                        for what, unit, phase, value in _PHASES
                    ),
                ],
            }
        ],
    },
}


class Mix2(Mix):
    """OCPP 2.0.1 and 2.1: what is metered during a transaction is one of its events."""

    def __init__(self, version: Any, name: str) -> None:
        super().__init__(version, name, _PAYLOADS_2)
        self._began, self._updated, self._over = (
            version.request(
                "TransactionEvent",
                {
                    "eventType": kind,
                    "triggerReason": reason,
                    "seqNo": 0,
                    "timestamp": _TIME,
                    "transactionInfo": {"transactionId": "", **more},
                    "evse": {"id": 1, "connectorId": 1},
                },
            )
            for kind, reason, more in (
                ("Started", "CablePluggedIn", {"chargingState": "EVConnected"}),
                ("Updated", "MeterValuePeriodic", {"chargingState": "Charging"}),
                ("Ended", "EVDeparted", {"stoppedReason": "EVDisconnected"}),
            )
        )

    def _event(self, charging: Charging, template: Any, **more: Any) -> Any:
        info = template.transaction_info.replace(transaction_id=charging.transaction)
        charging.seq_no += 1
        return template.replace(timestamp=datetime.now(UTC), seq_no=charging.seq_no - 1, transaction_info=info, **more)

    def _metered(self, charging: Charging) -> Any:
        if charging.transaction is None:
            return self._meter.replace(meter_value=self._readings())
        return self._event(charging, self._updated, meter_value=self._readings())

    def _begun(self, charging: Charging) -> Any:
        charging.transaction, charging.seq_no = str(uuid4()), 0
        return self._event(charging, self._began)

    def _ended(self, charging: Charging) -> Any:
        event = self._event(charging, self._over)
        charging.transaction = None
        return event


def mix_of(version: Any, name: str) -> Mix:
    """Return the mix of that name for the stations of an OCPP version."""
    return (Mix16 if version.number == "1.6" else Mix2)(version, name)
