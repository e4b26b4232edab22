"""The cost of running transactions (block I)."""

from ..schema import CENTRAL, CustomData, Id36, Profile, Request, Response

__all__ = [
    "TARIFF_AND_COST",
    "CostUpdatedRequest",
    "CostUpdatedResponse",
]


class CostUpdatedResponse(Response):
    """Acknowledges the running cost."""

    custom_data: CustomData | None = None


class CostUpdatedRequest(Request[CostUpdatedResponse], action="CostUpdated", sender=CENTRAL):
    """Tells what a running transaction has cost so far, for the display."""

    total_cost: float
    """With taxes, in the currency that the station is set to."""
    transaction_id: Id36
    custom_data: CustomData | None = None


TARIFF_AND_COST = Profile("TariffAndCost", [CostUpdatedRequest])
