"""Security profile 3: who a station is, by its certificate (R35)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from ..errors import HandshakeRefused
from .security import Handshake, Verdict

__all__ = ["CertificateNames", "ClientCertificate", "serial_number_of"]


class CertificateNames(NamedTuple):
    """Whom a certificate names, that was verified: the texts of its subject, and of its subjectAltName."""

    common_names: tuple[str, ...]
    """CN of the subject: the serial number of the station, by the OCPP documents."""
    serial_numbers: tuple[str, ...]
    """serialNumber of the subject, not the number that the issuer has given to the certificate."""
    organizations: tuple[str, ...]
    """O of the subject: the operator, by the OCPP documents."""
    alternative_names: tuple[str, ...]
    """subjectAltName: those of DNS, and URIs."""

    @classmethod
    def of(cls, found: Mapping[str, Any] | None) -> CertificateNames | None:
        """Return the names in what `ssl.SSLObject.getpeercert()` returns; None if nothing was verified."""
        if not found:
            return None
        subject = [pair for each in found.get("subject", ()) for pair in each]
        wanted = ("commonName", "serialNumber", "organizationName")
        common, serial, organizations = (tuple(text for name, text in subject if name == each) for each in wanted)
        others = tuple(text for kind, text in found.get("subjectAltName", ()) if kind in ("DNS", "URI"))
        return cls(common, serial, organizations, others)


class ClientCertificate:
    """Security profile 3: the station's certificate, which TLS has verified, names its identity (R35).

    Its CN, its subject's serialNumber or a name of its subjectAltName (DNS, URI) is the identity, exactly. With tenants
    that is `tenant/identity`; or `organizations` is a mapping of tenants to lists, and it is the identity.

    `organizations` are those that may stand in its O; without any, every one may that the CA certifies.

    With `check_serial` a BootNotification whose serial number is not the certificate's closes the connection: not its
    subject's serialNumber or, if it has none, not its CN, which holds it by the OCPP documents. A BootNotification
    without a serial number passes.

    Whoever is refused gets 403. The server's context must ask for a certificate: `server_context(client_ca=...)`.
    """

    def __init__(
        self, organizations: Iterable[str] | Mapping[str, Iterable[str]] = (), *, check_serial: bool = True
    ) -> None:
        if isinstance(organizations, str):
            raise TypeError(f"organizations: expected a list, such as [{organizations!r}]")
        self._of_tenants: dict[str, frozenset[str]] | None = None
        self._organizations: frozenset[str] = frozenset()
        if isinstance(organizations, Mapping):
            self._of_tenants = {tenant: frozenset(each) for tenant, each in organizations.items()}
        else:
            self._organizations = frozenset(organizations)
        self._check_serial = check_serial

    def authenticate(self, handshake: Handshake) -> Verdict:
        """Accept, or raise `HandshakeRefused`."""
        names = handshake.certificate_names
        if names is None:
            shown = "no certificate was shown" if handshake.certificate is None else "it is not known whom it names"
            raise HandshakeRefused(HTTPStatus.FORBIDDEN, f"security profile 3 wants a certificate: {shown}")
        wanted = handshake.id if self._of_tenants is None else handshake.identity
        if wanted not in (*names.common_names, *names.serial_numbers, *names.alternative_names):
            raise HandshakeRefused(HTTPStatus.FORBIDDEN, "the certificate is that of another station")
        self._check_organization(handshake, names)
        if self._check_serial:
            handshake.serial_numbers = names.serial_numbers or names.common_names
        return Verdict.ACCEPTED

    def _check_organization(self, handshake: Handshake, names: CertificateNames) -> None:
        expected = self._organizations
        if self._of_tenants is not None:
            expected = self._of_tenants.get(handshake.tenant or "", frozenset())
        elif not expected:
            return
        if expected.isdisjoint(names.organizations):
            raise HandshakeRefused(HTTPStatus.FORBIDDEN, "the certificate is that of another organization")


def serial_number_of(boot: Any) -> str | None:
    """Return the serial number of the station in a BootNotification of any version."""
    station = getattr(boot, "charging_station", None)
    found: str | None = boot.charge_point_serial_number if station is None else station.serial_number
    return found
