"""Habits of real stations, simulators and central systems, as public reports tell them.

The frames are invented: they have the shape of what was reported, with values of our own.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ocpp_fast import FieldLength, Policy, Tolerance, habits, v16, v201

from .shapes import Habit, boot, configured, meter, status, stop, text, tolerate

__all__ = ["STATIONS"]

_GITHUB = "https://github.com/"
_CONFIGURATION = v16.GetConfigurationRequest()
_START = v16.StartTransactionRequest(
    connector_id=1, id_tag="A", meter_start=0, timestamp=datetime(2026, 1, 1, tzinfo=UTC)
)
_SAMPLE = "meterValue[].sampledValue[]"

STATIONS = [
    # Values of another type
    Habit(
        "OpenEVSE, WiFi firmware 4.1.2",
        _GITHUB + "OpenEVSE/openevse_esp32_firmware/issues/335",
        meter('{"value":604.25,"unit":"Wh"},{"value":0,"unit":"W"}'),
        "meterValue[0].sampledValue[0].value: expected string",
        tolerate(*habits.SAMPLES_AS_NUMBERS),
        [("text_as_number", f"{_SAMPLE}.value", "604.25", '"604.25"')],
    ),
    Habit(
        "ArduinoOCPP",
        _GITHUB + "mobilityhouse/ocpp/issues/243",
        stop('"transactionData":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":12}]}]'),
        "transactionData[0].sampledValue[0].value: expected string",
        tolerate(*habits.SAMPLES_AS_NUMBERS),
        [("text_as_number", "transactionData[].sampledValue[].value", "12", '"12"')],
    ),
    Habit(
        "Scame",
        _GITHUB + "mobilityhouse/ocpp/pull/582",
        configured('"readonly":false,"value":60', '"readonly":false,"value":true'),
        "configurationKey[0].value: expected string",
        tolerate(*habits.CONFIGURATION_VALUES_AS_NUMBERS),
        [("text_as_number", "configurationKey[].value", "60", '"60"')],
        _CONFIGURATION,
    ),
    Habit(
        "a wallbox that tells NumberOfConnectors as a number",
        _GITHUB + "mobilityhouse/ocpp/issues/707",
        configured('"readonly":true,"value":1'),
        "configurationKey[0].value: expected string",
        tolerate(Tolerance("text_as_number", "GetConfiguration")),
        [("text_as_number", "configurationKey[].value", "1", '"1"')],
        _CONFIGURATION,
    ),
    Habit(
        "EFR",
        _GITHUB + "evcc-io/evcc/issues/10339",
        configured('"readonly":"true","value":5'),
        "configurationKey[0].readonly: expected boolean",
        tolerate(*habits.CONFIGURATION_VALUES_AS_NUMBERS),
        [
            ("loose_boolean", "configurationKey[].readonly", '"true"', "true"),
            ("text_as_number", "configurationKey[].value", "5", '"5"'),
        ],
        _CONFIGURATION,
    ),
    Habit(
        "a station that tells readonly as 0 or 1",
        _GITHUB + "evcc-io/evcc/issues/26253",
        configured('"readonly":0,"value":"5"'),
        "configurationKey[0].readonly: expected boolean",
        tolerate(*habits.CONFIGURATION_VALUES_AS_NUMBERS),
        [("loose_boolean", "configurationKey[].readonly", "0", "false")],
        _CONFIGURATION,
    ),
    Habit(
        "Zephyr RTOS, OCPP library",
        _GITHUB + "zephyrproject-rtos/zephyr/pull/100378",
        configured('"readonly":1,"value":"5"'),
        "configurationKey[0].readonly: expected boolean",
        tolerate(Tolerance("loose_boolean", "GetConfiguration", "*.readonly")),
        [("loose_boolean", "configurationKey[].readonly", "1", "true")],
        _CONFIGURATION,
    ),
    Habit(
        "OCPP-Charge-Point-Simulator (Lamerat)",
        _GITHUB + "Lamerat/OCPP-Charge-Point-Simulator/issues/6",
        configured('"readonly":true,"value":"false"', '"readonly":true,"value":10'),
        "configurationKey[1].value: expected string",
        tolerate(*habits.CONFIGURATION_VALUES_AS_NUMBERS),
        [("text_as_number", "configurationKey[].value", "10", '"10"')],
        _CONFIGURATION,
    ),
    Habit(
        "OCPP-2.0-CP-Simulator",
        _GITHUB + "JavaIsJavaScript/OCPP-2.0-CP-Simulator/pull/5",
        '[2,"1","MeterValues",{"evseId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z",'
        '"sampledValue":[{"value":"12.5"}]}]}]',
        "meterValue[0].sampledValue[0].value: expected number",
        tolerate(*habits.NUMBERS_AS_TEXT),
        [("number_as_text", f"{_SAMPLE}.value", '"12.5"', "12.5")],
        version=v201,
    ),
    Habit(
        "ocpp-cp-simulator (shiv3)",
        _GITHUB + "shiv3/ocpp-cp-simulator/pull/83",
        stop('"reason":"Local"', meter="26008.25"),
        "meterStop: expected integer",
        tolerate(Tolerance("decimal_as_integer", "StopTransaction", answer="take")),
        [("decimal_as_integer", "meterStop", "26008.25", "26008.25")],
    ),
    Habit(
        "Huawei SCharger",
        _GITHUB + "lbbrhzn/ocpp/issues/1144",
        '[2,"1","MeterValues",{"connectorId":1,"meterValue":{"timestamp":"2026-01-01T00:00:00Z",'
        '"sampledValue":[{"value":"0.00"}]}}]',
        "meterValue: expected array",
        tolerate(Tolerance("item_as_list", "MeterValues", "meterValue")),
        [
            (
                "item_as_list",
                "meterValue",
                '{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":...',
                '[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value"...',
            )
        ],
    ),
    Habit(
        "a station that sends an object as the data of a DataTransfer",
        _GITHUB + "mobilityhouse/ocpp/issues/462",
        '[2,"1","DataTransfer",{"vendorId":"v","data":{"a":1}}]',
        "data: expected string",
    ),
    # Values that OCPP does not know
    Habit(
        "Alfen Eve Pro",
        _GITHUB + "lbbrhzn/ocpp/issues/361",
        meter('{"value":"16.0","context":"CurrentMax","unit":"A"}'),
        "meterValue[0].sampledValue[0].context: expected one of Interruption.Begin, *",
        tolerate(*habits.UNKNOWN_SAMPLES),
        [("unknown_enum", f"{_SAMPLE}.context", '"CurrentMax"', '"CurrentMax"')],
    ),
    Habit(
        "ChargeAmps Halo",
        _GITHUB + "lbbrhzn/ocpp/issues/1576",
        meter('{"value":"49.97","measurand":"Frequency","unit":"Hz"}'),
        "meterValue[0].sampledValue[0].unit: expected one of Wh, *",
        tolerate(*habits.UNKNOWN_SAMPLES),
        [("unknown_enum", f"{_SAMPLE}.unit", '"Hz"', '"Hz"')],
    ),
    Habit(
        "a station that tells the line frequency in Hz",
        _GITHUB + "lbbrhzn/ocpp/issues/1969",
        stop('"transactionData":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"50","unit":"Hz"}]}]'),
        "transactionData[0].sampledValue[0].unit: expected one of Wh, *",
        tolerate(*habits.UNKNOWN_SAMPLES),
        [("unknown_enum", "transactionData[].sampledValue[].unit", '"Hz"', '"Hz"')],
    ),
    Habit(
        "MicroOcpp, as configured in the report",
        _GITHUB + "matth-x/MicroOcpp/issues/128",
        meter('{"value":"124","measurand":"Current.import","unit":"A"}'),
        "meterValue[0].sampledValue[0].measurand: expected one of Energy.Active.Export.Register, *",
        tolerate(*habits.UNKNOWN_SAMPLES),
        [("unknown_enum", f"{_SAMPLE}.measurand", '"Current.import"', '"Current.import"')],
    ),
    Habit(
        "Viridian, with the firmware of Evnex",
        _GITHUB + "mobilityhouse/ocpp/pull/70",
        meter('{"value":"50","measurand":"Frequency","unit":"Hertz"}'),
        "",
    ),
    Habit(
        "Legrand GreenUp",
        _GITHUB + "lbbrhzn/ocpp/issues/1248",
        status('"errorCode":"Error","status":"Faulted"'),
        "errorCode: expected one of ConnectorLockFailure, *",
        tolerate(*habits.UNKNOWN_STATUS),
        [("unknown_enum", "errorCode", '"Error"', '"Error"')],
    ),
    Habit(
        "docile-charge-point, charging state",
        _GITHUB + "ShellRechargeSolutionsEU/ocpp/issues/42",
        '[2,"1","TransactionEvent",{"eventType":"Started","timestamp":"2026-01-01T00:00:00Z","triggerReason":"Trigger",'
        '"seqNo":0,"transactionInfo":{"transactionId":"a","chargingState":"EVDetected"}}]',
        "transactionInfo.chargingState: expected one of Charging, *",
        tolerate(Tolerance("unknown_enum", "TransactionEvent", "transactionInfo.chargingState")),
        [("unknown_enum", "transactionInfo.chargingState", '"EVDetected"', '"EVDetected"')],
        version=v201,
    ),
    # Texts that are too long
    Habit(
        "Schneider Electric EVlink Smart Wallbox, charge box",
        _GITHUB + "mobilityhouse/ocpp/issues/273",
        boot(
            '"chargePointVendor":"Schneider Electric","chargePointModel":"EVlink","chargeBoxSerialNumber":' + text(33)
        ),
        "chargeBoxSerialNumber: expected at most 25 characters",
        Policy(tolerate=habits.of(lambda peer: peer.vendor == "Schneider Electric", *habits.LONG_BOOT_FIELDS)),
        [("long_text", "chargeBoxSerialNumber", text(33), text(33))],
    ),
    Habit(
        "Schneider Electric EVlink G4, charge point",
        _GITHUB + "lbbrhzn/ocpp/issues/1622",
        boot('"chargePointVendor":"S","chargePointModel":"EVlink","chargePointSerialNumber":' + text(26)),
        "chargePointSerialNumber: expected at most 25 characters",
        Policy(lengths=[FieldLength(26, "BootNotification", "*SerialNumber")]),
    ),
    Habit(
        "HICI",
        _GITHUB + "lorenzodonini/ocpp-go/issues/359",
        boot('"chargePointVendor":"HICI","chargePointModel":"A model of 23 character"'),
        "chargePointModel: expected at most 20 characters",
        tolerate(*habits.LONG_BOOT_FIELDS),
        [("long_text", "chargePointModel", '"A model of 23 character"', '"A model of 23 character"')],
    ),
    Habit(
        "MicroOcpp with all its credentials in one field",
        _GITHUB + "matth-x/MicroOcpp/issues/427",
        boot('"chargePointVendor":"V","chargePointModel":"{\\"model\\":\\"m\\",\\"imsi\\":\\"i\\"}"'),
        "chargePointModel: expected at most 20 characters",
        tolerate(Tolerance("long_text", "BootNotification", "chargePointModel")),
        [
            (
                "long_text",
                "chargePointModel",
                r'"{\"model\":\"m\",\"imsi\":\"i\"}"',
                r'"{\"model\":\"m\",\"imsi\":"',
            )
        ],
    ),
    Habit(
        "Wallbox Copper Business",
        _GITHUB + "evcc-io/evcc/issues/12901",
        configured('"readonly":true,"value":' + text(551)),
        "configurationKey[0].value: expected at most 500 characters",
        Policy(lengths=[FieldLength(1000, "GetConfiguration", "configurationKey[].value")]),
        open_call=_CONFIGURATION,
    ),
    Habit(
        "ABB Terra AC, configuration",
        _GITHUB + "evcc-io/evcc/issues/6817",
        configured('"readonly":true,"value":' + text(501)),
        "configurationKey[0].value: expected at most 500 characters",
        tolerate(Tolerance("long_text", "GetConfiguration", answer="take")),
        [("long_text", "configurationKey[].value", f"{text(60)[:-1]}...", f"{text(60)[:-1]}...")],
        _CONFIGURATION,
    ),
    Habit(
        "a station that explains its status at length",
        _GITHUB + "lbbrhzn/ocpp/issues/987",
        status(
            '"errorCode":"NoError","status":"Finishing","info":"The vehicle was there when ten minutes were over, so"'
        ),
        "info: expected at most 50 characters",
        tolerate(*habits.LONG_STATUS_INFO),
        [
            (
                "long_text",
                "info",
                '"The vehicle was there when ten minutes were over, so"',
                '"The vehicle was there when ten minutes were over, "',
            )
        ],
    ),
    Habit(
        "Sigenergy EVDC, with the tag it was given",
        _GITHUB + "lbbrhzn/ocpp/issues/1803",
        stop('"idTag":"X1234567890123456789-"'),
        "idTag: expected at most 20 characters",
        Policy(lengths=[FieldLength(21, "StopTransaction", "idTag")]),
    ),
    # Times
    Habit(
        "Growatt THOR",
        _GITHUB + "evcc-io/evcc/issues/10399",
        '[2,"1","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-01-01T15:28:07"}]',
        "timestamp: expected an RFC 3339 date-time",
        Policy(lenient=True),
        [("loose_time", "timestamp", '"2026-01-01T15:28:07"', '"2026-01-01T15:28:07.000000Z"')],
    ),
    Habit(
        "Monta emulator, east of Greenwich",
        _GITHUB + "monta-app/ocpp-emulator/issues/5",
        status('"errorCode":"NoError","status":"Preparing","timestamp":"2026-01-01T14:35:02+02"'),
        "timestamp: expected an RFC 3339 date-time",
        Policy(lenient={"StatusNotification"}),
        [("loose_time", "timestamp", '"2026-01-01T14:35:02+02"', '"2026-01-01T12:35:02.000000Z"')],
    ),
    Habit(
        "AEFA Home OCPP, times",
        _GITHUB + "lbbrhzn/ocpp/issues/2032",
        '[2,"1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T13:35:45.377",'
        '"sampledValue":[{"value":"1750"}]}]}]',
        "meterValue[0].timestamp: expected an RFC 3339 date-time",
        tolerate(*habits.LOOSE_TIMES),
        [("loose_time", "meterValue[].timestamp", '"2026-01-01T13:35:45.377"', '"2026-01-01T13:35:45.377000Z"')],
    ),
    Habit(
        "a central system on the ocpp package, with the time of its example",
        _GITHUB + "mobilityhouse/ocpp/issues/243",
        '[3,"1",{"currentTime":"2026-01-01T10:00:00.123456","interval":10,"status":"Accepted"}]',
        "currentTime: expected an RFC 3339 date-time",
        Policy(lenient=True),
        [("loose_time", "currentTime", '"2026-01-01T10:00:00.123456"', '"2026-01-01T10:00:00.123456Z"')],
        v16.BootNotificationRequest(charge_point_vendor="V", charge_point_model="M"),
        at="station",
    ),
    Habit(
        "a central system that asks for logs of no time",
        _GITHUB + "EVerest/libocpp/issues/808",
        '[2,"1","GetLog",{"logType":"DiagnosticsLog","requestId":1,'
        '"log":{"remoteLocation":"ftp://h","oldestTimestamp":"","latestTimestamp":""}}]',
        "log.oldestTimestamp: expected an RFC 3339 date-time",
        tolerate(*habits.EMPTY_FOR_ABSENT),
        [
            ("empty_as_absent", "log.oldestTimestamp", '""', None),
            ("empty_as_absent", "log.latestTimestamp", '""', None),
        ],
        version=v201,
        at="station",
    ),
    Habit(
        "OCPP-1.6-Chargebox-Simulator, hours of one digit",
        _GITHUB + "dallmann-consulting/OCPP.Core/issues/16",
        '[2,"1","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-01-01T3:11:55Z"}]',
        "timestamp: expected an RFC 3339 date-time",
    ),
    Habit(
        "ocpp-go, the zero time",
        _GITHUB + "lorenzodonini/ocpp-go/issues/20",
        status('"errorCode":"NoError","status":"Available","timestamp":"0001-01-01T00:00:00Z"'),
        "",
    ),
    # Fields that OCPP does not have, or that are missing
    Habit(
        "chargestation-one",
        _GITHUB + "road-labs/chargestation-one/issues/61",
        stop('"connectorId":1,"disconnectReason":"EVDisconnected"'),
        "connectorId: expected no property of this name",
        tolerate(*habits.UNKNOWN_FIELDS),
        [("unknown_field", "connectorId", "1", None), ("unknown_field", "disconnectReason", '"EVDisconnected"', None)],
    ),
    Habit(
        "a station that tells the connector with the tag",
        _GITHUB + "evcc-io/evcc/issues/14579",
        '[2,"1","Authorize",{"connectorId":2,"idTag":"0584350940"}]',
        "connectorId: expected no property of this name",
        tolerate(Tolerance("unknown_field", "Authorize", "connectorId")),
        [("unknown_field", "connectorId", "2", None)],
    ),
    Habit(
        "docile-charge-point, EVSE with the token",
        _GITHUB + "ShellRechargeSolutionsEU/ocpp/issues/42",
        '[2,"1","Authorize",{"evseId":[1],"idToken":{"idToken":"A","type":"Central"}}]',
        "evseId: expected no property of this name",
        tolerate(Tolerance("unknown_field", "Authorize", "evseId")),
        [("unknown_field", "evseId", "[1]", None)],
        version=v201,
    ),
    Habit(
        "a central system that answers with what it was told",
        _GITHUB + "mobilityhouse/ocpp/issues/424",
        '[3,"1",{"connectorId":1,"errorCode":"NoError"}]',
        "connectorId: expected no property of this name",
        tolerate(Tolerance("unknown_field", "StatusNotification")),
        [("unknown_field", "connectorId", "1", None), ("unknown_field", "errorCode", '"NoError"', None)],
        v16.StatusNotificationRequest.from_dict({"connectorId": 1, "errorCode": "NoError", "status": "Available"}),
        at="station",
    ),
    Habit(
        "CitrineOS 1.0, StartTransaction",
        _GITHUB + "citrineos/citrineos/issues/166",
        '[3,"1",{"status":"Accepted"}]',
        "idTagInfo: expected a value",
        open_call=_START.replace(
            timestamp=v16.HeartbeatResponse.from_dict({"currentTime": "2026-01-01T00:00:00Z"}).current_time
        ),
        at="station",
    ),
    Habit(
        "a station without a chargingStation",
        _GITHUB + "citrineos/citrineos/issues/131",
        '[2,"1","BootNotification",{"reason":"PowerUp","chargingStation":null}]',
        "chargingStation: expected object",
        version=v201,
    ),
    Habit(
        "Huawei SmartCharger-22KT-S0, a vendor without a name",
        _GITHUB + "evcc-io/evcc/issues/32170",
        boot('"chargePointModel":"ACChargePoint","chargePointSerialNumber":"7","chargePointVendor":""'),
        "",
    ),
    Habit(
        "Teison, SIM card without numbers",
        _GITHUB + "lbbrhzn/ocpp/issues/1617",
        boot('"chargePointModel":"M","chargePointVendor":"TEISON","iccid":"","imsi":""'),
        "",
    ),
    Habit(
        "ABB Terra AC, the word null",
        _GITHUB + "lbbrhzn/ocpp/issues/169",
        status('"errorCode":"NoError","status":"Preparing","info":"null","vendorErrorCode":"0x00"'),
        "",
    ),
    Habit(
        "Alfen Eve Single S-line, a transaction without a number",
        _GITHUB + "steve-community/steve/issues/740",
        meter('{"value":"0.505","context":"Transaction.Begin","unit":"kWh"}', '"transactionId":9223372036854775807,'),
        "",
    ),
    Habit(
        "sonnen, StopTransaction without samples",
        _GITHUB + "evcc-io/evcc/issues/25708",
        stop('"transactionData":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[]}]'),
        "",
    ),
    # Frames
    Habit(
        "AEFA Home OCPP, a number that is missing",
        _GITHUB + "lbbrhzn/ocpp/issues/2032",
        meter('{"value":"1750"}', '"transactionId":,'),
        "expected JSON",
    ),
    Habit(
        "ZJ Beny BCP-A2N-L",
        _GITHUB + "lbbrhzn/ocpp/issues/1078",
        meter(',{"value":"139955"}'),
        "expected JSON",
    ),
    Habit(
        "MicroOcpp, a payload without braces in its log",
        _GITHUB + "matth-x/MicroOcpp/issues/311",
        '[2,"1","BootNotification","chargePointModel":"a","chargePointVendor":"a"]',
        "expected JSON",
    ),
    Habit(
        "Grizzl-E Smart, firmware 05.621",
        _GITHUB + "lbbrhzn/ocpp/issues/442",
        '[3,"1",{"configurationKey":[]',
        "frame: expected JSON",
        open_call=_CONFIGURATION,
    ),
    Habit(
        "OCPP-1.6-Chargebox-Simulator, message type",
        _GITHUB + "mobilityhouse/ocpp/issues/358",
        '[1,"1","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-01-01T00:00:00Z"}]',
        "no such message type",
    ),
    Habit(
        "a station that answers without an id",
        _GITHUB + "lorenzodonini/ocpp-go/issues/267",
        '[3,"",{"fileName":"diagnostics.log"}]',
        "unique id: expected a string of 1 to 36 characters",
    ),
]
