"""A vendor's fields in `customData`: read, written and checked by their declaration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from ocpp_fast import (
    CallError,
    CentralSystem,
    Fault,
    InvalidPayload,
    NoAuth,
    Policy,
    Station,
    ValidationError,
    v21,
    v201,
)
from ocpp_fast.schema import Extension, Json, Str20, Struct, schema_of

from ..aio.harness import on_one_loop
from .exchange import connected

with_custom_data = pytest.mark.parametrize("number", ["2.0.1", "2.1"])


class Gate(Struct):
    """A part of an extension."""

    height: float


class Site(Extension, vendor_id="com.example"):
    """Where a station stands."""

    depot: Str20
    lane: int | None = None
    gates: list[Gate] | None = None
    since: datetime | None = None
    notes: Json | None = None


SITE: Final = Site(depot="North", gates=[Gate(height=2.5)], since=datetime(2026, 1, 1, tzinfo=UTC), notes={"a_b": [1]})
SITE_JSON: Final = {
    "vendorId": "com.example",
    "depot": "North",
    "gates": [{"height": 2.5}],
    "since": "2026-01-01T00:00:00.000Z",
    "notes": {"a_b": [1]},
}


def test_extension_is_written_and_read() -> None:
    assert SITE.to_custom_data() == SITE_JSON
    assert Site.from_custom_data(SITE_JSON) == SITE


@pytest.mark.parametrize("custom_data", [None, {"vendorId": "org.other", "depot": 5}, {}])
def test_custom_data_of_nobody_or_of_another_vendor_is_none_of_ours(custom_data: dict[str, Any] | None) -> None:
    assert Site.from_custom_data(custom_data) is None


FAULTS: Final[dict[str, tuple[dict[str, Any], str, str]]] = {
    "type": ({"depot": 5}, "customData.depot", "string"),
    "missing": ({}, "customData.depot", "a value"),
    "nested": ({"depot": "N", "gates": [{"height": 1}, {}]}, "customData.gates[1].height", "a value"),
    "unknown": ({"depot": "N", "x": 1}, "customData.x", "no property of this name"),
    "length": ({"depot": "N" * 21}, "customData.depot", "at most 20 characters"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_broken_extension_raises_with_its_path(fault: str) -> None:
    fields, path, expected = FAULTS[fault]
    with pytest.raises(InvalidPayload) as caught:
        Site.from_custom_data({"vendorId": "com.example"} | fields)
    assert not isinstance(caught.value, ValidationError)
    assert (caught.value.path, caught.value.expected) == (path, expected)


def test_invalid_extension_is_not_written() -> None:
    with pytest.raises(ValidationError, match=r"^customData\.depot: expected at most 20 characters$") as caught:
        Site(depot="N" * 21).to_custom_data()
    assert not isinstance(caught.value, InvalidPayload)
    with pytest.raises(ValidationError, match=r"customData\.gates\[0\]\.height: expected number"):
        Site(depot="N", gates=[Gate(height="2")]).to_custom_data()  # type: ignore[arg-type]  # meant


def test_unknown_keys_are_ignored_if_wanted_and_nothing_else_is() -> None:
    custom_data = SITE_JSON | {"new": 1, "gates": [{"height": 2.5, "colour": "red"}], "notes": {"a_b": [1]}}
    before = repr(custom_data)
    assert Site.from_custom_data(custom_data, ignore_unknown=True) == SITE
    assert repr(custom_data) == before
    with pytest.raises(InvalidPayload, match=r"customData\.gates: expected array"):
        Site.from_custom_data(SITE_JSON | {"new": 1, "gates": {}}, ignore_unknown=True)
    with pytest.raises(InvalidPayload, match=r"customData\.gates\[0\]: expected object"):
        Site.from_custom_data(SITE_JSON | {"gates": [1]}, ignore_unknown=True)


def test_unknown_keys_are_kept_if_wanted() -> None:
    custom_data = SITE_JSON | {"new": {"a_b": 1}}
    site = Site.from_custom_data(custom_data, ignore_unknown=True)
    assert site is not None
    site.depot = "South"
    site.gates = None
    kept = site.to_custom_data(onto=custom_data)
    assert kept == {key: each for key, each in custom_data.items() if key != "gates"} | {"depot": "South"}
    assert custom_data["depot"] == "North"


def test_vendor_id_is_inherited_and_is_no_field() -> None:
    class WideSite(Site):
        width: float

    assert WideSite(depot="N", width=2).to_custom_data() == {"vendorId": "com.example", "depot": "N", "width": 2}
    assert "vendorId" not in schema_of(WideSite)["properties"]
    with pytest.raises(TypeError, match="Nobody must name its vendor_id"):

        class Nobody(Extension):
            pass

    with pytest.raises(TypeError, match=r"Doubtful\.vendor_id is no field"):

        class Doubtful(Extension, vendor_id="V"):
            vendor_id: str


def heartbeats(number: str, handler: Callable[..., Any], **options: Any) -> tuple[CentralSystem, Any]:
    """A central system of a version that answers Heartbeat, and the version."""
    version: Any = {"2.0.1": v201, "2.1": v21}[number]
    central = CentralSystem(auth=NoAuth(), versions=[version], **options)
    register: Any = central.on
    register(version.HeartbeatRequest)(handler)
    return central, version


@with_custom_data
@on_one_loop
async def test_extension_travels_both_ways(number: str) -> None:
    def answer(station: Station, request: Any) -> Any:
        site = Site.from_custom_data(request.custom_data)
        assert site == SITE
        return version.HeartbeatResponse(
            current_time=datetime.now(UTC), custom_data=site.replace(lane=7).to_custom_data()
        )

    central, version = heartbeats(number, answer)
    async with connected(central, version.VERSION) as station:
        response: Any = await station.call(version.HeartbeatRequest(custom_data=SITE.to_custom_data()))
        assert Site.from_custom_data(response.custom_data) == SITE.replace(lane=7)


@pytest.mark.parametrize("later", [False, True])
@with_custom_data
@on_one_loop
async def test_broken_extension_is_answered_by_its_handler_as_any_other_fault(number: str, later: bool) -> None:
    def answer(station: Station, request: Any) -> Any:
        Site.from_custom_data(request.custom_data)
        return version.HeartbeatResponse(current_time=datetime.now(UTC))

    async def answer_later(station: Station, request: Any) -> Any:
        return answer(station, request)

    central, version = heartbeats(number, answer_later if later else answer)
    async with connected(central, version.VERSION) as station:
        for fields, code, description in (
            ({"depot": 5}, "TypeConstraintViolation", "customData.depot: expected string"),
            ({}, "OccurrenceConstraintViolation", "customData.depot: expected a value"),
            ({"depot": "", "x": 1}, "FormatViolation", "customData.x: expected no property of this name"),
        ):
            with pytest.raises(CallError) as caught:
                await station.call(version.HeartbeatRequest(custom_data={"vendorId": "com.example"} | fields))
            assert (caught.value.code, caught.value.description) == (code, description)
        await station.call(version.HeartbeatRequest(custom_data={"vendorId": "org.other", "depot": 5}))


@on_one_loop
async def test_policy_decides_on_the_code_of_a_broken_extension() -> None:
    def answer(station: Station, request: Any) -> Any:
        return Site.from_custom_data(request.custom_data)

    central, version = heartbeats("2.1", answer, policy=Policy(codes={Fault.WRONG_TYPE: "Odd"}))
    async with connected(central, version.VERSION) as station:
        with pytest.raises(CallError, match=r"Odd: customData\.depot: expected string"):
            await station.call(version.HeartbeatRequest(custom_data={"vendorId": "com.example", "depot": 5}))


def test_fault_that_a_handler_makes_up_badly_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    @on_one_loop
    async def main() -> None:
        def answer(station: Station, request: Any) -> Any:
            raise InvalidPayload("\ud800", "type", "string")

        central, version = heartbeats("2.1", answer)
        async with connected(central, version.VERSION) as station:
            with pytest.raises(CallError, match="InternalError"):
                await station.call(version.HeartbeatRequest())

    main()
    assert "the error of Heartbeat can't be written" in caplog.text
