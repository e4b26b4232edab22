"""A central system for OCPP 1.6 on ws://127.0.0.1:9000; run charge_point.py beside it."""

import logging
import sys
from datetime import UTC, datetime

from ocpp_fast import CentralSystem, NoAuth, Station, v16

central = CentralSystem(auth=NoAuth(), versions=[v16])


@central.on(v16.BootNotificationRequest)
def boot(station: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
    print(f"{station.id} is a {request.charge_point_model} of {request.charge_point_vendor}")
    return v16.BootNotificationResponse(
        status=v16.RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=10
    )


@central.on(v16.HeartbeatRequest)
def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
    return v16.HeartbeatResponse(current_time=datetime.now(UTC))


@central.on(v16.StatusNotificationRequest)
def status(station: Station, request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
    print(f"{station.id}: connector {request.connector_id} is {request.status}")
    return v16.StatusNotificationResponse()


@central.on_connect
async def connected(station: Station) -> None:
    answer = await station.v16.change_availability(connector_id=1, type=v16.AvailabilityType.INOPERATIVE)
    print(f"{station.id}: the change of availability is {answer.status}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # who comes, goes and is refused
    try:
        central.run(
            port=int(sys.argv[1]) if len(sys.argv) > 1 else 9000,
            on_listening=lambda server: print(f"listening on {server.url}", flush=True),
        )
    except OSError as error:  # the port is in use
        sys.exit(f"cannot listen: {error}")
