"""The commands about distributed energy resources: how the station behaves towards the grid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from ocpp_fast import on, v21

from ..machine import Machine

__all__ = ["DerControlCommands"]

_Kind = v21.DERControlEnumType
_Status = v21.DERControlStatusEnumType

Settings: TypeAlias = (
    v21.DERCurveType
    | v21.EnterServiceType
    | v21.FixedPFType
    | v21.FixedVarType
    | v21.FreqDroopType
    | v21.GradientType
    | v21.LimitMaxDischargeType
)

_FIELDS: Final = {
    _Kind.ENTER_SERVICE: "enter_service",
    _Kind.FREQ_DROOP: "freq_droop",
    _Kind.FIXED_PF_ABSORB: "fixed_pf_absorb",
    _Kind.FIXED_PF_INJECT: "fixed_pf_inject",
    _Kind.FIXED_VAR: "fixed_var",
    _Kind.GRADIENTS: "gradient",
    _Kind.LIMIT_MAX_DISCHARGE: "limit_max_discharge",
}
"""Where the settings of a kind stand in a request; those of all other kinds are curves."""


@dataclass(slots=True, eq=False)
class _Control:
    """A control, as the CSMS has set it."""

    id: str
    kind: v21.DERControlEnumType
    is_default: bool
    settings: Settings
    is_superseded: bool = False
    task: asyncio.Task[None] | None = None
    """What begins and ends it at its time."""

    @property
    def start(self) -> datetime | None:
        """When it begins; None for at once."""
        return getattr(self.settings, "start_time", None)

    @property
    def duration(self) -> float | None:
        """How many seconds it lasts; None for ever."""
        return getattr(self.settings, "duration", None)


class DerControlCommands:
    """Keeps controls by their ids; those that are not defaults begin and end at their time."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._controls: dict[str, _Control] = {}

    @on(v21.SetDERControlRequest)
    def set_control(self, request: v21.SetDERControlRequest) -> v21.SetDERControlResponse:
        """Keep a control; others of its kind, of the same or a lower priority, are superseded by it."""
        settings: Settings | None = getattr(request, _FIELDS.get(request.control_type, "curve"))
        if settings is None:
            return v21.SetDERControlResponse(status=_Status.REJECTED)
        self._forget(request.control_id)
        new = _Control(request.control_id, request.control_type, request.is_default, settings)
        superseded = [each for each in self._matching(new.kind, new.is_default) if _yields(each, new)]
        for each in superseded:
            each.is_superseded = True
        self._controls[new.id] = new
        ids = [each.id for each in superseded][:24] or None
        if not new.is_default:
            new.task = self._machine.jobs.create_task(self._run(new, ids))
        return v21.SetDERControlResponse(status=_Status.ACCEPTED, superseded_ids=ids)

    @on(v21.GetDERControlRequest)
    def get_control(self, request: v21.GetDERControlRequest) -> v21.GetDERControlResponse:
        found = self._matching(request.control_type, request.is_default, request.control_id)
        if not found:
            return v21.GetDERControlResponse(status=_Status.NOT_FOUND)
        self._machine.jobs.create_task(self._report(request.request_id, found))
        return v21.GetDERControlResponse(status=_Status.ACCEPTED)

    @on(v21.ClearDERControlRequest)
    def clear_control(self, request: v21.ClearDERControlRequest) -> v21.ClearDERControlResponse:
        found = self._matching(request.control_type, request.is_default, request.control_id)
        for each in found:
            self._forget(each.id)
        return v21.ClearDERControlResponse(status=_Status.ACCEPTED if found else _Status.NOT_FOUND)

    def _matching(
        self, kind: v21.DERControlEnumType | None, is_default: bool | None, number: str | None = None
    ) -> list[_Control]:
        """Return what is asked for; None is anything."""
        return [
            each
            for each in self._controls.values()
            if kind in (None, each.kind) and is_default in (None, each.is_default) and number in (None, each.id)
        ]

    def _forget(self, number: str) -> None:
        control = self._controls.pop(number, None)
        if control is not None and control.task is not None:
            control.task.cancel()

    # The time of a control

    async def _run(self, control: _Control, superseded: list[str] | None) -> None:
        if control.start is not None:
            await asyncio.sleep((control.start - datetime.now(UTC)).total_seconds())
        await self._tell(control, superseded, started=True)
        if control.duration is not None:
            await asyncio.sleep(control.duration)
            self._controls.pop(control.id, None)
            await self._tell(control, None, started=False)

    async def _tell(self, control: _Control, superseded: list[str] | None, *, started: bool) -> None:
        now = datetime.now(UTC)
        await self._machine.tell(
            lambda csms: csms.notify_der_start_stop(
                control_id=control.id, started=started, timestamp=now, superseded_ids=superseded
            )
        )

    # Reports

    async def _report(self, request_id: int, found: Sequence[_Control]) -> None:
        """Send a message for each control."""
        for number, each in enumerate(found, 1):
            await self._report_one(request_id, each, more=number < len(found))

    async def _report_one(self, request_id: int, control: _Control, *, more: bool) -> None:
        name, told = _told(control)
        fields: dict[str, Any] = {name: [told]}
        await self._machine.tell(lambda csms: csms.report_der_control(request_id=request_id, tbc=more, **fields))


def _yields(old: _Control, new: _Control) -> bool:
    """Whether a control is superseded by another; the lower number has the higher priority."""
    return new.settings.priority <= old.settings.priority


def _told(control: _Control) -> tuple[str, object]:
    """Return what a report says of a control, and the field that it stands in."""
    number, settings = control.id, control.settings
    flags: dict[str, Any] = {"is_default": control.is_default, "is_superseded": control.is_superseded}
    name = _FIELDS.get(control.kind, "curve")
    match settings:
        case v21.EnterServiceType():
            return name, v21.EnterServiceGetType(id=number, enter_service=settings)
        case v21.GradientType():
            return name, v21.GradientGetType(id=number, gradient=settings)
        case v21.FreqDroopType():
            return name, v21.FreqDroopGetType(id=number, freq_droop=settings, **flags)
        case v21.FixedPFType():
            return name, v21.FixedPFGetType(id=number, fixed_pf=settings, **flags)
        case v21.FixedVarType():
            return name, v21.FixedVarGetType(id=number, fixed_var=settings, **flags)
        case v21.LimitMaxDischargeType():
            return name, v21.LimitMaxDischargeGetType(id=number, limit_max_discharge=settings, **flags)
        case _:
            return name, v21.DERCurveGetType(id=number, curve=settings, curve_type=control.kind, **flags)
