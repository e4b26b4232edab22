"""The errors of calls on the bus: each exception of a local call has a word, and is raised again from it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from .._core.strict_json import check_value
from ..errors import (
    CallError,
    CallTimeout,
    ConnectionReplaced,
    DeliveryUnknown,
    Disconnected,
    InvalidResult,
    InvalidSignature,
    NotConnected,
    NotRegistered,
    NotSent,
    OcppError,
    QueueFull,
    SigningFailed,
    ValidationError,
    VersionMismatch,
)

__all__ = ["error_of", "word_of"]

_PLAIN: Final[Mapping[str, Callable[[str], OcppError]]] = {
    "disconnected": Disconnected,
    "replaced": ConnectionReplaced,
    "queue_full": QueueFull,
    "not_registered": NotRegistered,
    "not_connected": lambda _: NotConnected(),
    "signing_failed": SigningFailed,
    "invalid_signature": InvalidSignature,
    "unsupported": VersionMismatch,
    "unknown": DeliveryUnknown,
}
"""Those that have a text and no more."""

_WORDS: Final = {
    Disconnected: "disconnected",
    ConnectionReplaced: "replaced",
    QueueFull: "queue_full",
    NotRegistered: "not_registered",
    NotConnected: "not_connected",
    SigningFailed: "signing_failed",
    InvalidSignature: "invalid_signature",
    VersionMismatch: "unsupported",
    NotSent: "unsent",
}


def word_of(error: BaseException) -> dict[str, Any]:
    """Return what is told of the end of a call: `e` is its word, `d` whether it was delivered."""
    if isinstance(error, CallError):
        details = dict(error.details)
        try:
            check_value(details)
        except ValueError:
            details = {}
        return {"e": "call_error", "code": str(error.code), "description": error.description, "details": details}
    if isinstance(error, InvalidResult):
        raw = base64.b64encode(error.raw).decode()
        return {"e": "invalid_result", "path": error.path, "rule": error.rule, "expected": error.expected, "raw": raw}
    if isinstance(error, CallTimeout):
        return {"e": "timeout", "d": error.delivered}
    if isinstance(error, ValidationError):
        return {"e": "invalid", "path": error.path, "rule": error.rule, "expected": error.expected}
    for kind in type(error).__mro__:
        if kind in _WORDS:
            assert isinstance(error, OcppError)
            return {"e": _WORDS[kind], "text": error._text(), "d": error.delivered}
    return {"e": "unknown", "text": type(error).__name__}


def error_of(told: Mapping[str, Any], action: str) -> OcppError:
    """Return the error of a call of an action that a node has told; of a word that is not known, `DeliveryUnknown`."""
    word, text = told.get("e"), _text(told, "text")
    error: OcppError
    match word:
        case "call_error":
            details = told.get("details")
            given = details if isinstance(details, dict) else {}
            return CallError(_text(told, "code"), _text(told, "description"), given)
        case "invalid_result":
            error = InvalidResult(_text(told, "path"), _text(told, "rule"), _text(told, "expected"))
            try:
                error.raw = base64.b64decode(_text(told, "raw"), validate=True)
            except ValueError:
                error.raw = b""
            return error
        case "invalid":
            return ValidationError(_text(told, "path"), _text(told, "rule"), _text(told, "expected"))
        case "timeout":
            error = CallTimeout(action)
        case str() if word in _PLAIN:
            error = _PLAIN[word](text)
        case _:
            error = DeliveryUnknown(f"the node has told {word!r}")
    if "d" in told and type(error).delivered is None and told["d"] in (False, True, None):
        error.delivered = told["d"]
    return error


def _text(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key)
    return value if isinstance(value, str) else ""
