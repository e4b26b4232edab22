"""Requests and answers: every action in its smallest and its largest form, made from declarations."""

from __future__ import annotations

from typing import Any, NamedTuple

from ocpp_fast._core.plan import Plan
from ocpp_fast.schema import BOTH, Action, Sender, Struct, codec_of, plan_of

from ..payloads import maximal, minimal
from .package import PACKAGES, Package

__all__ = ["Exchange", "exchanges"]

FORMS = {"minimal": minimal, "maximal": maximal}


class Exchange(NamedTuple):
    """One action in one form, asked by `sender`. Payloads are wire instances unless they are called typed."""

    package: Package
    action: Action
    form: str
    sender: Sender

    @property
    def receiver(self) -> Sender:
        return self.sender ^ BOTH

    @property
    def request(self) -> dict[str, Any]:
        return FORMS[self.form](self._plan(self.action.request))

    @property
    def response(self) -> dict[str, Any]:
        wire = FORMS[self.form](self._plan(self._response))
        if self.action.name == "BootNotification":
            return wire | {"status": "Accepted"}  # or the station would be kept silent (R40)
        return wire

    @property
    def portable_request(self) -> dict[str, Any]:
        """The request but for what the package can't send."""
        plan = self._plan(self.action.request)
        return self.package.portable("call", self.action.name, plan, self.request)

    @property
    def portable_response(self) -> dict[str, Any]:
        """The response but for what the package can't send."""
        plan = self._plan(self._response)
        return self.package.portable("call_result", self.action.name, plan, self.response)

    def typed_request(self, wire: dict[str, Any]) -> Any:
        """Return a request of the action as our side has it."""
        return codec_of(self.action.request, self.action.draft).decode(wire)

    def typed_response(self, wire: dict[str, Any]) -> Any:
        """Return a response of the action as our side has it."""
        return codec_of(self._response, self.action.draft).decode(wire)

    @property
    def _response(self) -> type[Struct]:
        assert self.action.response is not None
        return self.action.response

    def _plan(self, struct: type[Struct]) -> Plan:
        return plan_of(struct, self.action.draft)

    def __str__(self) -> str:
        sender = str(self.sender.name).lower()
        return f"{self.package.name}-{sender}-{self.action.name}-{self.form}"


def exchanges(sender: Sender) -> list[Exchange]:
    """Return what `sender` may ask."""
    return [
        Exchange(package, message, form, sender)
        for package in PACKAGES
        for message in package.version.actions.values()
        for form in FORMS
        if message.sender & sender and message.response is not None
    ]
