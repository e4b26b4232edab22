"""Vendors' messages without a socket: how they are declared, and put into the DataTransfer of a version."""

from __future__ import annotations

from typing import TypeVar

import pytest

from ocpp_fast.data_transfer import Envelope
from ocpp_fast.policy import STRICT
from ocpp_fast.schema import DataTransfer, Struct, Version
from ocpp_fast.testing import Pair

from .exchange import PRICE, SHOWN, VERSIONS, PriceShown, ShowPrice, Sign, every_version


@every_version
def test_envelope_over_a_pair_of_sessions(number: str) -> None:
    version: Version = VERSIONS[number].VERSION
    pair = Pair(version)
    envelope = Envelope(version, STRICT)
    transfer = ShowPrice.__transfer__
    call = pair.station.call(envelope.request(PRICE))
    pair.station.deliver()
    assert pair.central.handling is not None
    assert envelope.payload(transfer, pair.central.handling.payload) == PRICE
    pair.central.answer(envelope.accepted(transfer, SHOWN))
    pair.central.deliver()
    assert envelope.reply(transfer, pair.station.outcome(call)) == SHOWN


@every_version
@pytest.mark.parametrize("text", ["", "ä€😀", '"\\', "\u2028\x7f", "A" * 20])
@pytest.mark.parametrize("price", [0, -1.5, 1e300, 10**30, 0.1])
def test_values_survive_the_way_there_and_back(number: str, text: str, price: float) -> None:
    version: Version = VERSIONS[number].VERSION
    pair = Pair(version)
    envelope = Envelope(version, STRICT)
    message = ShowPrice(connector_id=1, price=price, currency=text[:3])
    pair.central.call(envelope.request(message))
    pair.central.deliver()
    assert pair.station.handling is not None
    assert envelope.payload(ShowPrice.__transfer__, pair.station.handling.payload) == message


# Declarations


def test_ids_are_inherited_by_the_messages_of_a_vendor() -> None:
    Reply = TypeVar("Reply", bound=Struct | None)

    class Acme(DataTransfer[Reply], vendor_id="com.acme"):
        pass

    class First(Acme[PriceShown], message_id="First"):
        pass

    class Second(First, message_id="Second"):
        more: int

    assert repr(First.__transfer__) == "Transfer('com.acme', 'First')"
    assert repr(Second.__transfer__) == "Transfer('com.acme', 'Second')"
    assert Second.__transfer__.payload is Second
    assert Second.__transfer__.reply is PriceShown
    assert not hasattr(Acme, "__transfer__")


def test_declaration_without_a_vendor_or_an_answer_is_refused() -> None:
    with pytest.raises(TypeError, match="NoVendor must name its vendor_id"):

        class NoVendor(DataTransfer[None], message_id="M"):
            pass

    with pytest.raises(TypeError, match="NoAnswer must derive from DataTransfer"):

        class NoAnswer(DataTransfer, vendor_id="V"):  # type: ignore[type-arg]  # meant
            pass

    with pytest.raises(TypeError, match="OddAnswer must derive from DataTransfer"):

        class OddAnswer(DataTransfer[int], vendor_id="V"):  # type: ignore[type-var]  # meant
            pass

    with pytest.raises(TypeError, match="TwoAnswers must derive from DataTransfer"):

        class TwoAnswers(DataTransfer[PriceShown | Sign], vendor_id="V"):
            pass
