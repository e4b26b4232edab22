"""The commands about tariffs."""

from __future__ import annotations

from collections import defaultdict

from ocpp_fast import on, v21

from ..machine import Machine

__all__ = ["TariffCommands"]

_Change = v21.TariffChangeStatusEnumType
_Clear = v21.TariffClearStatusEnumType
_Get = v21.TariffGetStatusEnumType
_Set = v21.TariffSetStatusEnumType


class TariffCommands:
    """Keeps the default tariff of each EVSE, and those of running transactions."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._defaults: dict[int, v21.TariffType] = {}
        self._of_transactions: dict[str, v21.TariffType] = {}

    @on(v21.SetDefaultTariffRequest)
    def set_default(self, request: v21.SetDefaultTariffRequest) -> v21.SetDefaultTariffResponse:
        """Set the tariff of an EVSE, or with 0 of all."""
        tariff = request.tariff
        places = self._places(request.evse_id)
        elsewhere = (each for place, each in self._defaults.items() if place not in places)
        if not places:
            return v21.SetDefaultTariffResponse(status=_Set.REJECTED)
        if any(each.tariff_id == tariff.tariff_id and each != tariff for each in elsewhere):
            return v21.SetDefaultTariffResponse(status=_Set.DUPLICATE_TARIFF_ID)
        self._defaults |= dict.fromkeys(places, tariff)
        return v21.SetDefaultTariffResponse(status=_Set.ACCEPTED)

    def _places(self, evse_id: int | None) -> list[int]:
        """Return the EVSEs that a number stands for: all of them for 0 and None."""
        known = self._machine.evses
        return [each for each in known if each == evse_id] if evse_id else list(known)

    @on(v21.GetTariffsRequest)
    def get_tariffs(self, request: v21.GetTariffsRequest) -> v21.GetTariffsResponse:
        places = self._places(request.evse_id)
        if not places:
            return v21.GetTariffsResponse(status=_Get.REJECTED)
        by_id: defaultdict[str, list[int]] = defaultdict(list)
        for place in places:
            if (tariff := self._defaults.get(place)) is not None:
                by_id[tariff.tariff_id].append(place)
        assignments = [
            v21.TariffAssignmentType(tariff_id=each, tariff_kind=v21.TariffKindEnumType.DEFAULT_TARIFF, evse_ids=places)
            for each, places in by_id.items()
        ]
        return v21.GetTariffsResponse(
            status=_Get.ACCEPTED if assignments else _Get.NO_TARIFF, tariff_assignments=assignments or None
        )

    @on(v21.ClearTariffsRequest)
    def clear_tariffs(self, request: v21.ClearTariffsRequest) -> v21.ClearTariffsResponse:
        """Clear the tariffs named, or all, of an EVSE or of all."""
        places = self._places(request.evse_id)
        held = {self._defaults[place].tariff_id for place in places if place in self._defaults}
        wanted = request.tariff_ids if request.tariff_ids is not None else sorted(held)
        for place in places:
            if place in self._defaults and self._defaults[place].tariff_id in wanted:
                del self._defaults[place]
        results = [
            v21.ClearTariffsResultType(tariff_id=each, status=_Clear.ACCEPTED if each in held else _Clear.NO_TARIFF)
            for each in wanted
        ]
        nothing = [v21.ClearTariffsResultType(status=_Clear.NO_TARIFF)]
        return v21.ClearTariffsResponse(clear_tariffs_result=results or nothing)

    @on(v21.ChangeTransactionTariffRequest)
    def change_tariff(self, request: v21.ChangeTransactionTariffRequest) -> v21.ChangeTransactionTariffResponse:
        """Give a running transaction another tariff, in the same currency."""
        evse, tariff = self._machine.charging(request.transaction_id), request.tariff
        if evse is None:
            return v21.ChangeTransactionTariffResponse(status=_Change.TX_NOT_FOUND)
        present = self._of_transactions.get(request.transaction_id, self._defaults.get(evse.id))
        if present is not None and present.currency != tariff.currency:
            return v21.ChangeTransactionTariffResponse(status=_Change.NO_CURRENCY_CHANGE)
        running = {
            each: kept for each, kept in self._of_transactions.items() if self._machine.charging(each) is not None
        }
        self._of_transactions = running | {request.transaction_id: tariff}
        return v21.ChangeTransactionTariffResponse(status=_Change.ACCEPTED)
