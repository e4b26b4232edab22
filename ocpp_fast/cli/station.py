"""`ocpp-fast station`: what may stand on its command line, and what it prints."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from typing import TYPE_CHECKING, TextIO

from .console import Console, JsonConsole
from .files import raised_file_limit
from .recording import add_frames, record
from .traffic import Traffic
from .values import VERSIONS, count, id_tag, password, positive, scenario, seconds, url, versions

if TYPE_CHECKING:
    from ssl import SSLContext

    from ocpp_fast import ChargePoint
    from ocpp_fast.simulator import Fleet, SimulatedStation

__all__ = ["add"]


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = "Charge points that boot, charge, and answer every command."
    parser.add_argument("--id", required=True, help="its identity, the last part of the URL")
    parser.add_argument("--url", type=url, required=True, help="where the central system is, as ws://127.0.0.1:8887")
    parser.add_argument(
        "--ocpp",
        type=versions,
        default=["1.6"],
        dest="versions",
        metavar="VERSIONS",
        help=f"the version that it speaks, of {', '.join(VERSIONS)} (1.6); several take turns at several stations",
    )
    parser.add_argument(
        "--count", type=positive, default=1, metavar="N", help="so many stations, whose identities end in a number"
    )
    parser.add_argument(
        "--ramp", type=seconds, default=50.0, metavar="N", help="so many of them start in a second (%(default)s)"
    )
    parser.add_argument("--scenario", type=scenario, metavar="FILE", help="what happens at it, in TOML")
    parser.add_argument(
        "--json", action="store_true", help="print what happens, or how the stations are, as JSON, a value a line"
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
    """Simulate until told to end, or until the one session or the scenario is over; return the exit code."""
    from ocpp_fast.simulator import Fleet, Settings, simulated

    from .running import collect_seldom, run

    beside = ("quiet", "run", "frames", "ca", "cert", "key", "versions", "count", "ramp", "json", "id")
    options = {name: value for name, value in vars(given).items() if name not in beside}
    tls, console, digits = _tls(parser, given), _console(given), len(str(given.count))

    def make(number: int) -> SimulatedStation:
        identity = given.id if given.count == 1 else f"{given.id}{number + 1:0{digits}}"
        version = given.versions[number % len(given.versions)]
        settings = Settings(id=identity, version=version, ssl=tls, certified=given.cert is not None, **options)
        simulation = simulated(settings, console if given.count == 1 else Console(quiet=True))
        if given.count == 1 and not given.quiet:
            _tell(simulation.charge_point, console)
        if given.frames is not None:
            _record(simulation.charge_point, given.frames)
        return simulation

    if given.count == 1:
        return run(make(0).run())
    if (allowed := raised_file_limit()) < given.count * 2 + 64:
        parser.error(f"{given.count} stations need more open files than the {allowed} that are allowed: `ulimit -n`")
    collect_seldom()
    fleet = Fleet([partial(make, number) for number in range(given.count)], rate=given.ramp)
    return run(_watched(fleet, given))


async def _watched(fleet: Fleet, given: Namespace) -> int:
    """Run a fleet, and say every second how it is, on one line of a terminal."""
    import asyncio

    console, life = Console(quiet=given.quiet), asyncio.create_task(fleet.run())
    try:
        while not (await asyncio.wait([life], timeout=1.0))[0]:
            _progress(console, fleet.counts(), given)
    finally:
        life.cancel()
        await asyncio.wait([life])
        _progress(console, fleet.counts(), given, last=True)
    return life.result()


def _progress(console: Console, counts: dict[str, int], given: Namespace, *, last: bool = False) -> None:
    if console.quiet:
        return
    if given.json:
        console.say_json(counts)
    else:
        console.rewrite(", ".join(f"{count} {name}" for name, count in counts.items()), last=last)


def _console(given: Namespace) -> Console:
    return JsonConsole(quiet=given.quiet) if given.json else Console(quiet=given.quiet)


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
