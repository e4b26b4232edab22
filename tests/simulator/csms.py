"""A central system of one version that remembers what it was sent, and a simulated station that it commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import pytest

from ocpp_fast import CentralSystem, Direction, NoAuth, Station, v16, v21, v201
from ocpp_fast.schema import STATION
from ocpp_fast.simulator import Settings, simulated

from ..authority import Authority
from ..cli.programs import PATIENCE, in_time

__all__ = [
    *("AUTHORITY", "CERTIFICATE", "LOCATION", "MODULES", "PAST", "Commanded", "Csms", "Notes", "in_process"),
    *("every_version", "in_16", "in_21", "in_2x"),
]

MODULES: Final[dict[str, Any]] = {"1.6": v16, "2.0.1": v201, "2.1": v21}
_FOLDER: Final = TemporaryDirectory()
AUTHORITY: Final = Authority(Path(_FOLDER.name))
CERTIFICATE: Final = AUTHORITY.ca.read_text()
LOCATION: Final = "ftp://example.com/files"
PAST: Final = datetime(2020, 1, 1, tzinfo=UTC)

T = TypeVar("T")


class Csms(CentralSystem):
    """Answers everything, and remembers it in the order of arrival; `answers` replaces answers by action."""

    def __init__(self, number: str, **answers: Any) -> None:
        self.ocpp = MODULES[number]
        super().__init__(auth=NoAuth(), versions=[self.ocpp])
        self.received: list[Any] = []
        self.frames: list[bytes] = []
        self.answers: dict[str, Any] = answers
        self._read = 0
        self._news = asyncio.Event()
        self.on_frame(self._arrived)
        for action in self.ocpp.VERSION.actions.values():
            if action.sender & STATION:
                self.add(action, self._answer)

    def _arrived(self, direction: Direction, _: Station, raw: bytes) -> None:
        if direction is Direction.IN:
            self.frames.append(raw)

    def _answer(self, _: Station, request: Any) -> Any:
        self.received.append(request)
        self._news.set()
        action, response = request.__action__.name, request.__action__.response
        if action in self.answers or response is None:
            return self.answers.get(action)
        usual: dict[str, dict[str, Any]] = {
            "BootNotification": {"status": "Accepted", "current_time": datetime.now(UTC), "interval": 300},
            "Heartbeat": {"current_time": datetime.now(UTC)},
            "Authorize": self.judged("Accepted"),
            "StartTransaction": {**self.judged("Accepted"), "transaction_id": self.told().count(action)},
            "DataTransfer": {"status": "UnknownVendorId"},
            "SignCertificate": {"status": "Accepted"},
            "OpenPeriodicEventStream": {"status": "Accepted"},
        }
        return response(**usual.get(action, {}))

    def boot_answer(self, status: str, interval: int) -> Any:
        return self.ocpp.BootNotificationResponse(status=status, current_time=datetime.now(UTC), interval=interval)

    def judged(self, status: str) -> dict[str, Any]:
        """Return the field of an answer that judges an id token."""
        if self.ocpp is v16:
            return {"id_tag_info": v16.IdTagInfo(status=v16.AuthorizationStatus(status))}
        return {"id_token_info": self.ocpp.IdTokenInfoType(status=self.ocpp.AuthorizationStatusEnumType(status))}

    def told(self) -> list[str]:
        """Return the actions that have arrived."""
        return [each.__action__.name for each in self.received]

    async def next(self, kind: type[T], **fields: Any) -> T:
        """Return the next request of a kind, with these fields; what comes before it is passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for request in self.received[self._read :]:
                    self._read += 1
                    if isinstance(request, kind) and all(getattr(request, each) == fields[each] for each in fields):
                        return request
                self._news.clear()
                await self._news.wait()

    async def next_status(self, place: int, status: str) -> None:
        """Wait for a status of a connector of 1.6, or of the connector of an EVSE."""
        names = ("connector_id", "status") if self.ocpp is v16 else ("evse_id", "connector_status")
        await self.next(self.ocpp.StatusNotificationRequest, **dict(zip(names, (place, status), strict=True)))

    async def next_event(self, kind: str, **fields: Any) -> Any:
        """Return the next event of a transaction of 2.x."""
        return await self.next(self.ocpp.TransactionEventRequest, event_type=kind, **fields)


class Notes(list[str]):
    """Keeps the lines that an observer is told."""

    def note(self, line: str, /) -> None:
        self.append(line)


@asynccontextmanager
async def in_process(csms: Csms, version: str) -> AsyncIterator[Notes]:
    """A simulated station in this process, while the context lasts, and what it tells."""
    notes = Notes()
    async with csms.serve() as server:
        given = Settings(id="CP001", url=server.url, version=version, sessions=0, interval=0.02, retry=0.01)
        life = asyncio.create_task(simulated(given, notes).run())
        try:
            yield notes
        finally:
            life.cancel()
            await asyncio.wait([life])
        if not life.cancelled():
            life.result()


@dataclass
class Commanded:
    """A simulated station: `calls` commands it by shortcuts, `csms` has what it sends, `ocpp` the messages.

    The methods say the same in every version: an outlet is a connector of 1.6, or an EVSE.
    """

    calls: Any
    csms: Csms
    ocpp: Any

    @staticmethod
    def of(csms: Csms) -> Commanded:
        """What commands the station that is connected."""
        return Commanded(getattr(csms["CP001"], csms.ocpp.__name__.rpartition(".")[2]), csms, csms.ocpp)

    def token(self, text: str = "TAG") -> Any:
        return self.ocpp.IdTokenType(id_token=text, type="Central")

    def who(self, token: str = "TAG") -> dict[str, Any]:
        """Return the field of a message that is an id token."""
        return {"id_tag": token} if self.ocpp is v16 else {"id_token": self.token(token)}

    def evse(self, number: int, connector_id: int | None = None) -> Any:
        return self.ocpp.EVSEType(id=number, connector_id=connector_id)

    async def start(self, outlet: int | None = None, token: str = "TAG", **fields: Any) -> Any:
        """Ask for a transaction, and return the status."""
        if self.ocpp is v16:
            start, fields = self.calls.remote_start_transaction, {"connector_id": outlet} | fields
        else:
            start, fields = self.calls.request_start_transaction, {"evse_id": outlet, "remote_start_id": 7} | fields
        return (await start(**self.who(token), **fields)).status

    async def next_start(self, token: str = "TAG", **fields: Any) -> None:
        """Wait until the station tells of a new transaction."""
        if self.ocpp is v16:
            await self.csms.next(v16.StartTransactionRequest, **self.who(token), **fields)
        else:
            await self.csms.next_event("Started", **self.who(token), **fields)

    async def charge(self, outlet: int = 1) -> Any:
        """Start a transaction, wait until energy flows, and return its id."""
        assert await self.start(outlet) == "Accepted"
        if self.ocpp is v16:
            return (await self.csms.next(v16.MeterValuesRequest)).transaction_id
        return (await self.csms.next_event("Updated")).transaction_info.transaction_id

    async def amperes(self) -> float:
        """Return the current that the next meter values of a transaction tell."""
        if self.ocpp is v16:
            told: Any = await self.csms.next(v16.MeterValuesRequest)
        else:
            told = await self.csms.next_event("Updated", trigger_reason="MeterValuePeriodic")
        sampled = told.meter_value[0].sampled_value
        return next(float(each.value) for each in sampled if each.measurand == "Current.Import")

    async def flows(self, amperes: float) -> None:
        """Wait until the meter values tell this current."""
        while await self.amperes() != amperes:
            pass

    async def stop(self, transaction_id: Any) -> Any:
        """Ask for the end of a transaction, and return the status."""
        stop = self.calls.remote_stop_transaction if self.ocpp is v16 else self.calls.request_stop_transaction
        return (await stop(transaction_id=transaction_id)).status

    async def reserve(self, number: int, token: str, *, seconds: float = 60, outlet: int = 1) -> Any:
        """Reserve an outlet for a token, and return the status."""
        then = datetime.now(UTC) + timedelta(seconds=seconds)
        if self.ocpp is v16:
            fields = {"reservation_id": number, "connector_id": outlet, "expiry_date": then}
        else:
            fields = {"id": number, "evse_id": outlet, "expiry_date_time": then}
        return (await self.calls.reserve_now(**self.who(token), **fields)).status

    async def set(self, *where: str, value: str) -> Any:
        """Set a key of 1.6, or a variable by component, name and instance; return how that went."""
        if self.ocpp is v16:
            return (await self.calls.change_configuration(key=where[0], value=value)).status
        component, variable = self.ocpp.ComponentType(name=where[0]), self._variable(*where[1:])
        data = self.ocpp.SetVariableDataType(component=component, variable=variable, attribute_value=value)
        return (await self.calls.set_variables(set_variable_data=[data])).set_variable_result[0].attribute_status

    def _variable(self, name: str, instance: str | None = None) -> Any:
        return self.ocpp.VariableType(name=name, instance=instance)

    async def get(self, *where: str, evse: Any = None) -> tuple[str, str | None]:
        """Read a key of 1.6, or a variable by component and name; return how that went, and the value."""
        if self.ocpp is v16:
            answer = await self.calls.get_configuration(key=list(where))
            if answer.unknown_key is not None:
                return "UnknownVariable", None
            return "Accepted", answer.configuration_key[0].value
        component, variable = self.ocpp.ComponentType(name=where[0], evse=evse), self._variable(*where[1:])
        data = self.ocpp.GetVariableDataType(component=component, variable=variable)
        result = (await self.calls.get_variables(get_variable_data=[data])).get_variable_result[0]
        return result.attribute_status, result.attribute_value


def commanded(*numbers: str) -> Callable[[Callable[[Commanded], Coroutine[Any, Any, None]]], Callable[[str], None]]:
    """Run a test for each of these versions, with a simulated station in this process that has reported its outlets."""

    def decorate(test: Callable[[Commanded], Coroutine[Any, Any, None]]) -> Callable[[str], None]:
        @pytest.mark.parametrize("number", numbers)
        @in_time
        async def bounded(number: str) -> None:
            csms = Csms(number)
            async with in_process(csms, number):
                await csms.next_status(2, "Available")
                await test(Commanded.of(csms))

        bounded.__name__ = test.__name__
        return bounded

    return decorate


every_version, in_16, in_2x, in_21 = commanded(*MODULES), commanded("1.6"), commanded("2.0.1", "2.1"), commanded("2.1")
"""Decorators of tests, by the versions that they are about."""
