"""Every action is asked and answered over real connections with the `ocpp` package, in both roles."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest

from ocpp_fast import Direction
from ocpp_fast._core.plan import Plan
from ocpp_fast.schema import BOTH, CENTRAL, STATION, Action, Sender, Struct, codec_of, plan_of

from ..payloads import maximal, minimal
from .links import ROLES, Link, Links, on_a_new_link
from .package import PACKAGES, Package, as_users_see

FORMS = {"minimal": minimal, "maximal": maximal}


class Exchange(NamedTuple):
    """One action in one form, asked by `sender`. Payloads are wire instances unless they are called typed."""

    package: Package
    action: Action
    form: str
    sender: Sender

    @property
    def receiver(self) -> Sender:
        return self.sender ^ BOTH

    @property
    def request(self) -> dict[str, Any]:
        return FORMS[self.form](self._plan(self.action.request))

    @property
    def response(self) -> dict[str, Any]:
        wire = FORMS[self.form](self._plan(self._response))
        if self.action.name == "BootNotification":
            return wire | {"status": "Accepted"}  # or the station would be kept silent (R40)
        return wire

    @property
    def portable_request(self) -> dict[str, Any]:
        """The request but for what the package can't send."""
        plan = self._plan(self.action.request)
        return self.package.portable("call", self.action.name, plan, self.request)

    @property
    def portable_response(self) -> dict[str, Any]:
        """The response but for what the package can't send."""
        plan = self._plan(self._response)
        return self.package.portable("call_result", self.action.name, plan, self.response)

    def typed_request(self, wire: dict[str, Any]) -> Any:
        """Return a request of the action as our side has it."""
        return codec_of(self.action.request, self.action.draft).decode(wire)

    def typed_response(self, wire: dict[str, Any]) -> Any:
        """Return a response of the action as our side has it."""
        return codec_of(self._response, self.action.draft).decode(wire)

    @property
    def _response(self) -> type[Struct]:
        assert self.action.response is not None
        return self.action.response

    def _plan(self, struct: type[Struct]) -> Plan:
        return plan_of(struct, self.action.draft)

    def __str__(self) -> str:
        sender = str(self.sender.name).lower()
        return f"{self.package.name}-{sender}-{self.action.name}-{self.form}"


def exchanges(sender: Sender) -> list[Exchange]:
    """Return what `sender` may ask."""
    return [
        Exchange(package, message, form, sender)
        for package in PACKAGES
        for message in package.version.actions.values()
        for form in FORMS
        if message.sender & sender and message.response is not None
    ]


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
