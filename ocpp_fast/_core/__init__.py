"""The reference core, in Python, and the selector between it and its compiled twin.

Each kernel exists here and in `ocpp_fast_ext` under one name, with one contract (`contract`). The compiled twins are
used where all of them were built, unless OCPP_FAST_NO_EXT is set to anything but "" or "0"; the kernels of this package
are used otherwise. A core that was built and cannot be imported is an ImportError, never a silent change of core.

Of frames the reference core has the values alone: `ocpp_fast.frames` reads and writes them. The compiled core overtakes
it there with `CompiledDecoder` and `CompiledEncoder`, and on a payload's text with `compiled_payload`; without the
compiled core they are None.
"""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ocpp_fast._core import contract

__all__ = [
    "Call",
    "CallResult",
    "CompiledDecoder",
    "CompiledEncoder",
    "PendingTable",
    "Send",
    "Wire",
    "accelerated",
    "compiled_payload",
    "core",
    "disabled",
    "exact_float",
]


_KERNELS = ("correlation", "decimals", "frames", "payload", "wire")


def _built() -> bool:
    """Whether the compiled twin of every kernel is there; none of them is imported."""
    if find_spec("ocpp_fast_ext") is None:
        return False
    return all(find_spec(f"ocpp_fast_ext.{kernel}") is not None for kernel in _KERNELS)


disabled: bool = os.environ.get("OCPP_FAST_NO_EXT", "") not in ("", "0")
"""Whether the user wants no compiled core."""

accelerated: bool = not disabled and _built()
"""Whether the compiled core is in use."""

_REASON = "OCPP_FAST_NO_EXT is set" if disabled else "the compiled one was not built"

core: str = (
    "compiled core"
    if accelerated
    else f"pure-Python core, which reads and writes messages 20 to 60 times slower: {_REASON}"
)
"""The core in use and, if it is the slower one, what that costs, and why."""

CompiledDecoder: type[contract.CompiledDecoder] | None = None
CompiledEncoder: type[contract.CompiledEncoder] | None = None
compiled_payload: contract.CompilePayload | None = None

# Type checkers see the reference core: both cores of a kernel keep one contract.
if TYPE_CHECKING or not accelerated:
    from ocpp_fast._core.correlation import PendingTable
    from ocpp_fast._core.decimals import exact_float
    from ocpp_fast._core.frames import Call, CallResult, Send
    from ocpp_fast._core.wire import Wire
else:
    from ocpp_fast._core import decimals
    from ocpp_fast_ext.correlation import PendingTable
    from ocpp_fast_ext.decimals import ExactFloat
    from ocpp_fast_ext.frames import Call, CallResult, CompiledDecoder, CompiledEncoder, Send
    from ocpp_fast_ext.payload import compiled as compiled_payload
    from ocpp_fast_ext.wire import Wire

    exact_float = ExactFloat(decimals.exact_float, decimals.LongFloat)
