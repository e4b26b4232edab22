"""Security profiles 2 and 3, both sides in one process: a CA, what it certifies, who is let in, and who is not.

Needs the package cryptography (`pip install 'ocpp_fast[signing]'`). Everything is made in a folder that is deleted at
the end; docs/certificates.md makes the same by openssl, and tells what a network of real stations needs.
"""

import asyncio
import logging
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from ssl import SSLContext

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ocpp_fast import (
    CentralSystem,
    ChargePoint,
    Profile2,
    Profile3,
    Profiles,
    Station,
    client_context,
    server_context,
    v16,
)


class Authority:
    """A CA; `file` has its certificate."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        own = self._sign(name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        self.file.write_bytes(own.public_bytes(Encoding.PEM))

    def certify(self, name: str, *extensions: x509.ExtensionType) -> Path:
        """Return a file with a certificate of this name, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key, x509.BasicConstraints(ca=False, path_length=None), *extensions)
        file = self.folder / f"{self.file.stem}-{name}.pem"
        file.write_bytes(
            certificate.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return file

    def _sign(self, name: str, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .issuer_name(self.name)
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
        )
        for each in extensions:
            builder = builder.add_extension(each, critical=isinstance(each, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())


central = CentralSystem(auth=Profiles(Profile2({"CP002": b"a password of CP002"}), Profile3()), versions=[v16])


@central.on(v16.BootNotificationRequest)
def boot(station: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
    return v16.BootNotificationResponse(
        status=v16.RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=300
    )


async def try_to_boot(title: str, url: str, identity: str, ssl: SSLContext, password: bytes | None = None) -> None:
    """Connect and boot, and print in one line how that went."""
    try:
        async with ChargePoint(identity, url, versions=[v16], ssl=ssl, password=password) as station:
            answer = await station.v16.boot_notification(charge_point_vendor="V", charge_point_model="M")
            print(f"{title}: {answer.status}")
    except OSError as error:  # of TLS, or an HTTP status
        print(f"{title}: {error}")


async def main(folder: Path) -> None:
    authority, stranger = Authority(folder, "CA"), Authority(folder, "stranger")
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    server_file, station_file = authority.certify("csms", here), authority.certify("CP001")
    forged_file = stranger.certify("CP001")
    context = server_context(server_file, server_file, client_ca=authority.file, require_client=False)
    async with central.serve("127.0.0.1", 0, ssl=context) as server:
        trusting, password = client_context(authority.file), b"a password of CP002"
        certified = client_context(authority.file, station_file, station_file)
        forged = client_context(authority.file, forged_file, forged_file)
        await try_to_boot("profile 2, the right password", server.url, "CP002", trusting, password)
        await try_to_boot("profile 2, a wrong password", server.url, "CP002", trusting, b"wrong")
        await try_to_boot("profile 3, its certificate", server.url, "CP001", certified)
        await try_to_boot("profile 3, somebody else's certificate", server.url, "CP003", certified)
        await try_to_boot("profile 3, a certificate of another CA", server.url, "CP001", forged)
        await try_to_boot(
            "a server that the station does not trust", server.url, "CP001", client_context(stranger.file)
        )


if __name__ == "__main__":
    logging.getLogger("ocpp_fast").setLevel(logging.ERROR)  # the refusals are printed by the station's side
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(main(Path(made)))
