"""Secrets in payloads: which fields hold them, in all versions, and that nothing made for people tells them."""

from __future__ import annotations

import json
from typing import Any, Final, cast

import pytest

from ocpp_fast import FrameFault, ValidationError, masked, v16, v21, v201
from ocpp_fast.frames import Decoder, Encoder
from ocpp_fast.masking import MASK, SECRETS, is_secret
from ocpp_fast.schema import Sender, Struct, Version, plan_of

CANARY: Final = "c4n4ry"
KEY: Final = {"key": "AuthorizationKey", "value": CANARY}
PASSWORD: Final = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
NOW: Final = "2030-01-01T00:00:00Z"
URL: Final = f"ftp://user:{CANARY}@host/file"
PROFILE: Final = {
    "ocppVersion": "OCPP20",
    "ocppTransport": "JSON",
    "messageTimeout": 30,
    "securityProfile": 1,
    "ocppCsmsUrl": f"wss://CP1:{CANARY}@host/",
    "ocppInterface": "Wired0",
    "apn": {"apn": "a", "apnPassword": CANARY, "simPin": 91827364, "apnAuthentication": "PAP"},
    "vpn": {"server": "s", "user": "u", "password": CANARY, "key": CANARY, "type": "IKEv2"},
}
EVENT: Final = {"eventId": 1, "timestamp": NOW, "trigger": "Delta", "eventNotificationType": "CustomMonitor"}
REPORT: Final = {"requestId": 1, "generatedAt": NOW, "seqNo": 0}
LOG: Final = {"logType": "SecurityLog", "requestId": 1, "log": {"remoteLocation": URL}}
TOKEN: Final = {"idToken": CANARY, "type": "KeyCode"}

V16: Final[dict[str, Any]] = {
    "ChangeConfiguration": KEY,
    "GetConfigurationResponse": {"configurationKey": [{**KEY, "readonly": False}]},
    "GetDiagnostics": {"location": URL},
    "UpdateFirmware": {"location": URL, "retrieveDate": NOW},
    "GetLog": LOG,
}
V2: Final[dict[str, Any]] = {
    "SetVariables": {"setVariableData": [{**PASSWORD, "attributeValue": CANARY}]},
    "GetVariablesResponse": {
        "getVariableResult": [{**PASSWORD, "attributeStatus": "Accepted", "attributeValue": CANARY}]
    },
    "NotifyReport": {**REPORT, "reportData": [{**PASSWORD, "variableAttribute": [{"value": CANARY}]}]},
    "NotifyEvent": {"generatedAt": NOW, "seqNo": 0, "eventData": [{**EVENT, **PASSWORD, "actualValue": CANARY}]},
    "SetNetworkProfile": {"configurationSlot": 1, "connectionData": PROFILE},
    "Get15118EVCertificateResponse": {"status": "Accepted", "exiResponse": CANARY},
    "Authorize": {"idToken": TOKEN},
    "RequestStartTransaction": {"remoteStartId": 1, "idToken": TOKEN},
    "GetLog": LOG,
    "UpdateFirmware": {"requestId": 1, "firmware": {"location": URL, "retrieveDateTime": NOW}},
    "DataTransfer": {"vendorId": "V", "data": {"wifi": {"Passphrase": CANARY}}},
}
V21: Final[dict[str, Any]] = V2 | {
    "SetNetworkProfile": {"configurationSlot": 1, "connectionData": PROFILE | {"basicAuthPassword": CANARY}},
    "SetVariables": {
        "setVariableData": [
            {"component": {"name": "C"}, "variable": {"name": name}, "attributeValue": CANARY}
            for name in ("BasicAuthPassword", "SharedSecret", "VpnKey", "SimPin", "ApnPassword")
        ]
    },
}
CASES: Final = [
    pytest.param(version, name, payload, id=f"{version.number}-{name}")
    for version, payloads in ((v16.VERSION, V16), (v201.VERSION, V2), (v21.VERSION, V21))
    for name, payload in payloads.items()
]


def class_of(version: Version, name: str) -> type[Struct]:
    action = version.actions[name.removesuffix("Response")]
    return cast("type[Struct]", action.response if name.endswith("Response") else action.request)


def structs(version: Version) -> set[type[Struct]]:
    """All classes of a version's payloads, and those in them."""
    found: set[type[Struct]] = set()

    def add(plan: Any) -> None:
        if plan.struct in found:
            return
        found.add(plan.struct)
        for member in plan.members:
            node = member.node
            while node.item is not None:
                node = node.item
            if node.plan is not None:
                add(node.plan)

    for action in version.actions.values():
        for each in (action.request, action.response):
            if each is not None:
                add(plan_of(each, action.draft))
    return found


def test_the_table_has_every_field_of_a_version_whose_name_tells_of_a_secret() -> None:
    names = {
        member.json
        for version in (v16.VERSION, v201.VERSION, v21.VERSION)
        for struct in structs(version)
        for member in struct.__struct_fields__.values()
    }
    table = {each.field for each in SECRETS}
    assert table <= names
    assert {each for each in names if is_secret(each, {})} <= table


@pytest.mark.parametrize(("version", "name", "payload"), CASES)
def test_what_shows_a_payload_masks_its_secrets(version: Version, name: str, payload: dict[str, Any]) -> None:
    struct = class_of(version, name).from_dict(payload)
    for text in (repr(struct), json.dumps(masked(payload))):
        assert MASK in text
        assert CANARY not in text
        assert "91827364" not in text
    assert struct.to_dict() == class_of(version, name).from_dict(struct.to_dict()).to_dict()
    assert CANARY in json.dumps(struct.to_dict())


def broken(value: Any) -> list[Any]:
    """Return a payload with each of its secrets in turn of a wrong type, too long, and beside what must not be."""
    text = json.dumps(value)
    spellings = ([CANARY], {"x": CANARY}, CANARY * 9000, 1.5, None)
    kinds = [text.replace(f'"{CANARY}"', json.dumps(each)) for each in spellings]
    return [json.loads(each) for each in kinds if each != text] + [value | {"odd": CANARY}]


@pytest.mark.parametrize(("version", "name", "payload"), CASES)
def test_no_error_and_no_frame_tells_a_secret(version: Version, name: str, payload: dict[str, Any]) -> None:
    action = version.actions[name.removesuffix("Response")]
    is_result = name.endswith("Response")
    receiver = action.sender if is_result else ~action.sender & Sender.BOTH or Sender.CENTRAL
    decoder, encoder = Decoder(version, receiver, lambda _: True), Encoder(version)
    told = []
    for each in (payload, *broken(payload)):
        try:
            class_of(version, name).from_dict(each)
        except ValidationError as error:
            told += [str(error), repr(error)]
        frame = [3, "1", each] if is_result else [2, "1", action.name, each]
        try:
            told.append(repr(decoder.decode(json.dumps(frame).encode(), lambda _: action)))
        except FrameFault as fault:
            told += [str(fault), repr(fault), fault.description, encoder.error("1", fault).decode()]
    assert len(told) > 4
    assert [each for each in told if CANARY in each] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("wss://CP1:secret@host/x", "wss://***@host/x"),
        ("see ftp://u:p@h and http://h/@x", "see ftp://***@h and http://h/@x"),
        ({"WIFI_Password": "x", "key": "HeartbeatInterval", "value": "5"}, None),
        ({"key": "authorizationkey", "value": "x"}, {"key": "authorizationkey", "value": MASK}),
        ({"idToken": "04AB", "type": "ISO14443"}, {"idToken": "04AB", "type": "ISO14443"}),
        ([{"privateKey": "x"}, 1, None, True], [{"privateKey": MASK}, 1, None, True]),
    ],
)
def test_what_is_masked(value: Any, expected: Any) -> None:
    if expected is None:
        expected = value | {"WIFI_Password": MASK}
    assert masked(value) == expected
