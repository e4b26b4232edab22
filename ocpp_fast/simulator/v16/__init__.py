"""A simulated station of OCPP 1.6."""

from .station import Station

__all__ = ["Station"]
