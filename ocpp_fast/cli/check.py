"""`ocpp-fast check`: what may stand on its command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass

from .values import VERSIONS

__all__ = ["CheckArguments", "add"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckArguments:
    """What `ocpp-fast check` is told."""

    files: Sequence[str]
    """`-` is the standard input."""
    version: str
    """Of OCPP; nothing leaves it to what the frames tell."""
    station: str
    """The identity of frames whose log names none."""
    json: bool


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "Reads logs of OCPP-J frames, pairs calls with answers, and tells what deviates from the specification: how "
        "often, where first, and which side is wrong. The exit code is 0 if nothing does, 1 if something does, 2 if "
        "a file can't be read or holds no frame."
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="JSON lines, text logs of any program that prints whole frames, gzip of either, packet captures "
        "(through tshark), or - for the standard input",
    )
    parser.add_argument("--ocpp", choices=VERSIONS, default="", dest="version", help="the version (told by the frames)")
    parser.add_argument(
        "--station", default="", metavar="ID", help="the identity of the station where the log names none"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object in place of the text")
    parser.set_defaults(run=_run)


def _run(given: Namespace) -> int:
    from .checking.analysis import check

    return check(CheckArguments(files=given.files, version=given.version, station=given.station, json=given.json))
