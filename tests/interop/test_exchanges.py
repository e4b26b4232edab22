"""Every action is asked and answered over real connections with the `ocpp` package, in both roles."""

from __future__ import annotations

import asyncio

import pytest

from ocpp_fast import Direction
from ocpp_fast.schema import CENTRAL, STATION, Sender

from .exchanges import ROLES, Exchange, exchanges
from .links import Link, Links, bounded, our_central_system
from .package import PACKAGES, Package, as_users_see

each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
each_role = pytest.mark.parametrize("ours", ROLES, ids=["central", "station"])

ALL = [exchange for sender in ROLES for exchange in exchanges(sender)]


@pytest.mark.parametrize("exchange", ALL, ids=str)
def test_their_call_arrives_typed_and_our_answer_is_what_they_get(exchange: Exchange, links: Links) -> None:
    links.run(they_call(links.open(exchange.receiver, exchange.package), exchange))


@pytest.mark.parametrize("exchange", ALL, ids=str)
def test_our_call_is_what_they_get_and_their_answer_arrives_typed(exchange: Exchange, links: Links) -> None:
    links.run(we_call(links.open(exchange.sender, exchange.package), exchange))


async def they_call(link: Link, exchange: Exchange) -> None:
    """Let them call us; check what we are asked, what is on the wire and what they get."""
    action, request, response = exchange.action.name, exchange.portable_request, exchange.response
    link.our_script.answer = exchange.typed_response(response)
    result = await link.theirs.call(link.package.payload("call", action, request), suppress=False)
    (direction, call), (_, answer) = link.frames
    assert (direction, call) == (Direction.IN, [2, call[1], action, request])
    assert answer == [3, call[1], response]
    assert link.our_script.asked == [(exchange.typed_request(request),)]
    assert type(result) is getattr(link.package.part("call_result"), action)
    assert as_users_see(result) == as_users_see(response)


async def we_call(link: Link, exchange: Exchange) -> None:
    """Call them; check what they are asked, what is on the wire and what we get."""
    action, request, response = exchange.action.name, exchange.request, exchange.portable_response
    link.their_script.answer = link.package.payload("call_result", action, response)
    result = await link.ours.call(exchange.typed_request(request))
    (direction, call), (_, answer) = link.frames
    assert (direction, call) == (Direction.OUT, [2, call[1], action, request])
    assert answer == [3, call[1], response]
    ((asked, payload),) = link.their_script.asked
    assert (asked, as_users_see(payload)) == (action, as_users_see(request))
    assert result == exchange.typed_response(response)


@each_package
def test_every_action_is_asked_in_each_direction(package: Package) -> None:
    asked = {(each.action.name, each.sender) for each in ALL if each.package is package}
    messages = [each for each in package.version.actions.values() if each.response is not None]
    assert asked == {(each.name, sender) for each in messages for sender in ROLES if each.sender & sender}


# Beside one call after another


def data_transfer(package: Package, sender: Sender) -> Exchange:
    """Return the exchange that both sides may begin, in its smallest form."""
    return next(
        each
        for each in exchanges(sender)
        if each.package is package and each.action.name == "DataTransfer" and each.form == "minimal"
    )


@each_role
@each_package
def test_R14_calls_of_both_sides_cross(ours: Sender, package: Package, links: Links) -> None:
    link, exchange = links.open(ours, package), data_transfer(package, ours)
    link.our_script.answer = expected = exchange.typed_response(exchange.response)
    link.their_script.answer = package.payload("call_result", "DataTransfer", exchange.response)

    async def cross() -> None:
        call = package.payload("call", "DataTransfer", exchange.request)
        theirs = [link.theirs.call(call, suppress=False) for _ in range(20)]
        our_calls = [link.ours.call(exchange.typed_request(exchange.request)) for _ in range(20)]
        results = await asyncio.gather(*theirs, *our_calls)
        assert [as_users_see(each) for each in results[:20]] == [as_users_see(exchange.response)] * 20
        assert results[20:] == [expected] * 20

    links.run(cross())
    assert (len(link.our_script.asked), len(link.their_script.asked)) == (20, 20)


@each_role
@each_package
def test_R14_our_handler_may_call_back_before_it_answers(ours: Sender, package: Package, links: Links) -> None:
    link, exchange = links.open(ours, package), data_transfer(package, ours)
    link.their_script.answer = package.payload("call_result", "DataTransfer", exchange.response)
    link.our_script.answer = link.ours.call(exchange.typed_request(exchange.request))
    call = package.payload("call", "DataTransfer", exchange.request)
    result = links.run(link.theirs.call(call, suppress=False))
    assert as_users_see(result) == as_users_see(exchange.response)
    assert [frame[0] for _, frame in link.frames] == [2, 2, 3, 3]


def test_R37_a_station_that_does_not_compress_is_served_as_well() -> None:
    async def check() -> None:
        async with our_central_system(PACKAGES[0], compression=None) as link:
            await they_call(link, data_transfer(link.package, STATION))
            link.reset()
            await we_call(link, data_transfer(link.package, CENTRAL))

    asyncio.run(bounded(check()))


@each_role
@each_package
def test_their_message_may_come_in_fragments(ours: Sender, package: Package, links: Links) -> None:
    link, exchange = links.open(ours, package), data_transfer(package, ours)
    link.our_script.answer = exchange.typed_response(exchange.response)
    link.their_script.answer = package.payload("call_result", "DataTransfer", exchange.response)

    async def send() -> None:
        await link.socket.send(["[2,", '"é', '1","DataTransfer",', '{"vendorId":"', '"}', "]"])
        await link.ours.call(exchange.typed_request(exchange.request))

    links.run(send())
    assert (Direction.OUT, [3, "é1", exchange.response]) in link.frames
