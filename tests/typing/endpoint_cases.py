"""What type checkers must see, and refuse, of the options of central systems and charge points; never run.

See `cases` for what a marked line means.
"""

from concurrent.futures import Future
from typing import assert_type

from ocpp_fast import CentralSystem, ChargePoint, NoAuth, Policy, Station, v16


def options_of_a_central_system() -> None:
    CentralSystem(auth=NoAuth(), versions=[v16], policy=Policy(), ping_interval=30, call_timeout=5.0)
    CentralSystem(auth=NoAuth(), versions=[v16], policy=lambda handshake: Policy(lenient={handshake.identity}))
    CentralSystem(auth=NoAuth(), versions=[v16], ping_intervall=30)  # type: ignore[call-arg]
    CentralSystem(auth=NoAuth(), versions=[v16], duplicates="replaced")  # type: ignore[arg-type]
    CentralSystem(auth=NoAuth(), versions=["1.6"])  # type: ignore[list-item]
    CentralSystem(auth=None, versions=[v16])  # type: ignore[arg-type]
    CentralSystem(versions=[v16])  # type: ignore[call-arg]


def options_of_a_charge_point() -> None:
    ChargePoint("CP1", "ws://h", versions=[v16], password=b"secret", ping_interval=0, open_timeout=5)
    ChargePoint("CP1", "ws://h", versions=[v16], passwort=b"secret")  # type: ignore[call-arg]
    ChargePoint("CP1", "ws://h", versions=[v16], password="secret")  # type: ignore[arg-type]
    ChargePoint("CP1", "ws://h", versions=[v16], policy=lambda handshake: Policy())  # type: ignore[arg-type]


async def options_of_serve(central: CentralSystem) -> None:
    async with central.serve("0.0.0.0", 8887, grace=1.0, reuse_port=True) as server:
        assert_type(server.port, int)
    central.serve("0.0.0.0", 8887, reuse_prot=True)  # type: ignore[call-arg]


def a_call_from_a_thread_has_the_type_of_the_response(station: Station, charge_point: ChargePoint) -> None:
    assert_type(station.call_threadsafe(v16.ResetRequest(type=v16.ResetType.SOFT)), Future[v16.ResetResponse])
    assert_type(charge_point.call_threadsafe(v16.HeartbeatRequest(), timeout=1), Future[v16.HeartbeatResponse])
    station.call_threadsafe(v16.HeartbeatRequest(), timeot=1)  # type: ignore[call-arg]
