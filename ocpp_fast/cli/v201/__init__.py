"""OCPP 2.0.1, both sides: the modules of `v21`, imported a second time, beside the two that stand here.

All that 2.0.1 and 2.1 share is written once, in `v21`, for the messages that its module `version` names. Here
`version` names those of 2.0.1, and `additions` has nothing that 2.1 brought.
"""

from pathlib import Path

__path__.append(str(Path(__file__).parent.with_name("v21")))
