"""The configuration keys of a simulated station of 1.6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ..local_list import MAX_LIST
from ..outlet import FACTS, MEASURANDS, Outlet
from ..settings import Settings
from ..variables import Variable

__all__ = ["configuration"]

_MEASURANDS: Final = ",".join(MEASURANDS)
_NUMBERS: Final = {
    "BlinkRepeat": "3",
    "ClockAlignedDataInterval": "0",
    "ConnectionTimeOut": "60",
    "HeartbeatInterval": "300",
    "LightIntensity": "100",
    "MinimumStatusDuration": "0",
    "ResetRetries": "1",
    "TransactionMessageAttempts": "3",
    "TransactionMessageRetryInterval": "10",
    "WebSocketPingInterval": "0",
}
_FLAGS: Final = {
    "AllowOfflineTxForUnknownId": "false",
    "AuthorizationCacheEnabled": "true",
    "AuthorizeRemoteTxRequests": "false",
    "LocalAuthListEnabled": "true",
    "LocalAuthorizeOffline": "true",
    "LocalPreAuthorize": "false",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
    "UnlockConnectorOnEVSideDisconnect": "true",
}
_LISTS: Final = {
    "MeterValuesAlignedData": _MEASURANDS,
    "MeterValuesSampledData": _MEASURANDS,
    "StopTxnAlignedData": "",
    "StopTxnSampledData": "",
}
_TEXTS: Final = {"ConnectorPhaseRotation": "0.RST", "CpoName": ""}
_FACTS: Final = {
    "AdditionalRootCertificateCheck": "false",
    "CertificateStoreMaxLength": "10",
    "ChargeProfileMaxStackLevel": str(FACTS.max_stack_level),
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": str(FACTS.max_periods),
    "ConnectorSwitch3to1PhaseSupported": "false",
    "GetConfigurationMaxKeys": "100",
    "LocalAuthListMaxLength": str(MAX_LIST),
    "MaxChargingProfilesInstalled": str(FACTS.max_profiles),
    "ReserveConnectorZeroSupported": "false",
    "SecurityProfile": "1",
    "SendLocalListMaxLength": str(MAX_LIST),
    "SupportedFeatureProfiles": (
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
    ),
}


def configuration(settings: Settings, connectors: Iterable[Outlet]) -> Iterator[Variable]:
    """Yield the keys of a new station; those of a password are write-only."""
    sampling = {"MeterValueSampleInterval": f"{settings.interval:g}"}
    for kind, keys, minimum, options in (
        ("integer", _NUMBERS | sampling, 0, ()),
        ("boolean", _FLAGS, None, ()),
        ("MemberList", _LISTS, None, tuple(MEASURANDS)),
        ("string", _TEXTS, None, ()),
    ):
        for name, value in keys.items():
            yield Variable(name=name, value=value, kind=kind, mutability="ReadWrite", options=options, minimum=minimum)
    for name, value in (_FACTS | {"NumberOfConnectors": str(len(list(connectors)))}).items():
        yield Variable(name=name, value=value)
    yield Variable(name="AuthorizationKey", value="", mutability="WriteOnly", minimum=16, maximum=40)
