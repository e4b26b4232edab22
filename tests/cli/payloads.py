"""A payload for every action of OCPP 1.6, as JSON."""

from __future__ import annotations

from typing import Any, Final

from ocpp_fast import v16

__all__ = ["CERTIFICATE", "COMMANDS", "LOCATION", "NOTIFICATIONS", "actions_of"]

NOW: Final = "2030-01-01T00:00:00Z"
LOCATION: Final = "ftp://example.com/files"
CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----\nTm8gcmVhbCBvbmU=\n-----END CERTIFICATE-----\n"
HASHES: Final = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "00",
    "issuerKeyHash": "11",
    "serialNumber": "22",
}
PROFILE: Final = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.5}],
    },
}

NOTIFICATIONS: Final[dict[str, dict[str, Any]]] = {
    "BootNotification": {"chargePointVendor": "Vendor", "chargePointModel": "Model"},
    "Heartbeat": {},
    "Authorize": {"idTag": "TAG"},
    "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
    "StartTransaction": {"connectorId": 1, "idTag": "TAG", "meterStart": 5, "timestamp": NOW},
    "MeterValues": {
        "connectorId": 1,
        "transactionId": 1,
        "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "5"}]}],
    },
    "StopTransaction": {"transactionId": 1, "idTag": "TAG", "meterStop": 9, "timestamp": NOW},
    "DataTransfer": {"vendorId": "com.example", "data": "{}"},
    "DiagnosticsStatusNotification": {"status": "Uploading"},
    "FirmwareStatusNotification": {"status": "Downloading"},
    "LogStatusNotification": {"status": "Uploading", "requestId": 1},
    "SecurityEventNotification": {"type": "StartupOfTheDevice", "timestamp": NOW},
    "SignCertificate": {"csr": "-----BEGIN CERTIFICATE REQUEST-----"},
    "SignedFirmwareStatusNotification": {"status": "Downloading", "requestId": 1},
}
"""What a station sends."""

COMMANDS: Final[dict[str, dict[str, Any]]] = {
    "GetConfiguration": {},
    "ChangeConfiguration": {"key": "HeartbeatInterval", "value": "600"},
    "ClearCache": {},
    "DataTransfer": {"vendorId": "com.example"},
    "ReserveNow": {"connectorId": 2, "expiryDate": NOW, "idTag": "TAG", "reservationId": 7},
    "CancelReservation": {"reservationId": 7},
    "RemoteStartTransaction": {"connectorId": 1, "idTag": "TAG", "chargingProfile": PROFILE},
    "RemoteStopTransaction": {"transactionId": 99},
    "SetChargingProfile": {"connectorId": 0, "csChargingProfiles": PROFILE},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 3600},
    "ClearChargingProfile": {},
    "SendLocalList": {
        "listVersion": 1,
        "updateType": "Full",
        "localAuthorizationList": [{"idTag": "TAG", "idTagInfo": {"status": "Accepted"}}],
    },
    "GetLocalListVersion": {},
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "UnlockConnector": {"connectorId": 1},
    "GetDiagnostics": {"location": LOCATION},
    "UpdateFirmware": {"location": LOCATION, "retrieveDate": "2020-01-01T00:00:00Z"},
    "InstallCertificate": {"certificateType": "CentralSystemRootCertificate", "certificate": CERTIFICATE},
    "GetInstalledCertificateIds": {"certificateType": "CentralSystemRootCertificate"},
    "DeleteCertificate": {"certificateHashData": HASHES},
    "CertificateSigned": {"certificateChain": CERTIFICATE},
    "ExtendedTriggerMessage": {"requestedMessage": "StatusNotification"},
    "GetLog": {"log": {"remoteLocation": LOCATION}, "logType": "SecurityLog", "requestId": 1},
    "SignedUpdateFirmware": {
        "requestId": 1,
        "firmware": {
            "location": LOCATION,
            "retrieveDateTime": NOW,
            "signingCertificate": CERTIFICATE,
            "signature": "c2lnbmF0dXJl",
        },
    },
    "ChangeAvailability": {"connectorId": 0, "type": "Operative"},
    "Reset": {"type": "Hard"},
}
"""What a central system sends; Reset is the last."""


def actions_of(side: str) -> set[str]:
    """The actions that a side ("STATION", "CENTRAL") may send."""
    messages = v16.VERSION.actions.values()
    return {each.name for each in messages if each.sender.name in (side, "BOTH")}
