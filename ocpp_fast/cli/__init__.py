"""The command line: `ocpp-fast serve` is a central system, `station` a simulated charge point, `load` a load test,
`check` an analyser of logs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ocpp_fast import __version__, core

from . import check, load, serve, station

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 is a clean end, 1 a failure, 2 a wrong command line.

    A command is a module: its `add` says what may stand on the command line, and which function runs it. Nothing that
    takes its time is imported before that, so that help comes at once.
    """
    parser = argparse.ArgumentParser(prog="ocpp-fast", description="OCPP central system and charge point.")
    parser.add_argument("--version", action="version", version=f"ocpp_fast {__version__}, {core}")
    commands = parser.add_subparsers(required=True, metavar="serve | station | load | check")
    serve.add(commands.add_parser("serve", help="a central system that takes stations in and answers them"))
    station.add(commands.add_parser("station", help="a simulated charge point"))
    load.add(commands.add_parser("load", help="many stations, and how a central system bears them"))
    check.add(commands.add_parser("check", help="what is wrong in a log of frames, and which side is at fault"))
    try:
        given = parser.parse_args(argv)
        code: int = given.run(given)
    except KeyboardInterrupt:
        return 0
    return code
