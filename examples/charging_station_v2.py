"""A charging station of OCPP 2.0.1 and 2.1 that charges one car; central_system_v2.py is its other side.

    python charging_station_v2.py [PORT] [2.0.1|2.1]

Without a version it offers both, 2.1 first.
"""

import asyncio
import itertools
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

from ocpp_fast import ChargePoint, OcppError, v21, v201

VERSIONS: dict[str, Any] = {"2.1": v21, "2.0.1": v201}


async def charge(station: ChargePoint) -> None:
    """Boot, and charge a car; each message is made of the classes of the version that was negotiated."""
    ocpp = VERSIONS[station.version.number]
    transaction = ocpp.TransactionType(transaction_id=str(uuid.uuid4()))
    numbers = itertools.count()

    async def tell(event: str, trigger: str, energy: float, **more: Any) -> Any:
        now = datetime.now(UTC)
        request = ocpp.TransactionEventRequest(
            event_type=ocpp.TransactionEventEnumType(event),
            trigger_reason=ocpp.TriggerReasonEnumType(trigger),
            seq_no=next(numbers),
            timestamp=now,
            transaction_info=transaction,
            meter_value=[ocpp.MeterValueType(timestamp=now, sampled_value=[ocpp.SampledValueType(value=energy)])],
            **more,
        )
        return await station.call(request)

    model = ocpp.ChargingStationType(model="Model", vendor_name="Vendor")
    boot = ocpp.BootNotificationRequest(charging_station=model, reason=ocpp.BootReasonEnumType.POWER_UP)
    print(f"the CSMS says {(await station.call(boot)).status}, in OCPP {station.version.number}")
    await station.call(
        ocpp.StatusNotificationRequest(
            timestamp=datetime.now(UTC),
            connector_status=ocpp.ConnectorStatusEnumType.OCCUPIED,
            evse_id=1,
            connector_id=1,
        )
    )
    kind = "ISO14443" if ocpp is v21 else v201.IdTokenEnumType.ISO14443  # any string from 2.1 on
    token = ocpp.IdTokenType(id_token="TAG", type=kind)
    started = await tell("Started", "Authorized", 0.0, id_token=token, evse=ocpp.EVSEType(id=1, connector_id=1))
    print(f"the token is {started.id_token_info.status}")
    await tell("Updated", "MeterValuePeriodic", 3700.0)
    transaction.stopped_reason = ocpp.ReasonEnumType.EV_DISCONNECTED
    await tell("Ended", "EVDeparted", 7400.0)
    print("charged 7400 Wh")


async def main(port: int, versions: list[Any]) -> None:
    async with ChargePoint("CP001", f"ws://127.0.0.1:{port}", versions=versions) as station:
        await charge(station)


if __name__ == "__main__":
    try:
        asyncio.run(
            main(
                port=int(sys.argv[1]) if len(sys.argv) > 1 else 9000,
                versions=[VERSIONS[sys.argv[2]]] if len(sys.argv) > 2 else list(VERSIONS.values()),
            )
        )
    except (OSError, OcppError) as error:  # nothing listens there, it refuses the handshake, or a message
        sys.exit(f"cannot charge: {error}")
