"""Keys, certificates and signatures made without any JOSE library, and the frames of a station that signs."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, TypeAlias

import jwcrypto.jwk
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ocpp_fast.signing import KeySigner, verify

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Jws: TypeAlias = dict[str, Any]

SHA256: Final = hashes.SHA256()
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
PAYLOAD: Final = b'{"reason":"PowerUp"}'
HEADER: Final = {"alg": "ES256", "OCPPAction": "Heartbeat", "OCPPMessageTypedId": 2}


class Owner:
    """Somebody with a key and its certificate; all of it in PEM."""

    def __init__(self, key: PrivateKey) -> None:
        self.key = key
        self.private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CP1")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
        signed = builder.sign(key, SHA256)
        self.der = signed.public_bytes(Encoding.DER)
        self.certificate = signed.public_bytes(Encoding.PEM)
        self.jwk: dict[str, Any] = json.loads(jwcrypto.jwk.JWK.from_pem(self.public).export_public())


EC_OWNER: Final = Owner(ec.generate_private_key(ec.SECP256R1()))
STRANGER: Final = Owner(ec.generate_private_key(ec.SECP256R1()))
RSA_OWNER: Final = Owner(rsa.generate_private_key(65537, 2048))
OWNERS: Final = {"ES256": EC_OWNER, "RS256": RSA_OWNER, "RS384": RSA_OWNER}


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def raw_signature(data: bytes, owner: Owner = EC_OWNER, hashing: hashes.HashAlgorithm = SHA256) -> bytes:
    """R and S of ECDSA over P-256, or PKCS #1 v1.5, made without any JOSE library."""
    key = owner.key
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashing)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashing)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def by_hand(
    header: Mapping[str, Any] | bytes = HEADER,
    payload: bytes = PAYLOAD,
    signature: Callable[[bytes], bytes] = raw_signature,
) -> Jws:
    """A flattened JWS of whatever header and signature."""
    protected = b64(header if isinstance(header, bytes) else json.dumps(header).encode())
    signed = signature(f"{protected}.{b64(payload)}".encode())
    return {"payload": b64(payload), "protected": protected, "signature": b64(signed)}


def checked(jws: Any, *, key: Any = None, action: str = "Heartbeat", message_type: int = 2) -> bytes:
    """Return the payload of a JWS, by the key of `EC_OWNER` unless another is given."""
    payload, signature = verify(jws, lambda _: key or EC_OWNER.public, action=action, message_type=message_type)
    assert signature.checked
    return payload


@cache
def signer_of(owner: Owner, algorithm: str | None = None) -> KeySigner:
    return KeySigner(owner.private, certificate=owner.certificate, algorithm=algorithm)


class Chip:
    """A signer whose key is nowhere to be seen."""

    def __init__(self, signature: Callable[[bytes], bytes], **header: str) -> None:
        self.header: Mapping[str, Any] = {"alg": "ES256"} | header
        self.sign = signature


def der_encoded(data: bytes) -> bytes:
    """A signature as chips give it, which is none of JWS."""
    key = EC_OWNER.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.sign(data, ec.ECDSA(SHA256))


def with_(**changes: Any) -> dict[str, Any]:
    """The header of `by_hand` with changes."""
    return {**HEADER, **changes}
