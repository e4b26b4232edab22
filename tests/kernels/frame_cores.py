"""Compiled readers and writers of frames, with fallbacks that say that they were called, and a lookup that is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_fast._core.plan import Plan

frames = pytest.importorskip("ocpp_fast_ext.frames")

__all__ = ["Actions", "Named", "declined", "error_of", "no_call", "reader_of", "writer_of"]


class Named:
    """An action, as a kernel sees it."""

    def __init__(self, name: str) -> None:
        self.name = name


class Actions:
    """The lookup of a reader or writer: what it was told, and what it was `asked` for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Any]] = []
        self._known: dict[tuple[int, Any], tuple[Any, Plan]] = {}

    def add(self, message_type: int, key: Any, plan: Plan, action: Any = None) -> Any:
        """Know an action by a key from now on; return the action."""
        action = action or (key if message_type == 3 else Named(key))
        self._known[message_type, key] = action, plan
        return action

    def __call__(self, message_type: int, key: Any) -> tuple[Any, Plan] | None:
        self.asked.append((message_type, key))
        return self._known.get((message_type, key))


def declined(*arguments: object) -> str:
    return "declined"


def error_of(*arguments: object) -> tuple[object, ...]:
    return arguments


def reader_of(lookup: Any = None, *, refuses_results: bool = True) -> Any:
    return frames.CompiledDecoder(
        fallback=declined, error=error_of, lookup=lookup or Actions(), refuses_results=refuses_results
    )


def writer_of(lookup: Any = None, fraction: int = 3) -> Any:
    return frames.CompiledEncoder(
        fraction, lookup=lookup or Actions(), call=declined, send=declined, result=declined, error=declined
    )


def no_call(unique_id: str) -> None:
    return None
