"""Contexts of TLS for both roles, as the OCPP documents want them, and certificates that are renewed meanwhile."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

__all__ = ["TlsContext", "client_context", "server_context"]

Path: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = Path | Sequence[Path]

_SUITES: Final = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
)
"""Of TLS 1.2: the four of the OCPP documents (A00.FR.318), and those of RSA certificates with forward secrecy."""


class TlsContext(ssl.SSLContext):
    """An `SSLContext` that reads its files again, with `reload`; made by `server_context` and `client_context`.

    Change no setting of it: `reload` makes another one within. `shows_certificate` tells whether it was given one.
    """

    shows_certificate: bool
    _current: ssl.SSLContext | None
    _make: Callable[[type[ssl.SSLContext]], ssl.SSLContext]

    def reload(self) -> None:
        """Read the files again, for the connections that are made from now on; no session goes on from before.

        Raises what `server_context` raises; then all stays as it was.
        """
        self._current = self._make(ssl.SSLContext)

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Return an `SSLObject`, as event loops ask for it."""
        if self._current is None:
            return super().wrap_bio(*args, **options)
        return self._current.wrap_bio(*args, **options)

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Return an `SSLSocket`."""
        if self._current is None:
            return super().wrap_socket(*args, **options)
        return self._current.wrap_socket(*args, **options)


def _reloadable(make: Callable[[type[ssl.SSLContext]], ssl.SSLContext], *, shows_certificate: bool) -> TlsContext:
    context = make(TlsContext)
    assert isinstance(context, TlsContext)
    context.shows_certificate = shows_certificate
    context._current, context._make = None, make
    return context


def server_context(
    cert: Paths,
    key: Paths | None = None,
    client_ca: Path | None = None,
    *,
    require_client: bool = True,
    password: str | bytes | None = None,
) -> TlsContext:
    """Return the context of a central system, for `serve(ssl=...)`.

    `cert` is a PEM file with its certificate and those of the CAs between, `key` that of the private key, if not the
    same; or both are lists, such as of an ECDSA and an RSA certificate, of which each station gets what it can verify.
    `password` decrypts the keys.

    `client_ca` has the CAs of stations' certificates, for security profile 3. A station must show one unless
    `require_client` is False: then those of profile 2 come without.

    TLS 1.3 is as OpenSSL has it. 1.2 has the suites of the OCPP documents, and ECDHE-RSA with GCM. Raises `OSError` for
    a file that can't be read, and `ValueError` for one that does not hold what it should.
    """
    pairs = _pairs(cert, key)
    if not pairs:
        raise ValueError("cert: expected a file, or a list of them")

    def make(kind: type[ssl.SSLContext]) -> ssl.SSLContext:
        context = _context(kind, ssl.PROTOCOL_TLS_SERVER)
        context.options |= ssl.OP_NO_RENEGOTIATION  # from OpenSSL 3 on it is so by default
        for each in pairs:
            _load_pair(context, *each, password)
        if client_ca is not None:
            _load_cas(context, "client_ca", client_ca)
            context.verify_mode = ssl.CERT_REQUIRED if require_client else ssl.CERT_OPTIONAL
        return context

    return _reloadable(make, shows_certificate=True)


def client_context(
    ca: Path | None = None,
    cert: Paths = (),
    key: Paths | None = None,
    *,
    password: str | bytes | None = None,
) -> TlsContext:
    """Return the context of a station, for `ChargePoint(ssl=...)`.

    `ca` is a PEM file with the CAs that the central system's certificate is verified by, in place of the system's.
    `cert` and `key` are the station's own, for security profile 3. Raises as `server_context` does.
    """
    pairs = _pairs(cert, key)

    def make(kind: type[ssl.SSLContext]) -> ssl.SSLContext:
        context = _context(kind, ssl.PROTOCOL_TLS_CLIENT)
        if ca is None:
            context.load_default_certs()
        else:
            _load_cas(context, "ca", ca)
        for each in pairs:
            _load_pair(context, *each, password)
        return context

    return _reloadable(make, shows_certificate=bool(pairs))


def _context(kind: type[ssl.SSLContext], protocol: int) -> ssl.SSLContext:
    context = kind(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(_SUITES))
    return context


def _pairs(cert: Paths, key: Paths | None) -> list[tuple[Path, Path | None]]:
    certs = [cert] if isinstance(cert, (str, os.PathLike)) else list(cert)
    keys: list[Path | None] = [key] if key is None or isinstance(key, (str, os.PathLike)) else list(key)
    if key is None:
        keys *= len(certs)
    if len(keys) != len(certs):
        raise ValueError(f"key: expected one for each of {len(certs)} certificates, not {len(keys)}")
    return list(zip(certs, keys, strict=True))


def _load_pair(context: ssl.SSLContext, cert: Path, key: Path | None, password: str | bytes | None) -> None:
    for each in (cert, cert if key is None else key):
        with open(each, "rb"):  # the errors of `ssl` do not name the file
            pass
    try:
        context.load_cert_chain(cert, key, "" if password is None else password)  # without any it would ask for one
    except ssl.SSLError as error:
        files = os.fspath(cert) if key is None else f"{os.fspath(cert)}, {os.fspath(key)}"
        reason = error.reason or "not PEM, or an encrypted key without its password"
        raise ValueError(f"{files}: expected a certificate and its key in PEM ({reason})") from None


def _load_cas(context: ssl.SSLContext, name: str, path: Path) -> None:
    with open(path, "rb"):
        pass
    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        raise ValueError(f"{name}: {os.fspath(path)}: expected certificates in PEM ({error.reason})") from None
    if not context.cert_store_stats()["x509_ca"]:
        raise ValueError(f"{name}: {os.fspath(path)}: expected the certificate of a CA")
