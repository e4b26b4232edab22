"""Frames of 64 KiB that cost their receiver the most work: wrong ones, and right ones that hold free JSON."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Final

import orjson

from ocpp_fast import v16, v201
from ocpp_fast.schema import CENTRAL, STATION, Sender, Version

from .messages import UNIQUE_ID, moment, samples16

__all__ = ["FRAMES", "QUICKEST", "SIZE", "USUAL", "Hostile"]

SIZE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Hostile:
    """A frame, who gets it, and whether it is right."""

    name: str
    raw: bytes
    version: Version = v16.VERSION
    receiver: Sender = CENTRAL
    right: bool = False


def filled(head: str, filling: str, tail: str) -> bytes:
    """Repeat `filling` between head and tail, as often as it fits."""
    room = SIZE - len(head.encode()) - len(tail.encode())
    times = room // len(filling.encode()) if filling else 0
    return (head + filling * times + tail).encode()


def call(action: str, head: str, filling: str, tail: str) -> bytes:
    """Return a CALL whose payload is filled."""
    return filled(f'[2,"{UNIQUE_ID}","{action}",{head}', filling, tail + "]")


def boot(filling: str) -> bytes:
    """Return a BootNotification whose vendor is filled."""
    return call("BootNotification", '{"chargePointModel":"M","chargePointVendor":"', filling, '"}')


def started(tail: str) -> bytes:
    """Return a StartTransaction whose timestamp has very many digits."""
    head = f'{{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"{moment(0)[:-1]}'
    return call("StartTransaction", head, "1", tail + '"}')


def meter_values(tail: str) -> bytes:
    """Return MeterValues that end as said."""
    moments = [{"timestamp": moment(n), "sampledValue": samples16(n)} for n in range(59)]
    head = '{"connectorId":1,"meterValue":' + orjson.dumps(moments).decode()[:-1]
    return call("MeterValues", f'{head},{{"timestamp":"{moment(59)}","sampledValue":[{{"value":"1"}}', SAMPLE, tail)


def located(filling: str, tail: str) -> Hostile:
    """Return a GetDiagnostics whose location is no URI."""
    raw = call("GetDiagnostics", '{"location":"ftp:/', filling, f'{tail}"}}')
    return Hostile(f"a URI of {filling}, wrong at its end", raw, receiver=STATION)


def custom(name: str, filling: str, *, tail: str = "", right: bool = True) -> Hostile:
    """Return a Heartbeat of 2.0.1 that has an array of something as customData."""
    raw = call("Heartbeat", '{"customData":{"vendorId":"V","a":[', filling, f"0]}}{tail}}}")
    return Hostile(f"customData of {name}", raw, v201.VERSION, right=right)


def stopped(tail: str) -> bytes:
    """Return a StopTransaction of very many samples, the smallest that there are, that ends as said."""
    head = f'{{"meterStop":0,"timestamp":"{moment(0)}","transactionId":1,"transactionData":'
    return call("StopTransaction", f'{head}[{{"timestamp":"{moment(0)}","sampledValue":[{{"value":""}}', EMPTY, tail)


def leaping() -> bytes:
    """Return MeterValues of very many samples, the smallest that there are, at a leap second."""
    head = '{"connectorId":1,"meterValue":[{"timestamp":"2016-12-31T23:59:60Z","sampledValue":[{"value":""}'
    return call("MeterValues", head, EMPTY, "]}]}")


def many_keys() -> bytes:
    """Return a Heartbeat of very many keys, each another."""
    keys = [f'"k{number:04}":0' for number in range(SIZE // 10)]
    fitting = list(takewhile(lambda size: size < SIZE - 80, accumulate(len(key) + 1 for key in keys)))
    return call("Heartbeat", "{" + ",".join(keys[: len(fitting)]), "", "}")


SAMPLE: Final = ',{"value":"1"}'
EMPTY: Final = ',{"value":""}'

QUICKEST: Final = Hostile("one string", call("DataTransfer", '{"vendorId":"V","data":"', "a", '"}'), right=True)
"""The frame of the size that costs the least."""
USUAL: Final = Hostile("MeterValues", meter_values("]}]}"), right=True)
"""A frame of the size that stations do send."""

FRAMES: Final = (
    Hostile("[ without end", filled("", "[", "")),
    Hostile('{"a": without end', filled("[2,", '{"a":', "")),
    Hostile("[]", filled("[", "[],", "0]")),
    Hostile("{}", filled("[", "{},", "0]")),
    Hostile('""', filled("[", '"",', "0]")),
    Hostile("blanks", filled("[", " ", "")),
    Hostile("digits", filled("", "1", "")),
    Hostile("digits in a field", call("Heartbeat", '{"connectorId":', "1", "}")),
    Hostile("digits of a fraction in a field", call("Heartbeat", '{"connectorId":0.', "1", "}")),
    Hostile("numbers of 17 digits", filled("[", "1.2345678901234567,", "0]")),
    Hostile("numbers of 200 digits", filled("[", "1." + 198 * "3" + ",", "0]")),
    Hostile("tiny numbers", filled("[", "1e-001,", "0]")),
    Hostile("integers, and a tiny number", filled("[1e-001,", "1,", "0]")),
    Hostile("numbers next to 0", filled("[", "9e-309,", "0]")),
    Hostile("numbers of long exponents", filled("[", "1e-99999999,", "0]")),
    Hostile("a unique id", filled('[2,"', "a", '","Heartbeat",{}]')),
    Hostile("an action", filled(f'[2,"{UNIQUE_ID}","', "a", '",{}]')),
    Hostile("a string, too long", boot("a")),
    Hostile("a string of \\u0041", boot("\\u0041")),
    Hostile("a string of \\\\", boot("\\\\")),
    Hostile("a string of emoji", boot("😀")),
    Hostile("a string without end", boot('\\"')[:-3]),
    Hostile(
        "a string that is no UTF-8", call("DataTransfer", '{"vendorId":"V","data":"', "é", '!"}').replace(b"!", b"\xff")
    ),
    Hostile("an enum", call("StatusNotification", '{"connectorId":1,"errorCode":"NoError","status":"', "a", '"}')),
    Hostile("a timestamp", started("Z"), right=True),
    Hostile("a timestamp, wrong at its end", started("X")),
    located("a", " "),
    located("/a", " "),
    located("/%41", " "),
    located("/[1:", ""),
    Hostile("keys, each another", many_keys()),
    Hostile("one key", call("StartTransaction", '{"connectorId":1', ',"connectorId":1', "}")),
    Hostile("one unknown key", call("Heartbeat", '{"a":1', ',"a":1', "}")),
    Hostile("one unknown key, escaped", call("Heartbeat", '{"a":1', ',"\\u0041":1', "}")),
    Hostile("MeterValues, an unknown key at the end", meter_values(']}],"x":1}')),
    Hostile("MeterValues, a value missing at the end", meter_values(",{}]}]}")),
    Hostile("MeterValues, a wrong enum at the end", meter_values(',{"value":"1","unit":"a"}]}]}')),
    Hostile("MeterValues, cut off", meter_values("")[:-1]),
    Hostile("a StopTransaction of the smallest samples, wrong at its end", stopped(",[7]]}]}")),
    Hostile("MeterValues of the smallest samples, at a leap second", leaping(), right=True),
    Hostile("MeterValues of {}", call("MeterValues", '{"connectorId":1,"meterValue":[{}', ",{}", "]}")),
    Hostile("MeterValues of 64 digits", call("MeterValues", '{"connectorId":1,"meterValue":[0', f",{'1' * 64}", "]}")),
    custom("[]", "[],"),
    custom("{}", "{},"),
    custom("0", "0,"),
    custom('""', '"",'),
    custom("numbers of 17 digits", "1.2345678901234567,"),
    custom("tiny numbers", "1e-001,"),
    custom("[], and an unknown key", "[],", tail=',"x":1', right=False),
    custom("numbers of 17 digits, and an unknown key", "1.2345678901234567,", tail=',"x":1', right=False),
)
