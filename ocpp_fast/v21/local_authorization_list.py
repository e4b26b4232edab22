"""The list of tokens a station keeps for itself (block D)."""

from enum import StrEnum
from typing import Annotated

from ..schema import CENTRAL, CustomData, Items, Profile, Request, Response, Struct
from .types import IdTokenInfoType, IdTokenType, StatusInfoType

__all__ = [
    "LOCAL_AUTHORIZATION_LIST",
    "AuthorizationData",
    "GetLocalListVersionRequest",
    "GetLocalListVersionResponse",
    "SendLocalListRequest",
    "SendLocalListResponse",
    "SendLocalListStatusEnumType",
    "UpdateEnumType",
]


class SendLocalListStatusEnumType(StrEnum):
    """Whether the local list was taken over."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    VERSION_MISMATCH = "VersionMismatch"


class SendLocalListResponse(Response):
    """Says whether the list was taken over."""

    status: SendLocalListStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: CustomData | None = None


class AuthorizationData(Struct):
    """One entry of the local list; without `id_token_info` it is to be removed."""

    id_token: IdTokenType
    id_token_info: IdTokenInfoType | None = None
    custom_data: CustomData | None = None


class UpdateEnumType(StrEnum):
    """Whether a list replaces the old one or amends it."""

    DIFFERENTIAL = "Differential"
    FULL = "Full"


class SendLocalListRequest(Request[SendLocalListResponse], action="SendLocalList", sender=CENTRAL):
    """Replaces or amends the station's local authorization list."""

    local_authorization_list: Annotated[list[AuthorizationData], Items(1, None)] | None = None
    """A full update without a list empties it."""
    version_number: int
    """The version that results from this update."""
    update_type: UpdateEnumType
    custom_data: CustomData | None = None


class GetLocalListVersionResponse(Response):
    """Names the version of the list that is stored; 0 is none."""

    version_number: int
    custom_data: CustomData | None = None


class GetLocalListVersionRequest(Request[GetLocalListVersionResponse], action="GetLocalListVersion", sender=CENTRAL):
    """Asks which version of the local list the station holds."""

    custom_data: CustomData | None = None


LOCAL_AUTHORIZATION_LIST = Profile("LocalAuthorizationList", [SendLocalListRequest, GetLocalListVersionRequest])
