"""The configuration keys of the simulated charge point, and what values they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ocpp_fast import v16

from ..charging_profiles import MAX_PERIODS, MAX_PROFILES, MAX_STACK_LEVEL
from .connector import MEASURANDS

__all__ = ["MAX_LIST", "Configuration"]

Check: TypeAlias = Callable[[str], bool]
MAX_LIST: Final = 1000
"""How many entries the local authorization list may have."""


def _is_flag(value: str) -> bool:
    return value.lower() in ("true", "false")


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _is_text(value: str) -> bool:
    return True


def _is_measurands(value: str) -> bool:
    return all(each in list(MEASURANDS) for each in _listed(value))


def _is_password(value: str) -> bool:
    return 16 <= len(value) <= 40


def _listed(value: str) -> list[str]:
    return [each.strip() for each in value.split(",") if each.strip()]


@dataclass(slots=True)
class _Key:
    value: str
    check: Check | None
    """None: the key is read-only."""
    secret: bool = False


class Configuration:
    """Keys and their values; keys are compared without case (1.6, 9.1)."""

    def __init__(self, *, connectors: int, interval: float) -> None:
        keys = _operation(interval) | _authorization() | _facts(connectors)
        self._keys: dict[str, tuple[str, _Key]] = {name.lower(): (name, key) for name, key in keys.items()}

    def change(self, name: str, value: str) -> v16.ConfigurationStatus:
        """Give a key a value, if there is such a key and it takes the value."""
        if name.lower() not in self._keys:
            return v16.ConfigurationStatus.NOT_SUPPORTED
        _, key = self._keys[name.lower()]
        if key.check is None or not key.check(value):
            return v16.ConfigurationStatus.REJECTED
        key.value = value
        return v16.ConfigurationStatus.ACCEPTED

    def listed(self, names: Sequence[str]) -> tuple[list[v16.KeyValue], list[str]]:
        """Return the keys of these names, all if there are none, and the names that are no keys."""
        known = [name for name in names if name.lower() in self._keys] if names else list(self._keys)
        unknown = [name for name in names if name.lower() not in self._keys]
        return [self._shown(*self._keys[name.lower()]) for name in known], unknown

    def _shown(self, name: str, key: _Key) -> v16.KeyValue:
        return v16.KeyValue(key=name, readonly=key.check is None, value=None if key.secret else key.value)

    def set(self, name: str, value: str) -> None:
        """Give a key a value that the station chose itself."""
        self._keys[name.lower()][1].value = value

    def number(self, name: str) -> float:
        """Return the value of a key that holds a number."""
        return float(self._keys[name.lower()][1].value)

    def flag(self, name: str) -> bool:
        """Return the value of a key that holds true or false."""
        return self._keys[name.lower()][1].value.lower() == "true"

    def text(self, name: str) -> str:
        """Return the value of a key."""
        return self._keys[name.lower()][1].value

    def measurands(self) -> list[v16.Measurand]:
        """Return what a periodic meter value tells."""
        return [v16.Measurand(each) for each in _listed(self.text("MeterValuesSampledData"))]


def _operation(interval: float) -> dict[str, _Key]:
    measurands = ",".join(MEASURANDS)
    return {
        "BlinkRepeat": _Key("3", _is_number),
        "ClockAlignedDataInterval": _Key("0", _is_number),
        "ConnectionTimeOut": _Key("60", _is_number),
        "ConnectorPhaseRotation": _Key("0.RST", _is_text),
        "CpoName": _Key("", _is_text),
        "HeartbeatInterval": _Key("300", _is_number),
        "LightIntensity": _Key("100", _is_number),
        "MeterValueSampleInterval": _Key(f"{interval:g}", _is_number),
        "MeterValuesAlignedData": _Key(measurands, _is_measurands),
        "MeterValuesSampledData": _Key(measurands, _is_measurands),
        "MinimumStatusDuration": _Key("0", _is_number),
        "ResetRetries": _Key("1", _is_number),
        "StopTransactionOnEVSideDisconnect": _Key("true", _is_flag),
        "StopTransactionOnInvalidId": _Key("true", _is_flag),
        "StopTxnAlignedData": _Key("", _is_measurands),
        "StopTxnSampledData": _Key("", _is_measurands),
        "TransactionMessageAttempts": _Key("3", _is_number),
        "TransactionMessageRetryInterval": _Key("10", _is_number),
        "UnlockConnectorOnEVSideDisconnect": _Key("true", _is_flag),
        "WebSocketPingInterval": _Key("0", _is_number),
    }


def _authorization() -> dict[str, _Key]:
    return {
        "AllowOfflineTxForUnknownId": _Key("false", _is_flag),
        "AuthorizationCacheEnabled": _Key("true", _is_flag),
        "AuthorizationKey": _Key("", _is_password, secret=True),
        "AuthorizeRemoteTxRequests": _Key("false", _is_flag),
        "LocalAuthListEnabled": _Key("true", _is_flag),
        "LocalAuthorizeOffline": _Key("true", _is_flag),
        "LocalPreAuthorize": _Key("false", _is_flag),
    }


def _facts(connectors: int) -> dict[str, _Key]:
    facts = {
        "AdditionalRootCertificateCheck": "false",
        "CertificateStoreMaxLength": "10",
        "ChargeProfileMaxStackLevel": str(MAX_STACK_LEVEL),
        "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
        "ChargingScheduleMaxPeriods": str(MAX_PERIODS),
        "ConnectorSwitch3to1PhaseSupported": "false",
        "GetConfigurationMaxKeys": "100",
        "LocalAuthListMaxLength": str(MAX_LIST),
        "MaxChargingProfilesInstalled": str(MAX_PROFILES),
        "NumberOfConnectors": str(connectors),
        "ReserveConnectorZeroSupported": "false",
        "SecurityProfile": "1",
        "SendLocalListMaxLength": str(MAX_LIST),
        "SupportedFeatureProfiles": (
            "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
        ),
    }
    return {name: _Key(value, None) for name, value in facts.items()}
