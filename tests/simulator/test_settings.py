"""Every setting that a simulated station shows: those that can be set act, the others can't be set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from cryptography import x509

from ocpp_fast import v16
from ocpp_fast.simulator import Refused, SimulatedStation

from ..cli.programs import in_time
from .csms import MODULES, Commanded, Csms
from .test_script import driven, messages, statuses


@dataclass
class Setting:
    """A setting of a station, as its central system sees it."""

    station: SimulatedStation
    csms: Csms
    name: str
    """What the station calls it."""

    @property
    def commands(self) -> Commanded:
        return Commanded.of(self.csms)

    async def set(self, value: str, name: str = "") -> None:
        assert await self.commands.set(*self.station.settings_of[name or self.name], value=value) == "Accepted"

    async def list(self, token: str) -> None:
        """Put a token on the local list."""
        in_16, commands = self.csms.ocpp is v16, self.commands
        entry = self.csms.ocpp.AuthorizationData(**commands.who(token), **self.csms.judged("Accepted"))
        number = {"list_version" if in_16 else "version_number": 1}
        fields = {"update_type": "Full", "local_authorization_list": [entry], **number}
        assert (await commands.calls.send_local_list(**fields)).status == "Accepted"

    async def reading(self, context: str) -> dict[str, float]:
        """Wait for a reading of the meter in a context, and return its measurands."""
        seen = 0
        while True:
            for request in self.csms.received[seen:]:
                seen += 1
                for value in [*(getattr(request, "meter_value", None) or []), *(_data_of(request) or [])]:
                    if value.sampled_value[0].context == context:
                        return {str(each.measurand): each.value for each in value.sampled_value}
            await self.csms.next(object)

    def count(self, action: str) -> int:
        return self.csms.told().count(action)

    def refuse_starts(self) -> None:
        """Answer what starts transactions with an error."""
        self.csms.answers["StartTransaction" if self.csms.ocpp is v16 else "TransactionEvent"] = None


def _data_of(request: Any) -> Any:
    return getattr(request, "transaction_data", None)


Effect = Callable[[Setting], Coroutine[Any, Any, None]]


async def heartbeat(it: Setting) -> None:
    await it.set("1")
    await it.csms.next(it.csms.ocpp.HeartbeatRequest)


async def sample(it: Setting) -> None:
    await it.set("3600")
    transaction = await it.station.start()
    assert transaction.samples == 0
    await it.set("1")
    await it.reading("Sample.Periodic")


async def sample_enabled(it: Setting) -> None:
    await it.set("false")
    transaction = await it.station.start()
    await it.station.until(lambda: transaction.powered)
    assert it.station.interval("sample") == it.station.interval("sample_ended") == 0
    await it.set("true")
    await it.reading("Sample.Periodic")


async def sampled_data(it: Setting) -> None:
    await it.set("Voltage")
    await it.station.start()
    assert await it.reading("Sample.Periodic") == {"Voltage": approximately(230)}


async def started_data(it: Setting) -> None:
    await it.set("Voltage")
    await it.station.start()
    assert await it.reading("Transaction.Begin") == {"Voltage": approximately(230)}


async def ended_sampled_data(it: Setting) -> None:
    await it.set("Voltage")
    await it.station.start()
    await it.station.stop()
    assert await it.reading("Transaction.End") == {"Voltage": approximately(230)}


async def sample_ended(it: Setting) -> None:
    await it.set("", "sampled_data")
    await it.set("1")
    transaction = await it.station.start()
    await it.station.until(lambda: len(transaction.kept) > 1)
    await it.station.stop()
    assert await it.reading("Sample.Periodic")


async def aligned(it: Setting) -> None:
    await it.set("1")
    assert len(await it.reading("Sample.Clock")) == 4


async def aligned_data(it: Setting) -> None:
    await it.set("Voltage")
    await it.set("1", "aligned")
    assert await it.reading("Sample.Clock") == {"Voltage": approximately(230)}


async def aligned_enabled(it: Setting) -> None:
    await it.set("1", "aligned")
    await it.set("false")
    assert it.station.interval("aligned") == 0
    await it.set("true")
    await it.reading("Sample.Clock")


async def ended_aligned_data(it: Setting) -> None:
    await it.set("Voltage")
    await it.set("1", "aligned_ended")
    await it.set("", "aligned_data")
    transaction = await it.station.start()
    await it.station.until(lambda: any(each.context == "Sample.Clock" for each in transaction.kept))
    await it.station.stop()
    assert await it.reading("Sample.Clock") == {"Voltage": approximately(230)}


async def aligned_ended(it: Setting) -> None:
    await ended_aligned_data(Setting(it.station, it.csms, "ended_aligned_data"))


async def attempts(it: Setting) -> None:
    await it.set("1")
    await given_up(it, 1)


async def retry_interval(it: Setting) -> None:
    await it.set("0")
    await given_up(it, 3)


async def given_up(it: Setting, times: int) -> None:
    it.refuse_starts()
    with pytest.raises(Refused):
        await it.station.start()
    assert len(messages(it.csms)) == times
    assert it.station.outlets[1].transaction is None


async def authorize_remote(it: Setting) -> None:
    await it.set("true")
    assert await it.commands.start(1, "TAG") == "Accepted"
    await it.csms.next(it.csms.ocpp.AuthorizeRequest)


async def authorize_offline(it: Setting) -> None:
    await it.list("TAG")
    await it.set("false")
    await it.station.go_offline()
    assert not await it.station.authorize("TAG")
    it.station.set(it.station.variables.own(*it.station.settings_of[it.name]), "true")
    assert await it.station.authorize("TAG")


async def offline_unknown(it: Setting) -> None:
    await it.set("true")
    await it.station.go_offline()
    assert await it.station.authorize("TAG")


async def local_list(it: Setting) -> None:
    await it.list("TAG")
    await it.set("true", "pre_authorize")
    assert await it.station.authorize("TAG")
    assert it.count("Authorize") == 0
    await it.set("false")
    assert await it.station.authorize("TAG", 2)
    assert it.count("Authorize") == 1


async def pre_authorize(it: Setting) -> None:
    await it.list("TAG")
    assert await it.station.authorize("TAG")
    assert it.count("Authorize") == 1
    await it.set("true")
    assert await it.station.authorize("TAG", 2)
    assert it.count("Authorize") == 1


async def minimum_status(it: Setting) -> None:
    await it.set("1")
    await it.station.plug()
    await it.station.unplug()
    await it.station.fault()
    assert statuses(it.csms) == ["Available"]
    await it.csms.next_status(1, "Faulted")
    assert statuses(it.csms) == ["Available", "Faulted"]


async def offline_threshold(it: Setting) -> None:
    await it.set("0")
    await it.station.go_offline()
    await it.station.go_online()
    assert statuses(it.csms, 2) == ["Available", "Available"]


async def back_off(it: Setting) -> None:
    await it.set("7")
    assert 7 in (it.station.charge_point.back_off.minimum, *_back_off(it))


def _back_off(it: Setting) -> tuple[float, int]:
    return it.station.charge_point.back_off.random_range, it.station.charge_point.back_off.repeat_times


async def network_priority(it: Setting) -> None:
    ocpp, other = it.csms.ocpp, Csms(it.csms.ocpp.VERSION.number)
    assert await it.commands.set(*it.station.settings_of[it.name], value="2,1") == "Rejected"
    async with other.serve() as server:
        profile = ocpp.NetworkConnectionProfileType(
            ocpp_version=ocpp.OCPPVersionEnumType.OCPP20,
            ocpp_transport=ocpp.OCPPTransportEnumType.JSON,
            ocpp_csms_url=server.url,
            message_timeout=30,
            security_profile=0,
            ocpp_interface=ocpp.OCPPInterfaceEnumType.WIRED0,
        )
        for slot, url, status in ((4, server.url, "Rejected"), (2, "http://x", "Failed"), (2, server.url, "Accepted")):
            taken = profile.replace(ocpp_csms_url=url)
            answer = await it.commands.calls.set_network_profile(configuration_slot=slot, connection_data=taken)
            assert answer.status == status
        await it.set("2,1")
        assert it.station.charge_point.url.startswith(it.station.settings.url)
        await it.commands.calls.reset(type=ocpp.ResetEnumType.IMMEDIATE)
        await other.next(ocpp.BootNotificationRequest)
        assert it.station.charge_point.url.startswith(server.url)
    await it.station.until(
        lambda: it.station.online and it.station.charge_point.url.startswith(it.station.settings.url)
    )


async def organization(it: Setting) -> None:
    await it.set("Ours")
    request = x509.load_pem_x509_csr(it.station.signing_request().encode())
    assert {each.value for each in request.subject} == {"Ours", "CP001"}


async def ping(it: Setting) -> None:
    await it.set("7")
    assert it.station.charge_point.ping_interval == 7


async def plug_timeout(it: Setting) -> None:
    await it.set("1")
    assert await it.station.authorize()
    await it.station.until(lambda: it.station.outlets[1].status == "Available")
    await it.station.told()
    assert messages(it.csms) == ([] if it.csms.ocpp is v16 else ["start", "end"])


async def stop_on_invalid(it: Setting) -> None:
    fields = {"transaction_id": 1} if it.csms.ocpp is v16 else {}
    action = "StartTransaction" if it.csms.ocpp is v16 else "TransactionEvent"
    it.csms.answers[action] = it.csms.ocpp.VERSION.actions[action].response(**it.csms.judged("Blocked"), **fields)
    with pytest.raises(Refused):
        await it.station.start(1)
    assert it.station.outlets[1].transaction is None
    await it.set("false")
    with pytest.raises(Refused):
        await it.station.start(2)
    outlet = it.station.outlets[2]
    await it.station.until(lambda: outlet.status == "SuspendedEVSE")
    assert (outlet.transaction is not None, outlet.flowing.amperes) == (True, 0)


async def stop_on_unplug(it: Setting) -> None:
    await it.station.start(1)
    await it.station.unplug(1)
    assert it.station.outlets[1].transaction is None
    await it.set("false")
    transaction = await it.station.start(2)
    await it.station.unplug(2)
    assert it.station.outlets[2].transaction is transaction
    await it.station.plug(2)
    await it.station.until(lambda: it.station.outlets[2].status == "Charging")


async def start_point(it: Setting) -> None:
    await it.set("EVConnected")
    await it.station.plug(1)
    started = await it.csms.next_event("Started", trigger_reason="CablePluggedIn")
    assert started.id_token is None
    await it.station.authorize("TAG", 1)
    await it.csms.next_event("Updated", trigger_reason="Authorized", **it.commands.who())
    await it.set("PowerPathClosed")
    await it.station.authorize("TAG", 2)
    assert it.station.outlets[2].transaction is None
    await it.station.plug(2)
    assert it.station.outlets[2].transaction is not None


async def stop_point(it: Setting) -> None:
    await it.set("EVConnected")
    transaction = await it.station.start(1)
    await it.station.stop(1)
    await it.csms.next_event("Updated", trigger_reason="StopAuthorized")
    assert not transaction.ended
    await it.station.unplug(1)
    ended = await it.csms.next_event("Ended", trigger_reason="EVCommunicationLost")
    assert ended.transaction_info.stopped_reason == "EVDisconnected"


def approximately(number: float) -> Any:
    class Text(float):
        def __eq__(self, other: object) -> bool:
            return float(str(other)) == number

        __hash__ = None  # type: ignore[assignment]  # it is only compared

    return Text(number)


EFFECTS: Final[Mapping[str, Effect]] = {
    "aligned": aligned,
    "aligned_data": aligned_data,
    "aligned_enabled": aligned_enabled,
    "aligned_ended": aligned_ended,
    "attempts": attempts,
    "authorize_offline": authorize_offline,
    "authorize_remote": authorize_remote,
    "back_off_minimum": back_off,
    "back_off_range": back_off,
    "back_off_times": back_off,
    "ended_aligned_data": ended_aligned_data,
    "ended_sampled_data": ended_sampled_data,
    "heartbeat": heartbeat,
    "list": local_list,
    "minimum_status": minimum_status,
    "network_priority": network_priority,
    "offline_threshold": offline_threshold,
    "offline_unknown": offline_unknown,
    "organization": organization,
    "ping": ping,
    "plug_timeout": plug_timeout,
    "pre_authorize": pre_authorize,
    "retry_interval": retry_interval,
    "sample": sample,
    "sample_enabled": sample_enabled,
    "sample_ended": sample_ended,
    "sampled_data": sampled_data,
    "start": start_point,
    "started_data": started_data,
    "stop": stop_point,
    "stop_on_invalid": stop_on_invalid,
    "stop_on_unplug": stop_on_unplug,
}
"""What is seen of a setting, by the station's name for it."""


async def see(effect: Effect, number: str, name: str) -> None:
    try:
        async with driven(number) as (station, csms):
            await effect(Setting(station, csms, name))
    except BaseException as error:
        error.add_note(f"the setting {name} of {number}")
        raise


@pytest.mark.parametrize("number", MODULES)
@in_time
async def test_a_setting_that_can_be_set_acts(number: str) -> None:
    async with driven(number) as (station, _):
        settable = [each for each in station.variables if each.mutability == "ReadWrite"]
        names = {station.variables.own(*where).key: name for name, where in reversed(list(station.settings_of.items()))}
        await asyncio.gather(*(see(EFFECTS[names[each.key]], number, names[each.key]) for each in settable))


@pytest.mark.parametrize("number", MODULES)
@in_time
async def test_a_setting_that_does_not_act_can_not_be_set(number: str) -> None:
    async with driven(number) as (station, csms):
        facts = [each for each in station.variables if each.mutability == "ReadOnly" and each.evse is None]
        assert len(facts) > 10
        for each in facts:
            before, where = each.read(), [*([each.component] if each.component else []), each.name]
            instance = [each.instance] if each.instance else []
            assert await Commanded.of(csms).set(*where, *instance, value=before) == "Rejected", each.name
        assert {each.name for each in station.variables if each.mutability == "WriteOnly"} <= {
            "AuthorizationKey",
            "BasicAuthPassword",
        }


@pytest.mark.parametrize(
    ("number", "where", "text", "password"),
    [
        ("1.6", ["AuthorizationKey"], "00" * 19 + "FF", bytes(19) + b"\xff"),
        ("1.6", ["AuthorizationKey"], "a long enough one", b"a long enough one"),
        ("2.0.1", ["SecurityCtrlr", "BasicAuthPassword"], "00" * 20, b"00" * 20),
    ],
)
@in_time
async def test_R34_a_password_is_shown_from_the_next_connection_on(
    number: str, where: list[str], text: str, password: bytes
) -> None:
    async with driven(number) as (station, csms):
        assert await Commanded.of(csms).set(*where, value=text) == "Accepted"
        assert station.charge_point.password == password
