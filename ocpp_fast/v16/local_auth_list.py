"""The Local Auth List Management profile: the list of id tags that a station decides on by itself."""

from __future__ import annotations

from enum import StrEnum

from ..schema import CENTRAL, Profile, Response, Str20, Struct
from ._draft4 import Request
from .types import IdTagInfo

__all__ = [
    "LOCAL_AUTH_LIST",
    "AuthorizationData",
    "GetLocalListVersionRequest",
    "GetLocalListVersionResponse",
    "SendLocalListRequest",
    "SendLocalListResponse",
    "UpdateStatus",
    "UpdateType",
]


class GetLocalListVersionResponse(Response):
    """Tells the version of the station's list."""

    list_version: int
    """0: the list is empty; -1: there are no lists here."""


class GetLocalListVersionRequest(Request[GetLocalListVersionResponse], action="GetLocalListVersion", sender=CENTRAL):
    """Asks for the version of the station's list."""


class AuthorizationData(Struct):
    """One entry of the list."""

    id_tag: Str20
    id_tag_info: IdTagInfo | None = None
    """In a differential update, an entry without it is removed."""


class UpdateType(StrEnum):
    """Whether entries are merged into the list or replace it."""

    DIFFERENTIAL = "Differential"
    FULL = "Full"


class UpdateStatus(StrEnum):
    """The outcome of an update of the list."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    NOT_SUPPORTED = "NotSupported"
    VERSION_MISMATCH = "VersionMismatch"


class SendLocalListResponse(Response):
    """Says whether the list was updated."""

    status: UpdateStatus


class SendLocalListRequest(Request[SendLocalListResponse], action="SendLocalList", sender=CENTRAL):
    """Updates or replaces the station's list."""

    list_version: int
    """The version of the list after this update."""
    local_authorization_list: list[AuthorizationData] | None = None
    update_type: UpdateType


LOCAL_AUTH_LIST = Profile("LocalAuthListManagement", [GetLocalListVersionRequest, SendLocalListRequest])
