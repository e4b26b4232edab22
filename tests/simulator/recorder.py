"""A central system that remembers what it was sent."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any, Final, TypeVar

from ocpp_fast import CentralSystem, NoAuth, Station
from ocpp_fast.schema import STATION

from ..cli.programs import PATIENCE

__all__ = ["CERTIFICATE", "LOCATION", "Recorder"]

CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----\nTm8gcmVhbCBvbmU=\n-----END CERTIFICATE-----\n"
LOCATION: Final = "ftp://example.com/files"

T = TypeVar("T")


class Recorder(CentralSystem):
    """Answers everything, and remembers it in the order of arrival; `answers` replaces answers by action."""

    def __init__(self, version: Any) -> None:
        super().__init__(auth=NoAuth(), versions=[version])
        self.received: list[Any] = []
        self.answers: dict[str, Any] = {}
        self._read = 0
        self._news = asyncio.Event()
        for action in version.VERSION.actions.values():
            if action.sender & STATION:
                self.add(action, self._answer)

    def _answer(self, station: Station, request: Any) -> Any:
        self.received.append(request)
        self._news.set()
        action = request.__action__.name
        return self.answers[action] if action in self.answers else self.usual(action, request)

    @abstractmethod
    def usual(self, action: str, request: Any) -> Any:
        """Return the answer to a request where `answers` has none."""

    async def next(self, kind: type[T], **fields: Any) -> T:
        """Return the next request of a kind, with these fields; what comes before it is passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                while self._read < len(self.received):
                    request = self.received[self._read]
                    self._read += 1
                    if isinstance(request, kind) and all(
                        getattr(request, name) == value for name, value in fields.items()
                    ):
                        return request
                self._news.clear()
                await self._news.wait()
