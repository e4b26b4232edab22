"""The configuration keys of a simulated station of 1.6: all that can be set act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ..local_list import MAX_LIST
from ..outlet import FACTS, MEASURANDS, Outlet
from ..settings import Settings
from ..variables import Variable

__all__ = ["SETTINGS", "configuration"]

SETTINGS: Final[Mapping[str, Sequence[str]]] = {
    "aligned": ["ClockAlignedDataInterval"],
    "aligned_data": ["MeterValuesAlignedData"],
    "aligned_ended": ["ClockAlignedDataInterval"],
    "attempts": ["TransactionMessageAttempts"],
    "authorize_offline": ["LocalAuthorizeOffline"],
    "authorize_remote": ["AuthorizeRemoteTxRequests"],
    "ended_aligned_data": ["StopTxnAlignedData"],
    "ended_sampled_data": ["StopTxnSampledData"],
    "heartbeat": ["HeartbeatInterval"],
    "list": ["LocalAuthListEnabled"],
    "minimum_status": ["MinimumStatusDuration"],
    "offline_unknown": ["AllowOfflineTxForUnknownId"],
    "organization": ["CpoName"],
    "ping": ["WebSocketPingInterval"],
    "plug_timeout": ["ConnectionTimeOut"],
    "pre_authorize": ["LocalPreAuthorize"],
    "retry_interval": ["TransactionMessageRetryInterval"],
    "sample": ["MeterValueSampleInterval"],
    "sample_ended": ["MeterValueSampleInterval"],
    "sampled_data": ["MeterValuesSampledData"],
    "stop_on_invalid": ["StopTransactionOnInvalidId"],
    "stop_on_unplug": ["StopTransactionOnEVSideDisconnect"],
}
"""The keys of the settings that every station follows."""

_MEASURANDS: Final = ",".join(MEASURANDS)
_NUMBERS: Final = {
    "ClockAlignedDataInterval": "0",
    "ConnectionTimeOut": "60",
    "HeartbeatInterval": "300",
    "MinimumStatusDuration": "0",
    "TransactionMessageAttempts": "3",
    "TransactionMessageRetryInterval": "10",
    "WebSocketPingInterval": "60",
}
_FLAGS: Final = {
    "AllowOfflineTxForUnknownId": "false",
    "AuthorizeRemoteTxRequests": "false",
    "LocalAuthListEnabled": "true",
    "LocalAuthorizeOffline": "true",
    "LocalPreAuthorize": "false",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
}
_LISTS: Final = {
    "MeterValuesAlignedData": _MEASURANDS,
    "MeterValuesSampledData": _MEASURANDS,
    "StopTxnAlignedData": "",
    "StopTxnSampledData": "",
}
_FACTS: Final = {
    "AdditionalRootCertificateCheck": "false",
    "AuthorizationCacheEnabled": "false",
    "CertificateStoreMaxLength": "10",
    "ChargeProfileMaxStackLevel": str(FACTS.max_stack_level),
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": str(FACTS.max_periods),
    "ConnectorPhaseRotation": "0.RST",
    "ConnectorSwitch3to1PhaseSupported": "false",
    "GetConfigurationMaxKeys": "100",
    "LocalAuthListMaxLength": str(MAX_LIST),
    "MaxChargingProfilesInstalled": str(FACTS.max_profiles),
    "ReserveConnectorZeroSupported": "false",
    "ResetRetries": "0",
    "SendLocalListMaxLength": str(MAX_LIST),
    "SupportedFeatureProfiles": (
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
    ),
    "UnlockConnectorOnEVSideDisconnect": "true",
}


def configuration(settings: Settings, connectors: Iterable[Outlet]) -> Iterator[Variable]:
    """Yield the keys of a new station; those of a password are write-only."""
    sampling = {"MeterValueSampleInterval": f"{settings.interval:g}"}
    for kind, keys, minimum, options in (
        ("integer", _NUMBERS | sampling, 0, ()),
        ("boolean", _FLAGS, None, ()),
        ("MemberList", _LISTS, None, tuple(MEASURANDS)),
    ):
        for name, value in keys.items():
            yield Variable(name=name, value=value, kind=kind, mutability="ReadWrite", options=options, minimum=minimum)
    facts = {"NumberOfConnectors": str(len(list(connectors))), "SecurityProfile": settings.security_profile}
    for name, value in (_FACTS | facts).items():
        yield Variable(name=name, value=value)
    yield Variable(name="CpoName", value="", mutability="ReadWrite", maximum=64)  # in certificates (RFC 5280)
    yield Variable(name="AuthorizationKey", value="", mutability="WriteOnly", minimum=16, maximum=40)
