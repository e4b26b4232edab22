"""The commands of the Local Auth List Management profile."""

from __future__ import annotations

from collections.abc import Sequence

from ocpp_fast import on, v16

from .configuration import MAX_LIST
from .machine import Machine

__all__ = ["LocalAuthListCommands"]

_Status = v16.UpdateStatus


class LocalAuthListCommands:
    """Keeps the list and its version."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._version = 0
        self._entries: dict[str, v16.IdTagInfo] = {}

    @on(v16.GetLocalListVersionRequest)
    def get_version(self, request: v16.GetLocalListVersionRequest) -> v16.GetLocalListVersionResponse:
        return v16.GetLocalListVersionResponse(list_version=self._version)

    @on(v16.SendLocalListRequest)
    def send_list(self, request: v16.SendLocalListRequest) -> v16.SendLocalListResponse:
        if not self._machine.configuration.flag("LocalAuthListEnabled"):
            return v16.SendLocalListResponse(status=_Status.NOT_SUPPORTED)
        full = request.update_type is v16.UpdateType.FULL
        if not full and request.list_version <= self._version:
            return v16.SendLocalListResponse(status=_Status.VERSION_MISMATCH)
        updated = _updated({} if full else self._entries, request.local_authorization_list or [])
        if updated is None or len(updated) > MAX_LIST or request.list_version < 1:
            return v16.SendLocalListResponse(status=_Status.FAILED)
        self._entries, self._version = updated, request.list_version
        return v16.SendLocalListResponse(status=_Status.ACCEPTED)


def _updated(
    entries: dict[str, v16.IdTagInfo], changes: Sequence[v16.AuthorizationData]
) -> dict[str, v16.IdTagInfo] | None:
    """Return the list after changes, or None when an id tag stands there twice."""
    if len({each.id_tag for each in changes}) < len(changes):
        return None
    removed = {each.id_tag for each in changes if each.id_tag_info is None}
    merged = entries | {each.id_tag: each.id_tag_info for each in changes if each.id_tag_info is not None}
    return {id_tag: info for id_tag, info in merged.items() if id_tag not in removed}
