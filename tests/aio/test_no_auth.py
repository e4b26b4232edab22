"""Security profile 0 keeps to this machine, unless it is told otherwise (R35)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast import BasicAuth, CentralSystem, NoAuth, v16

from .harness import scenario

Serve = dict[str, Any]


def bound(host: str) -> Callable[[], Serve]:
    def options() -> Serve:
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        sock.bind((host, 0))
        return {"sock": sock}

    return options


def central_of(auth: Any) -> CentralSystem:
    return CentralSystem(auth=auth, versions=[v16], trusted_proxies=["127.0.0.1"])


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def each_place(places: dict[str, Callable[[], Serve]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("where", [each for each in places if "IPv6" not in each or has_ipv6()])


OPEN: dict[str, Callable[[], Serve]] = {
    "an address": lambda: {"host": "0.0.0.0"},
    "of IPv6": lambda: {"host": "::"},
    "all": lambda: {"host": None},
    "a socket": bound("0.0.0.0"),
    "a socket of IPv6": bound("::"),
    "behind a proxy": lambda: {"host": "0.0.0.0", "proxy_protocol": True},
}
LOCAL: dict[str, Callable[[], Serve]] = {
    "an address": lambda: {"host": "127.0.0.1"},
    "another one": lambda: {"host": "127.1.2.3"},
    "of IPv6": lambda: {"host": "::1"},
    "a name": lambda: {"host": "localhost"},
    "a socket": bound("127.0.0.1"),
    "a socket of IPv6": bound("::1"),
    "an IPv4 address in IPv6": bound("::ffff:127.0.0.1"),
    "behind a proxy": lambda: {"host": "127.0.0.1", "proxy_protocol": True},
}


@each_place(OPEN)
@scenario
async def test_R35_it_is_not_served_where_others_reach_it(where: str) -> None:
    with pytest.raises(ValueError, match=r"NoAuth\(\) is for loopback addresses, not (0\.0\.0\.0|::);"):
        async with central_of(NoAuth()).serve(**OPEN[where]()):
            pass
    async with central_of(BasicAuth({})).serve(**OPEN[where]()):
        pass


@each_place(OPEN)
@scenario
async def test_R35_anywhere_warns_once(where: str, caplog: pytest.LogCaptureFixture) -> None:
    central = central_of(NoAuth(anywhere=True))
    for _ in range(2):
        async with central.serve(**OPEN[where]()):
            pass
    (warning,) = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert warning.endswith("whoever reaches it may be any station")
    caplog.clear()


@pytest.mark.parametrize("anywhere", [False, True])
@each_place(LOCAL)
@scenario
async def test_R35_it_is_served_on_this_machine(where: str, anywhere: bool) -> None:
    async with central_of(NoAuth(anywhere=anywhere)).serve(**LOCAL[where]()):
        pass


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets")
@scenario
async def test_R35_it_is_served_on_a_unix_socket(tmp_path: Path) -> None:
    async with central_of(NoAuth()).serve(path=tmp_path / "socket"):
        pass
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(tmp_path / "socket"))
    async with central_of(NoAuth()).serve(sock=sock):
        pass
