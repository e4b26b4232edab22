"""Certificates of the simulated station: any PEM is one; hashes are made of its bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection
from typing import Final, NamedTuple

__all__ = ["MAX_STORED", "CertificateStore", "Fingerprint", "is_certificate", "signing_request"]

MAX_STORED: Final = 10
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


class Fingerprint(NamedTuple):
    """The hashes that identify a certificate, by SHA-256; a real station would hash parts of it."""

    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


def is_certificate(pem: str | None) -> bool:
    """Whether a text looks like a certificate, or a chain of them."""
    return pem is not None and _content(pem) is not None


def _content(pem: str) -> bytes | None:
    """Return what is in the first PEM block of a text."""
    found = _PEM.match(pem.strip())
    try:
        return base64.b64decode("".join(found[1].split()), validate=True) if found else None
    except binascii.Error:
        return None


def _fingerprint(content: bytes) -> Fingerprint:
    return Fingerprint(
        issuer_name_hash=hashlib.sha256(b"name" + content).hexdigest(),
        issuer_key_hash=hashlib.sha256(b"key" + content).hexdigest(),
        serial_number=hashlib.sha256(content).hexdigest()[:40],
    )


def signing_request(identity: str) -> str:
    """Return something in the form of a certificate signing request; no key is behind it."""
    content = base64.b64encode(f"simulated request of {identity}".encode()).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{content}\n-----END CERTIFICATE REQUEST-----\n"


class CertificateStore:
    """The installed root certificates, by what they vouch for; uses and statuses are the words of OCPP."""

    def __init__(self) -> None:
        self._stored: set[tuple[str, Fingerprint]] = set()

    def install(self, use: str, pem: str) -> str:
        """Keep a certificate, and return how that went; one that is there already is not kept twice."""
        content = _content(pem)
        if content is None:
            return "Rejected"
        entry = (str(use), _fingerprint(content))
        if entry not in self._stored and len(self._stored) >= MAX_STORED:
            return "Failed"
        self._stored.add(entry)
        return "Accepted"

    def installed(self, uses: Collection[str]) -> list[tuple[str, Fingerprint]]:
        """Return use and fingerprint of the certificates of some uses."""
        return sorted(entry for entry in self._stored if entry[0] in uses)

    def delete(self, wanted: Fingerprint) -> bool:
        """Remove a certificate; return whether it was there."""
        found = {entry for entry in self._stored if entry[1] == wanted}
        self._stored -= found
        return bool(found)
