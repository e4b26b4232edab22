"""What a simulated station of 2.1 does beyond one of 2.0.1."""

from .station import Station

__all__ = ["Station"]
