"""What an attacker may send in place of a flattened JWS, and what it is refused for."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from .keys import HEADER, PAYLOAD, Jws, b64, by_hand, der_encoded, ec_owner, raw_signature, stranger, with_


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda data: hmac.digest(secret, data, "sha256")


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in HEADER.items() if key != name}


def unencoded() -> Jws:
    """RFC 7797: the payload stands in the open."""
    protected = b64(json.dumps(with_(b64=False, crit=["b64"])).encode())
    signature = raw_signature(f"{protected}.".encode() + PAYLOAD)
    return {"payload": PAYLOAD.decode(), "protected": protected, "signature": b64(signature)}


def self_certified() -> Jws:
    """The attacker's key comes along in the header."""
    return by_hand(with_(jwk=stranger().jwk), signature=partial(raw_signature, owner=stranger()))


def changed(member: str, change: Callable[[str], Any]) -> Jws:
    jws = by_hand()
    jws[member] = change(jws[member])
    return jws


def spelled_otherwise(text: str) -> str:
    """The same bytes by a text whose last bits are not zero."""
    assert len(text) % 4 == 2
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


ATTACKS: Final[dict[str, tuple[Callable[[], Any], str]]] = {
    "alg none, unsigned": (lambda: by_hand(with_(alg="none"), signature=lambda _: b""), "alg to be"),
    "alg none, signed": (lambda: by_hand(with_(alg="none")), "alg to be"),
    "alg None": (lambda: by_hand(with_(alg="None"), signature=lambda _: b""), "alg to be"),
    "alg in small letters": (lambda: by_hand(with_(alg="es256")), "alg to be"),
    "alg HS256 with the public key": (
        lambda: by_hand(with_(alg="HS256"), signature=hs256(ec_owner().public)),
        "alg to be",
    ),
    "alg HS256 with the certificate": (
        lambda: by_hand(with_(alg="HS256"), signature=hs256(ec_owner().certificate)),
        "alg to be",
    ),
    "alg HS256 without a secret": (lambda: by_hand(with_(alg="HS256"), signature=hs256(b"")), "alg to be"),
    "alg ES384": (lambda: by_hand(with_(alg="ES384")), "alg to be"),
    "alg PS256": (lambda: by_hand(with_(alg="PS256")), "alg to be"),
    "alg RS512": (lambda: by_hand(with_(alg="RS512")), "alg to be"),
    "alg EdDSA": (lambda: by_hand(with_(alg="EdDSA")), "alg to be"),
    "no alg": (lambda: by_hand(without("alg")), "parameters of the right types"),
    "alg a list": (lambda: by_hand(with_(alg=["ES256"])), "parameters of the right types"),
    "alg null": (lambda: by_hand(with_(alg=None)), "parameters of the right types"),
    "RS256 by an EC key": (lambda: by_hand(with_(alg="RS256")), "one that verifies"),
    "another hash": (lambda: by_hand(signature=partial(raw_signature, hashing=hashes.SHA384())), "one that verifies"),
    "crit": (lambda: by_hand(with_(crit=["exp"], exp=1)), "without crit"),
    "crit of what is known": (lambda: by_hand(with_(crit=["alg"])), "without crit"),
    "crit of nothing": (lambda: by_hand(with_(crit=[])), "without crit"),
    "crit a number": (lambda: by_hand(with_(crit=1)), "without crit"),
    "crit of lists": (lambda: by_hand(with_(crit=[[]])), "without crit"),
    "payload in the open": (unencoded, "without crit"),
    "b64 without crit": (lambda: by_hand(with_(b64=False)), "without crit"),
    "b64 as ever": (lambda: by_hand(with_(b64=True)), "without crit"),
    "a key of the signer's own": (self_certified, "one that verifies"),
    "kid a list": (lambda: by_hand(with_(kid=["1"])), "parameters of the right types"),
    "x5t#S256 an object": (lambda: by_hand(HEADER | {"x5t#S256": {}}), "parameters of the right types"),
    "another payload": (lambda: changed("payload", lambda _: b64(b"{}")), "one that verifies"),
    "no payload": (lambda: changed("payload", lambda _: ""), "one that verifies"),
    "another header": (
        lambda: changed("protected", lambda _: b64(json.dumps(with_(kid="1")).encode())),
        "one that verifies",
    ),
    "another's signature": (
        lambda: by_hand(signature=partial(raw_signature, owner=stranger())),
        "one that verifies",
    ),
    "no signature": (lambda: by_hand(signature=lambda _: b""), "one that verifies"),
    "half a signature": (lambda: changed("signature", lambda text: text[:44]), "one that verifies"),
    "a signature and more": (lambda: by_hand(signature=lambda data: raw_signature(data) + b"\0"), "one that verifies"),
    "a signature of zeros": (lambda: by_hand(signature=lambda _: bytes(64)), "one that verifies"),
    "a signature in DER": (lambda: by_hand(signature=der_encoded), "one that verifies"),
    "base64 with padding": (lambda: changed("signature", lambda text: text + "=="), "without padding"),
    "base64 with a line break": (lambda: changed("signature", lambda text: text + "\n"), "base64url"),
    "base64 with a stranger": (lambda: changed("payload", lambda text: "*" + text), "base64url"),
    "base64 of another alphabet": (lambda: changed("signature", lambda text: "++//" + text[4:]), "base64url"),
    "base64 of one letter": (lambda: changed("signature", lambda _: "A"), "base64url"),
    "base64 of no ASCII": (lambda: changed("signature", lambda _: "\xe9AAA"), "base64url"),
    "base64 of a surrogate": (lambda: changed("signature", lambda _: "\udc80AAA"), "base64url"),
    "base64 with other last bits": (lambda: changed("signature", spelled_otherwise), "without padding"),
    "a huge signature": (lambda: changed("signature", lambda _: "A" * 4000), "at most 2048 characters"),
    "a huge header": (lambda: by_hand(with_(kid="A" * 20_000)), "at most 16384 characters"),
    "a deep header": (lambda: by_hand(b'{"alg":' + b"[" * 6000 + b"]" * 6000 + b"}"), "a JSON object"),
    "a header of a name twice": (
        lambda: by_hand(json.dumps(HEADER).encode()[:-1] + b',"alg":"ES256"}'),
        "unique names",
    ),
    "a header of a name twice within": (
        lambda: by_hand(json.dumps(HEADER).encode()[:-1] + b',"jwk":{"a":1,"a":2}}'),
        "unique names",
    ),
    "a header that is no JSON": (lambda: by_hand(b'{"alg":"ES256"'), "a JSON object"),
    "a header with NaN": (lambda: by_hand(json.dumps(HEADER).encode()[:-1] + b',"x":NaN}'), "a JSON object"),
    "a header that is no UTF-8": (lambda: by_hand(b'{"alg":"ES256","x":"\xff"}'), "a JSON object"),
    "a header that is no object": (lambda: by_hand(b'["ES256"]'), "a JSON object"),
    "an empty header": (lambda: by_hand(b""), "a JSON object"),
    "another action": (lambda: by_hand(with_(OCPPAction="Reset")), "OCPPAction to be"),
    "the action as in the frame": (lambda: by_hand(with_(OCPPAction="Heartbeat-Signed")), "OCPPAction to be"),
    "an action that is no string": (lambda: by_hand(with_(OCPPAction=["Heartbeat"])), "OCPPAction to be"),
    "no action": (lambda: by_hand(without("OCPPAction")), "OCPPAction to be"),
    "another message type": (lambda: by_hand(with_(OCPPMessageTypedId=3)), "OCPPMessageTypedId to be"),
    "no message type": (lambda: by_hand(without("OCPPMessageTypedId")), "OCPPMessageTypedId to be"),
    "a message type that is none": (lambda: by_hand(with_(OCPPMessageTypedId=2.0)), "OCPPMessageTypedId to be"),
    "two message types": (lambda: by_hand(with_(OCPPMessageTypeId=3)), "OCPPMessageTypedId to be"),
    "an unprotected header": (lambda: {**by_hand(), "header": {"kid": "1"}}, "a flattened JWS"),
    "alg in an unprotected header": (
        lambda: {**by_hand(without("alg")), "header": {"alg": "ES256"}},
        "a flattened JWS",
    ),
    "the general serialization": (
        lambda: {"payload": by_hand()["payload"], "signatures": [by_hand()]},
        "a flattened JWS",
    ),
    "both serializations": (lambda: {**by_hand(), "signatures": [by_hand()]}, "a flattened JWS"),
    "the compact serialization": (
        lambda: ".".join(by_hand()[each] for each in ("protected", "payload", "signature")),
        "a flattened JWS",
    ),
    "null": (lambda: None, "a flattened JWS"),
    "a list": (lambda: [by_hand()], "a flattened JWS"),
    "an empty object": (dict, "of payload, protected, signature"),
    "no member signature": (lambda: changed("signature", lambda _: None), "of payload, protected, signature"),
    "no member protected": (lambda: changed("protected", lambda _: None), "of payload, protected, signature"),
    "a payload that is JSON": (lambda: changed("payload", lambda _: {}), "of payload, protected, signature"),
}
