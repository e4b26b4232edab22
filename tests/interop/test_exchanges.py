"""Every action is asked and answered over real connections with the `ocpp` package, in both roles."""

from __future__ import annotations

import asyncio

import pytest

from ocpp_fast import Direction
from ocpp_fast.schema import CENTRAL, STATION

from .exchanges import Exchange, exchanges
from .links import ROLES, Link, Links, on_a_new_link
from .package import PACKAGES, Package, as_users_see

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


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_action_is_asked_in_each_direction(package: Package) -> None:
    asked = {(each.action.name, each.sender) for each in ALL if each.package is package}
    messages = [each for each in package.version.actions.values() if each.response is not None]
    assert asked == {(each.name, sender) for each in messages for sender in ROLES if each.sender & sender}


# Beside one call after another


def test_R14_calls_of_both_sides_cross(link: Link, links: Links) -> None:
    async def cross() -> None:
        results = await asyncio.gather(*(call() for call in [link.they_transfer, link.we_transfer] * 20))
        assert [as_users_see(each) for each in results[::2]] == [{"status": "Accepted"}] * 20
        assert results[1::2] == [link.our_script.answer] * 20

    links.run(cross())
    assert (len(link.our_script.asked), len(link.their_script.asked)) == (20, 20)


def test_R14_our_handler_may_call_back_before_it_answers(link: Link, links: Links) -> None:
    link.our_script.answer = link.we_transfer()
    assert as_users_see(links.run(link.they_transfer())) == {"status": "Accepted"}
    assert [frame[0] for _, frame in link.frames] == [2, 2, 3, 3]


def test_R37_a_station_that_does_not_compress_is_served_as_well() -> None:
    async def check(link: Link) -> None:
        await they_call(link, exchanges(STATION)[0])
        link.reset()
        await we_call(link, exchanges(CENTRAL)[0])

    on_a_new_link(CENTRAL, PACKAGES[0], check, compression=None)


def test_their_message_may_come_in_fragments(link: Link, links: Links) -> None:
    async def send() -> None:
        await link.socket.send(["[2,", '"é', '1","DataTransfer",', '{"vendorId":"', '"}', "]"])
        await link.we_transfer()

    links.run(send())
    assert (Direction.OUT, [3, "é1", {"status": "Accepted"}]) in link.frames
