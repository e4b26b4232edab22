"""Each side's errors arrive at the other, and no odd frame ends a connection with the `ocpp` package."""

from __future__ import annotations

from typing import Any

import pytest
from ocpp import exceptions
from websockets.protocol import State

from ocpp_fast import CallError, Direction, ErrorCode, InvalidResult
from ocpp_fast.schema import CENTRAL, Sender

from .links import ROLES, Link, Links, on_a_new_link
from .package import PACKAGES, Package

V16 = PACKAGES[0]

SPELLED = {
    ("v16", ErrorCode.FORMAT_VIOLATION): "FormationViolation",
    ("v16", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION): "OccurenceConstraintViolation",
    ("v16", ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED): "GenericError",
    ("v16", ErrorCode.RPC_FRAMEWORK_ERROR): "GenericError",
}
"""How we spell codes where a version has none or another of that name."""
UNDERSTOOD = {
    "FormationViolation": ErrorCode.FORMAT_VIOLATION,
    "OccurenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
}
"""What their codes are to us where it is not the same."""
THEIR_ERRORS: dict[str, Any] = {each.code: each for each in exceptions.OCPPError.__subclasses__()}
UNKNOWN_TO_THEM = {"MessageTypeNotSupported", "RpcFrameworkError"}
"""Codes of 2.x that the package has no exception for."""


# Errors that a handler raises


@pytest.mark.parametrize("code", ErrorCode)
def test_R09_our_error_is_raised_at_them(link: Link, code: ErrorCode, links: Links) -> None:
    link.our_script.answer = CallError(code, "no", {"snake_key": [None]})
    spelled = SPELLED.get((link.package.name, code), str(code))
    expected = exceptions.UnknownCallErrorCodeError if spelled in UNKNOWN_TO_THEM else THEIR_ERRORS[spelled]
    with pytest.raises(expected, match=f"'{spelled}'" if spelled in UNKNOWN_TO_THEM else "no") as caught:
        links.run(link.they_transfer())
    if spelled not in UNKNOWN_TO_THEM:
        assert caught.value.details == {"snake_key": [None]}


@pytest.mark.parametrize("code", THEIR_ERRORS)
def test_R09_their_error_is_raised_at_us(link: Link, code: str, links: Links) -> None:
    link.their_script.answer = THEIR_ERRORS[code]("no", {"snake_key": [None]})
    with pytest.raises(CallError) as caught:
        links.run(link.we_transfer())
    error = caught.value
    expected = UNDERSTOOD.get(code, code)
    assert (error.code, error.description, error.details) == (expected, "no", {"snake_key": [None]})
    assert isinstance(error.code, ErrorCode)


def test_what_breaks_in_a_handler_is_an_internal_error_without_its_text(link: Link, links: Links) -> None:
    link.our_script.answer = link.their_script.answer = ZeroDivisionError("secret")
    with pytest.raises(exceptions.InternalError, match=r"^(?!.*secret)"):
        links.run(link.they_transfer())
    with pytest.raises(CallError, match=r"^(?!.*secret)") as caught:
        links.run(link.we_transfer())
    assert caught.value.code is ErrorCode.INTERNAL_ERROR


@pytest.mark.parametrize("ours", ROLES)
def test_R08_what_nobody_handles_is_not_supported(ours: Sender) -> None:
    async def check(link: Link) -> None:
        with pytest.raises(exceptions.NotSupportedError):
            await link.they_transfer()

    on_a_new_link(ours, V16, check, handles=False)


# Payloads that break a rule


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (None, "OccurenceConstraintViolation"),
        (7, "TypeConstraintViolation"),
        ("M" * 21, "PropertyConstraintViolation"),
        ({"a_b": 1}, "TypeConstraintViolation"),
    ],
)
def test_their_invalid_request_is_refused_by_its_place_and_rule(model: Any, code: str, links: Links) -> None:
    link = links.open(CENTRAL, V16)
    boot = V16.part("call").BootNotification(charge_point_vendor="V", charge_point_model=model)
    with pytest.raises(THEIR_ERRORS[code], match="chargePointModel"):
        links.run(link.theirs.call(boot, suppress=False, skip_schema_validation=True))
    assert link.our_script.asked == []


@pytest.mark.parametrize("ours", ROLES)
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_their_invalid_result_is_raised_at_us_and_the_next_call_is_answered(package: Package, ours: Sender) -> None:
    async def check(link: Link) -> None:
        link.their_script.answer = package.part("call_result").DataTransfer(status="Perhaps")
        with pytest.raises(InvalidResult) as caught:
            await link.we_transfer()
        assert (caught.value.path, caught.value.rule) == ("status", "enum")
        link.accept()
        assert (await link.we_transfer()).status == "Accepted"

    on_a_new_link(ours, package, check, handles=False, careless=True)


# Odd frames

ODD = [
    # actions, payloads, lengths and ids of calls
    *('[2,"a",[],{}]', '[2,"a",{},{}]', '[2,"a",null,{}]', '[2,"a","NoSuchAction",{}]'),
    *('[2,"a","DataTransfer",[]]', '[2,"a","DataTransfer","{}"]'),
    *('[2,"a","DataTransfer"]', '[2,"a","DataTransfer",{},{}]', '[2,"a"]', "[2]", "[]"),
    *('[2,["a"],"DataTransfer",{}]', '[2,"","DataTransfer",{}]', f'[2,"{"a" * 37}","DataTransfer",{{}}]'),
    # no frames
    *("{}", "null", "", "nonsense", '[2,"a","DataTransfer",{"vendorId":"V"}', "[" * 1000),
    # message types
    *('["2","a","DataTransfer",{}]', '[[2],"a","DataTransfer",{}]', '[9,"a","DataTransfer",{}]'),
    # answers
    *('[3,"a",{}]', "[3,{},{}]", '[3,"a"]'),
    *('[4,"a","GenericError","",{}]', '[4,"a",[],[],[]]', '[4,"-1","FormationViolation","",{}]', "[4]"),
]


@pytest.mark.parametrize("frame", ODD, ids=lambda frame: frame[:40])
def test_R45_after_an_odd_frame_the_next_calls_are_answered(link: Link, frame: str, links: Links) -> None:
    async def check() -> None:
        await link.socket.send(frame)
        assert (await link.they_transfer()).status == "Accepted"
        assert (await link.we_transfer()).status == "Accepted"

    links.run(check())
    assert link.socket.state is State.OPEN


def test_R06_an_action_that_is_a_list_is_answered_with_an_error(link: Link, links: Links) -> None:
    async def check() -> None:
        await link.socket.send('[2,"a",[],{}]')
        await link.they_transfer()

    links.run(check())
    answer = next(frame for direction, frame in link.frames if direction is Direction.OUT)
    assert answer[:3] == [4, "a", "FormationViolation" if link.package is V16 else "FormatViolation"]
