"""A central system for OCPP 2.0.1 and 2.1 on ws://127.0.0.1:9000; run charging_station_v2.py beside it."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

from ocpp_fast import CentralSystem, NoAuth, Station, v21, v201

central = CentralSystem(auth=NoAuth(), versions=[v21, v201])


def serve_version(ocpp: Any) -> None:
    """Register the handlers of one version; what they use is written alike in both, and each has its own classes."""

    @central.on(ocpp.BootNotificationRequest)
    def boot(station: Station, request: Any) -> Any:
        model = request.charging_station
        print(f"{station.id} is a {model.model} of {model.vendor_name}, and speaks OCPP {station.version.number}")
        return ocpp.BootNotificationResponse(
            status=ocpp.RegistrationStatusEnumType.ACCEPTED, current_time=datetime.now(UTC), interval=300
        )

    @central.on(ocpp.StatusNotificationRequest)
    def status(station: Station, request: Any) -> Any:
        print(f"{station.id}: EVSE {request.evse_id} is {request.connector_status}")
        return ocpp.StatusNotificationResponse()

    @central.on(ocpp.TransactionEventRequest)
    def transaction(station: Station, request: Any) -> Any:
        energy = [sample.value for meter in request.meter_value or [] for sample in meter.sampled_value]
        print(
            f"{station.id}: transaction {request.transaction_info.transaction_id} {request.event_type} at {energy} Wh"
        )
        if request.id_token is None:
            return ocpp.TransactionEventResponse()
        accepted = ocpp.IdTokenInfoType(status=ocpp.AuthorizationStatusEnumType.ACCEPTED)
        return ocpp.TransactionEventResponse(id_token_info=accepted)


for version in (v201, v21):
    serve_version(version)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # who comes, goes and is refused
    try:
        central.run(
            port=int(sys.argv[1]) if len(sys.argv) > 1 else 9000,
            on_listening=lambda server: print(f"listening on {server.url}", flush=True),
        )
    except OSError as error:  # the port is in use
        sys.exit(f"cannot listen: {error}")
