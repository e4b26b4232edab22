"""The central system of `ocpp-fast serve`: it takes stations in, answers them, and tells what happens."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ocpp_fast import (
    BasicAuth,
    CentralSystem,
    Direction,
    Event,
    FrameFault,
    NoAuth,
    Refusal,
    Replaced,
    Station,
)

from .answers import answers_of
from .console import Console, complain
from .running import collect_seldom, core_name, log_to_stderr, loop_factory, loop_name
from .serve import ServeArguments
from .traffic import Traffic, printable

__all__ = ["serve"]


def serve(given: ServeArguments) -> int:
    """Serve until told to end; return the exit code."""
    log_to_stderr()
    console = Console(quiet=given.quiet)
    console.note(f"getting ready to speak OCPP {', '.join(given.versions)}")
    try:
        _central(given, console).run(
            given.host,
            given.port,
            lifespan=lambda: _ready(console),
            on_listening=lambda server: console.say(f"listening on {server.url}"),
            loop_factory=loop_factory(given.loop),
            max_connections=given.max_connections,
        )
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        reason = "the port is in use" if in_use else error.strerror or error
        complain(f"cannot listen on {given.host}, port {given.port}: {reason}")
        return 1
    return 0


def _central(given: ServeArguments, console: Console) -> CentralSystem:
    auth = NoAuth() if given.passwords is None else BasicAuth(given.passwords)
    answers = [answers_of(each, console, given.interval) for each in given.versions]
    versions = [module.VERSION for module, _ in answers]
    central = CentralSystem(auth=auth, versions=versions, ping_interval=given.ping_interval)
    for version, (_, router) in zip(versions, answers, strict=True):
        for profile in version.profiles:
            central.include(router, profile=profile)
    if not given.quiet:
        _tell(central, console)
    return central


@asynccontextmanager
async def _ready(console: Console) -> AsyncIterator[None]:
    """Say what it runs on, and make the garbage collector's pauses short."""
    console.note(f"on {loop_name()}, with the {core_name()}")
    collect_seldom()
    yield


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
        path = f" ({printable(refusal.path)})" if refusal.path else ""
        who = refusal.id or _place(refusal.remote_address)
        console.note(f"{who} refused: {printable(refusal.reason, 120)}{path}")

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
        console.note(f"{station} connected, OCPP {station.version.number}")

    @central.on_disconnect
    def disconnected(station: Station) -> None:
        traffic.forget(station.id)
        reason = f": {station.close_reason}" if station.close_reason else ""
        console.note(f"{station} disconnected, code {station.close_code}{reason}")

    @central.on_frame
    def frame(direction: Direction, station: Station, raw: bytes) -> None:
        traffic.frame(station.id, from_station=direction is Direction.IN, raw=raw)
