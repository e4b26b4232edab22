"""The answers of a central system that takes everybody in, for each version of OCPP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp_fast import Router, Station

from ..console import Console

__all__ = ["answers_of"]


def answers_of(number: str, console: Console, interval: int) -> tuple[Any, Router]:
    """Return the module of a version, and handlers of everything that its stations send.

    `interval` is in seconds, between the heartbeats of stations. Only the messages of that version are imported.
    """
    if number == "1.6":
        from ocpp_fast import v16

        from .v16 import Answers

        answers = _acknowledging(v16)
        answers.include(Answers(console, interval))
        return v16, answers
    from .v2 import answer_requests, answer_transactions

    module: Any
    if number == "2.1":
        from ocpp_fast import v21

        from .v21 import AdditionalAnswers

        module, answers = v21, _acknowledging(v21)
        answers.include(AdditionalAnswers())
    else:
        from ocpp_fast import v201

        module, answers = v201, _acknowledging(v201)
    answer_requests(module, answers, interval)
    answer_transactions(module, answers, console)
    return module, answers


def _acknowledging(module: Any) -> Router:
    """Answer every message of a station with an empty response; where one can't be empty, another handler follows."""
    answers = Router()
    for action in module.VERSION.actions.values():
        if action.sender.name == "STATION" and action.response:
            answers.add(action, _empty(action.response))
    return answers


def _empty(response: Callable[[], object]) -> Callable[[Station, object], object]:
    return lambda station, request: response()
