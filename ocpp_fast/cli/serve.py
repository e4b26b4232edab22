"""`ocpp-fast serve`: what may stand on its command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec

from .passwords import read_passwords
from .values import VERSIONS, count, port, positive

__all__ = ["ServeArguments", "add"]

LOOPS = ("asyncio", "uvloop")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeArguments:
    """What `ocpp-fast serve` is told; without `passwords` everyone is let in."""

    host: str
    port: int
    versions: Sequence[str]
    """Of OCPP; the stations choose."""
    passwords: Mapping[str, bytes] | None = field(repr=False)
    interval: int
    """Seconds between heartbeats."""
    ping_interval: float
    """Seconds between WebSocket pings; 0 is off."""
    max_connections: int | None
    loop: str | None
    """"asyncio" or "uvloop"; None is the faster one that is installed."""
    quiet: bool


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = "Accepts stations of OCPP 1.6, 2.0.1 and 2.1, and answers everything that they send."
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=port, default=8887, help="0 picks a free one (%(default)s)")
    parser.add_argument(
        "--ocpp",
        action="append",
        choices=VERSIONS,
        dest="versions",
        metavar="VERSION",
        help=f"speak only this version; may stand there several times ({', '.join(VERSIONS)})",
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--no-auth", action="store_true", help="let everyone in")
    who.add_argument("--auth-file", metavar="FILE", help="lines of identity:password, or identity:hex:40 hex digits")
    parser.add_argument(
        "--interval",
        type=count,
        default=300,
        metavar="SECONDS",
        help="between the heartbeats of stations (%(default)s)",
    )
    parser.add_argument(
        "--ping-interval",
        type=count,
        default=60,
        metavar="SECONDS",
        help="between the WebSocket pings to a station, 0 sends none (%(default)s)",
    )
    parser.add_argument(
        "--max-connections",
        type=positive,
        metavar="NUMBER",
        help="answer 503 to stations above (no limit but that of files)",
    )
    parser.add_argument("--loop", choices=LOOPS, help="the event loop (uvloop if installed)")
    parser.add_argument("--quiet", action="store_true", help="tell only where it listens")
    parser.set_defaults(run=partial(_run, parser))


def _run(parser: ArgumentParser, given: Namespace) -> int:
    if given.loop is not None and find_spec(given.loop) is None:
        parser.error("--loop uvloop: it is not installed (pip install 'ocpp-fast[speed]')")
    arguments = ServeArguments(
        host=given.host,
        port=given.port,
        versions=given.versions or VERSIONS,
        passwords=_passwords(parser, given),
        interval=given.interval,
        ping_interval=given.ping_interval,
        max_connections=given.max_connections,
        loop=given.loop,
        quiet=given.quiet,
    )
    from .central_system import serve

    return serve(arguments)


def _passwords(parser: ArgumentParser, given: Namespace) -> Mapping[str, bytes] | None:
    """Return who may connect, None for everyone. Exits when that is not said, or said wrongly."""
    if given.no_auth:
        return None
    if given.auth_file is None:
        parser.error(
            "who may connect? Give --auth-file FILE, with a line identity:password for each station, "
            "or --no-auth to let everyone in"
        )
    try:
        return read_passwords(given.auth_file)
    except (OSError, ValueError) as error:
        parser.error(f"--auth-file: {error}")
