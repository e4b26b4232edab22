"""The logger of websockets' Sans-I/O layer, and what may stand in it: no payload, no secret, nothing raw of a peer."""

from __future__ import annotations

import logging
from typing import Any, Final

from websockets.frames import Frame, Opcode

from ..escaping import shown
from ..masking import masked
from .logs import Guarded

__all__ = ["WEBSOCKET_LOG", "logs_frames"]

_PLAIN_HEADERS: Final = frozenset(
    [
        "connection",
        "content-length",
        "content-type",
        "date",
        "host",
        "origin",
        "server",
        "upgrade",
        "user-agent",
        "www-authenticate",
    ]
)
"""The headers whose values are logged, with those of WebSocket; in any other there may be a secret."""


def _filters(record: logging.LogRecord) -> bool:
    """Take out of a record what must not be logged, and drop those that say less than ours."""
    arguments: tuple[Any, ...] = record.args if isinstance(record.args, tuple) else ()
    if str(record.msg)[2:] == "%s: %s" and not _is_plain(str(arguments[0])):
        arguments = (arguments[0], "(not logged)")
    record.args = tuple(map(_shown, arguments))
    if record.levelno == logging.DEBUG and record.exc_info is not None and record.exc_info[1] is not None:
        record.msg, record.args = "%s: %s", (record.getMessage(), shown(masked(str(record.exc_info[1]))))
        record.exc_info = None
    return record.levelno != logging.INFO


def _is_plain(header: str) -> bool:
    return header.lower() in _PLAIN_HEADERS or header.lower().startswith("sec-websocket-")


def _shown(argument: Any) -> Any:
    if isinstance(argument, Frame) and argument.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
        return f"{argument.opcode.name} [{len(argument.data)} bytes{'' if argument.fin else ', continued'}]"
    return argument if isinstance(argument, int) else shown(masked(str(argument)))


_LOGGER: Final = logging.getLogger("ocpp_fast.websocket")
WEBSOCKET_LOG: Final = Guarded(_LOGGER)
"""The logger of websockets' handshakes and frames, at level DEBUG."""
_LOGGER.addFilter(_filters)


def logs_frames() -> bool:
    """Whether every frame is to be logged, which the Sans-I/O layer does."""
    return _LOGGER.isEnabledFor(logging.DEBUG)
