"""`ocpp-fast station`: what may stand on its command line, and what it prints."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from typing import TYPE_CHECKING, TextIO

from .console import Console
from .recording import add_frames, record
from .traffic import Traffic
from .values import VERSIONS, count, id_tag, password, positive, seconds, url

if TYPE_CHECKING:
    from ssl import SSLContext

    from ocpp_fast import ChargePoint

__all__ = ["add"]


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = "A charge point that boots, charges, and answers every command."
    parser.add_argument("--id", required=True, help="its identity, the last part of the URL")
    parser.add_argument("--url", type=url, required=True, help="where the central system is, as ws://127.0.0.1:8887")
    parser.add_argument(
        "--ocpp",
        choices=VERSIONS,
        default="1.6",
        dest="version",
        help="the version that it speaks (%(default)s)",
    )
    parser.add_argument("--password", type=password, metavar="TEXT", help="for basic authentication; hex:40 hex digits")
    parser.add_argument("--ca", metavar="FILE", help="the CAs of the central system, in PEM (those of this system)")
    parser.add_argument("--cert", metavar="FILE", help="its own certificate in PEM, for security profile 3")
    parser.add_argument("--key", metavar="FILE", help="the key of --cert, if not in the same file")
    parser.add_argument("--connectors", type=positive, default=2, metavar="N", help="how many it has (%(default)s)")
    parser.add_argument("--id-tag", type=id_tag, default="TAG0001", metavar="TAG", help="who charges (%(default)s)")
    _add_sessions(parser)
    parser.add_argument(
        "--retry",
        type=seconds,
        default=1.0,
        metavar="SECONDS",
        help="before it tries to connect again; the wait doubles (%(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    add_frames(parser)
    parser.set_defaults(run=partial(_run, parser))


def _add_sessions(parser: ArgumentParser) -> None:
    how_often = parser.add_mutually_exclusive_group()
    how_often.add_argument(
        "--sessions",
        type=count,
        default=1,
        metavar="N",
        help="charging sessions that it starts by itself, one after another (%(default)s)",
    )
    how_often.add_argument("--once", action="store_true", help="end after one session")
    parser.add_argument(
        "--samples", type=positive, default=3, metavar="N", help="meter values in a session (%(default)s)"
    )
    parser.add_argument(
        "--interval",
        type=seconds,
        default=5.0,
        metavar="SECONDS",
        help="between meter values, sessions, and stages of an update (%(default)s)",
    )


def _run(parser: ArgumentParser, given: Namespace) -> int:
    """Simulate until told to end, or until the one session is over; return the exit code."""
    from ocpp_fast.simulator import Settings, simulated

    from .running import run

    beside = ("quiet", "run", "frames", "ca", "cert", "key")
    options = {name: value for name, value in vars(given).items() if name not in beside}
    console = Console(quiet=given.quiet)
    simulation = simulated(Settings(**options, ssl=_tls(parser, given)), console)
    if not given.quiet:
        _tell(simulation.charge_point, console)
    if given.frames is not None:
        _record(simulation.charge_point, given.frames)
    return run(simulation.run())


def _tls(parser: ArgumentParser, given: Namespace) -> SSLContext | None:
    """Return what is needed for TLS, if anything is given. Exits when a file is wrong."""
    from ocpp_fast import client_context

    if given.key is not None and given.cert is None:
        parser.error("--key: expected --cert, too")
    if given.ca is None and given.cert is None:
        return None
    if not given.url.startswith("wss:"):
        parser.error("--ca, --cert: expected a wss:// URL")
    try:
        return client_context(given.ca, given.cert or (), given.key)
    except (OSError, ValueError) as error:
        parser.error(f"--ca, --cert, --key: {error}")


def _tell(charge_point: ChargePoint, console: Console) -> None:
    """Print what happens at a charge point."""
    from ocpp_fast import Direction

    traffic = Traffic(console)

    @charge_point.on_connect
    def connected() -> None:
        console.note(f"{charge_point.id} connected to {charge_point.url}, OCPP {charge_point.version.number}")

    @charge_point.on_disconnect
    def disconnected() -> None:
        traffic.forget(charge_point.id)
        console.note(f"{charge_point.id} disconnected")

    @charge_point.on_frame
    def frame(direction: Direction, _: object, raw: bytes) -> None:
        traffic.frame(charge_point.id, from_station=direction is Direction.OUT, raw=raw)


def _record(charge_point: ChargePoint, file: TextIO) -> None:
    from ocpp_fast import Direction

    @charge_point.on_frame
    def frame(direction: Direction, _: object, raw: bytes) -> None:
        version = charge_point.version.number
        record(file, charge_point.id, version, from_station=direction is Direction.OUT, raw=raw)
