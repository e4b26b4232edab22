"""The actions of a version: profiles, and the version that is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .shortcuts import Shortcuts
from .struct import Action, Notification, Request

__all__ = ["Profile", "Version"]


class Profile:
    """A named group of actions: a profile of 1.6, a functional block of 2.x, or a vendor's own."""

    __slots__ = ("actions", "name")

    def __init__(self, name: str, requests: Iterable[type[Request[Any] | Notification]]) -> None:
        self.name = name
        self.actions: tuple[Action, ...] = tuple(each.__action__ for each in requests)

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {len(self.actions)} actions)"


class Version:
    """An OCPP version: its number, its WebSocket subprotocol and its actions by name.

    `central_shortcuts` and `station_shortcuts` are what the central system and the charge point offer as, say,
    `station.v16`. Raises `ValueError` when two profiles declare one action.
    """

    def __init__(
        self,
        number: str,
        profiles: Iterable[Profile],
        *,
        central_shortcuts: type[Shortcuts],
        station_shortcuts: type[Shortcuts],
    ) -> None:
        self.number = number
        self.central_shortcuts = central_shortcuts
        self.station_shortcuts = station_shortcuts
        self.subprotocol = f"ocpp{number}"
        self.profiles = tuple(profiles)
        self.actions: Mapping[str, Action] = self._by_name()

    def _by_name(self) -> dict[str, Action]:
        actions: dict[str, Action] = {}
        for action in (each for profile in self.profiles for each in profile.actions):
            if actions.setdefault(action.name, action) is not action:
                raise ValueError(f"OCPP {self.number} declares {action.name} twice")
        return actions

    def request(self, action: str, payload: Mapping[str, Any] | None = None) -> Any:
        """Return the request of an action's name: `version.request("Reset", {"type": "Soft"})`.

        `payload` is in JSON's values, as of `from_dict`. Raises `ValueError` for an unknown action, and
        `ValidationError`, which is one too.
        """
        if action not in self.actions:
            raise ValueError(f"OCPP {self.number} has no action {action!r}")
        return self.actions[action].request.from_dict({} if payload is None else payload)

    def extended(self, *profiles: Profile) -> Version:
        """Return the version with profiles of a vendor's own actions beside its own.

        Raises `ValueError` when one of them declares another action of a name that is there.
        """
        return Version(
            self.number,
            [*self.profiles, *profiles],
            central_shortcuts=self.central_shortcuts,
            station_shortcuts=self.station_shortcuts,
        )

    def __repr__(self) -> str:
        return f"Version({self.number!r})"
