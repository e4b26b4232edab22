"""The compiled payload core, for the compiled core of frames and for tests."""

from typing import Any, Literal, final

__all__ = ["CompiledPlan", "compiled", "scan_form"]

scan_form: Literal["neon", "portable", "sse2"]

@final
class CompiledPlan:
    def read(self, text: bytes) -> Any: ...
    def write(self, value: Any, fraction: int = 3, *, bounded: bool = False) -> bytes | None: ...

def compiled(plan: Any) -> CompiledPlan | None: ...
