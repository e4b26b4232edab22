"""What type checkers must see, and refuse, of the options of central systems and charge points; never run.

See `cases` for what a marked line means.
"""

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, assert_type

from ocpp_fast import CallError, CallNext, CentralSystem, ChargePoint, Context, NoAuth, Policy, Station, v16, v201


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


def a_handler_is_of_the_request_that_it_is_registered_for(central: CentralSystem, charge_point: ChargePoint) -> None:
    @central.on(v16.HeartbeatRequest)
    async def right(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        raise NotImplementedError

    assert_type(right, Callable[[Any, v16.HeartbeatRequest], Awaitable[v16.HeartbeatResponse]])

    @charge_point.on(v16.ResetRequest)
    def reset(request: v16.ResetRequest) -> v16.ResetResponse:
        raise NotImplementedError

    @central.on(v16.HeartbeatRequest)  # type: ignore[arg-type]
    async def of_another(station: Station, request: v16.AuthorizeRequest) -> v16.HeartbeatResponse:
        raise NotImplementedError

    @central.on(v16.HeartbeatRequest)  # type: ignore[arg-type]
    def of_another_version(station: Station, request: v201.HeartbeatRequest) -> v16.HeartbeatResponse:
        raise NotImplementedError

    @central.on(v16.HeartbeatRequest)  # type: ignore[arg-type]
    def with_another_answer(station: Station, request: v16.HeartbeatRequest) -> v16.AuthorizeResponse:
        raise NotImplementedError

    central.on(v16.HeartbeatResponse)  # type: ignore[arg-type]


class State:
    """What the middleware of a program sets."""

    tenant: str


def what_middleware_sets_has_the_type_of_the_state(central: CentralSystem) -> None:
    @central.middleware
    async def each(call: Context[State], call_next: CallNext) -> Any:
        call.state.tenant = "acme"
        call.state.tenant = 1  # type: ignore[assignment]
        return await call_next(call)

    @central.middleware  # type: ignore[type-var]
    async def short(call: Context[State]) -> Any:
        return None

    @central.on(v16.HeartbeatRequest)
    def heartbeat(context: Context[State], station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        assert_type(context.state.tenant, str)
        assert_type(context.station, Station)
        context.state.other()  # type: ignore[attr-defined]
        raise NotImplementedError

    @central.on(v16.AuthorizeRequest)
    def authorize(station: Station, request: v16.AuthorizeRequest, *, context: Context) -> v16.AuthorizeResponse:
        assert_type(context.state, Any)
        raise NotImplementedError


def an_error_becomes_a_call_error(central: CentralSystem) -> None:
    @central.error(LookupError)
    def unknown(error: LookupError) -> CallError:
        return CallError("GenericError", str(error))

    @central.error(LookupError)  # type: ignore[arg-type]
    def wrong(error: LookupError) -> str:
        return str(error)
