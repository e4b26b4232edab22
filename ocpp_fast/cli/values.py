"""Values on the command line, each with an explanation when it is wrong."""

from __future__ import annotations

from argparse import ArgumentTypeError
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .passwords import to_password

if TYPE_CHECKING:
    from ocpp_fast.simulator import Scenario

__all__ = [
    "VERSIONS",
    "address",
    "count",
    "id_tag",
    "network",
    "password",
    "port",
    "positive",
    "scenario",
    "seconds",
    "url",
    "versions",
]

VERSIONS: Final = ("2.1", "2.0.1", "1.6")
"""The versions of OCPP."""


def count(text: str) -> int:
    """Read a whole number from 0 on."""
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number < 0:
        raise ArgumentTypeError(f"expected a whole number from 0 on, not {text!r}")
    return number


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if (number := count(text)) == 0:
        raise ArgumentTypeError("expected at least 1")
    return number


def versions(text: str) -> list[str]:
    """Read versions of OCPP, with commas between them."""
    read = text.split(",")
    if not set(read) <= set(VERSIONS):
        raise ArgumentTypeError(f"expected versions of OCPP ({', '.join(VERSIONS)}), not {text!r}")
    return read


def scenario(text: str) -> Scenario:
    """Read the file of a scenario."""
    from ocpp_fast.simulator import Scenario

    try:
        return Scenario.read(Path(text).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ArgumentTypeError(f"{text}: {error}") from None


def port(text: str) -> int:
    """Read a port."""
    if (number := count(text)) > 0xFFFF:
        raise ArgumentTypeError(f"expected a port from 0 to 65535, not {text!r}")
    return number


def seconds(text: str) -> float:
    """Read a time of more than 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"expected seconds, more than 0, not {text!r}")
    return number


def url(text: str) -> str:
    """Read the URL of a central system."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0 and not parts.fragment
    except ValueError:
        usable = False
    if not usable:
        raise ArgumentTypeError("expected a ws:// or wss:// URL")  # which may hold a password
    return text


def address(text: str) -> str:
    """Read an IP address."""
    try:
        return str(ip_address(text))
    except ValueError:
        raise ArgumentTypeError(f"expected an IP address, not {text!r}") from None


def network(text: str) -> str:
    """Read the network of a proxy, or that it comes by a Unix socket."""
    try:
        return "unix" if text == "unix" else str(ip_network(text))
    except ValueError:
        raise ArgumentTypeError(f"expected a network such as 10.0.0.0/8, or unix, not {text!r}") from None


def id_tag(text: str) -> str:
    """Read an id tag."""
    if not 1 <= len(text) <= 20:
        raise ArgumentTypeError("expected at most 20 characters, and at least one")
    return text


def password(text: str) -> bytes:
    """Read a password."""
    try:
        return to_password(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
