"""Checks of arguments that users give: each raises an error that names what would be right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import IntEnum
from ipaddress import ip_address
from math import inf
from typing import Any, Final

from ..policy import Policy
from ..schema import Version

__all__ = [
    "check_address",
    "check_assumed",
    "check_final",
    "check_identity",
    "check_interval",
    "check_password",
    "check_policy",
    "check_seconds",
    "check_size",
    "check_timeouts",
    "is_identity",
    "versions_of",
]

_MAX_IDENTITY: Final = 48
_FORBIDDEN: Final = frozenset("/\\:%?#")


def check_seconds(name: str, value: Any, *, most: float = 1e9) -> float:
    """Return a time in seconds greater than zero; `most` may be infinite."""
    if not _is_number(value) or not 0 < value <= most:
        raise ValueError(f"{name}: expected seconds, greater than 0, not {value!r}")
    return float(value)


def check_timeouts(name: str, value: Any) -> Mapping[str, float]:
    """Return seconds by the names of actions; the empty name has those of all others, 60 if only some are given."""
    given = value if isinstance(value, Mapping) else {"": value}
    if not all(isinstance(action, str) for action in given):
        raise TypeError(f"{name}: expected names of actions, such as 'Authorize', not {value!r}")
    return {"": 60.0} | {action: check_seconds(name, seconds, most=inf) for action, seconds in given.items()}


def check_interval(name: str, value: Any) -> float:
    """Return a time in seconds that may be zero."""
    if not _is_number(value) or not 0 <= value < inf:
        raise ValueError(f"{name}: expected seconds, 0 or more, not {value!r}")
    return float(value)


def check_size(name: str, value: Any) -> int:
    """Return a number of bytes, greater than zero."""
    if type(value) is not int or value < 1:
        raise ValueError(f"{name}: expected an integer greater than 0, not {value!r}")
    return value


def check_final(given: Any) -> Collection[int | type[Exception]]:
    """Return HTTP statuses and classes of exceptions."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Collection) or not all(map(_is_failure, given)):
        raise TypeError(f"final: expected HTTP statuses and exceptions, such as [401, NoCommonVersion], not {given!r}")
    return tuple(given)


def _is_failure(given: Any) -> bool:
    return issubclass(given, Exception) if isinstance(given, type) else type(given) is int or isinstance(given, IntEnum)


def check_address(name: str, value: Any) -> str:
    """Return an IP address, in text."""
    try:
        return str(ip_address(str(value)))
    except ValueError:
        raise ValueError(f"{name}: expected an IP address, such as '127.0.0.1', not {value!r}") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_policy(policy: Any, versions: Iterable[Version], *, or_function: bool = False) -> None:
    """Check a `Policy` with which versions are spoken; or, with `or_function`, what gives one for a handshake."""
    if isinstance(policy, Policy):
        for version in versions:
            policy.check_version(version.number)
        return
    if not (or_function and callable(policy) and not isinstance(policy, type)):
        wanted = "a Policy or a function of the handshake" if or_function else "a Policy"
        raise TypeError(f"policy: expected {wanted}, not {policy!r}")


def check_password(name: str, password: Any) -> None:
    """Check that a password is bytes; the password is not shown."""
    if not isinstance(password, bytes):
        raise TypeError(f"{name}: expected bytes, such as b'...', not {type(password).__name__}")


def is_identity(text: str) -> bool:
    """Whether a text can be the identity of a station (R32)."""
    return (
        1 <= len(text) <= _MAX_IDENTITY
        and text not in (".", "..")
        and text.isprintable()
        and _FORBIDDEN.isdisjoint(text)
    )


def check_identity(identity: Any) -> str:
    """Return an identity (R32)."""
    if not isinstance(identity, str) or not is_identity(identity):
        raise ValueError(
            f"id: expected 1 to {_MAX_IDENTITY} printable characters, none of / \\ : % ? #, not {identity!r}"
        )
    return identity


def check_assumed(given: Any, version_of: Callable[[str | None], Version | None]) -> Version:
    """Return a version, which may be given as a module, as it is spoken; `version_of` returns that of a subprotocol."""
    version = given if isinstance(given, Version) else getattr(given, "VERSION", None)
    spoken = version_of(version.subprotocol) if isinstance(version, Version) else None
    if spoken is None:
        raise ValueError(f"assume: expected one of the versions that are spoken, or None, not {given!r}")
    return spoken


def versions_of(versions: Any) -> tuple[Version, ...]:
    """Return versions, which may be given as modules such as `v16`."""
    if isinstance(versions, str) or not isinstance(versions, Sequence):
        shown = getattr(versions, "__name__", None) or repr(versions)
        raise TypeError(f"versions: expected a list such as [v16, v201], not {shown}")
    if not versions:
        raise ValueError("versions: expected at least one OCPP version, such as [v16]")
    found = tuple(each if isinstance(each, Version) else getattr(each, "VERSION", None) for each in versions)
    for given, version in zip(versions, found, strict=True):
        if not isinstance(version, Version):
            raise TypeError(f"versions: expected modules such as v16, or Versions, not {given!r}")
    return tuple(each for each in found if each is not None)
