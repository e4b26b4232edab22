"""A CSMS of ours for 2.0.1 and 2.1, and a simulated station in this process that it commands."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from ocpp_fast import v21, v201

from ..cli.programs import in_time
from .central import in_process
from .recorder import Recorder

__all__ = ["MODULES", "Commanded", "Csms", "commanded"]

MODULES: Final[dict[str, Any]] = {"2.0.1": v201, "2.1": v21}


class Csms(Recorder):
    """A CSMS of one version."""

    def __init__(self, number: str) -> None:
        self.ocpp = MODULES[number]
        super().__init__(self.ocpp)

    def usual(self, action: str, request: Any) -> Any:
        ocpp, now = self.ocpp, datetime.now(UTC)
        usual: dict[str, Callable[[], Any]] = {
            "BootNotification": lambda: self.boot_answer("Accepted", 300),
            "Heartbeat": lambda: ocpp.HeartbeatResponse(current_time=now),
            "Authorize": lambda: ocpp.AuthorizeResponse(id_token_info=self.id_token_info("Accepted")),
            "SignCertificate": lambda: ocpp.SignCertificateResponse(status="Accepted"),
            "OpenPeriodicEventStream": lambda: ocpp.OpenPeriodicEventStreamResponse(status="Accepted"),
        }
        if request.__action__.response is None:
            return None
        return usual[action]() if action in usual else request.__action__.response()

    def boot_answer(self, status: str, interval: int) -> Any:
        return self.ocpp.BootNotificationResponse(
            status=self.ocpp.RegistrationStatusEnumType(status), current_time=datetime.now(UTC), interval=interval
        )

    def id_token_info(self, status: str) -> Any:
        return self.ocpp.IdTokenInfoType(status=self.ocpp.AuthorizationStatusEnumType(status))

    async def next_status(self, evse_id: int, status: str) -> None:
        """Wait for a status of an EVSE's connector."""
        await self.next(self.ocpp.StatusNotificationRequest, evse_id=evse_id, connector_status=status)

    async def next_event(self, kind: str, **fields: Any) -> Any:
        """Return the next event of a transaction."""
        return await self.next(self.ocpp.TransactionEventRequest, event_type=kind, **fields)


@dataclass
class Commanded:
    """A simulated station: `calls` commands it by shortcuts, `csms` has what it sends, `ocpp` the messages."""

    calls: Any
    csms: Csms
    ocpp: Any

    @staticmethod
    def of(csms: Csms) -> Commanded:
        """What commands the station that is connected."""
        station = csms["CP001"]
        return Commanded(station.v21 if csms.ocpp is v21 else station.v201, csms, csms.ocpp)

    def token(self, text: str = "TAG") -> Any:
        return self.ocpp.IdTokenType(id_token=text, type="Central")

    def evse(self, number: int, connector_id: int | None = None) -> Any:
        return self.ocpp.EVSEType(id=number, connector_id=connector_id)

    async def start(self, **fields: Any) -> str:
        """Ask for a transaction, and return the answer."""
        fields = {"id_token": self.token(), "remote_start_id": 7} | fields
        status: str = (await self.calls.request_start_transaction(**fields)).status
        return status

    async def charge(self, evse_id: int = 1) -> str:
        """Start a transaction, wait until energy flows, and return its id."""
        assert await self.start(evse_id=evse_id) == "Accepted"
        event = await self.csms.next_event("Updated")
        number: str = event.transaction_info.transaction_id
        return number

    async def set(self, component: str, variable: str, value: str) -> str:
        """Set a variable, and return how that went."""
        data = self.ocpp.SetVariableDataType(
            component=self.ocpp.ComponentType(name=component),
            variable=self.ocpp.VariableType(name=variable),
            attribute_value=value,
        )
        status: str = (await self.calls.set_variables(set_variable_data=[data])).set_variable_result[0].attribute_status
        return status

    async def get(self, component: str, variable: str, evse: Any = None) -> tuple[str, str | None]:
        """Read a variable; return how that went, and the value."""
        data = self.ocpp.GetVariableDataType(
            component=self.ocpp.ComponentType(name=component, evse=evse),
            variable=self.ocpp.VariableType(name=variable),
        )
        result = (await self.calls.get_variables(get_variable_data=[data])).get_variable_result[0]
        return result.attribute_status, result.attribute_value


def commanded(*numbers: str) -> Callable[[Callable[[Commanded], Coroutine[Any, Any, None]]], Callable[[str], None]]:
    """Run a test for each of these versions, with a simulated station in this process that has reported its EVSEs."""

    def decorate(test: Callable[[Commanded], Coroutine[Any, Any, None]]) -> Callable[[str], None]:
        @pytest.mark.parametrize("number", numbers)
        @in_time
        async def bounded(number: str) -> None:
            csms = Csms(number)
            async with in_process(csms, number, interval=0.02):
                await csms.next_status(2, "Available")
                await test(Commanded.of(csms))

        bounded.__name__ = test.__name__
        return bounded

    return decorate
