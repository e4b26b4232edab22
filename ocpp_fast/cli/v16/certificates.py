"""Certificates of the simulated charge point: any PEM is one; hashes are made of its bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

from ocpp_fast import v16

__all__ = ["CertificateStore", "is_certificate", "signing_request"]

_MAX_STORED: Final = 10
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_Status = v16.InstallCertificateStatusEnumType


def is_certificate(pem: str) -> bool:
    """Whether a text looks like a certificate, or a chain of them."""
    return _content(pem) is not None


def _content(pem: str) -> bytes | None:
    """Return what is in the first PEM block of a text."""
    found = _PEM.match(pem.strip())
    try:
        return base64.b64decode("".join(found[1].split()), validate=True) if found else None
    except binascii.Error:
        return None


def signing_request(identity: str) -> str:
    """Return something in the form of a certificate signing request; no key is behind it."""
    content = base64.b64encode(f"simulated request of {identity}".encode()).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{content}\n-----END CERTIFICATE REQUEST-----\n"


class CertificateStore:
    """The installed root certificates, by what they vouch for."""

    def __init__(self) -> None:
        self._stored: list[tuple[v16.CertificateUseEnumType, v16.CertificateHashDataType]] = []

    def install(self, use: v16.CertificateUseEnumType, pem: str) -> _Status:
        """Keep a certificate; one that is there already is not kept twice."""
        content = _content(pem)
        if content is None:
            return _Status.REJECTED
        entry = use, _hash_data(content)
        if entry in self._stored:
            return _Status.ACCEPTED
        if len(self._stored) >= _MAX_STORED:
            return _Status.FAILED
        self._stored.append(entry)
        return _Status.ACCEPTED

    def installed(self, use: v16.CertificateUseEnumType) -> list[v16.CertificateHashDataType]:
        """Return what identifies the certificates of a kind."""
        return [data for each, data in self._stored if each is use]

    def delete(self, wanted: v16.CertificateHashDataType) -> bool:
        """Remove a certificate; return whether it was there."""
        kept = [entry for entry in self._stored if entry[1] != wanted]
        found = len(kept) < len(self._stored)
        self._stored = kept
        return found


def _hash_data(content: bytes) -> v16.CertificateHashDataType:
    """Return an identification; a real station would hash parts of the certificate."""
    return v16.CertificateHashDataType(
        hash_algorithm=v16.HashAlgorithmEnumType.SHA256,
        issuer_name_hash=hashlib.sha256(b"name" + content).hexdigest(),
        issuer_key_hash=hashlib.sha256(b"key" + content).hexdigest(),
        serial_number=hashlib.sha256(content).hexdigest()[:40],
    )
