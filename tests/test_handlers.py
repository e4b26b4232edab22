"""What is registered is checked at once, and the error names what would be right."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from ocpp_fast import CentralSystem, ChargePoint, Context, NoAuth, Router, Station, after, on, v16, v21, v201
from ocpp_fast.handlers import place_of
from ocpp_fast.routing import Route
from ocpp_fast.schema import Request, Response

CENTRAL = CentralSystem(auth=NoAuth(), versions=[v16])
BOTH = CentralSystem(auth=NoAuth(), versions=[v16, v201])
STATION = ChargePoint("CP1", "ws://localhost", versions=[v16])
BARE = Router()


class Renamed(v16.HeartbeatRequest):
    """A subclass, which no frame becomes."""


class Unnamed(Request[Response]):
    """A request without an action."""


REGISTRARS = {"on": lambda endpoint: endpoint.on, "after": lambda endpoint: endpoint.after}


@pytest.mark.parametrize("registrar", REGISTRARS)
@pytest.mark.parametrize(
    ("endpoint", "request_class", "message"),
    [
        (CENTRAL, v16.ResetRequest, "Reset is sent by the central system: a station receives it"),
        (STATION, v16.HeartbeatRequest, "Heartbeat is sent by the station: a central system receives it"),
        (CENTRAL, v201.HeartbeatRequest, r"is not of OCPP 1\.6, .* expected ocpp_fast\.v16\.core\.HeartbeatRequest"),
        (CENTRAL, v201.NotifyReportRequest, r"NotifyReportRequest is not of OCPP 1\.6, which is served here$"),
        (BOTH, v21.HeartbeatRequest, r"OCPP 1\.6 and 2\.0\.1, .* expected ocpp_fast\.v16.* or ocpp_fast\.v201\."),
        (CENTRAL, Renamed, "Renamed is not of OCPP 1.6"),
        (CENTRAL, v16.HeartbeatResponse, "HeartbeatResponse is a response: a handler is registered for a request"),
        (CENTRAL, v16.IdTagInfo, "expected the class of a request"),
        (CENTRAL, "Heartbeat", "expected the class of a request"),
        (CENTRAL, v16.HeartbeatRequest(), "expected the class of a request"),
        (CENTRAL, Unnamed, "Unnamed names no action"),
        (BARE, v16.HeartbeatResponse, "is a response"),
    ],
)
def test_a_request_that_never_comes_is_refused(registrar: str, endpoint: Any, request_class: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        REGISTRARS[registrar](endpoint)(request_class)


@pytest.mark.parametrize("mark", [on, after])
def test_a_mark_is_checked_as_far_as_it_can_be(mark: Any) -> None:
    with pytest.raises(TypeError, match="is a response"):
        mark(v16.HeartbeatResponse)


def test_what_is_included_is_checked_and_nothing_is_taken_over_then() -> None:
    central, router = CentralSystem(auth=NoAuth(), versions=[v16]), Router()
    for request in (v16.HeartbeatRequest, v16.ResetRequest):
        router.on(request)(of_many)
    with pytest.raises(TypeError, match="Reset is sent by the central system"):
        central.include(router)
    assert central._routes.find(v16.HeartbeatRequest) is None


def of_none() -> Any: ...
def of_one(request: Any) -> Any: ...
def of_two(station: Any, request: Any) -> Any: ...
def of_three(station: Any, request: Any, more: Any) -> Any: ...
def of_a_keyword(station: Any, request: Any, *, more: Any) -> Any: ...
def swapped(request: v16.HeartbeatRequest, station: Station) -> Any: ...
def of_another(station: Station, request: v16.AuthorizeRequest) -> Any: ...
def of_another_alone(request: v16.AuthorizeRequest) -> Any: ...
async def of_a_response(station: Station, request: v16.HeartbeatResponse) -> Any: ...
def answering_otherwise(station: Station, request: v16.HeartbeatRequest) -> v16.AuthorizeResponse: ...  # type: ignore[empty-body]
def with_a_default(station: Any, request: Any, more: int = 1) -> Any: ...
def of_many(*given: Any, **more: Any) -> Any: ...
def of_a_base(station: Station, request: Request[Any]) -> Any: ...
def of_a_text(station: Station, request: v16.HeartbeatRequest | None) -> Any: ...
def of_a_name_that_is_not_there(station: Station, request: Nowhere) -> Any: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("endpoint", "handler", "message"),
    [
        (CENTRAL, of_none, r"of_none: expected a handler that takes \(station, request\) and at most a Context, not 0"),
        (CENTRAL, of_one, r"takes \(station, request\) and at most a Context, not 1 parameters"),
        (CENTRAL, of_three, r"takes \(station, request\) and at most a Context, not 3 parameters"),
        (CENTRAL, of_a_keyword, r"of_a_keyword: expected a handler that takes \(station, request\)"),
        (STATION, of_two, r"of_two: expected a handler that takes \(request\) and at most a Context, not 2"),
        (STATION, of_none, r"takes \(request\) and at most a Context, not 0"),
        (BARE, of_three, r"takes \(request\) or \(station, request\) and at most a Context, not 3"),
        (CENTRAL, swapped, "swapped: station: expected a HeartbeatRequest, for which it is registered, not Station"),
        (CENTRAL, of_another, "of_another: request: expected a HeartbeatRequest, .* not AuthorizeRequest"),
        (BARE, of_another, "of_another: request: expected a HeartbeatRequest, .* not AuthorizeRequest"),
        (BARE, of_another_alone, "of_another_alone: request: expected a HeartbeatRequest"),
        (CENTRAL, of_a_response, "expected a HeartbeatRequest, .* not HeartbeatResponse"),
        (CENTRAL, answering_otherwise, "expected to return a HeartbeatResponse, not AuthorizeResponse"),
    ],
)
def test_a_handler_that_can_not_be_called_so_is_refused(endpoint: Any, handler: Any, message: str) -> None:
    request = v16.ResetRequest if endpoint is STATION else v16.HeartbeatRequest
    for register in (endpoint.on(request), endpoint.after(request)):
        with pytest.raises(TypeError, match=message):
            register(handler)


def first(context: Context, station: Any, request: Any) -> Any: ...
def second(station: Any, context: Context[int], request: Any) -> Any: ...
def last(station: Any, request: Any, context: Context[Any] | None = None) -> Any: ...
def keyword(station: Any, request: Any, *, context: Context) -> Any: ...
def quoted(station: Any, request: Any, context: "Context[Nowhere]") -> Any: ...  # type: ignore[name-defined]  # noqa: F821, UP037


def alone(request: v16.HeartbeatRequest, context: Context) -> Any: ...
def keyword_alone(request: v16.HeartbeatRequest, *, context: Context) -> Any: ...


@pytest.mark.parametrize("handler", [alone, keyword_alone])
def test_with_a_context_the_station_may_be_left_out(handler: Callable[..., Any]) -> None:
    CENTRAL.on(v16.HeartbeatRequest)(handler)
    seen: list[object] = []

    @wraps(handler)
    def told(*given: Any, **more: Any) -> None:
        seen.extend([*given, *more.values()])

    for station in (None, "station"):
        Route(told).run(station, "request", "context")
        assert seen == ["request", "context"]
        seen.clear()
    with pytest.raises(TypeError, match="request: expected a AuthorizeRequest"):
        CENTRAL.on(v16.AuthorizeRequest)(handler)


FITTING = (of_two, with_a_default, of_many, of_a_base, of_a_text, of_a_name_that_is_not_there, dict, print)
PLACES = {first: 0, second: 1, last: 2, keyword: "context", quoted: 2}


@pytest.mark.parametrize(("handler", "place"), [*((each, None) for each in FITTING), *PLACES.items()])
def test_a_handler_that_may_fit_is_taken_and_its_context_may_stand_anywhere(
    handler: Callable[..., Any], place: object
) -> None:
    assert place_of(handler) == place
    assert CENTRAL.on(v16.HeartbeatRequest)(handler) is handler
