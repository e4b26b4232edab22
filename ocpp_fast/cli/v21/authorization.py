"""The commands about who may charge: the cache and the local list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ocpp_fast import on

from .machine import Machine
from .variables import MAX_LIST
from .version import ocpp

__all__ = ["AuthorizationCommands"]

_Status = ocpp.SendLocalListStatusEnumType
_Entries: TypeAlias = "dict[tuple[str, str], ocpp.AuthorizationData]"


class AuthorizationCommands:
    """Keeps the local list and its version; there is nothing in the cache."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._version = 0
        self._entries: _Entries = {}

    @on(ocpp.ClearCacheRequest)
    def clear_cache(self, request: ocpp.ClearCacheRequest) -> ocpp.ClearCacheResponse:
        """Refuse where the cache is off (C11.FR.04)."""
        status = ocpp.ClearCacheStatusEnumType
        enabled = self._machine.model.flag("AuthCacheCtrlr", "Enabled")
        return ocpp.ClearCacheResponse(status=status.ACCEPTED if enabled else status.REJECTED)

    @on(ocpp.GetLocalListVersionRequest)
    def get_version(self, request: ocpp.GetLocalListVersionRequest) -> ocpp.GetLocalListVersionResponse:
        return ocpp.GetLocalListVersionResponse(version_number=self._version)

    @on(ocpp.SendLocalListRequest)
    def send_list(self, request: ocpp.SendLocalListRequest) -> ocpp.SendLocalListResponse:
        if not self._machine.model.flag("LocalAuthListCtrlr", "Enabled"):
            return ocpp.SendLocalListResponse(status=_Status.FAILED)
        full = request.update_type is ocpp.UpdateEnumType.FULL
        if not full and request.version_number <= self._version:
            return ocpp.SendLocalListResponse(status=_Status.VERSION_MISMATCH)
        updated = _updated({} if full else self._entries, request.local_authorization_list or [])
        if updated is None or len(updated) > MAX_LIST or request.version_number < 1:
            return ocpp.SendLocalListResponse(status=_Status.FAILED)
        self._entries = updated
        self._version = request.version_number if updated else 0
        return ocpp.SendLocalListResponse(status=_Status.ACCEPTED)


def _updated(entries: _Entries, changes: Sequence[ocpp.AuthorizationData]) -> _Entries | None:
    """Return the list after changes, or None when an id token stands there twice."""
    changed = {(each.id_token.id_token, str(each.id_token.type)): each for each in changes}
    if len(changed) < len(changes):
        return None
    return {key: entry for key, entry in (entries | changed).items() if entry.id_token_info is not None}
