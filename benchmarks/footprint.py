"""What the package costs a process that imports it: `python -m benchmarks.footprint NAME`, a process for each NAME."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from time import perf_counter
from typing import Any, Final

__all__ = ["MEASURES", "OURS"]

BASE: Final = ("orjson", "websockets.asyncio.client", "websockets.asyncio.server")
OURS: Final = ("ocpp_fast", "ocpp_fast.v16", "ocpp_fast.v201", "ocpp_fast.v21")


def imports() -> list[float]:
    """Return the seconds that it takes to import websockets and orjson, then each part of ours."""
    moments = [perf_counter()]
    for modules in (BASE, *((module,) for module in OURS)):
        for module in modules:
            import_module(module)
        moments.append(perf_counter())
    return [after - before for before, after in pairwise(moments)]


def allocated() -> list[int]:
    """Return the bytes allocated for the plans of 2.1, for their compiled forms, and for msgspec's counterpart."""
    from .msgspec_types import decoders_of

    make_plans, compile_plans = _steps()
    tracemalloc.start()
    plans = make_plans()
    sizes = [0, tracemalloc.get_traced_memory()[0]]
    kept: list[Any] = []
    for step in (compile_plans, decoders_of):
        kept.append(step(plans))
        sizes.append(tracemalloc.get_traced_memory()[0])
    return [after - before for before, after in pairwise(sizes)]


def resident() -> list[int]:
    """Return the process's resident pages before it has the plans of 2.1 and their compiled forms, and after."""
    make_plans, compile_plans = _steps()
    before = _pages()
    kept = compile_plans(make_plans())
    return [before, _pages(), len(kept)]


def _steps() -> tuple[Callable[[], list[Any]], Callable[[Sequence[Any]], list[Any]]]:
    """Return what makes the plans of 2.1, and what compiles them, if anything does."""
    from ocpp_fast import accelerated, v21
    from ocpp_fast.schema import plan_of

    messages = v21.VERSION.actions.values()
    structs = [struct for each in messages for struct in (each.request, each.response) if struct is not None]
    if not accelerated:
        return lambda: [plan_of(struct) for struct in structs], lambda plans: []
    from ocpp_fast_ext.payload import compiled

    return lambda: [plan_of(struct) for struct in structs], lambda plans: [compiled(plan) for plan in plans]


def _pages() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])


MEASURES: Final = {"imports": imports, "allocated": allocated, "resident": resident}

if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]]()))
