"""Vendors' messages without a socket: how they are declared, and put into the DataTransfer of a version."""

from __future__ import annotations

from types import new_class
from typing import Any, TypeVar

import pytest

from ocpp_fast.data_transfer import Envelope
from ocpp_fast.policy import STRICT
from ocpp_fast.received import Faulty
from ocpp_fast.schema import DataTransfer, Struct
from ocpp_fast.testing import Pair

from .exchange import VERSIONS, PriceShown, ShowPrice, Sign, every_version


@every_version
@pytest.mark.parametrize("text", ["", "ä€😀", '"\\', "\u2028\x7f", "A" * 20])
@pytest.mark.parametrize("price", [0, -1.5, 1e300, 10**30, 0.1])
def test_values_survive_the_way_there_and_back(number: str, text: str, price: float) -> None:
    pair = Pair(VERSIONS[number].VERSION)
    envelope, transfer = Envelope(VERSIONS[number].VERSION, STRICT), ShowPrice.__transfer__
    message, reply = ShowPrice(connector_id=1, price=price, currency=text[:3]), PriceShown(text=text)
    call = pair.central.call(envelope.request(message))
    pair.central.deliver()
    assert pair.station.handling is not None
    faulty = Faulty("", 2, answered=False)
    assert envelope.payload(transfer, pair.station.handling.payload, faulty) == message
    pair.station.answer(envelope.accepted(transfer, reply))
    pair.station.deliver()
    assert envelope.reply(transfer, pair.central.outcome(call), faulty) == reply
    assert faulty.mended == ()


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


@pytest.mark.parametrize(
    ("base", "ids", "error"),
    [
        (DataTransfer[None], {"message_id": "M"}, "Odd must name its vendor_id"),
        (DataTransfer, {"vendor_id": "V"}, "Odd must derive from DataTransfer"),
        (DataTransfer[int], {"vendor_id": "V"}, "Odd must derive from DataTransfer"),  # type: ignore[type-var]  # meant
        (DataTransfer[PriceShown | Sign], {"vendor_id": "V"}, "Odd must derive from DataTransfer"),
    ],
)
def test_declaration_without_a_vendor_or_an_answer_is_refused(base: Any, ids: dict[str, str], error: str) -> None:
    with pytest.raises(TypeError, match=error):
        new_class("Odd", (base,), ids)
