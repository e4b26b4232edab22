"""Middleware around handlers, and the errors that become CALLERRORs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocpp_fast import CallError, CallNext, ChargePoint, Context, Station, v16, v21

from .harness import HEARTBEAT, HEARTBEAT_JSON, central_system, on_one_loop, scenario, serving

CALL = ["heard", "1", {}]


@scenario
async def test_middleware_is_an_onion_around_the_handler() -> None:
    central = central_system()
    heard: list[object] = []

    def layer(name: str) -> None:
        @central.middleware
        async def each(call: Context, call_next: CallNext) -> Any:
            heard.append((name, call.station.id, call.action.name, call.unique_id, call.version.number))
            call.state.path = [*getattr(call.state, "path", ()), name]
            response = await call_next(call)
            heard.append((name, response))
            return response

    layer("outer")
    layer("inner")

    @central.on(v16.HeartbeatRequest)
    def heartbeat(context: Context, station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        heard.append((context.state.path, station is context.station, request is context.request))
        return HEARTBEAT

    async with serving(central) as site:
        peer = await site.peer()
        peer.heartbeat("7")
        assert await peer.message() == [3, "7", HEARTBEAT_JSON]
    call = ("CP1", "Heartbeat", "7", "1.6")
    assert heard == [
        ("outer", *call),
        ("inner", *call),
        (["outer", "inner"], True, True),
        ("inner", HEARTBEAT),
        ("outer", HEARTBEAT),
    ]


@scenario
async def test_middleware_may_answer_itself_change_the_answer_or_refuse() -> None:
    central = central_system()

    @central.middleware
    async def each(call: Context, call_next: CallNext) -> Any:
        if isinstance(call.request, v16.AuthorizeRequest):
            return v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.BLOCKED))
        if isinstance(call.request, v16.StatusNotificationRequest):
            raise CallError("SecurityError", "not you")
        return (await call_next(call)).replace(current_time=HEARTBEAT.current_time.replace(year=2030))

    @central.on(v16.AuthorizeRequest)
    @central.on(v16.StatusNotificationRequest)
    def never(*_: object) -> Any:
        raise AssertionError

    async with serving(central) as site:
        peer = await site.peer()
        peer.heartbeat("1")
        assert (await peer.message())[2] == {"currentTime": "2030-01-01T00:00:00.000Z"}
        peer.send([2, "2", "Authorize", {"idTag": "A"}])
        assert (await peer.message())[2] == {"idTagInfo": {"status": "Blocked"}}
        peer.send([2, "3", "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}])
        assert await peer.message() == [4, "3", "SecurityError", "not you", {}]


@on_one_loop
async def test_a_plain_handler_makes_no_task_without_middleware() -> None:
    central, tasks = central_system(), []

    @central.on(v16.HeartbeatRequest)
    def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        tasks.append(asyncio.current_task())
        return HEARTBEAT

    @central.middleware
    async def each(call: Context, call_next: CallNext) -> Any:
        return await call_next(call)

    async with serving(central) as site:
        peer = await site.peer()
        peer.heartbeat("1")
        await peer.message()
        central._runtime.middleware.clear()
        central._runtime.routes.changed()
        peer.heartbeat("2")
        await peer.message()
    assert [task is not None for task in tasks] == [True, False]


@scenario
async def test_middleware_runs_around_the_handlers_of_a_charge_point_and_of_a_send() -> None:
    central, heard = central_system(), asyncio.Queue[object]()

    @central.middleware
    async def note(call: Context, call_next: CallNext) -> Any:
        await heard.put(call.action.name)
        return await call_next(call)

    @central.on(v21.NotifyPeriodicEventStreamRequest)
    async def stream(station: Station, request: v21.NotifyPeriodicEventStreamRequest) -> None:
        await heard.put(request.id)

    async with serving(central) as site:
        charge_point = ChargePoint("CP1", site.server.url, versions=[v21])

        @charge_point.middleware
        async def each(call: Context, call_next: CallNext) -> Any:
            assert call.station is None
            await heard.put(("station", call.action.name))
            return await call_next(call)

        @charge_point.on(v21.ClearCacheRequest)
        def clear(request: v21.ClearCacheRequest) -> v21.ClearCacheResponse:
            return v21.ClearCacheResponse(status=v21.ClearCacheStatusEnumType.ACCEPTED)

        async with charge_point:
            station = await central.wait_connected("CP1")
            await station.v21.clear_cache()
            assert await heard.get() == ("station", "ClearCache")
            charge_point.send(
                v21.VERSION.request(
                    "NotifyPeriodicEventStream",
                    {"id": 5, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0, "v": "1"}]},
                )
            )
            assert [await heard.get(), await heard.get()] == ["NotifyPeriodicEventStream", 5]


@pytest.mark.parametrize("unfit", [lambda call, call_next: None, None, 5])
def test_middleware_must_be_async(unfit: Any) -> None:
    with pytest.raises(TypeError, match="middleware: expected an `async def` of call and call_next"):
        central_system().middleware(unfit)


# Errors


class Missing(LookupError):
    """An error of the user's domain."""


class MissingTransaction(Missing):
    """A special one."""


def heartbeat_raising(error: Exception, *, later: bool) -> Callable[..., Any]:
    def now(*_: object) -> Any:
        raise error

    async def in_a_task(*_: object) -> Any:
        raise error

    return in_a_task if later else now


@pytest.mark.parametrize("later", [False, True])
@scenario
async def test_an_exception_of_a_handler_becomes_the_call_error_that_its_nearest_class_is_mapped_to(
    later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    central = central_system()

    @central.error(LookupError)
    def unknown(error: LookupError) -> CallError:
        return CallError("PropertyConstraintViolation", f"no {error}", {"a": 1})

    @central.error(MissingTransaction)
    def unmapped(error: MissingTransaction) -> CallError:
        raise RuntimeError("the mapping fails")

    async with serving(central) as site:
        peer = await site.peer()
        for unique_id, error, answer in (
            ("1", Missing("tag"), ["PropertyConstraintViolation", "no tag", {"a": 1}]),
            ("2", ValueError("other"), ["InternalError", "the handler failed", {}]),
            ("3", MissingTransaction("5"), ["InternalError", "the handler failed", {}]),
        ):
            central.on(v16.HeartbeatRequest)(heartbeat_raising(error, later=later))
            peer.heartbeat(unique_id)
            assert await peer.message() == [4, unique_id, *answer]
    assert "no tag" not in caplog.text
    assert "CP1: the error of Heartbeat can't be mapped" in caplog.text
    caplog.clear()


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (CallError("SecurityError", "no"), ["SecurityError", "no", {}]),
        (None, ["InternalError", "the handler's answer is not valid", {}]),
        (KeyError("a"), ["NotSupported", "raised", {}]),
        (asyncio.CancelledError(), ["InternalError", "the handler failed", {}]),
    ],
)
@scenario
async def test_what_the_library_raises_is_not_mapped(
    error: Any, answer: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    central = central_system()

    @central.error(Exception)
    def everything(error: Exception) -> CallError:
        if isinstance(error, KeyError):
            raise CallError("NotSupported", "raised")
        raise AssertionError if not isinstance(error, RuntimeError) else error

    def heartbeat(*_: object) -> Any:
        if error is not None:
            raise error

    central.on(v16.HeartbeatRequest)(heartbeat)
    async with serving(central) as site:
        peer = await site.peer()
        peer.heartbeat("1")
        assert await peer.message() == [4, "1", *answer]
    caplog.clear()


@pytest.mark.parametrize("unfit", [heartbeat_raising(ValueError(), later=True)])
def test_a_mapping_is_a_plain_function(unfit: Any) -> None:
    with pytest.raises(TypeError, match="error: expected a plain function"):
        central_system().error(ValueError)(unfit)


@pytest.mark.parametrize("kind", [None, "LookupError", LookupError(), BaseException, int])
def test_only_classes_of_exceptions_can_be_mapped(kind: Any) -> None:
    with pytest.raises(TypeError, match="error: expected a class of exceptions"):
        central_system().error(kind)
