"""The messages of the modules here, as type checkers see them: those of 2.1 and, in a second run, those of 2.0.1.

What both versions share is written once, against the name `ocpp`, and imported once. A station carries the module of
the version that it speaks, and whatever makes a message says so first:

    if not TYPE_CHECKING:
        ocpp = station.ocpp

For type checkers `ocpp` is the module imported below; `make types` proves every line for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

__all__ = ["OCPP_21"]

OCPP_21: Final = True
"""Type checkers are told to take this for false in their second run."""

if TYPE_CHECKING:
    if OCPP_21:
        from ocpp_fast import v21 as ocpp
    else:
        from ocpp_fast import v201 as ocpp  # type: ignore[no-redef]  # mypy reads both until it is told which

    __all__ += ["ocpp"]
