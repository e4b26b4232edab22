"""The commands about tariffs."""

from __future__ import annotations

from ocpp_fast import on, v21

from .. import v2

__all__ = ["TariffCommands"]


class TariffCommands:
    """Keeps the default tariff of each EVSE; nothing is charged for."""

    def __init__(self, station: v2.Station) -> None:
        self._station = station
        self._defaults: dict[int, v21.TariffType] = {}

    @on(v21.SetDefaultTariffRequest)
    def set_default(self, request: v21.SetDefaultTariffRequest) -> v21.SetDefaultTariffResponse:
        """Set the tariff of an EVSE, or with 0 of all."""
        status, places = v21.TariffSetStatusEnumType, self._places(request.evse_id)
        self._defaults |= dict.fromkeys(places, request.tariff)
        return v21.SetDefaultTariffResponse(status=status.ACCEPTED if places else status.REJECTED)

    def _places(self, evse_id: int | None) -> list[int]:
        """Return the EVSEs that a number stands for: all of them for 0 and None."""
        return [each for each in self._station.outlets if evse_id in (None, 0, each)]

    @on(v21.GetTariffsRequest)
    def get_tariffs(self, request: v21.GetTariffsRequest) -> v21.GetTariffsResponse:
        status, places = v21.TariffGetStatusEnumType, self._places(request.evse_id)
        if not places:
            return v21.GetTariffsResponse(status=status.REJECTED)
        by_id: dict[str, list[int]] = {}
        for place in places:
            if (tariff := self._defaults.get(place)) is not None:
                by_id.setdefault(tariff.tariff_id, []).append(place)
        kind = v21.TariffKindEnumType.DEFAULT_TARIFF
        assignments = [
            v21.TariffAssignmentType(tariff_id=number, tariff_kind=kind, evse_ids=evse_ids)
            for number, evse_ids in by_id.items()
        ]
        return v21.GetTariffsResponse(
            status=status.ACCEPTED if assignments else status.NO_TARIFF, tariff_assignments=assignments or None
        )

    @on(v21.ClearTariffsRequest)
    def clear_tariffs(self, request: v21.ClearTariffsRequest) -> v21.ClearTariffsResponse:
        """Clear the tariffs named, or all, of an EVSE or of all."""
        status, places = v21.TariffClearStatusEnumType, self._places(request.evse_id)
        held = {self._defaults[place].tariff_id for place in places if place in self._defaults}
        wanted = sorted(held) if request.tariff_ids is None else request.tariff_ids
        self._defaults = {
            place: tariff
            for place, tariff in self._defaults.items()
            if place not in places or tariff.tariff_id not in wanted
        }
        results = [
            v21.ClearTariffsResultType(tariff_id=each, status=status.ACCEPTED if each in held else status.NO_TARIFF)
            for each in wanted
        ]
        nothing = [v21.ClearTariffsResultType(status=status.NO_TARIFF)]
        return v21.ClearTariffsResponse(clear_tariffs_result=results or nothing)

    @on(v21.ChangeTransactionTariffRequest)
    def change_tariff(self, request: v21.ChangeTransactionTariffRequest) -> v21.ChangeTransactionTariffResponse:
        """Give a running transaction another tariff, in the currency of the default."""
        evse, status = self._station.charges(request.transaction_id), v21.TariffChangeStatusEnumType
        if evse is None:
            return v21.ChangeTransactionTariffResponse(status=status.TX_NOT_FOUND)
        present = self._defaults.get(evse.id)
        other = present is not None and present.currency != request.tariff.currency
        return v21.ChangeTransactionTariffResponse(status=status.NO_CURRENCY_CHANGE if other else status.ACCEPTED)
