"""The reference payload core: JSON values become typed objects and typed objects become bytes, both validating.

It is led by the plan: `reading` and `writing` make functions of it, once for each class.
"""

from __future__ import annotations

from typing import Any, Final

from .contract import Payload
from .plan import Plan
from .reading import reader_of
from .strict_json import dumps, loads
from .texts import FRACTIONS, Timespec
from .violation import Violation
from .writing import WriteFunction, writer_of

__all__ = ["PayloadCodec", "Violation"]

_FRAME_DEPTH: Final = 1


class PayloadCodec:
    """Reads and writes the payloads of one class; asks `compiled`, its twin, for a text first."""

    __slots__ = ("_compiled", "_read", "_write", "plan")

    def __init__(self, plan: Plan, compiled: Payload | None = None) -> None:
        self.plan = plan
        self._compiled = compiled
        self._read = reader_of(plan)
        self._write = writer_of(plan)

    def read(self, text: bytes, *, null: bool = True) -> Any:
        """Return the typed object of a payload's JSON text; null means {} (R7), unless told otherwise.

        Raises `Violation`.
        """
        found = None if self._compiled is None else self._compiled.read(text)
        if found is not None:
            return found
        try:
            value = loads(text, _FRAME_DEPTH)
        except ValueError:
            raise Violation("", "type", "object") from None
        return self.decode({} if value is None and null else value)

    def write(self, value: Any, timespec: Timespec = "milliseconds", bounded: bool = False) -> bytes:
        """Return the JSON text of a typed object, `bounded` as 2.x sends it (R50, R51). Raises `Violation`."""
        text = None if self._compiled is None else self._compiled.write(value, FRACTIONS[timespec], bounded=bounded)
        return self.encode(value, timespec, bounded) if text is None else text

    def decode(self, value: Any) -> Any:
        """Return the typed object of a parsed payload. Raises `Violation`."""
        return self._read(value)

    def encode(self, value: Any, timespec: Timespec = "milliseconds", bounded: bool = False) -> bytes:
        """Return the JSON text of a typed object, as `write` does, always by the reference core."""
        return dumps(self._wire(writer_of(self.plan, bounded=True) if bounded else self._write, value, timespec))

    def wire(self, value: Any, timespec: Timespec = "milliseconds") -> dict[str, Any]:
        """Return the JSON value of a typed object. Raises `Violation`; values that are not JSON come first."""
        return self._wire(self._write, value, timespec)

    def _wire(self, write: WriteFunction, value: Any, timespec: Timespec) -> dict[str, Any]:
        try:
            wire: dict[str, Any] = write(value, _FRAME_DEPTH, timespec)
        except Violation:
            writer_of(self.plan, ruled=False)(value, _FRAME_DEPTH, timespec)
            raise
        return wire
