"""A simulated station of 2.0.1, and all that one of 2.1 shares with it."""

from .station import Station

__all__ = ["Station"]
