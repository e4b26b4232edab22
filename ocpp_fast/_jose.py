"""Keys and signatures, by joserfc and cryptography: the extra `signing`. Imported only when signing is set up."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

__all__ = ["AsymmetricKey", "check_header", "private_key", "public_key", "same_key", "sign", "thumbprint", "verify"]

AsymmetricKey: TypeAlias = ECKey | RSAKey

_MIN_RSA_BITS: Final = 2048  # RFC 7518, 3.3
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"


class _Registry(jws.JWSRegistry):
    """joserfc's own bounds are smaller than an OCPP message; its caller has checked the sizes."""

    max_header_length = max_payload_length = max_signature_length = 1 << 31


_REGISTRY: Final = _Registry(algorithms=("ES256", "RS256", "RS384"), strict_check_header=False)


def check_header(header: dict[str, Any]) -> None:
    """Raise `ValueError` for a header parameter of RFC 7515 that has the wrong type; without `crit`."""
    try:
        _REGISTRY.check_header(header)
    except JoseError as error:
        raise ValueError(str(error)) from None


def verify(members: Mapping[str, str], key: AsymmetricKey) -> bool:
    """Whether a flattened JWS was signed by a key, by one of the three algorithms, which must fit the key."""
    value: Any = {name: members[name] for name in ("payload", "protected", "signature")}
    try:
        jws.deserialize_json(value, key, registry=_REGISTRY)
    except (JoseError, ValueError):
        return False
    return True


def sign(data: bytes, algorithm: str, key: AsymmetricKey) -> bytes:
    """Return the signature of a JWS signing input."""
    return _REGISTRY.get_alg(algorithm).sign(data, key)


def public_key(key: str | bytes | Mapping[str, Any]) -> AsymmetricKey:
    """Return the key of a PEM text, of a certificate in PEM, or of a JWK. Raises `ValueError` when it can't be used."""
    return _from_jwk(key) if isinstance(key, Mapping) else _from_pem(key)


@lru_cache(1024)
def _from_pem(pem: str | bytes) -> AsymmetricKey:
    raw = pem.encode() if isinstance(pem, str) else pem
    certified = _CERTIFICATE in raw
    return _usable(load_pem_x509_certificate(raw).public_key() if certified else load_pem_public_key(raw))


def private_key(key: str | bytes | Mapping[str, Any], password: bytes | None = None) -> AsymmetricKey:
    """Return the private key of a PEM text or a JWK. Raises `ValueError` or `TypeError` when it can't be used."""
    if isinstance(key, Mapping):
        usable = _from_jwk(key)
    else:
        usable = _usable(load_pem_private_key(key.encode() if isinstance(key, str) else key, password))
    if not usable.is_private:
        raise ValueError("expected a private key")
    return usable


def _from_jwk(jwk: Mapping[str, Any]) -> AsymmetricKey:
    try:
        key = import_key(dict(jwk))
    except (JoseError, KeyError) as error:
        raise ValueError(f"not a JWK: {error}") from None
    _usable(key.raw_value)
    assert isinstance(key, (ECKey, RSAKey))
    return key


def _usable(native: Any) -> AsymmetricKey:
    if isinstance(native, (EllipticCurvePrivateKey, EllipticCurvePublicKey)):
        if native.curve.name != "secp256r1":
            raise ValueError(f"expected an EC key on P-256, not on {native.curve.name}")
        return ECKey.import_key(native)
    if isinstance(native, (RSAPrivateKey, RSAPublicKey)):
        if native.key_size < _MIN_RSA_BITS:
            raise ValueError(f"expected an RSA key of {_MIN_RSA_BITS} bits or more, not of {native.key_size}")
        return RSAKey.import_key(native)
    raise ValueError("expected an EC key or an RSA key")


def same_key(key: AsymmetricKey, certificate: str | bytes) -> bool:
    """Whether a certificate is for a key."""
    return key.thumbprint() == public_key(certificate).thumbprint()


def thumbprint(certificate: str | bytes) -> str:
    """Return the `x5t#S256` of a certificate in PEM, the first where there are several."""
    raw = certificate.encode() if isinstance(certificate, str) else certificate
    return urlsafe_b64encode(load_pem_x509_certificate(raw).fingerprint(SHA256())).rstrip(b"=").decode()
