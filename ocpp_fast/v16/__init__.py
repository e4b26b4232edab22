"""OCPP 1.6: its 28 actions and the security extension's 11 as declarations; `VERSION` holds them all."""

# ruff: noqa: F403, F405  # every module's `__all__` is re-exported

from ..schema import Version
from .core import *
from .firmware_management import *
from .local_auth_list import *
from .remote_trigger import *
from .reservation import *
from .security import *
from .shortcuts import *
from .smart_charging import *
from .types import *

VERSION = Version(
    "1.6",
    [CORE, FIRMWARE_MANAGEMENT, LOCAL_AUTH_LIST, RESERVATION, SMART_CHARGING, REMOTE_TRIGGER, SECURITY],
    central_shortcuts=CentralSystemShortcuts,
    station_shortcuts=ChargePointShortcuts,
)
