"""The command line: `ocpp-fast serve` is a central system, `ocpp-fast station` a simulated charge point."""

from __future__ import annotations

from collections.abc import Sequence

from .arguments import ServeArguments, arguments

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 is a clean end, 1 a failure, 2 a wrong command line."""
    try:
        given = arguments(argv)
        if isinstance(given, ServeArguments):  # imported late, so that help and usage errors come at once
            from .serve import serve

            return serve(given)
        from .station import station

        return station(given)
    except KeyboardInterrupt:
        return 0
