"""A vendor's fields in `customData`: read, written and checked by their declaration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import new_class
from typing import Any, Final

import pytest

from ocpp_fast import CallError, Fault, InvalidPayload, Policy, Station, ValidationError
from ocpp_fast.schema import Extension, Json, Str20, Struct, schema_of

from ..aio.harness import on_one_loop
from .exchange import VERSIONS, central_system, connected, handler_of

with_custom_data = pytest.mark.parametrize("number", ["2.0.1", "2.1"])


class Gate(Struct):
    height: float


class Site(Extension, vendor_id="com.example"):
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


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({"depot": 5}, "customData.depot", "string"),
        ({}, "customData.depot", "a value"),
        ({"depot": "N", "gates": [{"height": 1}, {}]}, "customData.gates[1].height", "a value"),
        ({"depot": "N", "x": 1}, "customData.x", "no property of this name"),
        ({"depot": "N" * 21}, "customData.depot", "at most 20 characters"),
    ],
)
def test_broken_extension_raises_with_its_path(fields: dict[str, Any], path: str, expected: str) -> None:
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
        new_class("Nobody", (Extension,))
    with pytest.raises(TypeError, match=r"Doubtful\.vendor_id is no field"):

        class Doubtful(Extension, vendor_id="V"):
            vendor_id: str


@asynccontextmanager
async def heartbeats(
    number: str, reply: Callable[[Any], Any], *, later: bool = False, **options: Any
) -> AsyncIterator[Callable[[Any], Awaitable[Any]]]:
    """What sends a Heartbeat with a `custom_data`, and returns that of its answer, which `reply` makes of the first."""
    version = VERSIONS[number]

    def answer(station: Station, request: Any) -> Any:
        return version.HeartbeatResponse(current_time=datetime.now(UTC), custom_data=reply(request.custom_data))

    async def answer_later(station: Station, request: Any) -> Any:
        return answer(station, request)

    async def ask(custom_data: Any) -> Any:
        response: Any = await station.call(version.HeartbeatRequest(custom_data=custom_data))
        return response.custom_data

    central = central_system({version.HeartbeatRequest: answer_later if later else answer}, **options)
    async with connected(central, version.VERSION) as station:
        yield ask


def read(custom_data: Any) -> None:
    Site.from_custom_data(custom_data)


@with_custom_data
@on_one_loop
async def test_extension_travels_both_ways(number: str) -> None:
    def reply(custom_data: Any) -> Any:
        site = Site.from_custom_data(custom_data)
        assert site == SITE
        return site.replace(lane=7).to_custom_data()

    async with heartbeats(number, reply) as ask:
        assert Site.from_custom_data(await ask(SITE.to_custom_data())) == SITE.replace(lane=7)


@pytest.mark.parametrize("later", [False, True])
@with_custom_data
@on_one_loop
async def test_broken_extension_is_answered_by_its_handler_as_any_other_fault(number: str, later: bool) -> None:
    async with heartbeats(number, read, later=later) as ask:
        for fields, code, description in (
            ({"depot": 5}, "TypeConstraintViolation", "customData.depot: expected string"),
            ({}, "OccurrenceConstraintViolation", "customData.depot: expected a value"),
            ({"depot": "", "x": 1}, "FormatViolation", "customData.x: expected no property of this name"),
        ):
            with pytest.raises(CallError) as caught:
                await ask({"vendorId": "com.example"} | fields)
            assert (caught.value.code, caught.value.description) == (code, description)
        await ask({"vendorId": "org.other", "depot": 5})


@on_one_loop
async def test_policy_decides_on_the_code_of_a_broken_extension() -> None:
    async with heartbeats("2.1", read, policy=Policy(codes={Fault.WRONG_TYPE: "Odd"})) as ask:
        with pytest.raises(CallError, match=r"Odd: customData\.depot: expected string"):
            await ask({"vendorId": "com.example", "depot": 5})


@on_one_loop
async def test_fault_of_a_handler_whose_path_is_no_text_is_told_in_escapes() -> None:
    async with heartbeats("2.1", handler_of(InvalidPayload("\ud800", "type", "string"))) as ask:
        with pytest.raises(CallError, match=r"TypeConstraintViolation: \\ud800: expected string"):
            await ask(None)
