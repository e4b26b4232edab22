"""A charge point of OCPP 1.6: boots, sends heartbeats and answers; central_system.py is its other side."""

import asyncio
import logging
import sys

from ocpp_fast import ChargePoint, v16


async def main(port: int) -> None:
    station = ChargePoint("CP001", f"ws://127.0.0.1:{port}", versions=[v16])

    @station.on(v16.ChangeAvailabilityRequest)
    def change_availability(request: v16.ChangeAvailabilityRequest) -> v16.ChangeAvailabilityResponse:
        print(f"connector {request.connector_id} shall be {request.type}")
        return v16.ChangeAvailabilityResponse(status=v16.AvailabilityStatus.ACCEPTED)

    async with station:
        boot = await station.v16.boot_notification(charge_point_vendor="Vendor", charge_point_model="Model")
        print(f"the central system says {boot.status}")
        await station.v16.status_notification(
            connector_id=1,
            error_code=v16.ChargePointErrorCode.NO_ERROR,
            status=v16.ChargePointStatus.AVAILABLE,
        )
        while True:
            await station.wait_connected()  # a lost connection is made again
            answer = await station.v16.heartbeat()
            print(f"it is {answer.current_time:%H:%M:%S}", flush=True)
            await asyncio.sleep(boot.interval)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # each retry, and why
    try:
        asyncio.run(main(port=int(sys.argv[1]) if len(sys.argv) > 1 else 9000))
    except KeyboardInterrupt:
        pass
    except OSError as error:  # nothing listens there, or it refuses the handshake
        sys.exit(f"cannot connect: {error}")
