"""The command that tells of a payment in the making."""

from __future__ import annotations

from ocpp_fast import on, v21

from ..machine import Machine

__all__ = ["PaymentCommands"]


class PaymentCommands:
    """Shows that somebody pays on the web."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @on(v21.NotifyWebPaymentStartedRequest)
    def web_payment_started(self, request: v21.NotifyWebPaymentStartedRequest) -> v21.NotifyWebPaymentStartedResponse:
        return v21.NotifyWebPaymentStartedResponse()
