"""Writes to a user's logger, whose handlers and filters may raise: nothing that is told of comes to harm by that."""

from __future__ import annotations

import logging
from typing import Any, Final

__all__ = ["LEFT", "Guarded", "write"]

LEFT: Final = "%s: connected, and left without a byte"


def write(log: logging.Logger, level: int, message: str, *values: object, **options: Any) -> None:
    """Write a line, with the options of `Logger.log`."""
    try:
        log.log(level, message, *values, **options)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  # of the user's logger, which can't be told to it
        pass


class Guarded(logging.LoggerAdapter[logging.Logger]):
    """A logger for a library that writes to it itself."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Write a line."""
        write(self.logger, level, str(msg), *args, **kwargs)
