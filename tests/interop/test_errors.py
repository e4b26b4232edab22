"""Each side's errors arrive at the other, and no odd frame ends a connection with the `ocpp` package."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ocpp import exceptions
from websockets.protocol import State

from ocpp_fast import CallError, Direction, ErrorCode, InvalidResult, v16
from ocpp_fast.schema import CENTRAL, Sender

from .exchanges import ROLES
from .links import Link, Links, bounded, our_central_system, our_charge_point
from .package import PACKAGES, Package

each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
each_role = pytest.mark.parametrize("ours", ROLES, ids=["central", "station"])

V16 = PACKAGES[0]
VENDOR = {"vendorId": "V"}

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


async def they_transfer(link: Link) -> Any:
    """Let them call us with a DataTransfer."""
    return await link.theirs.call(link.package.payload("call", "DataTransfer", VENDOR), suppress=False)


async def we_transfer(link: Link) -> Any:
    """Call them with a DataTransfer."""
    return await link.ours.call(link.package.module.DataTransferRequest(vendor_id="V"))


def answer_well(link: Link) -> None:
    """Let both sides accept any DataTransfer."""
    link.their_script.answer = link.package.payload("call_result", "DataTransfer", {"status": "Accepted"})
    module = link.package.module
    status = module.DataTransferStatus if module is v16 else module.DataTransferStatusEnumType
    link.our_script.answer = module.DataTransferResponse(status=status.ACCEPTED)


# Errors that a handler raises


@pytest.mark.parametrize("code", ErrorCode)
@each_role
@each_package
def test_R09_our_error_is_raised_at_them(package: Package, ours: Sender, code: ErrorCode, links: Links) -> None:
    link = links.open(ours, package)
    link.our_script.answer = CallError(code, "no", {"snake_key": [None]})
    spelled = SPELLED.get((package.name, code), str(code))
    expected = exceptions.UnknownCallErrorCodeError if spelled in UNKNOWN_TO_THEM else THEIR_ERRORS[spelled]
    with pytest.raises(expected, match=f"'{spelled}'" if spelled in UNKNOWN_TO_THEM else "no") as caught:
        links.run(they_transfer(link))
    if spelled not in UNKNOWN_TO_THEM:
        assert caught.value.details == {"snake_key": [None]}


@pytest.mark.parametrize("code", THEIR_ERRORS)
@each_role
@each_package
def test_R09_their_error_is_raised_at_us(package: Package, ours: Sender, code: str, links: Links) -> None:
    link = links.open(ours, package)
    link.their_script.answer = THEIR_ERRORS[code]("no", {"snake_key": [None]})
    with pytest.raises(CallError) as caught:
        links.run(we_transfer(link))
    error = caught.value
    expected = UNDERSTOOD.get(code, code)
    assert (error.code, error.description, error.details) == (expected, "no", {"snake_key": [None]})
    assert isinstance(error.code, ErrorCode)


@each_role
@each_package
def test_what_breaks_in_a_handler_is_an_internal_error_without_its_text(
    package: Package, ours: Sender, links: Links
) -> None:
    link = links.open(ours, package)
    link.our_script.answer = link.their_script.answer = ZeroDivisionError("secret")
    with pytest.raises(exceptions.InternalError, match=r"^(?!.*secret)"):
        links.run(they_transfer(link))
    with pytest.raises(CallError, match=r"^(?!.*secret)") as caught:
        links.run(we_transfer(link))
    assert caught.value.code is ErrorCode.INTERNAL_ERROR


@each_role
def test_R08_what_nobody_handles_is_not_supported(ours: Sender) -> None:
    opener = our_central_system if ours is CENTRAL else our_charge_point

    async def check() -> None:
        async with opener(V16, handles=False) as link:
            with pytest.raises(exceptions.NotSupportedError):
                await they_transfer(link)

    asyncio.run(bounded(check()))


# Payloads that break a rule


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"charge_point_model": None}, "OccurenceConstraintViolation", "chargePointModel"),
        ({"charge_point_model": 7}, "TypeConstraintViolation", "chargePointModel"),
        ({"charge_point_model": "M" * 21}, "PropertyConstraintViolation", "chargePointModel"),
        ({"charge_point_model": {"a_b": 1}}, "TypeConstraintViolation", "chargePointModel"),
    ],
)
def test_their_invalid_request_is_refused_by_its_place_and_rule(
    fields: dict[str, Any], code: str, path: str, links: Links
) -> None:
    link = links.open(CENTRAL, V16)
    boot = V16.part("call").BootNotification(**({"charge_point_vendor": "V"} | fields))
    with pytest.raises(THEIR_ERRORS[code], match=path):
        links.run(link.theirs.call(boot, suppress=False, skip_schema_validation=True))
    assert link.our_script.asked == []


@each_role
@each_package
def test_their_invalid_result_is_raised_at_us_and_the_next_call_is_answered(package: Package, ours: Sender) -> None:
    opener = our_central_system if ours is CENTRAL else our_charge_point

    async def check() -> None:
        async with opener(package, handles=False, careless=True) as link:
            answer_well(link)
            link.their_script.answer = package.part("call_result").DataTransfer(status="Perhaps")
            with pytest.raises(InvalidResult) as caught:
                await we_transfer(link)
            assert (caught.value.path, caught.value.rule) == ("status", "enum")
            answer_well(link)
            assert (await we_transfer(link)).status == "Accepted"

    asyncio.run(bounded(check()))


# Odd frames

ODD = [
    '[2,"a",[],{}]',
    '[2,"a",{},{}]',
    '[2,"a",null,{}]',
    '[2,"a","NoSuchAction",{}]',
    '[2,"a","DataTransfer",[]]',
    '[2,"a","DataTransfer","{}"]',
    '[2,"a","DataTransfer"]',
    '[2,"a","DataTransfer",{},{}]',
    '[2,["a"],"DataTransfer",{}]',
    '[2,"","DataTransfer",{}]',
    f'[2,"{"a" * 37}","DataTransfer",{{}}]',
    '[2,"a"]',
    "[2]",
    "[]",
    "{}",
    "null",
    "",
    "nonsense",
    '[2,"a","DataTransfer",{"vendorId":"V"}',
    "[" * 1000,
    '["2","a","DataTransfer",{}]',
    '[[2],"a","DataTransfer",{}]',
    '[9,"a","DataTransfer",{}]',
    '[3,"a",{}]',
    "[3,{},{}]",
    '[3,"a"]',
    '[4,"a","GenericError","",{}]',
    '[4,"a",[],[],[]]',
    '[4,"-1","FormationViolation","",{}]',
    "[4]",
]


@pytest.mark.parametrize("frame", ODD, ids=lambda frame: frame[:40])
@each_role
@each_package
def test_R45_after_an_odd_frame_the_next_calls_are_answered(
    package: Package, ours: Sender, frame: str, links: Links
) -> None:
    link = links.open(ours, package)
    answer_well(link)

    async def check() -> None:
        await link.socket.send(frame)
        assert (await they_transfer(link)).status == "Accepted"
        assert (await we_transfer(link)).status == "Accepted"

    links.run(check())
    assert link.socket.state is State.OPEN


@each_role
@each_package
def test_R06_an_action_that_is_a_list_is_answered_with_an_error(package: Package, ours: Sender, links: Links) -> None:
    link = links.open(ours, package)
    answer_well(link)

    async def check() -> None:
        await link.socket.send('[2,"a",[],{}]')
        await they_transfer(link)

    links.run(check())
    answer = next(frame for direction, frame in link.frames if direction is Direction.OUT)
    spelled = SPELLED.get((package.name, ErrorCode.FORMAT_VIOLATION), "FormatViolation")
    assert answer[:3] == [4, "a", spelled]
