"""Whatever the user's code raises during a handshake: a constant 500, told once, and the next station is let in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import pytest
from websockets.datastructures import Headers

from ocpp_fast import STRICT, BasicAuth, CentralSystem, Refusal, Station, Verdict, identity_of
from ocpp_fast.aio.admission import Admission, Offer
from ocpp_fast.aio.stations import ConnectedStations

from .exchanges import KINDS, afterwards, lives, raising
from .harness import Site, central_system, on_one_loop, scenario, serving, until
from .peer import handshake_bytes
from .refusals import AuthOf, credentials, serves

Raises = Callable[..., Any]


def of_CP1(raises: Raises, otherwise: Any) -> Callable[..., Any]:
    """A function of the handshake that raises for CP1."""
    return lambda handshake: raises() if handshake.identity == "CP1" else otherwise


def identify(raises: Raises) -> Callable[..., Any]:
    return lambda path, headers: raises() if path == "/CP1" else identity_of(path, headers)


def slow(raises: Raises) -> BasicAuth:
    return BasicAuth(lambda identity, _: raises() if identity == "CP1" else True, threads=1)


def connecting(hook: Callable[..., Any]) -> CentralSystem:
    central = central_system()
    central.on_connecting(hook)
    return central


def upgrading(hook: Callable[..., Any]) -> CentralSystem:
    central = central_system()
    central.on_upgrade(hook)
    return central


def stations(name: str, raises: Raises) -> ConnectedStations:
    """Stations of which a method raises for CP1."""
    made = ConnectedStations()
    method = getattr(made, name)
    setattr(made, name, lambda each: raises() if each.id == "CP1" else method(each))
    return made


PLACES: Final[dict[str, Callable[[Raises], CentralSystem]]] = {
    "on_upgrade": lambda raises: upgrading(lambda request: raises() if request.path == "/CP1" else None),
    "identify": lambda raises: central_system(identify=identify(raises)),
    "identify, later": lambda raises: central_system(identify=afterwards(identify(raises))),
    "auth": lambda raises: central_system(auth=AuthOf(of_CP1(raises, Verdict.ACCEPTED))),
    "auth, later": lambda raises: central_system(auth=AuthOf(of_CP1(raises, Verdict.ACCEPTED), later=True)),
    "auth, in a thread": lambda raises: central_system(auth=slow(raises)),
    "on_connecting": lambda raises: connecting(of_CP1(raises, None)),
    "on_connecting, later": lambda raises: connecting(afterwards(of_CP1(raises, None))),
    "policy": lambda raises: central_system(policy=of_CP1(raises, STRICT)),
    "policy, later": lambda raises: central_system(policy=afterwards(of_CP1(raises, STRICT))),
    "stations": lambda raises: central_system(stations=stations("admits", raises)),
}


@pytest.mark.parametrize("name", PLACES)
@scenario
async def test_a_handshake_whose_code_raises_is_500(name: str, caplog: pytest.LogCaptureFixture) -> None:
    answers = []
    for kind in KINDS:
        central, told = PLACES[name](raising(kind)), list[Refusal]()
        central.on_refused(told.append)
        async with serving(central) as site:
            answer = await site.http(handshake_bytes("/CP1", headers=[credentials(b"CP1:secret")]))
            answers.append((answer.status, answer.body))
            assert [(each.status, each.path) for each in told] == [(500, "/CP1")], kind
            await serves(site, "/CP2", headers=[credentials(b"CP2:secret")])
    assert answers == [(500, answers[0][1])] * len(KINDS)
    caplog.clear()


@pytest.mark.parametrize("later", [False, True])
@scenario
async def test_plain_http_that_raises_is_500(later: bool, caplog: pytest.LogCaptureFixture) -> None:
    for kind in KINDS:
        central, told = central_system(), list[Refusal]()
        central.on_refused(told.append)
        raises = raising(kind)
        async with central.serve(http=afterwards(raises) if later else raises) as server:
            site = Site(central, server)
            assert (await site.http(handshake_bytes("/health", without="Upgrade"))).status == 500, kind
            assert [each.status for each in told] == [500]
            await serves(site)
            site.leave()
    caplog.clear()


class Untold(Exception):
    """Whose text can't be had."""

    def __str__(self) -> str:
        raise SystemExit


@scenario
async def test_an_exception_whose_text_raises_is_500(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(auth=AuthOf(raising(Untold)), log=logging.Logger("quiet")) as site:
        told = list[Refusal]()
        site.central.on_refused(told.append)
        assert (await site.http(handshake_bytes())).status == 500
        assert [each.reason for each in told] == ["Untold"]


@pytest.mark.parametrize("kind", KINDS)
@scenario
async def test_a_logger_that_raises_changes_no_handshake(kind: type[BaseException]) -> None:
    log = logging.Logger("evil")
    log.addFilter(raising(kind))
    async with serving(auth=BasicAuth({"CP1": b"secret"}), log=log) as site:
        told = list[Refusal]()
        site.central.on_refused(told.append)
        assert (await site.http(handshake_bytes())).status == 401
        assert (await site.http(b"nonsense\r\n\r\n")).status == 400
        assert [each.status for each in told] == [401, 400]
        await serves(site, "/CP1", headers=[credentials(b"CP1:secret")])


@pytest.mark.parametrize("kind", KINDS)
@scenario
async def test_the_logger_of_websockets_changes_no_handshake(kind: type[BaseException]) -> None:
    log, raises = logging.getLogger("ocpp_fast.websocket"), raising(kind)
    log.setLevel(logging.DEBUG)
    log.addFilter(raises)
    try:
        async with serving() as site:
            await serves(site)
    finally:
        log.removeFilter(raises)
        log.setLevel(logging.NOTSET)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["add", "remove"])
@scenario
async def test_stations_of_ones_own_that_raise_mute_nobody(
    name: str, kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    central, left = central_system(stations=stations(name, raising(kind))), list[Station]()
    central.on_disconnect(left.append)
    async with central.serve() as server:
        site = Site(central, server)
        await lives(await site.peer("/CP1"))
        await serves(site, "/CP2")
        site.leave()
        await until(lambda: len(left) == 2)
    assert f"CP1: `stations.{name}` failed" in caplog.text
    caplog.clear()


@on_one_loop
async def test_a_KeyboardInterrupt_passes() -> None:
    central = central_system(identify=raising(KeyboardInterrupt))
    offer = Offer("/CP1", Headers(Host="localhost"), ("ocpp1.6",), None)
    with pytest.raises(KeyboardInterrupt):
        Admission(central._runtime, offer).decide().send(None)


@on_one_loop
async def test_what_is_cancelled_from_outside_is_refused_by_who_cancels_it() -> None:
    central, told = central_system(identify=afterwards(identity_of)), list[Refusal]()
    central.on_refused(told.append)
    offer = Offer("/CP1", Headers(Host="localhost"), ("ocpp1.6",), None)
    deciding = asyncio.create_task(Admission(central._runtime, offer).decide())
    await asyncio.sleep(0)
    deciding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deciding
    assert told == []
