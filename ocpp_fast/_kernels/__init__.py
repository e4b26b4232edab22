"""The kernels, each in the one of its two cores that was chosen for this process.

The compiled cores of `ocpp_fast_ext` are used where all of them were built, unless OCPP_FAST_NO_EXT is set
to anything but "" or "0"; the reference cores of this package are used otherwise. A core that was built and
cannot be imported is an ImportError, never a silent change of core.
"""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

__all__ = ["Call", "CallResult", "FrameReader", "FrameWriter", "PendingTable", "Send", "accelerated", "exact_float"]


_KERNELS = ("correlation", "decimals", "frames", "payload")


def _built() -> bool:
    """Whether the compiled twin of every kernel is there; none of them is imported."""
    if find_spec("ocpp_fast_ext") is None:
        return False
    return all(find_spec(f"ocpp_fast_ext.{kernel}") is not None for kernel in _KERNELS)


accelerated: bool = os.environ.get("OCPP_FAST_NO_EXT", "") in ("", "0") and _built()
"""Whether the compiled cores were chosen."""

# Type checkers see the reference cores: both cores of a kernel keep one contract.
if TYPE_CHECKING or not accelerated:
    from ocpp_fast._kernels.correlation import PendingTable
    from ocpp_fast._kernels.decimals import exact_float
    from ocpp_fast._kernels.frames import Call, CallResult, FrameReader, FrameWriter, Send
else:
    from ocpp_fast._kernels import decimals
    from ocpp_fast_ext.correlation import PendingTable
    from ocpp_fast_ext.decimals import ExactFloat
    from ocpp_fast_ext.frames import Call, CallResult, FrameReader, FrameWriter, Send

    exact_float = ExactFloat(decimals.exact_float, decimals.LongFloat)
