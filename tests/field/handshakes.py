"""Habits of real stations and simulators before their first message, as public reports tell them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ocpp_fast import BasicAuth, Handshake, UpgradeRequest, identity_of, v16, v201

from ..aio.peer import handshake_bytes
from ..aio.refusals import credentials

__all__ = ["HANDSHAKES", "HandshakeHabit"]

_GITHUB = "https://github.com/"
_NO_VERSION = "no common subprotocol: it offers "
_KEY = "0001020304050607ffffffffffffffffffffffff"


@dataclass(frozen=True)
class HandshakeHabit:
    """A request with a habit of some product, the source of the report, and what becomes of it.

    `strict` is the status and the reason with which a central system without `options` and `hook` turns it away; None
    if it lets it in. `options` of the central system serve it, and `hook`, an `on_upgrade`; the answer has the
    subprotocol `answered`, and if a version was assumed, that is told with what it `offered`.
    """

    product: str
    source: str
    sent: bytes
    strict: tuple[int, str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    hook: Callable[[UpgradeRequest], object] | None = None
    answered: str | None = "ocpp1.6"
    offered: tuple[str, ...] | None = None
    version: Any = v16
    identity: str = "CP1"
    auth: Any = None

    @property
    def is_served(self) -> bool:
        """Whether anything lets it in."""
        return self.strict is None or bool(self.options) or self.hook is not None


def _add_connection(request: UpgradeRequest) -> None:
    if "Connection" not in request.headers:
        request.set_header("Connection", "Upgrade")


def _name_by_address(request: UpgradeRequest) -> None:
    if request.path == "/" and request.remote_address is not None and request.remote_address[0] == "127.0.0.1":
        request.path = "/CP1"


def _user(path: str, headers: Any) -> str:
    return b64decode(headers["Authorization"].partition(" ")[2]).decode().partition(":")[0]


def _either_form(identity: str, password: bytes) -> bool:
    return password in (bytes.fromhex(_KEY), _KEY.encode())


def _of_old_ones(handshake: Handshake) -> Any:
    return v16 if handshake.identity.startswith("CP") else None


HANDSHAKES = [
    # The request
    HandshakeHabit(
        "Autel MaxiCharger US AC LW10-N14, firmware 1.38",
        _GITHUB + "lbbrhzn/ocpp/pull/1933",
        handshake_bytes(without="Connection"),
        (426, "missing Connection header"),
        hook=_add_connection,
    ),
    HandshakeHabit(
        "MicroOcpp, a whole URL in the request line",
        _GITHUB + "matth-x/MicroOcpp/issues/278",
        handshake_bytes("ws://localhost:8500/ocpp/CP1"),
    ),
    HandshakeHabit(
        "open-ocpp, an identity that is not percent-encoded",
        _GITHUB + "c-jimenez/open-ocpp/pull/198",
        handshake_bytes("/ocpp/RDAM 123"),
        (400, "the request line is invalid"),
    ),
    # Who it is
    HandshakeHabit(
        "Grizzl-E Smart, neither identity nor subprotocol",
        _GITHUB + "lbbrhzn/ocpp/issues/442",
        handshake_bytes("/", subprotocols=None, headers=["User-Agent: TinyWebsockets Client"]),
        (404, "the path names no station"),
        {"assume": v16},
        hook=_name_by_address,
        answered=None,
        offered=(),
    ),
    HandshakeHabit(
        "a station whose path has to end with a slash",
        _GITHUB + "apostoldevel/ocpp-cs/issues/16",
        handshake_bytes("/ocpp/CP1/"),
        (404, "the path names no station"),
        {"identify": partial(identity_of, trailing_slash=True)},
    ),
    HandshakeHabit(
        "boxes that append their identity to a URL that has it",
        _GITHUB + "evcc-io/docs/issues/357",
        handshake_bytes("/CP1/CP1"),
    ),
    HandshakeHabit(
        "SETEC, a number before the identity",
        _GITHUB + "steve-community/steve/issues/689",
        handshake_bytes("/steve/websocket/CentralSystemService/4/CBI-1600000000000"),
        identity="CBI-1600000000000",
    ),
    HandshakeHabit(
        "Garo, an identity with a hyphen",
        _GITHUB + "ocpp-balanz/ocpp-2w-proxy/issues/4",
        handshake_bytes("/GaroCS-0000AAAA00000"),
        identity="GaroCS-0000AAAA00000",
    ),
    HandshakeHabit(
        "a station with a bar in its identity, percent-encoded",
        _GITHUB + "citrineos/citrineos-core/pull/1093",
        handshake_bytes("/ocpp/CP%7C1", subprotocols="ocpp2.0.1"),
        answered="ocpp2.0.1",
        version=v201,
        identity="CP|1",
    ),
    # Subprotocols
    HandshakeHabit(
        "a station in a log of OCPP.Core, no subprotocol",
        _GITHUB + "dallmann-consulting/OCPP.Core/issues/43",
        handshake_bytes(subprotocols=None),
        (101, _NO_VERSION + "none"),
        {"assume": v16},
        answered=None,
        offered=(),
    ),
    HandshakeHabit(
        "chargestation-one of 2023, no subprotocol",
        _GITHUB + "road-labs/chargestation-one/pull/5",
        handshake_bytes(subprotocols=None),
        (101, _NO_VERSION + "none"),
        {"assume": _of_old_ones, "refuse_unknown_subprotocols": True},
        answered=None,
        offered=(),
    ),
    HandshakeHabit(
        "a client of ocpp-go with a number too many",
        _GITHUB + "lorenzodonini/ocpp-go/issues/123",
        handshake_bytes(subprotocols="ocpp2.0.1.1"),
        (101, _NO_VERSION + "ocpp2.0.1.1"),
        {"assume": v201},
        answered="ocpp2.0.1.1",
        offered=("ocpp2.0.1.1",),
        version=v201,
    ),
    HandshakeHabit(
        "KEBA KeContact x30, firmware 1.9.0, an empty element ahead",
        _GITHUB + "dallmann-consulting/OCPP.Core/issues/91",
        handshake_bytes(subprotocols=",ocpp2.0.1"),
        answered="ocpp2.0.1",
        version=v201,
    ),
    HandshakeHabit(
        "simulators that offer OCPP 1.5 as well",
        _GITHUB + "lbbrhzn/ocpp/issues/497",
        handshake_bytes(subprotocols="ocpp1.6, ocpp1.5"),
    ),
    # Credentials
    HandshakeHabit(
        "ocpp-cp-simulator, the hexadecimal digits as password",
        _GITHUB + "shiv3/ocpp-cp-simulator/issues/260",
        handshake_bytes(headers=[credentials(f"CP1:{_KEY}".encode())]),
        (401, "the credentials are wrong"),
        {"auth": BasicAuth(_either_form)},
        auth=BasicAuth({"CP1": bytes.fromhex(_KEY)}),
    ),
    HandshakeHabit(
        "ocpp-virtual-charge-point, another user name than the identity",
        _GITHUB + "solidstudiosh/ocpp-virtual-charge-point/pull/3",
        handshake_bytes("/ocpp/j/v16/CP0", headers=[credentials(b"CP1:secret")]),
        (401, "the user name is not the identity"),
        {"identify": _user},
        auth=BasicAuth({"CP1": b"secret"}),
    ),
    HandshakeHabit(
        "clients that write the scheme in lower case, as a library in Java takes it",
        _GITHUB + "ChargeTimeEU/Java-OCA-OCPP/pull/163",
        handshake_bytes(headers=[credentials(b"CP1:secret").replace("Basic", "basic")]),
        auth=BasicAuth({"CP1": b"secret"}),
    ),
]
