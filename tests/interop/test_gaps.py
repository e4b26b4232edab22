"""What the `ocpp` package (2.1.0) can't carry; a test that fails here tells that this has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import MISSING, fields
from decimal import Decimal
from typing import Any

import pytest
from ocpp.exceptions import FormatViolationError, PropertyConstraintViolationError
from ocpp.messages import unpack

from ocpp_fast import CallError, CallTimeout, ErrorCode, v16, v201
from ocpp_fast._core.plan import Node, Plan
from ocpp_fast.schema import CENTRAL, STATION, plan_of

from .exchanges import exchanges
from .links import Links, bounded, our_charge_point
from .package import PACKAGES, Package, name_of, sending_name

V16, V201, V21 = PACKAGES

each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)

WITHOUT_CLASS = {("v21", "NotifyPeriodicEventStream")}
"""Actions that it has no class for: it knows no SEND."""

NOT_LEFT_OUT: dict[tuple[str, str, str], Any] = {
    ("v16", "SendLocalList", "localAuthorizationList"): [],
    ("v16", "LogStatusNotification", "requestId"): MISSING,
    ("v16", "SecurityEventNotification", "techInfo"): MISSING,
    ("v16", "SignedFirmwareStatusNotification", "requestId"): MISSING,
    ("v21", "NotifyCustomerInformation", "tbc"): False,
    ("v21", "NotifyDisplayMessages", "tbc"): False,
    ("v21", "NotifyEvent", "tbc"): False,
    ("v21", "NotifyMonitoringReport", "tbc"): False,
    ("v21", "NotifyReport", "tbc"): False,
    ("v21", "ReportChargingProfiles", "tbc"): False,
    ("v21", "TransactionEvent", "offline"): False,
}
"""Optional fields for which its users must give None, or there is no call (MISSING) or this value is sent."""

NEVER_SENT = {
    "v21": {
        "soc",
        *(
            f"{name}_{line}"
            for line in ("L2", "L3")
            for name in (
                "dischargeLimit",
                "limit",
                "maxChargeApparentPower",
                "maxChargePower",
                "maxChargeReactivePower",
                "maxDischargeApparentPower",
                "maxDischargePower",
                "maxDischargeReactivePower",
                "minChargePower",
                "minChargeReactivePower",
                "minDischargePower",
                "minDischargeReactivePower",
                "setpoint",
                "setpointReactive",
            )
        ),
    }
}
"""Keys of nested objects that no name gives: it takes every underscore away, and writes `SoC` for `soc`."""

NEVER_SENT_ON_TOP = {
    ("v21", "Get15118EVCertificate", "prioritizedEMAIDs"),
    ("v21", "NotifySettlement", "receiptUrl"),
    ("v21", "ReportDERControl", "fixedPFAbsorb"),
    ("v21", "ReportDERControl", "fixedPFInject"),
    ("v21", "SetDERControl", "fixedPFAbsorb"),
    ("v21", "SetDERControl", "fixedPFInject"),
}
"""Keys that the fields of its classes don't give."""

SENT_BY_ANOTHER_NAME = {
    "v21": {
        "evDurationLevel1DCInjection",
        "evDurationLevel2DCInjection",
        "evMaximumLevel1DCInjection",
        "evMaximumLevel2DCInjection",
        "evSupportedDERControl",
        "fixedPF",
        "priceScheduleID",
        "soC",
        "soH",
        "taxRuleID",
    }
}
"""Keys of nested objects that it sends by another name than it receives them by."""

FIELD_OF_ANOTHER_NAME = {
    ("v21", "Authorize", "iso15118CertificateHashData"),
    ("v21", "Get15118EVCertificate", "iso15118SchemaVersion"),
}
"""Keys whose field in its class has another name than its handlers receive them by."""


# The tables


def test_actions_without_a_class() -> None:
    found = {
        (package.name, action)
        for package in PACKAGES
        for action in package.version.actions
        if not hasattr(package.part("call"), action) or not hasattr(package.part("call_result"), action)
    }
    assert found == WITHOUT_CLASS
    with pytest.raises(PropertyConstraintViolationError):
        unpack('[6,"a","NotifyPeriodicEventStream",{}]')


def test_optional_fields_that_are_not_left_out() -> None:
    found = {}
    for package, action, kind, plan in payloads():
        for field in fields(getattr(package.part(kind), action)):
            default = field.default if field.default_factory is MISSING else field.default_factory()
            key = next(key for key, name in package.names(kind, action).items() if name == field.name)
            if default is not None and not is_required(plan, key):
                found[package.name, action, key] = default
    assert found == NOT_LEFT_OUT


@each_package
def test_keys_that_it_never_sends(package: Package) -> None:
    found = {key for key in nested_keys(package) if sending_name(key) is None}
    assert found == NEVER_SENT.get(package.name, set())


def test_keys_that_its_classes_never_send() -> None:
    found = {
        (package.name, action, member.key)
        for package, action, kind, plan in payloads()
        for member in plan.members
        if member.key not in package.names(kind, action)
    }
    assert found == NEVER_SENT_ON_TOP


@each_package
def test_keys_that_it_sends_by_another_name_than_it_receives_them_by(package: Package) -> None:
    found = {key for key in nested_keys(package) if sending_name(key) not in (None, name_of(key))}
    assert found == SENT_BY_ANOTHER_NAME.get(package.name, set())


def test_fields_of_another_name() -> None:
    found = {
        (package.name, action, member.key)
        for package, action, kind, plan in payloads()
        for member in plan.members
        if package.names(kind, action).get(member.key, name_of(member.key)) != name_of(member.key)
    }
    assert found == FIELD_OF_ANOTHER_NAME


def payloads() -> Iterator[tuple[Package, str, str, Plan]]:
    """Yield every payload that both we and the package have: version, action, kind and our plan."""
    for package in PACKAGES:
        for message in package.version.actions.values():
            if message.response is not None:
                yield package, message.name, "call", plan_of(message.request, message.draft)
                yield package, message.name, "call_result", plan_of(message.response, message.draft)


def is_required(plan: Plan, key: str) -> bool:
    return any(member.required for member in plan.members if member.key == key)


def nested_keys(package: Package) -> set[str]:
    """Return the keys of all objects within payloads."""
    plans = [plan for each, _, _, plan in payloads() if each is package]
    return {key for plan in plans for member in plan.members for key in keys_within(member.node)}


def keys_within(node: Node) -> Iterator[str]:
    if node.item is not None:
        yield from keys_within(node.item)
    if node.plan is not None:
        for member in node.plan.members:
            yield member.key
            yield from keys_within(member.node)


# What they come to on the wire


def test_an_absent_local_list_arrives_empty(links: Links) -> None:
    link = links.open(STATION, V16)
    link.our_script.answer = v16.SendLocalListResponse(status=v16.UpdateStatus.ACCEPTED)
    call = V16.part("call").SendLocalList(list_version=1, update_type="Full")
    links.run(link.theirs.call(call, suppress=False))
    ((request,),) = link.our_script.asked
    assert request.local_authorization_list == []


def test_a_phase_limit_is_sent_by_a_key_that_we_refuse(links: Links) -> None:
    link = links.open(STATION, V21)
    update = {"limit": 1.0, "limit_L2": 2.0}
    call = V21.part("call").UpdateDynamicSchedule(charging_profile_id=1, schedule_update=update)
    with pytest.raises(FormatViolationError, match="limitL2"):
        links.run(link.theirs.call(call, suppress=False))
    assert link.frames == []  # refused by its own validation
    with pytest.raises(FormatViolationError, match=r"scheduleUpdate\.limitL2: expected no property of this name"):
        links.run(link.theirs.call(call, suppress=False, skip_schema_validation=True))


def test_free_json_loses_its_nulls_and_the_underscores_of_its_keys(links: Links) -> None:
    link = links.open(CENTRAL, V201)
    link.our_script.answer = v201.DataTransferResponse(status=v201.DataTransferStatusEnumType.ACCEPTED)
    call = V201.part("call").DataTransfer(vendor_id="V", data={"a_b": [1, None], "c": None})
    links.run(link.theirs.call(call, suppress=False))
    ((request,),) = link.our_script.asked
    assert request.data == {"aB": [1]}


def test_numbers_of_charging_profiles_are_decimals_to_its_users(links: Links) -> None:
    (exchange,) = (
        each
        for each in exchanges(CENTRAL)
        if each.package is V16 and each.action.name == "SetChargingProfile" and each.form == "maximal"
    )
    link = links.open(CENTRAL, V16)
    link.their_script.answer = V16.part("call_result").SetChargingProfile(status="Accepted")
    links.run(link.ours.call(exchange.typed_request(exchange.request)))
    ((_, payload),) = link.their_script.asked
    schedule = payload["cs_charging_profiles"]["charging_schedule"]
    assert repr(schedule["min_charging_rate"]) == repr(Decimal("21.4"))


@pytest.mark.parametrize("package", [V16, V201], ids=lambda package: package.name)
def test_what_it_does_not_handle_is_not_implemented(package: Package) -> None:
    with pytest.raises(CallError) as caught:
        asyncio.run(bounded(ask_what_it_does_not_handle(package, timeout=5)))
    assert caught.value.code is ErrorCode.NOT_IMPLEMENTED


def test_what_it_does_not_handle_is_never_answered_in_2_1() -> None:
    with pytest.raises(CallTimeout):
        asyncio.run(bounded(ask_what_it_does_not_handle(V21, timeout=0.05)))


async def ask_what_it_does_not_handle(package: Package, timeout: float) -> None:
    async with our_charge_point(package, handles=False) as link:
        link.theirs.route_map.clear()
        await link.ours.call(package.module.DataTransferRequest(vendor_id="V"), timeout=timeout)


def test_it_dies_of_an_action_that_is_a_list(links: Links) -> None:
    theirs = links.open(STATION, V16).theirs
    with pytest.raises(TypeError, match="unhashable"):
        links.run(theirs.route_message('[2,"a",[],{}]'))
