"""What a request to the central system may begin with, before anybody reads it: bounds, and whether it is HTTP."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, NamedTuple

from .events import Limit

__all__ = ["HEAD_END", "MAX_HEAD", "MAX_HEADERS", "HeadFault", "check_head", "path_in"]

HEAD_END: Final = b"\r\n\r\n"
"""The end of a head, of requests and of answers."""
MAX_HEAD: Final = 8 * 1024
"""The bytes that a request may have, with its headers."""
MAX_HEADERS: Final = 64
"""The headers that a request may have."""

_REQUEST_LINE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.[01]\r\n")
_TLS: Final = 0x16


class HeadFault(NamedTuple):
    """Why a request is refused; without a status, nobody is there who reads HTTP."""

    status: HTTPStatus | None
    reason: str
    limit: Limit | None = None


def check_head(head: bytes) -> HeadFault | None:
    """Return what is wrong with the head of a request, or with the part of it that has come; None if nothing is."""
    if head[0] == _TLS:
        return HeadFault(None, "TLS on a port without TLS")
    if not _is_readable(head):
        return HeadFault(None, "not HTTP")
    end = head.find(b"\n") + 1
    if end and _REQUEST_LINE.fullmatch(head, 0, end) is None:
        return HeadFault(HTTPStatus.BAD_REQUEST, "the request line is invalid")
    if len(head) > MAX_HEAD:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if end else HTTPStatus.REQUEST_URI_TOO_LONG
        return HeadFault(status, f"the request has more than {MAX_HEAD} bytes", Limit.HEAD)
    lines = head.count(b"\r\n")
    if lines != head.count(b"\n"):
        return HeadFault(HTTPStatus.BAD_REQUEST, "a line ends without a carriage return")
    if lines > MAX_HEADERS + 2:  # with the request line, and the empty one
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        return HeadFault(status, f"the request has more than {MAX_HEADERS} headers", Limit.HEAD)
    return None


def path_in(head: bytes) -> str:
    """Return the path in the first line of a request, whatever else is in it; empty if there is none."""
    words = head[:MAX_HEAD].partition(b"\n")[0].split(b" ", 2)
    return words[1].strip(b"\r").decode("latin-1") if len(words) > 1 and _is_readable(head) else ""


def _is_readable(head: bytes) -> bool:
    return 0x20 <= head[0] < 0x7F or head[0] in b"\r\n"
