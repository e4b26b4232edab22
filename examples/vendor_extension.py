"""A vendor's own messages on OCPP 2.1, both sides in one process: three ways, each typed and checked as OCPP's own."""

import asyncio
from datetime import UTC, datetime

from ocpp_fast import CallError, CentralSystem, ChargePoint, NoAuth, Station, TransferRefused, ValidationError, v21
from ocpp_fast.schema import BOTH, DataTransfer, Extension, Profile, Request, Response, Str3, Str20

VENDOR = "com.example"


# 1. A message carried by DataTransfer: works with every central system, and in 1.6, 2.0.1 and 2.1 alike.


class PriceShown(Response):
    """What the display shows now."""

    text: Str20


class ShowPrice(DataTransfer[PriceShown], vendor_id=VENDOR, message_id="ShowPrice"):
    """Shows a price on the display."""

    evse_id: int
    price: float
    currency: Str3


# 2. An action of our own, beside those of OCPP.


class WashResponse(Response):
    """Says when the station will be clean."""

    done_at: datetime


class WashRequest(Request[WashResponse], action="Wash", sender=BOTH):
    """Has the station washed."""

    brushes: int


CAR_WASH = Profile("CarWash", [WashRequest])
VERSION = v21.VERSION.extended(CAR_WASH)


# 3. Fields of our own in the `customData` of an OCPP message.


class Site(Extension, vendor_id=VENDOR):
    """Where the station stands."""

    depot: Str20
    lane: int | None = None


# The central system

central = CentralSystem(auth=NoAuth(), versions=[VERSION])


@central.on(v21.BootNotificationRequest)
def boot(station: Station, request: v21.BootNotificationRequest) -> v21.BootNotificationResponse:
    site = Site.from_custom_data(request.custom_data)  # what breaks its declaration is answered as any other fault
    print(f"{station.id} stands in {site}")
    return v21.BootNotificationResponse(
        current_time=datetime.now(UTC), interval=300, status=v21.RegistrationStatusEnumType.ACCEPTED
    )


@central.on(WashRequest)
async def wash(station: Station, request: WashRequest) -> WashResponse:
    shown = await station.transfer(ShowPrice(evse_id=1, price=5 * request.brushes, currency="EUR"))
    print(f"{station.id} shows {shown.text!r}")
    return WashResponse(done_at=datetime(2030, 1, 1, 12, tzinfo=UTC))


# The charge point


def charge_point(url: str) -> ChargePoint:
    station = ChargePoint("CP001", url, versions=[VERSION])

    @station.on(ShowPrice)
    def show_price(message: ShowPrice) -> PriceShown:
        if message.evse_id != 1:
            raise TransferRefused(reason_code="NoSuchEvse")
        return PriceShown(text=f"{message.price:.2f} {message.currency}")

    return station


async def main() -> None:
    async with central.serve() as server, charge_point(server.url) as station:
        site = Site(depot="North", lane=2)
        model = v21.ChargingStationType(model="M", vendor_name="V")
        reason = v21.BootReasonEnumType.POWER_UP
        request = v21.BootNotificationRequest(charging_station=model, reason=reason, custom_data=site.to_custom_data())
        await station.call(request)

        answer = await station.call(WashRequest(brushes=4))
        print(f"clean at {answer.done_at:%H:%M}")

        try:
            await central["CP001"].transfer(ShowPrice(evse_id=2, price=1.5, currency="EUR"))
        except TransferRefused as error:
            print(f"refused: {error}")

        try:
            await central["CP001"].transfer(ShowPrice(evse_id=1, price=1.5, currency="Euro"))
        except ValidationError as error:
            print(f"not sent: {error}")

        request.custom_data = {"vendorId": VENDOR, "depot": 5}
        try:
            await station.call(request)
        except CallError as error:
            print(f"not accepted: {error}")


if __name__ == "__main__":
    asyncio.run(main())
