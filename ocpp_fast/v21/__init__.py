"""OCPP 2.1: its 91 actions as declarations, one module per functional block; `VERSION` holds them all."""

# ruff: noqa: F403, F405  # every module's `__all__` is re-exported

from ..schema import Version
from .authorization import *
from .availability import *
from .battery_swap import *
from .bidirectional_power_transfer import *
from .charging_needs import *
from .charging_profiles import *
from .data_transfer import *
from .der_control import *
from .diagnostics import *
from .display_message import *
from .firmware_management import *
from .iso15118_certificates import *
from .local_authorization_list import *
from .meter_values import *
from .provisioning import *
from .remote_control import *
from .reservation import *
from .security import *
from .shortcuts import *
from .smart_charging import *
from .tariff_and_cost import *
from .tariffs import *
from .transactions import *
from .types import *

VERSION = Version(
    "2.1",
    [
        SECURITY,
        PROVISIONING,
        AUTHORIZATION,
        LOCAL_AUTHORIZATION_LIST,
        TRANSACTIONS,
        REMOTE_CONTROL,
        AVAILABILITY,
        RESERVATION,
        TARIFF_AND_COST,
        METER_VALUES,
        SMART_CHARGING,
        FIRMWARE_MANAGEMENT,
        ISO15118_CERTIFICATES,
        DIAGNOSTICS,
        DISPLAY_MESSAGE,
        DATA_TRANSFER,
        BIDIRECTIONAL_POWER_TRANSFER,
        DER_CONTROL,
        BATTERY_SWAP,
    ],
    central_shortcuts=CentralSystemShortcuts,
    station_shortcuts=ChargePointShortcuts,
)
