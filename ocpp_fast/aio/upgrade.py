"""A request to connect before anything of it is checked, and the hooks that may mend it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

from websockets.datastructures import Headers as HeaderMap

from ..errors import HandshakeRefused
from ..escaping import described
from .logs import write
from .proxies import Address
from .security import Headers

__all__ = ["UpgradeHook", "UpgradeRequest", "check_hook", "mend", "offered_in"]


class UpgradeRequest:
    """A request as the client sent it, before any check of ours: what `on_upgrade` may mend.

    `path`, with its query, may be set. Nobody is authenticated yet, and anybody can send anything.
    """

    __slots__ = ("_headers", "path", "remote_address")

    def __init__(self, path: str, headers: HeaderMap, remote_address: Address) -> None:
        self.path = path
        self._headers = headers
        self.remote_address = remote_address
        """Host and port of the other side, which may be a proxy; None on a Unix socket."""

    @property
    def headers(self) -> Headers:
        """The request's headers; `set_header` changes them."""
        return self._headers

    def set_header(self, name: str, value: str | None) -> None:
        """Put one header in place of all of that name; None removes them."""
        if name in self._headers:
            del self._headers[name]
        if value is not None:
            self._headers[name] = value

    def __repr__(self) -> str:
        return f"<UpgradeRequest from {self.remote_address}>"  # path and headers may hold passwords


UpgradeHook: TypeAlias = Callable[[UpgradeRequest], Any]


def check_hook(hook: Any) -> None:
    """Raise `TypeError` for a hook that is not a plain function."""
    if not callable(hook) or inspect.iscoroutinefunction(hook):
        raise TypeError(f"on_upgrade: expected a plain function of an UpgradeRequest, not {hook!r}")


def mend(hooks: Sequence[UpgradeHook], request: UpgradeRequest, log: logging.Logger) -> HandshakeRefused | None:
    """Let the hooks mend a request; return the refusal that one has raised, or that its failure is."""
    try:
        for hook in hooks:
            hook(request)
    except HandshakeRefused as refusal:
        return HandshakeRefused(refusal.status, refusal.reason)  # without the traceback
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # of the user's code
        write(log, logging.ERROR, "%s: `on_upgrade` failed", request.remote_address, exc_info=error)
        return HandshakeRefused(HTTPStatus.INTERNAL_SERVER_ERROR, described(error))
    return None


def offered_in(headers: Headers) -> tuple[str, ...]:
    """Return the subprotocols that a request offers, in its order."""
    values = ",".join(headers.get_all("Sec-WebSocket-Protocol"))
    return tuple(each.strip() for each in values.split(",") if each.strip())
