"""A vendor's own actions, and its fields in `customData`: declared by the user, and treated as OCPP's own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import wraps
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

import pytest

from ocpp_fast import (
    CallError,
    CentralSystem,
    ChargePoint,
    Fault,
    InvalidPayload,
    InvalidResult,
    NoAuth,
    Policy,
    Station,
    UnhandledActions,
    ValidationError,
    VersionMismatch,
    on,
    v16,
    v21,
    v201,
)
from ocpp_fast.schema import (
    BOTH,
    STATION,
    Extension,
    Json,
    Notification,
    Profile,
    Request,
    Response,
    Str3,
    Str20,
    Struct,
    Version,
    schema_of,
)
from ocpp_fast.testing import Pair

RunPython = Callable[..., "CompletedProcess[str]"]

ROOT: Final = Path(__file__).parents[1]
EXAMPLE: Final = ROOT / "examples" / "vendor_extension.py"
VERSIONS: Final[dict[str, Version]] = {each.number: each for each in (v16.VERSION, v201.VERSION, v21.VERSION)}
FORMAT: Final = {"1.6": "FormationViolation", "2.0.1": "FormatViolation", "2.1": "FormatViolation"}

every_version = pytest.mark.parametrize("number", VERSIONS)
with_custom_data = pytest.mark.parametrize("number", ["2.0.1", "2.1"])


class Program(StrEnum):
    """How a station is washed."""

    SHORT = "Short"
    LONG = "Long"


class WashResponse(Response):
    """Says when it is done."""

    done_at: datetime


class WashRequest(Request[WashResponse], action="Wash", sender=BOTH):
    """Has a station washed."""

    program: Program
    brushes: int
    foam: Str3 | None = None


class RinseResponse(Response):
    """Says nothing."""


class RinseRequest(Request[RinseResponse], action="Rinse", sender=STATION):
    """Goes one way only."""


class DripNotification(Notification, action="Drip", sender=STATION):
    """Wants no answer."""

    drops: int


CAR_WASH: Final = Profile("CarWash", [WashRequest, RinseRequest, DripNotification])
WASH: Final = WashRequest(program=Program.LONG, brushes=4)
WASH_JSON: Final = b'{"program":"Long","brushes":4}'
DONE: Final = WashResponse(done_at=datetime(2026, 1, 1, tzinfo=UTC))


def extended(number: str) -> Version:
    return VERSIONS[number].extended(CAR_WASH)


def scenario(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function; a decorator."""

    @wraps(test)
    def run_test(**arguments: Any) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(20):
                await test(**arguments)

        asyncio.run(bounded())

    return run_test


@asynccontextmanager
async def connected(central: CentralSystem, version: Version) -> AsyncIterator[ChargePoint]:
    """A charge point of a version, connected."""
    async with central.serve(grace=1.0) as server, ChargePoint("CP1", server.url, versions=[version]) as station:
        yield station


# A vendor's own action


def test_extended_version_is_another_one_with_more_actions() -> None:
    version = extended("2.0.1")
    assert (version.number, version.subprotocol) == ("2.0.1", "ocpp2.0.1")
    assert version.profiles == (*v201.VERSION.profiles, CAR_WASH)
    assert version.messages.keys() - v201.VERSION.messages.keys() == {"Wash", "Rinse", "Drip"}
    assert version.central_shortcuts is v201.VERSION.central_shortcuts
    assert version.extended().messages == version.messages
    assert "Wash" not in v201.VERSION.messages


def test_action_that_is_there_already_is_refused() -> None:
    class OddHeartbeat(Request[WashResponse], action="Heartbeat", sender=STATION):
        pass

    class OtherWash(Request[WashResponse], action="Wash", sender=STATION):
        pass

    with pytest.raises(ValueError, match=r"^OCPP 1\.6 declares Heartbeat twice$"):
        v16.VERSION.extended(Profile("Odd", [OddHeartbeat]))
    with pytest.raises(ValueError, match=r"^OCPP 2\.1 declares Wash twice$"):
        extended("2.1").extended(Profile("Other", [OtherWash]))


@every_version
@scenario
async def test_both_sides_send_and_handle_an_own_action(number: str) -> None:
    central = CentralSystem(auth=NoAuth(), versions=[extended(number)])

    @central.on(WashRequest)
    async def wash(station: Station, request: WashRequest) -> WashResponse:
        assert request == WASH
        return await station.call(request)

    async with connected(central, extended(number)) as station:
        station.on(WashRequest)(lambda request: DONE if request == WASH else WashResponse(done_at=datetime.min))
        assert await station.call(WASH) == DONE


BROKEN: Final[dict[str, tuple[bytes, dict[str, str], str]]] = {
    "type": (
        b'{"program":"Long","brushes":"4"}',
        dict.fromkeys(VERSIONS, "TypeConstraintViolation"),
        "brushes: expected integer",
    ),
    "enum": (
        b'{"program":"Tiny","brushes":4}',
        dict.fromkeys(VERSIONS, "PropertyConstraintViolation"),
        "program: expected one of Short, Long",
    ),
    "unknown key": (b'{"program":"Long","brushes":4,"x":1}', FORMAT, "x: expected no property of this name"),
}


@pytest.mark.parametrize("fault", BROKEN)
@every_version
def test_faults_in_an_own_action_are_answered_as_any_other(number: str, fault: str) -> None:
    payload, codes, description = BROKEN[fault]
    pair = Pair(extended(number))
    pair.central.receive(b'[2,"1","Wash",%b]' % payload)
    assert pair.central.in_transit == [f'[4,"1","{codes[number]}","{description}",{{}}]'.encode()]


@every_version
def test_own_action_in_frames(number: str) -> None:
    pair = Pair(extended(number))
    call = pair.station.call(WASH)
    assert pair.station.in_transit == [b'[2,"1","Wash",%b]' % WASH_JSON]
    pair.station.deliver()
    assert pair.central.handling is not None and pair.central.handling.payload == WASH
    pair.central.answer(DONE)
    assert pair.central.in_transit == [b'[3,"1",{"doneAt":"2026-01-01T00:00:00.000Z"}]']
    pair.central.deliver()
    assert pair.station.outcome(call) == DONE


@every_version
def test_invalid_own_action_raises_before_a_byte_is_sent(number: str) -> None:
    pair = Pair(extended(number))
    with pytest.raises(ValidationError, match="foam: expected at most 3 characters"):
        pair.station.call(WASH.replace(foam="a lot"))
    assert pair.station.in_transit == []


@every_version
def test_invalid_result_of_an_own_action(number: str) -> None:
    pair = Pair(extended(number))
    call = pair.station.call(WASH)
    pair.station.receive(b'[3,"1",{"doneAt":"soon"}]')
    outcome = pair.station.outcome(call)
    assert isinstance(outcome, InvalidResult)
    assert outcome.path == "doneAt"


@every_version
def test_own_action_goes_the_way_it_is_declared_and_is_unknown_without_the_extension(number: str) -> None:
    pair = Pair(extended(number))
    pair.station.receive(b'[2,"1","Rinse",{}]')
    assert b'"NotSupported","Rinse is not sent in this direction"' in pair.station.in_transit[0]
    plain = Pair(VERSIONS[number])
    plain.central.receive(b'[2,"1","Wash",%b]' % WASH_JSON)
    assert b'"NotImplemented"' in plain.central.in_transit[0]


@every_version
def test_handlers_of_a_vendors_profile_are_checked_for_completeness(number: str) -> None:
    class Half:
        @on(WashRequest)
        def wash(self, station: Station, request: WashRequest) -> WashResponse:
            return DONE

    central = CentralSystem(auth=NoAuth(), versions=[extended(number)])
    with pytest.raises(UnhandledActions) as caught:
        central.include(Half(), profile=CAR_WASH)
    assert (caught.value.profile, caught.value.actions) == ("CarWash", ("Rinse",))
    ChargePoint("CP1", "ws://localhost", versions=[extended(number)]).include(Half(), profile=CAR_WASH)


@scenario
async def test_own_send_of_21() -> None:
    central = CentralSystem(auth=NoAuth(), versions=[extended("2.1")])
    heard: asyncio.Future[DripNotification] = asyncio.get_running_loop().create_future()

    @central.on(DripNotification)
    def drip(station: Station, notification: DripNotification) -> None:
        heard.set_result(notification)

    async with connected(central, extended("2.1")) as station:
        station.send(DripNotification(drops=3))
        assert await heard == DripNotification(drops=3)
        with pytest.raises(ValidationError, match="drops: expected integer"):
            station.send(DripNotification(drops="3"))  # type: ignore[arg-type]  # meant


@pytest.mark.parametrize("number", ["1.6", "2.0.1"])
@scenario
async def test_own_send_before_21_mismatches(number: str) -> None:
    async with connected(CentralSystem(auth=NoAuth(), versions=[extended(number)]), extended(number)) as station:
        with pytest.raises(VersionMismatch):
            station.send(DripNotification(drops=3))


# Fields of customData


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
    assert SITE.to_json() == SITE_JSON
    assert Site.from_json(SITE_JSON) == SITE


@pytest.mark.parametrize("custom_data", [None, {"vendorId": "org.other", "depot": 5}, {}])
def test_custom_data_of_nobody_or_of_another_vendor_is_none_of_ours(custom_data: dict[str, Any] | None) -> None:
    assert Site.from_json(custom_data) is None


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
        Site.from_json({"vendorId": "com.example"} | fields)
    assert isinstance(caught.value, ValidationError)
    assert (caught.value.path, caught.value.expected) == (path, expected)


def test_invalid_extension_is_not_written() -> None:
    with pytest.raises(ValidationError, match=r"^customData\.depot: expected at most 20 characters$") as caught:
        Site(depot="N" * 21).to_json()
    assert not isinstance(caught.value, InvalidPayload)
    with pytest.raises(ValidationError, match=r"customData\.gates\[0\]\.height: expected number"):
        Site(depot="N", gates=[Gate(height="2")]).to_json()  # type: ignore[arg-type]  # meant


def test_unknown_keys_are_ignored_if_wanted_and_nothing_else_is() -> None:
    custom_data = SITE_JSON | {"new": 1, "gates": [{"height": 2.5, "colour": "red"}], "notes": {"a_b": [1]}}
    before = repr(custom_data)
    assert Site.from_json(custom_data, ignore_unknown=True) == SITE
    assert repr(custom_data) == before
    with pytest.raises(InvalidPayload, match=r"customData\.gates: expected array"):
        Site.from_json(SITE_JSON | {"new": 1, "gates": {}}, ignore_unknown=True)
    with pytest.raises(InvalidPayload, match=r"customData\.gates\[0\]: expected object"):
        Site.from_json(SITE_JSON | {"gates": [1]}, ignore_unknown=True)


def test_unknown_keys_are_kept_if_wanted() -> None:
    custom_data = SITE_JSON | {"new": {"a_b": 1}}
    site = Site.from_json(custom_data, ignore_unknown=True)
    assert site is not None
    site.depot = "South"
    site.gates = None
    kept = site.to_json(onto=custom_data)
    assert kept == {key: each for key, each in custom_data.items() if key != "gates"} | {"depot": "South"}
    assert custom_data["depot"] == "North"


def test_vendor_id_is_inherited_and_is_no_field() -> None:
    class WideSite(Site):
        width: float

    assert WideSite(depot="N", width=2).to_json() == {"vendorId": "com.example", "depot": "N", "width": 2}
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
@scenario
async def test_extension_travels_both_ways(number: str) -> None:
    def answer(station: Station, request: Any) -> Any:
        site = Site.from_json(request.custom_data)
        assert site == SITE
        return version.HeartbeatResponse(current_time=datetime.now(UTC), custom_data=site.replace(lane=7).to_json())

    central, version = heartbeats(number, answer)
    async with connected(central, version.VERSION) as station:
        response: Any = await station.call(version.HeartbeatRequest(custom_data=SITE.to_json()))
        assert Site.from_json(response.custom_data) == SITE.replace(lane=7)


@pytest.mark.parametrize("later", [False, True])
@with_custom_data
@scenario
async def test_broken_extension_is_answered_by_its_handler_as_any_other_fault(number: str, later: bool) -> None:
    def answer(station: Station, request: Any) -> Any:
        Site.from_json(request.custom_data)
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


@scenario
async def test_policy_decides_on_the_code_of_a_broken_extension() -> None:
    def answer(station: Station, request: Any) -> Any:
        return Site.from_json(request.custom_data)

    central, version = heartbeats("2.1", answer, policy=Policy(codes={Fault.WRONG_TYPE: "Odd"}))
    async with connected(central, version.VERSION) as station:
        with pytest.raises(CallError, match=r"Odd: customData\.depot: expected string"):
            await station.call(version.HeartbeatRequest(custom_data={"vendorId": "com.example", "depot": 5}))


def test_fault_that_a_handler_makes_up_badly_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    @scenario
    async def main() -> None:
        def answer(station: Station, request: Any) -> Any:
            raise InvalidPayload("\ud800", "type", "string")

        central, version = heartbeats("2.1", answer)
        async with connected(central, version.VERSION) as station:
            with pytest.raises(CallError, match="InternalError"):
                await station.call(version.HeartbeatRequest())

    main()
    assert "the handler of Heartbeat failed" in caplog.text


# The example and the documentation


def test_example_runs(run_python: RunPython) -> None:
    done = run_python(str(EXAMPLE), PYTHONPATH=str(ROOT))
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines() == [
        "CP001 stands in Site(depot='North', lane=2)",
        "CP001 shows '20.00 EUR'",
        "clean at 12:00",
        "refused: Rejected: NoSuchEvse",
        "not sent: data.currency: expected at most 3 characters",
        "not accepted: TypeConstraintViolation: customData.depot: expected string",
    ]


def test_code_of_the_documentation_runs() -> None:
    text = (ROOT / "docs" / "extending.md").read_text("utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "extending.md", "exec", dont_inherit=True), names)
    assert names["request"].custom_data == {"vendorId": "com.example", "depot": "North"}
    assert set(names["central"].handled) == {names["ShowPrice"], v201.BootNotificationRequest}
    assert {"Wash", "Drip"} < names["VERSION"].messages.keys()
