"""What type checkers must see, and what they must refuse; never run.

A line that must be refused ignores just that error. mypy --strict reports an ignore that has nothing to
ignore, so it finds this file clean only when it finds every one of those errors.
"""

from datetime import datetime
from typing import TypeVar, assert_type

from ocpp_fast import v16
from ocpp_fast.schema import Request, Response

R = TypeVar("R", bound=Response)


async def call(request: Request[R]) -> R:
    """Stand for every method that sends a request."""
    raise NotImplementedError


NOW = datetime.now().astimezone()


# The request says what the response is


async def a_response_has_the_type_its_request_names() -> None:
    boot = await call(v16.BootNotificationRequest(charge_point_vendor="V", charge_point_model="M"))
    assert_type(boot, v16.BootNotificationResponse)
    assert_type(boot.current_time, datetime)
    assert_type(boot.interval, int)
    assert_type(boot.status, v16.RegistrationStatus)
    assert_type(await call(v16.HeartbeatRequest()), v16.HeartbeatResponse)
    assert_type(await call(v16.GetLocalListVersionRequest()), v16.GetLocalListVersionResponse)


async def a_response_is_no_other_than_its_request_names() -> None:
    reset: v16.ResetResponse
    reset = await call(v16.HeartbeatRequest())  # type: ignore[arg-type]
    reset.nothing = 1  # type: ignore[attr-defined]
    await call(v16.HeartbeatResponse(current_time=NOW))  # type: ignore[arg-type]


# Constructors


def fields_are_keywords_and_required_known_and_of_their_types() -> None:
    v16.AuthorizeRequest("ABC")  # type: ignore[call-arg]
    v16.HeartbeatRequest(1)  # type: ignore[call-arg]
    v16.AuthorizeRequest()  # type: ignore[call-arg]
    v16.BootNotificationRequest(charge_point_vendor="V")  # type: ignore[call-arg]
    v16.IdTagInfo(parent_id_tag="P")  # type: ignore[call-arg]
    v16.AuthorizeRequest(id_tag="ABC", idTag="ABC")  # type: ignore[call-arg]
    v16.HeartbeatRequest(interval=1)  # type: ignore[call-arg]
    v16.AuthorizeRequest(id_tag=1)  # type: ignore[arg-type]
    v16.AuthorizeRequest(id_tag=None)  # type: ignore[arg-type]
    v16.HeartbeatResponse(current_time="2024-01-01T00:00:00Z")  # type: ignore[arg-type]
    v16.RemoteStopTransactionRequest(transaction_id="1")  # type: ignore[arg-type]
    v16.KeyValue(key="k", readonly="no")  # type: ignore[arg-type]


def an_enum_takes_its_members_only() -> None:
    v16.ResetRequest(type=v16.ResetType.HARD)
    v16.ResetRequest(type="Hard")  # type: ignore[arg-type]
    v16.ResetRequest(type=v16.ResetStatus.ACCEPTED)  # type: ignore[arg-type]
    v16.ResetRequest(type=v16.ResetType.COLD)  # type: ignore[attr-defined]


def an_optional_field_may_be_none() -> None:
    request = v16.StopTransactionRequest(
        id_tag=None, meter_stop=1, timestamp=NOW, transaction_id=1, reason=v16.Reason.LOCAL
    )
    assert_type(request.id_tag, str | None)
    assert_type(request.reason, v16.Reason | None)
    assert_type(request.transaction_data, list[v16.MeterValue] | None)
    request.id_tag.lower()  # type: ignore[union-attr]
    request.id_tag = "ABC"
    request.id_tag = 1  # type: ignore[assignment]
    assert_type(request.replace(id_tag="DEF"), v16.StopTransactionRequest)


def nested_structs_are_typed() -> None:
    request = v16.MeterValuesRequest(
        connector_id=1,
        meter_value=[
            v16.MeterValue(
                timestamp=NOW,
                sampled_value=[
                    v16.SampledValue(value="21.4", unit=v16.UnitOfMeasure.KWH),
                    v16.SampledValue(value=21.4),  # type: ignore[arg-type]
                ],
            )
        ],
    )
    assert_type(request.meter_value[0].sampled_value[0].measurand, v16.Measurand | None)
    v16.MeterValuesRequest(connector_id=1, meter_value=[{"timestamp": NOW}])  # type: ignore[list-item]
    period = v16.ChargingSchedulePeriod(start_period=0, limit=16)
    assert_type(period.limit, float)
    assert_type(period.number_phases, int | None)


# Shortcuts


async def a_shortcut_takes_the_fields_and_gives_the_response(central: v16.CentralSystemShortcuts) -> None:
    assert_type(await central.reset(type=v16.ResetType.SOFT), v16.ResetResponse)
    answer = await central.change_availability(connector_id=1, type=v16.AvailabilityType.OPERATIVE)
    assert_type(answer, v16.ChangeAvailabilityResponse)
    assert_type(await central.get_configuration(), v16.GetConfigurationResponse)
    assert_type(await central.get_configuration(key=["HeartbeatInterval"]), v16.GetConfigurationResponse)
    await central.reset()  # type: ignore[call-arg]
    await central.reset(v16.ResetType.SOFT)  # type: ignore[call-arg]
    await central.reset(type="Soft")  # type: ignore[arg-type]
    await central.reset(type=v16.ResetType.SOFT, connector_id=1)  # type: ignore[call-arg]
    central.heartbeat()  # type: ignore[attr-defined]


async def the_station_has_its_own_shortcuts(station: v16.ChargePointShortcuts) -> None:
    assert_type(await station.heartbeat(), v16.HeartbeatResponse)
    boot = await station.boot_notification(charge_point_vendor="V", charge_point_model="M")
    assert_type(boot.status, v16.RegistrationStatus)
    assert_type(await station.data_transfer(vendor_id="V"), v16.DataTransferResponse)
    station.reset(type=v16.ResetType.SOFT)  # type: ignore[attr-defined]
