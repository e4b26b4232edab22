"""A charging station of OCPP 1.6 with one EVSE on a serial line: `python station.py URL DEVICE FILE`.

It charges when the central system says so, as its charging profiles allow, and loses no message of a transaction.
"""

import asyncio
import sys
import tty
from contextlib import suppress
from datetime import UTC, datetime

from ocpp_fast import AfterRestart, ChargePoint, Delivered, SqliteQueue, on, v16
from ocpp_fast.smart_charging import ChargingProfiles, ProfileRefused, StationFacts, Transaction


class Evse:
    """The EVSE on the serial line; it answers one command at a time."""

    def __init__(self, device: str) -> None:
        self._line = open(device, "rb+", buffering=0)  # noqa: SIM115  # as long as the program runs
        tty.setraw(self._line.fileno())
        self._turn = asyncio.Lock()

    async def ask(self, command: str) -> tuple[int, int]:
        """Send a command; return the meter reading in Wh, and the power in W."""
        async with self._turn:
            answer = await asyncio.to_thread(self._ask, command)
        energy, power = answer.split()
        return int(energy), int(power)

    def _ask(self, command: str) -> bytes:
        self._line.write(f"{command}\n".encode())
        return self._line.readline()


class Station:
    """What happens at the EVSE, and what the central system wants."""

    def __init__(self, url: str, evse: Evse, file: str) -> None:
        self.evse = evse
        self.profiles = ChargingProfiles[v16.ChargingProfile](StationFacts(outlets=1, amperes=32))
        self.charging: asyncio.Task[None] | None = None
        self.stopping = asyncio.Event()
        self.running: dict[int, Transaction] = {}
        self.number: int | None = None
        self.interval = 10.0
        self.charge_point = ChargePoint(
            "METER1",
            url,
            versions=[v16],
            queue=SqliteQueue(file),
            after_restart=AfterRestart.END,
            wait_for_server=True,
        )
        self.charge_point.include(self)
        self.charge_point.on_delivered(self.delivered)

    async def run(self) -> None:
        async with self.charge_point as station:
            boot = await station.v16.boot_notification(charge_point_vendor="Me", charge_point_model="Meter")
            await self.report("Available")
            while True:
                await asyncio.sleep(boot.interval or 60)
                await station.wait_connected()
                await station.v16.heartbeat()

    async def report(self, status: str) -> None:
        await self.charge_point.wait_connected()
        await self.charge_point.v16.status_notification(
            connector_id=1,
            error_code=v16.ChargePointErrorCode.NO_ERROR,
            status=v16.ChargePointStatus(status),
        )

    # A transaction

    async def charge(self, id_tag: str) -> None:
        """Charge until told to stop; every message is on disk before it is sent, connected or not."""
        energy, _ = await self.evse.ask("read")
        start = v16.StartTransactionRequest(connector_id=1, id_tag=id_tag, meter_start=energy, timestamp=now())
        begun = await self.charge_point.post(start)
        number = int(begun.transaction_id)  # provisional: the queue puts the central system's in its place
        self.running = {1: Transaction(id=number, started=now())}
        while not self.stopping.is_set():
            allowed = self.profiles.limit(1, now(), self.running)
            energy, power = await self.evse.ask(f"limit {allowed.amperes:g}")
            values = [
                v16.SampledValue(value=str(energy), unit=v16.UnitOfMeasure.WH),
                v16.SampledValue(
                    value=str(power), measurand=v16.Measurand.POWER_ACTIVE_IMPORT, unit=v16.UnitOfMeasure.W
                ),
            ]
            meter_value = [v16.MeterValue(timestamp=now(), sampled_value=values)]
            await self.charge_point.post(
                v16.MeterValuesRequest(connector_id=1, transaction_id=number, meter_value=meter_value)
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), self.interval)
        energy, _ = await self.evse.ask("limit 0")
        self.profiles.end_transaction(number)
        self.running, self.number = {}, None
        await self.charge_point.post(
            v16.StopTransactionRequest(transaction_id=number, meter_stop=energy, timestamp=now())
        )

    def delivered(self, message: Delivered) -> None:
        """Take note of what the central system says of a transaction that began."""
        if isinstance(message.response, v16.StartTransactionResponse) and self.running:
            self.number = message.response.transaction_id
            if message.response.id_tag_info.status is not v16.AuthorizationStatus.ACCEPTED:
                self.stopping.set()

    @on(v16.RemoteStartTransactionRequest)
    def remote_start(self, request: v16.RemoteStartTransactionRequest) -> v16.RemoteStartTransactionResponse:
        if self.charging is not None and not self.charging.done():
            return v16.RemoteStartTransactionResponse(status=v16.RemoteStartStopStatus.REJECTED)
        self.stopping.clear()
        self.charging = asyncio.create_task(self.charge(request.id_tag))
        return v16.RemoteStartTransactionResponse(status=v16.RemoteStartStopStatus.ACCEPTED)

    @on(v16.RemoteStopTransactionRequest)
    def remote_stop(self, request: v16.RemoteStopTransactionRequest) -> v16.RemoteStopTransactionResponse:
        known = self.number is not None and request.transaction_id == self.number
        if known:
            self.stopping.set()
        status = v16.RemoteStartStopStatus.ACCEPTED if known else v16.RemoteStartStopStatus.REJECTED
        return v16.RemoteStopTransactionResponse(status=status)

    # Smart charging

    @on(v16.SetChargingProfileRequest)
    def set_profile(self, request: v16.SetChargingProfileRequest) -> v16.SetChargingProfileResponse:
        running = self.running.get(1)
        number = None if running is None else running.id
        try:
            self.profiles.install(request.connector_id, request.cs_charging_profiles, now(), transaction_id=number)
        except ProfileRefused:
            return v16.SetChargingProfileResponse(status=v16.ChargingProfileStatus.REJECTED)
        return v16.SetChargingProfileResponse(status=v16.ChargingProfileStatus.ACCEPTED)

    # Settings

    @on(v16.ChangeConfigurationRequest)
    async def change(self, request: v16.ChangeConfigurationRequest) -> v16.ChangeConfigurationResponse:
        status = v16.ConfigurationStatus
        try:
            match request.key:
                case "MeterValueSampleInterval":
                    self.interval = max(0.1, float(request.value))
                case "WebSocketPingInterval":
                    self.charge_point.ping_interval = float(request.value)
                case "AuthorizationKey":  # used from the next connection on
                    self.charge_point.password = bytes.fromhex(request.value)
                case _:
                    return v16.ChangeConfigurationResponse(status=status.NOT_SUPPORTED)
        except ValueError:
            return v16.ChangeConfigurationResponse(status=status.REJECTED)
        return v16.ChangeConfigurationResponse(status=status.ACCEPTED)


def now() -> datetime:
    return datetime.now(UTC)


async def main(url: str, device: str, file: str) -> None:
    await Station(url, Evse(device), file).run()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:4]))
