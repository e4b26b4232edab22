"""The form of a habit, and the frames that several have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from ocpp_fast import Policy, Tolerance, v16
from ocpp_fast.schema import Request
from ocpp_fast.tolerance import Rule

__all__ = ["EVERYTHING", "Habit", "boot", "configured", "meter", "status", "stop", "text", "tolerate"]

Told = tuple[str, str, str, str | None]
"""What is told of a deviation: the rule, the path, the old value and the new one."""


@dataclass(frozen=True)
class Habit:
    """A frame with a habit of some product, the source of the report, and what becomes of it.

    `strict` is what the strict policy says of it, "" if it takes it. `policy` serves it, and tells `told`; None if none
    does. `open_call` is the call with the id 1 that the frame answers. `at` is who receives it.
    """

    product: str
    source: str
    frame: str
    strict: str
    policy: Policy | None = None
    told: Sequence[Told] = ()
    open_call: Request[Any] | None = None
    version: Any = v16
    at: str = "central"


EVERYTHING = Policy(tolerate=[Tolerance(rule) for rule in get_args(Rule)])
"""Mends all that can be mended."""


def tolerate(*rows: Tolerance) -> Policy:
    return Policy(tolerate=rows)


def meter(sampled: str, more: str = "") -> str:
    value = f'{{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{sampled}]}}'
    return f'[2,"1","MeterValues",{{"connectorId":1,{more}"meterValue":[{value}]}}]'


def stop(more: str, meter: str = "7") -> str:
    return (
        f'[2,"1","StopTransaction",{{"transactionId":3,"meterStop":{meter},"timestamp":"2026-01-01T00:00:00Z",{more}}}]'
    )


def boot(fields: str) -> str:
    return f'[2,"1","BootNotification",{{{fields}}}]'


def status(fields: str) -> str:
    return f'[2,"1","StatusNotification",{{"connectorId":1,{fields}}}]'


def configured(*fields: str) -> str:
    keys = ",".join(f'{{"key":"K",{each}}}' for each in fields)
    return f'[3,"1",{{"configurationKey":[{keys}]}}]'


def text(length: int) -> str:
    """Return a text of digits, in quotation marks."""
    return f'"{"7" * length}"'
