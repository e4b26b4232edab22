"""What type checkers must see of a vendor's own declarations, and what they must refuse; as `cases.py`."""

from datetime import datetime
from typing import TypeVar, assert_type

from ocpp_fast import CentralSystem, ChargePoint, NoAuth, Router, Station, on, v201
from ocpp_fast.schema import (
    BOTH,
    DataTransfer,
    Extension,
    Notification,
    Profile,
    Request,
    Response,
    Str20,
    Struct,
    Version,
)

R = TypeVar("R", bound=Struct | None)


class Shown(Response):
    text: Str20


class Price(DataTransfer[Shown], vendor_id="V", message_id="Price"):
    price: float
    since: datetime | None = None


class Ping(DataTransfer[None], vendor_id="V", message_id="Ping"):
    pass


class Note(DataTransfer[Shown | None], vendor_id="V"):
    pass


class Acme(DataTransfer[R], vendor_id="com.acme"):
    pass


class First(Acme[Shown], message_id="First"):
    number: int


# What is sent, and its answer


async def the_answer_has_the_type_that_the_message_names(station: Station, charge_point: ChargePoint) -> None:
    assert_type(await station.transfer(Price(price=1)), Shown)
    assert_type((await charge_point.transfer(Price(price=1), timeout=5)).text, str)
    assert_type(await station.transfer(Note()), Shown | None)
    (await station.transfer(Note())).text.lower()  # type: ignore[union-attr]
    assert_type(await station.transfer(First(number=1)), Shown)
    await station.transfer(Ping())


async def the_answer_is_no_other_than_the_message_names(station: Station) -> Price:
    return await station.transfer(Price(price=1))  # type: ignore[arg-type]


async def transfer_and_call_take_their_own(station: Station, charge_point: ChargePoint) -> None:
    await station.call(Price(price=1))  # type: ignore[arg-type]
    await charge_point.transfer(v201.HeartbeatRequest())  # type: ignore[arg-type]


def payloads_are_checked() -> None:
    Price(price="1")  # type: ignore[arg-type]
    Price()  # type: ignore[call-arg]
    Price(price=1, cost=2)  # type: ignore[call-arg]
    Ping(price=1)  # type: ignore[call-arg]


# Handlers


def a_handler_answers_with_what_the_message_names(central: CentralSystem, router: Router) -> None:
    @central.on(Price)
    def show(station: Station, message: Price) -> Shown:
        return Shown(text="")

    @router.on(Price)
    async def show_later(message: Price) -> Shown:
        return Shown(text="")

    @central.on(Price)  # type: ignore[arg-type]
    def wrong(station: Station, message: Price) -> Price:
        return message

    @central.on(Price)  # type: ignore[arg-type]
    async def wrong_later(station: Station, message: Price) -> v201.HeartbeatResponse:
        raise NotImplementedError

    @central.on(Price)  # type: ignore[arg-type]
    def nothing(station: Station, message: Price) -> None: ...

    @central.on(Note)
    def perhaps(station: Station, message: Note) -> Shown | None:
        return None

    @central.on(Ping)
    async def pong(station: Station, message: Ping) -> None: ...

    @central.on(Ping)  # type: ignore[arg-type]
    def odd_pong(station: Station, message: Ping) -> Shown:
        return Shown(text="")


class Handlers:
    @on(Price)
    def show(self, station: Station, message: Price) -> Shown:
        return Shown(text="")


@on(Price)  # type: ignore[arg-type]
def wrong(handlers: Handlers, station: Station, message: Price) -> str:
    return ""


# A vendor's own action


class WashResponse(Response):
    done_at: datetime


class WashRequest(Request[WashResponse], action="Wash", sender=BOTH):
    brushes: int


class DripNotification(Notification, action="Drip", sender=BOTH):
    drops: int


CAR_WASH = Profile("CarWash", [WashRequest, DripNotification])


async def an_own_action_is_typed(station: Station) -> None:
    assert_type(v201.VERSION.extended(CAR_WASH), Version)
    CentralSystem(auth=NoAuth(), versions=[v201.VERSION.extended(CAR_WASH)])
    CentralSystem(auth=NoAuth(), versions=[CAR_WASH])  # type: ignore[list-item]
    assert_type((await station.call(WashRequest(brushes=1))).done_at, datetime)
    await station.call(WashRequest(brushes="1"))  # type: ignore[arg-type]
    station.send(DripNotification(drops=1))
    station.send(WashRequest(brushes=1))  # type: ignore[arg-type]
    v201.VERSION.extended(WashRequest)  # type: ignore[arg-type]


# Fields of customData


class Site(Extension, vendor_id="V"):
    depot: Str20


def an_extension_is_typed(request: v201.HeartbeatRequest) -> v201.HeartbeatRequest:
    site = Site.from_custom_data(request.custom_data)
    assert_type(site, Site | None)
    site.depot.lower()  # type: ignore[union-attr]
    Site(depot=1)  # type: ignore[arg-type]
    Site(vendor_id="V", depot="")  # type: ignore[call-arg]
    v201.HeartbeatRequest(custom_data=Site(depot=""))  # type: ignore[arg-type]
    return v201.HeartbeatRequest(custom_data=Site(depot="").to_custom_data(onto=request.custom_data))


class OddAnswer(DataTransfer[int], vendor_id="V"):  # type: ignore[type-var]
    pass
