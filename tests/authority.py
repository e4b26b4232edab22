"""A CA of the tests: it certifies servers and stations, with keys of either kind."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOW: Final = datetime.now(UTC)
_PEM: Final = serialization.Encoding.PEM
_PLAIN: Final = serialization.NoEncryption()


class Authority:
    """A CA, whose certificate is the file `ca`; whom it certifies has key and certificate in one file of its folder."""

    def __init__(self, folder: Path, name: str = "CA") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.ca = folder / f"{name}.pem"
        self.ca.write_bytes(self._sign(self._name, self._key, x509.BasicConstraints(True, None)).public_bytes(_PEM))

    def server(self, name: str = "server", *, kind: str = "ec") -> Path:
        """Certify a server of 127.0.0.1, with an `ec` or an `rsa` key."""
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return self._certify(name, [(NameOID.COMMON_NAME, "localhost")], address, kind=kind)

    def station(
        self,
        *common_names: str,
        serial: str | None = None,
        organization: str | None = None,
        names: Sequence[str] = (),
        expired: bool = False,
    ) -> Path:
        """Certify a station; `names` are those of DNS beside its subject."""
        parts = [(NameOID.COMMON_NAME, each) for each in common_names]
        parts += [(NameOID.SERIAL_NUMBER, serial)] if serial is not None else []
        parts += [(NameOID.ORGANIZATION_NAME, organization)] if organization is not None else []
        others = [x509.SubjectAlternativeName([x509.DNSName(each) for each in names])] if names else []
        number = len(list(self._folder.iterdir()))
        return self._certify(f"station{number}", parts, *others, expired=expired)

    def answer(self, request: str) -> str:
        """Certify who has made a signing request, in PEM."""
        asked = x509.load_pem_x509_csr(request.encode())
        assert asked.is_signature_valid
        extension = x509.BasicConstraints(False, None)
        return self._sign(asked.subject, asked, extension).public_bytes(_PEM).decode()

    def _certify(
        self, name: str, parts: Sequence[tuple[Any, str]], *more: Any, kind: str = "ec", expired: bool = False
    ) -> Path:
        key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(*each) for each in parts])
        certificate = self._sign(subject, key, x509.BasicConstraints(False, None), *more, expired=expired)
        file = self._folder / f"{name}.pem"
        written = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, _PLAIN)
        file.write_bytes(certificate.public_bytes(_PEM) + written)
        return file

    def _sign(self, subject: x509.Name, key: Any, *extensions: Any, expired: bool = False) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(NOW - timedelta(days=2))
        builder = builder.not_valid_after(NOW + timedelta(days=-1 if expired else 2))
        for each in extensions:
            builder = builder.add_extension(each, critical=isinstance(each, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256())
