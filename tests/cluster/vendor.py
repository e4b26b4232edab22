"""A vendor's message in DataTransfer."""

from __future__ import annotations

from ocpp_fast.schema import DataTransfer, Struct


class Depot(Struct):
    name: str


class Where(DataTransfer[Depot], vendor_id="com.acme", message_id="where"):
    bay: int
