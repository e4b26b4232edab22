"""Every action is asked and answered over real connections with the `ocpp` package, in both roles."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest

from ocpp_fast import Direction, v16
from ocpp_fast.schema import BOTH, CENTRAL, STATION, Action, Sender, codec_of, plan_of

from ..payloads import maximal, minimal
from .links import ROLES, Link, Links, on_a_new_link
from .package import PACKAGES, Package, as_users_see

FORMS = {"minimal": minimal, "maximal": maximal}


class Payload(NamedTuple):
    """A request or a response of one action in one form; `kind` is the package's word for it."""

    package: Package
    action: Action
    kind: str
    form: str

    @property
    def struct(self) -> Any:
        return self.action.request if self.kind == "call" else self.action.response

    @property
    def wire(self) -> dict[str, Any]:
        wire = FORMS[self.form](plan_of(self.struct, self.action.draft))
        if self.struct.__name__ == "BootNotificationResponse":
            return wire | {"status": "Accepted"}  # or the station would be kept silent (R40)
        if self.struct is v16.MeterValuesRequest:  # the package has changed the schema: no list may be empty
            return wire | {"meterValue": maximal(plan_of(self.struct, self.action.draft))["meterValue"]}
        return wire

    @property
    def portable(self) -> dict[str, Any]:
        """The same on the wire, but for what the package can't send."""
        plan = plan_of(self.struct, self.action.draft)
        return self.package.portable(self.kind, self.action.name, plan, self.wire)

    def typed(self, wire: dict[str, Any]) -> Any:
        """Return it as our side has it."""
        return codec_of(self.struct, self.action.draft).decode(wire)

    def of_theirs(self) -> Any:
        """Return it as the package's users send it."""
        return self.package.payload(self.kind, self.action.name, self.portable)


class Exchange(NamedTuple):
    """A call by `sender` and its answer."""

    sender: Sender
    request: Payload
    response: Payload

    def __str__(self) -> str:
        package, action, _, form = self.request
        return f"{package.name}-{str(self.sender.name).lower()}-{action.name}-{form}"


def exchanges(sender: Sender) -> list[Exchange]:
    """Return what `sender` may ask, every action in its smallest and its largest form."""
    return [
        Exchange(sender, Payload(package, action, "call", form), Payload(package, action, "call_result", form))
        for package in PACKAGES
        for action in package.version.actions.values()
        for form in FORMS
        if action.sender & sender and action.response is not None
    ]


ALL = [exchange for sender in ROLES for exchange in exchanges(sender)]


@pytest.mark.parametrize("exchange", ALL, ids=str)
def test_their_call_arrives_typed_and_our_answer_is_what_they_get(exchange: Exchange, links: Links) -> None:
    links.run(they_call(links.open(exchange.sender ^ BOTH, exchange.request.package), exchange))


@pytest.mark.parametrize("exchange", ALL, ids=str)
def test_our_call_is_what_they_get_and_their_answer_arrives_typed(exchange: Exchange, links: Links) -> None:
    links.run(we_call(links.open(exchange.sender, exchange.request.package), exchange))


async def they_call(link: Link, exchange: Exchange) -> None:
    """Let them call us; check what we are asked, what is on the wire and what they get."""
    request, response, name = exchange.request.portable, exchange.response.wire, exchange.request.action.name
    link.our_script.answer = exchange.response.typed(response)
    result = await link.theirs.call(exchange.request.of_theirs(), suppress=False)
    (direction, call), (_, answer) = link.frames
    assert (direction, call) == (Direction.IN, [2, call[1], name, request])
    assert answer == [3, call[1], response]
    assert link.our_script.asked == [(exchange.request.typed(request),)]
    assert type(result) is getattr(link.package.part("call_result"), name)
    assert as_users_see(result) == as_users_see(response)


async def we_call(link: Link, exchange: Exchange) -> None:
    """Call them; check what they are asked, what is on the wire and what we get."""
    request, response, name = exchange.request.wire, exchange.response.portable, exchange.request.action.name
    link.their_script.answer = exchange.response.of_theirs()
    result = await link.ours.call(exchange.request.typed(request))
    (direction, call), (_, answer) = link.frames
    assert (direction, call) == (Direction.OUT, [2, call[1], name, request])
    assert answer == [3, call[1], response]
    ((asked, payload),) = link.their_script.asked
    assert (asked, as_users_see(payload)) == (name, as_users_see(request))
    assert result == exchange.response.typed(response)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_action_is_asked_in_each_direction(package: Package) -> None:
    asked = {(each.request.action.name, each.sender) for each in ALL if each.request.package is package}
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
