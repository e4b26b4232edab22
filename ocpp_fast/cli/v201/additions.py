"""What 2.1 brought: nothing, in 2.0.1."""

from __future__ import annotations

from typing import Final

__all__ = ["ANSWERS", "COMMANDS"]

ANSWERS: Final = ()
COMMANDS: Final = ()
