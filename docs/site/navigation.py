"""The order of the site's pages; a page is in it once. Those that are not there yet are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["NAVIGATION"]

NAVIGATION: Final[Mapping[str, Sequence[str]]] = {
    "Start": ["index.md", "concepts.md", "migration.md", "faq.md"],
    "Central system": ["central_system.md", "handlers.md", "errors.md", "tolerance.md", "asgi.md", "threads.md"],
    "Charge point": [
        "station.md",
        "charge_point.md",
        "transaction_queue.md",
        "smart_charging.md",
        "build_a_station.md",
    ],
    "Security": ["security.md", "certificates.md", "signing.md"],
    "Testing": ["testing.md", "load.md", "check.md"],
    "Operation": ["deployment.md", "cluster.md", "performance.md"],
    "Protocol": ["protocol.md", "extending.md"],
    "Inside": ["architecture.md", "compiled_core.md", "adding_an_operation.md"],
}
