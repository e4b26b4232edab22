"""What may stand on the command line. Nothing here imports more than argparse: help is instant."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ocpp_fast import __version__, accelerated

from .passwords import read_passwords, to_password

__all__ = ["VERSIONS", "ServeArguments", "StationArguments", "arguments"]

VERSIONS: Final = ("2.1", "2.0.1", "1.6")
"""What can be spoken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeArguments:
    """What `ocpp-fast serve` is told; without `passwords` everyone is let in."""

    host: str
    port: int
    versions: Sequence[str]
    """Of OCPP; the stations choose."""
    passwords: Mapping[str, bytes] | None
    interval: int
    """Seconds between heartbeats."""
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StationArguments:
    """What `ocpp-fast station` is told."""

    id: str
    url: str
    version: str
    """Of OCPP."""
    password: bytes | None
    connectors: int
    """From 2.0.1 on, EVSEs with one connector each."""
    id_tag: str
    sessions: int
    """How many charging sessions the station starts by itself."""
    once: bool
    """End after the first of them."""
    samples: int
    """How many meter values a session of the station's own has."""
    interval: float
    """Seconds between meter values, between sessions, and between the stages of an update or upload."""
    retry: float
    """Seconds before a failed connection is tried again; they double."""
    quiet: bool


def arguments(argv: Sequence[str] | None) -> ServeArguments | StationArguments:
    """Read the command line. Exits with code 2 and an explanation when it is wrong."""
    parser = argparse.ArgumentParser(prog="ocpp-fast", description="OCPP central system and charge point.")
    core = "compiled" if accelerated else "pure-Python"
    parser.add_argument("--version", action="version", version=f"ocpp_fast {__version__}, {core} core")
    commands = parser.add_subparsers(dest="command", required=True, metavar="serve | station")
    serve = commands.add_parser("serve", help="a central system that takes stations in and answers them")
    station = commands.add_parser("station", help="a simulated charge point")
    _add_serve(serve)
    _add_station(station)
    given = vars(parser.parse_args(argv))
    if given.pop("command") == "serve":
        return _serve_arguments(serve, given)
    return StationArguments(**given)


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.description = "Accepts stations of OCPP 1.6, 2.0.1 and 2.1, and answers everything that they send."
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=8887, help="0 picks a free one (%(default)s)")
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
        type=_count,
        default=300,
        metavar="SECONDS",
        help="between the heartbeats of stations (%(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="tell only where it listens")


def _serve_arguments(parser: argparse.ArgumentParser, given: dict[str, object]) -> ServeArguments:
    no_auth, auth_file = given.pop("no_auth"), given.pop("auth_file")
    given["versions"] = given["versions"] or VERSIONS
    passwords = None
    if auth_file is not None:
        try:
            passwords = read_passwords(str(auth_file))
        except (OSError, ValueError) as error:
            parser.error(f"--auth-file: {error}")
    elif not no_auth:
        parser.error(
            "who may connect? Give --auth-file FILE, with a line identity:password for each station, "
            "or --no-auth to let everyone in"
        )
    return ServeArguments(**given, passwords=passwords)  # type: ignore[arg-type]  # argparse has checked them


def _add_station(parser: argparse.ArgumentParser) -> None:
    parser.description = "A charge point that boots, charges, and answers every command."
    parser.add_argument("--id", required=True, help="its identity, the last part of the URL")
    parser.add_argument("--url", type=_url, required=True, help="where the central system is, as ws://127.0.0.1:8887")
    parser.add_argument(
        "--ocpp",
        choices=VERSIONS,
        default="1.6",
        dest="version",
        help="the version that it speaks (%(default)s)",
    )
    parser.add_argument(
        "--password", type=_password, metavar="TEXT", help="for basic authentication; hex:40 hex digits"
    )
    parser.add_argument("--connectors", type=_positive, default=2, metavar="N", help="how many it has (%(default)s)")
    parser.add_argument("--id-tag", type=_id_tag, default="TAG0001", metavar="TAG", help="who charges (%(default)s)")
    how_often = parser.add_mutually_exclusive_group()
    how_often.add_argument(
        "--sessions",
        type=_count,
        default=1,
        metavar="N",
        help="charging sessions that it starts by itself, one after another (%(default)s)",
    )
    how_often.add_argument("--once", action="store_true", help="end after one session")
    parser.add_argument(
        "--samples", type=_positive, default=3, metavar="N", help="meter values in a session (%(default)s)"
    )
    parser.add_argument(
        "--interval",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="between meter values, sessions, and stages of an update (%(default)s)",
    )
    parser.add_argument(
        "--retry",
        type=_seconds,
        default=1.0,
        metavar="SECONDS",
        help="before it tries to connect again; the wait doubles (%(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing")


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, not {text!r}")
    return number


def _positive(text: str) -> int:
    if (number := _count(text)) == 0:
        raise argparse.ArgumentTypeError("expected at least 1")
    return number


def _port(text: str) -> int:
    if (number := _count(text)) > 0xFFFF:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, not {text!r}")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds, more than 0, not {text!r}")
    return seconds


def _url(text: str) -> str:
    try:
        url = urlsplit(text)
        usable = url.scheme in ("ws", "wss") and bool(url.hostname) and url.port != 0 and not url.fragment
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"expected a ws:// or wss:// URL, not {text!r}")
    return text


def _id_tag(text: str) -> str:
    if not 1 <= len(text) <= 20:
        raise argparse.ArgumentTypeError("expected at most 20 characters, and at least one")
    return text


def _password(text: str) -> bytes:
    try:
        return to_password(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
