"""`ocpp-fast load`: what may stand on its command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Final
from urllib.parse import urlsplit

from .files import raised_file_limit
from .loading.mix import MIXES
from .values import VERSIONS, address, password, positive, seconds, url

__all__ = ["LoadArguments", "add"]

_PORTS: Final = 28_000
"""So many connections to one address can leave from one address: Linux has 28 232 ports for them."""
_WORTH_A_PROCESS: Final = 500
"""So many stations."""
_OWN_FILES: Final = 64
"""What a process has open beside its stations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadArguments:
    """What `ocpp-fast load` is told; times are in seconds, and rates are those of all stations together."""

    url: str
    stations: int
    version: str
    prefix: str
    password: bytes | None
    mix: str
    period: float | None
    """Between the calls of one station; None calls as soon as it is answered."""
    duration: float
    connect_rate: float
    timeout: float
    sources: Sequence[str]
    """The addresses to connect from; none leaves it to the system."""
    processes: int
    storm: bool
    json: bool


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "Many stations that connect, boot and call, and how a central system bears it. Ends with a table; the exit "
        "code is 1 if there were errors."
    )
    parser.add_argument("--url", type=url, required=True, help="where the central system is, as ws://127.0.0.1:8887")
    parser.add_argument("--stations", type=positive, default=100, metavar="N", help="how many (%(default)s)")
    parser.add_argument(
        "--ocpp", choices=VERSIONS, default="1.6", dest="version", help="the version that they speak (%(default)s)"
    )
    parser.add_argument(
        "--prefix", default="LOAD", metavar="TEXT", help="of their identities, before a number (%(default)s)"
    )
    parser.add_argument("--password", type=password, metavar="TEXT", help="of every station; hex:40 hex digits")
    parser.add_argument("--mix", choices=MIXES, default="realistic", help="what they send (%(default)s)")
    _add_pace(parser)
    parser.add_argument(
        "--storm", action="store_true", help="in the end all close their connections and come back at once"
    )
    _add_resources(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object in place of the table")
    parser.set_defaults(run=partial(_run, parser))


def _add_pace(parser: ArgumentParser) -> None:
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--rate", type=seconds, metavar="N", help="calls a second, of all stations together")
    pace.add_argument(
        "--interval", type=seconds, default=10.0, metavar="SECONDS", help="between a station's calls (%(default)s)"
    )
    pace.add_argument("--closed", action="store_true", help="each station calls as soon as it is answered")
    parser.add_argument(
        "--duration", type=seconds, default=30.0, metavar="SECONDS", help="of the calls, once all try (%(default)s)"
    )
    parser.add_argument(
        "--connect-rate", type=seconds, default=500.0, metavar="N", help="connections a second at first (%(default)s)"
    )
    parser.add_argument(
        "--timeout", type=seconds, default=30.0, metavar="SECONDS", help="of a handshake, and a call (%(default)s)"
    )


def _add_resources(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--source",
        type=address,
        action="append",
        dest="sources",
        metavar="ADDRESS",
        help=f"of this machine, to connect from; one for each {_PORTS} stations",
    )
    parser.add_argument(
        "--processes", type=positive, metavar="N", help="that the stations are spread over (by cores and stations)"
    )


def _run(parser: ArgumentParser, given: Namespace) -> int:
    stations, limit = given.stations, raised_file_limit()
    processes = given.processes or max(
        min(os.cpu_count() or 1, ceil(stations / _WORTH_A_PROCESS)), ceil(stations / max(1, limit - _OWN_FILES))
    )
    needed = ceil(stations / processes) + _OWN_FILES
    if needed > limit:
        parser.error(
            f"{stations} stations in {processes} processes need {needed} open files each, and {limit} are allowed: "
            f"raise that with `ulimit -n {needed}`, or give more --processes"
        )
    arguments = LoadArguments(
        url=given.url,
        stations=stations,
        version=given.version,
        prefix=given.prefix,
        password=given.password,
        mix=given.mix,
        period=None if given.closed else stations / given.rate if given.rate else given.interval,
        duration=given.duration,
        connect_rate=given.connect_rate,
        timeout=given.timeout,
        sources=_sources(parser, given),
        processes=min(processes, stations),
        storm=given.storm,
        json=given.json,
    )
    from .loading.fleet import load

    return load(arguments)


def _sources(parser: ArgumentParser, given: Namespace) -> Sequence[str]:
    """Return where to connect from. Exits when that is too few addresses."""
    needed = ceil(given.stations / _PORTS)
    if given.sources is None and needed == 1:
        return ()
    if given.sources is None and (urlsplit(given.url).hostname or "").startswith("127."):
        return [f"127.0.0.{number}" for number in range(1, needed + 1)]
    sources: list[str] = given.sources or []
    if len(sources) < needed:
        parser.error(f"{given.stations} stations need {needed} addresses to connect from: give --source {needed} times")
    return sources
