"""What an attacker may send in place of a flattened JWS, and what it is refused for."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from .keys import EC_OWNER, HEADER, PAYLOAD, STRANGER, Jws, b64, by_hand, der_encoded, raw_signature, with_


def hs256(secret: bytes) -> Jws:
    return by_hand(with_(alg="HS256"), signature=lambda data: hmac.digest(secret, data, "sha256"))


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in HEADER.items() if key != name}


def unencoded() -> Jws:
    """RFC 7797: the payload stands in the open."""
    protected = b64(json.dumps(with_(b64=False, crit=["b64"])).encode())
    signature = raw_signature(f"{protected}.".encode() + PAYLOAD)
    return {"payload": PAYLOAD.decode(), "protected": protected, "signature": b64(signature)}


def self_certified() -> Jws:
    """The attacker's key comes along in the header."""
    return by_hand(with_(jwk=STRANGER.jwk), signature=partial(raw_signature, owner=STRANGER))


def compact() -> str:
    return ".".join(by_hand()[each] for each in ("protected", "payload", "signature"))


def changed(member: str, change: Callable[[str], Any]) -> Jws:
    jws = by_hand()
    jws[member] = change(jws[member])
    return jws


def spelled_otherwise(text: str) -> str:
    """The same bytes by a text whose last bits are not zero."""
    assert len(text) % 4 == 2
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


OTHER_ACTION: Final = "OCPPAction to be the action of the frame"
OTHER_TYPE: Final = "OCPPMessageTypedId to be the message type of the frame"
START: Final = json.dumps(HEADER).encode()[:-1]
HEADERS: Final[dict[str, list[dict[str, Any] | bytes]]] = {
    "alg to be": [{"alg": each} for each in ("none", "es256", "ES384", "PS256", "RS512", "EdDSA")],
    "parameters of the right types": [{"alg": ["ES256"]}, {"alg": None}, {"kid": ["1"]}, {"x5t#S256": {}}],
    "without crit": [{"crit": ["exp"], "exp": 1}, {"crit": ["alg"]}, {"crit": []}, {"crit": 1}, {"crit": [[]]}],
    "without crit and b64": [{"b64": False}, {"b64": True}],
    "one that verifies": [{"alg": "RS256"}],
    "at most 16384 characters": [{"kid": "A" * 20_000}],
    "a JSON object": [
        *(b"", b'["ES256"]', b'{"alg":"ES256"', b'{"alg":"ES256","x":"\xff"}', START + b',"x":NaN}'),
        b'{"alg":' + b"[" * 6000 + b"]" * 6000 + b"}",
    ],
    "unique names": [START + b',"alg":"ES256"}', START + b',"jwk":{"a":1,"a":2}}'],
    OTHER_ACTION: [{"OCPPAction": "Reset"}, {"OCPPAction": "Heartbeat-Signed"}, {"OCPPAction": ["Heartbeat"]}],
    OTHER_TYPE: [{"OCPPMessageTypedId": 3}, {"OCPPMessageTypedId": 2.0}, {"OCPPMessageTypeId": 3}],
}
"""Headers that are refused though they are signed: changes, or all of it; by what would have been right."""

ATTACKS: Final[dict[str, tuple[Callable[[], Any], str]]] = {
    f"header {header!r:.60}": (partial(by_hand, header if isinstance(header, bytes) else HEADER | header), expected)
    for expected, headers in HEADERS.items()
    for header in headers
} | {
    "alg none, unsigned": (lambda: by_hand(with_(alg="none"), signature=lambda _: b""), "alg to be"),
    "alg None, unsigned": (lambda: by_hand(with_(alg="None"), signature=lambda _: b""), "alg to be"),
    "HS256 by the public key": (lambda: hs256(EC_OWNER.public), "alg to be"),
    "HS256 by the certificate": (lambda: hs256(EC_OWNER.certificate), "alg to be"),
    "HS256 without a secret": (lambda: hs256(b""), "alg to be"),
    "no alg": (lambda: by_hand(without("alg")), "parameters of the right types"),
    "no action": (lambda: by_hand(without("OCPPAction")), OTHER_ACTION),
    "no message type": (lambda: by_hand(without("OCPPMessageTypedId")), OTHER_TYPE),
    "payload in the open": (unencoded, "without crit"),
    "a key of the signer's own": (self_certified, "one that verifies"),
    "another hash": (lambda: by_hand(signature=partial(raw_signature, hashing=hashes.SHA384())), "one that verifies"),
    "another payload": (lambda: changed("payload", lambda _: b64(b"{}")), "one that verifies"),
    "no payload": (lambda: changed("payload", lambda _: ""), "one that verifies"),
    "another header": (lambda: by_hand() | {"protected": by_hand(with_(kid="1"))["protected"]}, "one that verifies"),
    "another's signature": (lambda: by_hand(signature=partial(raw_signature, owner=STRANGER)), "one that verifies"),
    "no signature": (lambda: by_hand(signature=lambda _: b""), "one that verifies"),
    "half a signature": (lambda: changed("signature", lambda text: text[:44]), "one that verifies"),
    "a signature and more": (lambda: by_hand(signature=lambda data: raw_signature(data) + b"\0"), "one that verifies"),
    "a signature of zeros": (lambda: by_hand(signature=lambda _: bytes(64)), "one that verifies"),
    "a signature in DER": (lambda: by_hand(signature=der_encoded), "one that verifies"),
    "base64 with padding": (lambda: changed("signature", lambda text: text + "=="), "without padding"),
    "base64 with other last bits": (lambda: changed("signature", spelled_otherwise), "without padding"),
    "base64 with a line break": (lambda: changed("signature", lambda text: text + "\n"), "base64url"),
    "base64 with a stranger": (lambda: changed("payload", lambda text: "*" + text), "base64url"),
    "base64 of another alphabet": (lambda: changed("signature", lambda text: "++//" + text[4:]), "base64url"),
    "base64 of one letter": (lambda: changed("signature", lambda _: "A"), "base64url"),
    "base64 of no ASCII": (lambda: changed("signature", lambda _: "\xe9AAA"), "base64url"),
    "base64 of a surrogate": (lambda: changed("signature", lambda _: "\udc80AAA"), "base64url"),
    "a huge signature": (lambda: changed("signature", lambda _: "A" * 4000), "at most 2048 characters"),
    "an unprotected header": (lambda: {**by_hand(), "header": {"kid": "1"}}, "a flattened JWS"),
    "alg unprotected": (lambda: {**by_hand(without("alg")), "header": {"alg": "ES256"}}, "a flattened JWS"),
    "the general serialization": (lambda: {"payload": b64(PAYLOAD), "signatures": [by_hand()]}, "a flattened JWS"),
    "both serializations": (lambda: {**by_hand(), "signatures": [by_hand()]}, "a flattened JWS"),
    "the compact serialization": (compact, "a flattened JWS"),
    "null": (lambda: None, "a flattened JWS"),
    "a list": (lambda: [by_hand()], "a flattened JWS"),
    "an empty object": (dict, "of payload, protected, signature"),
    "no member signature": (lambda: changed("signature", lambda _: None), "of payload, protected, signature"),
    "no member protected": (lambda: changed("protected", lambda _: None), "of payload, protected, signature"),
    "a payload that is JSON": (lambda: changed("payload", lambda _: {}), "of payload, protected, signature"),
}
