"""Tariffs, prices and taxes, as several functional blocks use them."""

from enum import StrEnum
from typing import Annotated

from ..schema import CustomData, DateTime, Items, Range, Str3, Str20, Str60, Struct
from .types import MessageContentType

__all__ = [
    "DayOfWeekEnumType",
    "EvseKindEnumType",
    "PriceType",
    "TariffConditionsFixedType",
    "TariffConditionsType",
    "TariffEnergyPriceType",
    "TariffEnergyType",
    "TariffFixedPriceType",
    "TariffFixedType",
    "TariffTimePriceType",
    "TariffTimeType",
    "TariffType",
    "TaxRateType",
]


class DayOfWeekEnumType(StrEnum):
    """A day of the week."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


class EvseKindEnumType(StrEnum):
    """Whether an EVSE gives AC or DC."""

    AC = "AC"
    DC = "DC"


class TariffConditionsType(Struct):
    """When a price applies; all conditions must hold."""

    start_time_of_day: str | None = None
    """`HH:MM`, local time, 24 hours."""
    end_time_of_day: str | None = None
    """`HH:MM`, local time; earlier than the start means past midnight."""
    day_of_week: Annotated[list[DayOfWeekEnumType], Items(1, 7)] | None = None
    valid_from_date: str | None = None
    """`YYYY-MM-DD`, local; this day counts."""
    valid_to_date: str | None = None
    """`YYYY-MM-DD`, local; this day no longer counts."""
    evse_kind: EvseKindEnumType | None = None
    min_energy: float | None = None
    """In Wh, this much included."""
    max_energy: float | None = None
    """In Wh, this much excluded."""
    min_current: float | None = None
    """In A, summed over the phases, this much included."""
    max_current: float | None = None
    """In A, summed over the phases, this much excluded."""
    min_power: float | None = None
    """In W, this much included."""
    max_power: float | None = None
    """In W, this much excluded."""
    min_time: int | None = None
    """Seconds of the whole transaction, this many included."""
    max_time: int | None = None
    """Seconds of the whole transaction, this many excluded."""
    min_charging_time: int | None = None
    """Seconds of charging, this many included."""
    max_charging_time: int | None = None
    """Seconds of charging, this many excluded."""
    min_idle_time: int | None = None
    """Seconds without charging, this many included."""
    max_idle_time: int | None = None
    """Seconds without charging, this many excluded."""
    custom_data: CustomData | None = None


class TariffEnergyPriceType(Struct):
    """A price of energy, and when it applies."""

    price_kwh: float
    """Per kWh, without tax."""
    conditions: TariffConditionsType | None = None
    custom_data: CustomData | None = None


class TaxRateType(Struct):
    """A tax on a price."""

    type: Str20
    """For the receipt."""
    tax: float
    """In percent."""
    stack: Annotated[int, Range(0, None)] | None = None
    """0 (also when missing) is on the net price; each next one is on the sum below it."""
    custom_data: CustomData | None = None


class TariffEnergyType(Struct):
    """The prices of energy, and their taxes."""

    prices: Annotated[list[TariffEnergyPriceType], Items(1, None)]
    tax_rates: Annotated[list[TaxRateType], Items(1, 5)] | None = None
    custom_data: CustomData | None = None


class TariffTimePriceType(Struct):
    """A price of time, and when it applies."""

    price_minute: float
    """Per minute, without tax."""
    conditions: TariffConditionsType | None = None
    custom_data: CustomData | None = None


class TariffTimeType(Struct):
    """The prices of time, and their taxes."""

    prices: Annotated[list[TariffTimePriceType], Items(1, None)]
    tax_rates: Annotated[list[TaxRateType], Items(1, 5)] | None = None
    custom_data: CustomData | None = None


class TariffConditionsFixedType(Struct):
    """When a fixed price applies; all conditions must hold as the transaction starts."""

    start_time_of_day: str | None = None
    """`HH:MM`, local time, 24 hours."""
    end_time_of_day: str | None = None
    """`HH:MM`, local time; earlier than the start means past midnight."""
    day_of_week: Annotated[list[DayOfWeekEnumType], Items(1, 7)] | None = None
    valid_from_date: str | None = None
    """`YYYY-MM-DD`, local; this day counts."""
    valid_to_date: str | None = None
    """`YYYY-MM-DD`, local; this day no longer counts."""
    evse_kind: EvseKindEnumType | None = None
    payment_brand: Str20 | None = None
    """For payment on the spot: the card's brand."""
    payment_recognition: Str20 | None = None
    """For payment on the spot: its kind, such as `CC`."""
    custom_data: CustomData | None = None


class TariffFixedPriceType(Struct):
    """A price paid once, and when it applies."""

    conditions: TariffConditionsFixedType | None = None
    price_fixed: float
    """Without tax."""
    custom_data: CustomData | None = None


class TariffFixedType(Struct):
    """The prices paid once, and their taxes."""

    prices: Annotated[list[TariffFixedPriceType], Items(1, None)]
    tax_rates: Annotated[list[TaxRateType], Items(1, 5)] | None = None
    custom_data: CustomData | None = None


class PriceType(Struct):
    """A price without tax, with tax, or both."""

    excl_tax: float | None = None
    """One of the two must be there."""
    incl_tax: float | None = None
    """Both are in the currency of the tariff."""
    tax_rates: Annotated[list[TaxRateType], Items(1, 5)] | None = None
    custom_data: CustomData | None = None


class TariffType(Struct):
    """What charging costs: by energy, by time and at once."""

    tariff_id: Str60
    description: Annotated[list[MessageContentType], Items(1, 10)] | None = None
    """In one or more languages, for the display."""
    currency: Str3
    """ISO 4217."""
    energy: TariffEnergyType | None = None
    valid_from: DateTime | None = None
    """No value means at once."""
    charging_time: TariffTimeType | None = None
    idle_time: TariffTimeType | None = None
    fixed_fee: TariffFixedType | None = None
    """Paid once, at the start."""
    reservation_time: TariffTimeType | None = None
    reservation_fixed: TariffFixedType | None = None
    """Paid once per reservation."""
    min_cost: PriceType | None = None
    """What a transaction costs at least."""
    max_cost: PriceType | None = None
    """What a transaction costs at most."""
    custom_data: CustomData | None = None
