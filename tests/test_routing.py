"""Routing: which handler answers which message, and what it is called with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import pytest

from ocpp_fast import Context, Router, UnhandledActions, after, handlers, on, v16
from ocpp_fast.routing import Route, Routes
from ocpp_fast.schema import CENTRAL, STATION, Profile

HEARTBEAT = v16.HeartbeatRequest()
STATION_OF_A_TEST: Any = None
CONTEXT: Context = Context(
    STATION_OF_A_TEST, v16.VERSION, HEARTBEAT.__action__, HEARTBEAT, "a", b'[2,"a","Heartbeat",{}]'
)
RESPONSE = v16.StatusNotificationResponse()


def handle(router: Router, request: type, station: Any = None) -> Any:
    """Call what handles a message."""
    route = router._routes.find(request)
    assert route is not None
    return route.run(station, HEARTBEAT, CONTEXT)


def gives(value: object) -> Any:
    """Return a handler that answers with anything at all."""
    return lambda *arguments: value


def actions(router: Router) -> list[str]:
    return sorted(each.name for each in v16.VERSION.actions.values() if router._routes.find(each.request) is not None)


# Registration


def test_a_function_is_registered_and_stays_what_it_was() -> None:
    router = Router()

    def status(request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
        return RESPONSE

    assert router.on(v16.StatusNotificationRequest)(status) is status
    assert handle(router, v16.StatusNotificationRequest) is RESPONSE
    assert actions(router) == ["StatusNotification"]


def test_what_is_not_registered_has_no_route() -> None:
    router = Router()
    assert router._routes.find(v16.HeartbeatRequest) is None
    assert router._routes.after(v16.HeartbeatRequest) == ()
    assert router._routes.find(v16.HeartbeatRequest) is None


def test_the_handler_registered_last_is_the_one() -> None:
    router = Router()
    router.on(v16.HeartbeatRequest)(gives(1))
    router.on(v16.HeartbeatRequest)(gives(2))
    assert handle(router, v16.HeartbeatRequest) == 2


def test_one_function_may_handle_several_messages() -> None:
    router, handler = Router(), gives(RESPONSE)
    for request in (v16.StatusNotificationRequest, v16.MeterValuesRequest):
        assert router.on(request)(handler) is handler
    assert actions(router) == ["MeterValues", "StatusNotification"]


def test_an_async_handler_gives_what_is_to_be_awaited() -> None:
    router = Router()

    @router.on(v16.StatusNotificationRequest)
    async def status(request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
        return RESPONSE

    outcome = handle(router, v16.StatusNotificationRequest)
    assert isinstance(outcome, Awaitable)
    with pytest.raises(StopIteration) as stopped:
        outcome.__await__().__next__()
    assert stopped.value.value is RESPONSE


def test_what_can_not_be_called_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="not a callable object"):
        Router().on(v16.HeartbeatRequest)(5)  # type: ignore[call-overload]  # what the test is about


# Context


def with_context(request: Any, context: Context) -> Any:
    return request, context


def with_context_in_another_name(request: Any, details: handlers.Context) -> Any:
    return request, details


def with_context_as_a_default(request: Any, context: Context = CONTEXT) -> Any:
    return request, context


def with_context_not_in_a_text(request: Any, context: Any) -> Any:
    return request, context


with_context_not_in_a_text.__annotations__["context"] = Context  # as without future annotations


def of_three(extra: Any, request: Any, context: Context) -> Any:
    return request, context


class Handlers:
    """Handlers of every kind."""

    __call__ = method = of_three
    of_the_class = classmethod(of_three)
    static = staticmethod(with_context)


@pytest.mark.parametrize(
    "handler",
    [
        *(with_context, with_context_in_another_name, with_context_as_a_default, with_context_not_in_a_text),
        *(Handlers().method, Handlers.of_the_class, Handlers.static, Handlers(), partial(of_three, None)),
    ],
    ids=repr,
)
def test_a_handler_that_asks_for_the_context_gets_it(handler: Callable[..., Any]) -> None:
    router = Router()
    router.on(v16.HeartbeatRequest)(handler)
    assert handle(router, v16.HeartbeatRequest) == (HEARTBEAT, CONTEXT)


def with_an_option(request: Any, option: Any = "left", context: Context | None = None) -> Any:
    return request, option, context


def with_options_alone(request: Any = None, option: Any = "left", context: Context | None = None) -> Any:
    return request, option, context


def with_a_station_too(station: Any, request: Any, option: Any = "left", context: Context | None = None) -> Any:
    assert station == "station"
    return request, option, context


@pytest.mark.parametrize(
    ("handler", "station"),
    [(with_an_option, "station"), (with_options_alone, None), (with_a_station_too, "station")],
)
def test_a_handler_with_an_option_before_the_context_gets_the_request_and_the_option_as_it_is(
    handler: Callable[..., Any], station: object
) -> None:
    assert Route(handler).run(station, HEARTBEAT, CONTEXT) == (HEARTBEAT, "left", CONTEXT)


def test_a_handler_that_does_not_ask_costs_no_context() -> None:
    router = Router()
    router.on(v16.HeartbeatRequest)(gives("answer"))
    route = router._routes.find(v16.HeartbeatRequest)
    assert route is not None
    assert not route.wants_context
    assert route.run(None, "request", None) == "answer"


# Routers in routers


def test_a_router_is_included_with_its_handlers_and_what_comes_after() -> None:
    inner, outer = Router(), Router()
    inner.on(v16.HeartbeatRequest)(gives("inner"))
    inner.after(v16.HeartbeatRequest)(gives("after inner"))
    outer.on(v16.HeartbeatRequest)(gives("outer"))
    outer.after(v16.HeartbeatRequest)(gives("after outer"))
    outer.on(v16.AuthorizeRequest)(gives("outer"))
    outer.include(inner)
    assert handle(outer, v16.HeartbeatRequest) == "inner"
    assert handle(outer, v16.AuthorizeRequest) == "outer"
    ran = [route.run(None, HEARTBEAT, CONTEXT) for route in outer._routes.after(v16.HeartbeatRequest)]
    assert ran == ["after outer", "after inner"]
    assert actions(inner) == ["Heartbeat"]


def test_what_is_registered_later_with_the_inner_router_is_not_taken_over() -> None:
    inner, outer = Router(), Router()
    outer.include(inner)
    inner.on(v16.HeartbeatRequest)(gives(None))
    assert outer._routes.find(v16.HeartbeatRequest) is None


# Objects with marked methods


class Base:
    """Marked methods, some of which a subclass changes."""

    @on(v16.HeartbeatRequest)
    def heartbeat(self, request: v16.HeartbeatRequest) -> Any:
        return "base", self

    @on(v16.StatusNotificationRequest)
    def status(self, request: v16.StatusNotificationRequest) -> Any:
        return "base", self

    @on(v16.AuthorizeRequest)
    def authorize(self, request: Any, context: Context) -> Any:
        return context

    @after(v16.HeartbeatRequest)
    def noted(self, request: v16.HeartbeatRequest) -> Any:
        return "after", self

    def unmarked(self) -> None:
        raise AssertionError

    @property
    def never(self) -> Any:
        raise AssertionError


class Derived(Base):
    """Changes one handler, and takes the mark off another."""

    @on(v16.HeartbeatRequest)
    def heartbeat(self, request: v16.HeartbeatRequest) -> Any:
        return "derived", self

    def status(self, request: v16.StatusNotificationRequest) -> Any:
        raise AssertionError


def test_the_marked_methods_of_an_object_are_taken_over_bound_and_its_properties_are_not_read() -> None:
    router, handlers = Router(), cast(Any, Base())
    router.include(handlers)
    assert actions(router) == ["Authorize", "Heartbeat", "StatusNotification"]
    assert handle(router, v16.HeartbeatRequest) == ("base", handlers)
    assert handle(router, v16.AuthorizeRequest) is CONTEXT
    assert handlers.heartbeat(HEARTBEAT) == ("base", handlers)  # as before
    (route,) = router._routes.after(v16.HeartbeatRequest)
    assert route.run(None, HEARTBEAT, CONTEXT) == ("after", handlers)


def test_of_inherited_methods_the_subclass_decides() -> None:
    router, handlers = Router(), Derived()
    router.include(handlers)
    assert handle(router, v16.HeartbeatRequest) == ("derived", handlers)
    assert router._routes.find(v16.StatusNotificationRequest) is None


def test_one_method_may_be_marked_for_several_messages_and_static_and_class_methods_below_their_decorator() -> None:
    class Marked:
        @staticmethod
        @on(v16.HeartbeatRequest)
        def heartbeat(request: v16.HeartbeatRequest) -> Any:
            return "static"

        @classmethod
        @on(v16.AuthorizeRequest)
        def authorize(cls, request: v16.AuthorizeRequest) -> Any:
            return cls

        def several(self, request: Any) -> Any:
            return self

        on(v16.MeterValuesRequest)(several)
        on(v16.StatusNotificationRequest)(several)

    router, marked = Router(), Marked()
    router.include(marked)
    assert handle(router, v16.HeartbeatRequest) == "static"
    assert handle(router, v16.AuthorizeRequest) is Marked
    for request in (v16.MeterValuesRequest, v16.StatusNotificationRequest):
        assert handle(router, request) is marked


# Profiles


class Central(Base):
    """Handlers of a central system."""

    @on(v16.HeartbeatRequest)
    def heartbeat(self, station: Any, request: v16.HeartbeatRequest) -> Any:
        return "central", self

    @on(v16.StatusNotificationRequest)
    def status(self, station: Any, request: v16.StatusNotificationRequest) -> Any:
        return "central", self

    def authorize(self, request: Any, context: Context) -> Any:
        raise AssertionError

    def noted(self, request: Any) -> Any:
        raise AssertionError


def central_router() -> Router:
    """A router of the central system: it handles what stations send."""
    return Router(Routes(STATION))


TWO = Profile("Two", [v16.HeartbeatRequest, v16.StatusNotificationRequest, v16.ResetRequest])


def test_an_object_that_leaves_actions_unhandled_is_refused_with_their_names_and_nothing_is_taken_over() -> None:
    router = central_router()
    for each, unhandled in ((object(), ("Heartbeat", "StatusNotification")), (Derived(), ("StatusNotification",))):
        with pytest.raises(UnhandledActions) as raised:
            router.include(each, profile=TWO)
        assert raised.value.actions == unhandled
        assert str(raised.value) == f"profile Two has actions without a handler: {', '.join(unhandled)}"
    assert router._routes.find(v16.HeartbeatRequest) is None
    assert router._routes.after(v16.HeartbeatRequest) == ()


def test_only_what_the_other_side_sends_must_be_handled() -> None:
    central_router().include(Central(), profile=TWO)
    station = Router(Routes(CENTRAL))
    with pytest.raises(UnhandledActions, match=r": Reset$"):
        station.include(object(), profile=TWO)
    station.on(v16.ResetRequest)(lambda request: v16.ResetResponse(status=v16.ResetStatus.ACCEPTED))
    station.include(object(), profile=TWO)


def test_what_is_handled_already_need_not_be_handled_by_the_object() -> None:
    router = central_router()
    router.on(v16.StatusNotificationRequest)(lambda station, request: RESPONSE)
    half = Central()
    router.include(half, profile=TWO)
    assert handle(router, v16.HeartbeatRequest, "CP1") == ("central", half)


def test_a_message_of_both_sides_must_be_handled_by_both() -> None:
    both = Profile("Both", [v16.DataTransferRequest])
    for router in (central_router(), Router(Routes(CENTRAL)), Router()):
        with pytest.raises(UnhandledActions, match=r": DataTransfer$"):
            router.include(object(), profile=both)
