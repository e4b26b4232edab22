"""The central system of `ocpp-fast serve`: it takes stations in, answers them, and tells what happens."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TextIO

from ocpp_fast import (
    Auth,
    BasicAuth,
    CentralSystem,
    ClientCertificate,
    Cluster,
    Direction,
    Event,
    FrameFault,
    LocalCluster,
    NoAuth,
    Profile2,
    Profiles,
    Refusal,
    Replaced,
    Server,
    Station,
    core,
    health,
    shown,
)

from .answers import answers_of
from .console import Console, complain
from .passwords import read_passwords
from .recording import record
from .running import collect_seldom, log_to_stderr, loop_factory, loop_name, on_hangup
from .serve import ServeArguments
from .traffic import Traffic

__all__ = ["serve"]

_MAX_PATH: Final = 60
_NAMESPACE: Final = "ocpp-fast"


def serve(given: ServeArguments) -> int:
    """Serve until told to end; return the exit code."""
    log_to_stderr(names_process=given.workers is not None)
    console = Console(quiet=given.quiet)
    console.note(f"getting ready to speak OCPP {', '.join(given.versions)}")
    try:
        _central(given, console).run(
            given.host,
            given.port,
            ssl=given.tls,
            lifespan=lambda: _ready(given, console),
            on_listening=lambda server: console.say(f"listening on {server.url}"),
            loop_factory=loop_factory(given.loop),
            max_connections=given.max_connections,
            http=health,
            drain=given.drain,
            workers=given.workers,
            proxy_protocol=given.proxy_protocol,
        )
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        reason = "the port is in use" if in_use else error.strerror or error
        complain(f"cannot listen on {given.host}, port {given.port}: {reason}")
        return 1
    except ValueError as error:
        complain(f"{error} (--no-auth=anywhere)" if "NoAuth" in str(error) else f"--nats: {error}")
        return 2
    except RuntimeError as error:
        if given.workers is None and not given.nats:
            raise
        complain(str(error))
        return 1
    return 0


def _cluster(given: ServeArguments) -> Cluster | None:
    if given.nats:
        return Cluster(given.nats, namespace=_NAMESPACE)
    return None if given.workers is None else LocalCluster(namespace=_NAMESPACE)


def _auth(given: ServeArguments) -> Auth:
    if given.no_auth:
        return NoAuth(anywhere=given.no_auth == "anywhere")
    by_certificate = ClientCertificate()
    if given.auth_file is None:
        return by_certificate
    by_password = Profile2(given.passwords) if given.tls else BasicAuth(given.passwords)
    return Profiles(by_password, by_certificate) if given.certificates else by_password


def _central(given: ServeArguments, console: Console) -> CentralSystem:
    answers = [answers_of(each, console, given.interval) for each in given.versions]
    versions = [module.VERSION for module, _ in answers]
    central = CentralSystem(
        auth=_auth(given),
        versions=versions,
        ping_interval=given.ping_interval,
        trusted_proxies=given.trusted_proxies,
        cluster=_cluster(given),
    )

    @central.on_drain
    def tell_how_many_leave(server: Server) -> None:
        if stations := len(central):
            console.note(f"draining: {stations} stations leave")

    for version, (_, router) in zip(versions, answers, strict=True):
        for profile in version.profiles:
            central.include(router, profile=profile)
    if not given.quiet:
        _tell(central, console)
    if given.frames is not None:
        _record(central, given.frames)
    return central


@asynccontextmanager
async def _ready(given: ServeArguments, console: Console) -> AsyncIterator[None]:
    """Say what it runs on, make the garbage collector's pauses short, and read files again on SIGHUP."""
    console.note(f"on {loop_name()}, with the {core}")
    collect_seldom()
    if given.tls is not None or given.auth_file is not None:
        on_hangup(lambda: _reload(given, console))
    yield


def _reload(given: ServeArguments, console: Console) -> None:
    """Read certificates and passwords again; if one can't be read, that stays as it was."""
    try:
        if given.tls is not None:
            given.tls.reload()
        if given.auth_file is not None:
            passwords = read_passwords(given.auth_file)
            given.passwords.clear()
            given.passwords.update(passwords)
    except (OSError, ValueError) as error:
        complain(f"not read again: {error}")
    else:
        console.note("certificates and passwords were read again")


def _place(address: tuple[str, int] | None) -> str:
    if address is None:
        return "a Unix socket"
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tell(central: CentralSystem, console: Console) -> None:
    """Print what happens at a central system."""
    traffic = Traffic(console)

    @central.on_refused
    def refused(refusal: Refusal) -> None:
        path = f" ({shown(refusal.path, _MAX_PATH)})" if refusal.path else ""
        who = refusal.id or _place(refusal.remote_address)
        console.note(f"{who} refused: {refusal.reason}{path}")

    @central.on_event
    def happened(event: Event) -> None:
        if isinstance(event, Replaced):
            old, new = _place(event.replaced_address), _place(event.remote_address)
            console.note(f"{event.id} replaced: it was connected from {old}, and is from {new}")

    @central.on_fault
    def faulty(station: Station, fault: FrameFault) -> None:
        if not fault.answered:
            traffic.faulty(station.id, fault.unique_id, fault.description)

    @central.on_connect
    def connected(station: Station) -> None:
        at = _place(station.handshake.remote_address)
        console.note(f"{station} connected, OCPP {station.version.number}, from {at}")

    @central.on_disconnect
    def disconnected(station: Station) -> None:
        traffic.forget(station.id)
        reason = f": {station.close_reason}" if station.close_reason else ""
        console.note(f"{station} disconnected, code {station.close_code}{reason}")

    @central.on_frame
    def frame(direction: Direction, station: Station, raw: bytes) -> None:
        traffic.frame(station.id, from_station=direction is Direction.IN, raw=raw)


def _record(central: CentralSystem, file: TextIO) -> None:
    @central.on_frame
    def frame(direction: Direction, station: Station, raw: bytes) -> None:
        record(file, station.id, station.version.number, from_station=direction is Direction.IN, raw=raw)
