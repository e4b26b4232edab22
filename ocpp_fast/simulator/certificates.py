"""Certificates of the simulated station, which needs the extra `station` for them: roots, and its own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

__all__ = ["MAX_STORED", "CertificateStore", "Fingerprint", "is_certificate"]

MAX_STORED: Final = 10


class Fingerprint(NamedTuple):
    """What identifies a certificate, by SHA-256: the fields of CertificateHashData."""

    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


def _chain(pem: str) -> list[Certificate]:
    """Return the certificates of a PEM text, nothing if it is malformed."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []


def is_certificate(pem: str | None) -> bool:
    """Whether a text is a certificate, or a chain of them."""
    return pem is not None and bool(_chain(pem))


def _is_root(certificate: Certificate) -> bool:
    """Whether a certificate is valid now, and has signed itself."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return certificate.not_valid_before_utc <= datetime.now(UTC) < certificate.not_valid_after_utc


def _fingerprint(root: Certificate) -> Fingerprint:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.ocsp import OCSPRequestBuilder

    asked = OCSPRequestBuilder().add_certificate(root, root, SHA256()).build()  # which has the same hashes
    return Fingerprint(asked.issuer_name_hash.hex(), asked.issuer_key_hash.hex(), f"{asked.serial_number:x}")


class CertificateStore:
    """The installed roots, by what they vouch for, and the station's own certificate; words are those of OCPP."""

    def __init__(self) -> None:
        self._stored: set[tuple[str, Fingerprint]] = set()
        self._key: EllipticCurvePrivateKey | None = None
        self.own: str | None = None
        """The chain that was signed last."""

    def install(self, use: str, pem: str) -> str:
        """Keep a root certificate, and return how that went; one that is there already is not kept twice."""
        chain = _chain(pem)
        if len(chain) != 1 or not _is_root(chain[0]):
            return "Rejected"
        entry = (str(use), _fingerprint(chain[0]))
        if entry not in self._stored and len(self._stored) >= MAX_STORED:
            return "Failed"
        self._stored.add(entry)
        return "Accepted"

    def installed(self, uses: Collection[str]) -> list[tuple[str, Fingerprint]]:
        """Return use and fingerprint of the certificates of some uses."""
        return sorted(entry for entry in self._stored if entry[0] in uses)

    def delete(self, wanted: Fingerprint) -> bool:
        """Remove a certificate; return whether it was there. Hexadecimal digits are compared in any case."""
        digits = [each.lower() for each in wanted]
        found = {entry for entry in self._stored if list(entry[1]) == digits}
        self._stored -= found
        return bool(found)

    def request(self, identity: str, organization: str) -> str:
        """Return a certificate signing request for a new key, in PEM."""
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509 import CertificateSigningRequestBuilder, Name, NameAttribute
        from cryptography.x509.oid import NameOID

        self._key = generate_private_key(SECP256R1())
        parts = {NameOID.ORGANIZATION_NAME: organization, NameOID.COMMON_NAME: identity}
        name = Name([NameAttribute(each, text) for each, text in parts.items() if text])
        request = CertificateSigningRequestBuilder().subject_name(name).sign(self._key, SHA256())
        return request.public_bytes(Encoding.PEM).decode()

    def take(self, pem: str) -> bool:
        """Take the chain that answers the last request; return whether it is for the key of that."""
        chain = _chain(pem)
        if not chain or self._key is None or chain[0].public_key() != self._key.public_key():
            return False
        self.own = pem
        return True
