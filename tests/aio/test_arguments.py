"""Arguments are checked when they are given, with an error that names what would be right."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from ocpp_fast import BackOff, BasicAuth, CentralSystem, ChargePoint, NoAuth, Policy, v16, v201
from ocpp_fast.aio.address import authorization

URL = "ws://127.0.0.1:8887"


def central(**options: Any) -> CentralSystem:
    given: dict[str, Any] = {"auth": NoAuth(), "versions": [v16]} | options
    return CentralSystem(**given)


def station(identity: Any = "CP1", url: str = URL, **options: Any) -> ChargePoint:
    given: dict[str, Any] = {"versions": [v16]} | options
    return ChargePoint(identity, url, **given)


CASES: dict[str, tuple[Any, type[Exception], str]] = {
    "a password that is text": (lambda: BasicAuth({"CP1": "secret"}), TypeError, r"passwords\['CP1'\]: expected bytes"),  # type: ignore[dict-item]
    "passwords in a list": (lambda: BasicAuth([b"x"]), TypeError, "passwords: expected a mapping or a function"),  # type: ignore[arg-type]
    "a station's password": (lambda: station(password="secret"), TypeError, "password: expected bytes"),
    "no auth": (lambda: central(auth=None), TypeError, r"auth: expected NoAuth\(\), BasicAuth\(...\)"),
    "a class": (lambda: central(auth=NoAuth), TypeError, r"auth: expected NoAuth\(\)"),
    "a version's name": (lambda: central(versions=["1.6"]), TypeError, "versions: expected modules such as v16"),
    "one name": (lambda: central(versions="1.6"), TypeError, r"versions: expected a list such as \[v16, v201\]"),
    "a bare module": (lambda: central(versions=v16), TypeError, r"versions: expected a list .* not ocpp_fast.v16"),
    "no version": (lambda: station(versions=[]), ValueError, r"versions: expected at least one"),
    "duplicates": (lambda: central(duplicates="replaced"), ValueError, "duplicates: expected 'replace', 'reject'"),
    "a policy's name": (lambda: central(policy="strict"), TypeError, "policy: expected a Policy or a function"),
    "a policy class": (lambda: central(policy=Policy), TypeError, "policy: expected a Policy or a function"),
    "a station's policy": (lambda: station(policy=lambda _: Policy()), TypeError, "policy: expected a Policy, not"),
    "a policy too fine for 2.x": (
        lambda: central(versions=[v16, v201], policy=Policy(timespec="microseconds")),
        ValueError,
        "timespec: OCPP 2.0.1 has milliseconds at most",
    ),
    "a station's policy too fine for 2.x": (
        lambda: station(versions=[v201], policy=Policy(timespec="microseconds")),
        ValueError,
        "timespec: OCPP 2.0.1 has milliseconds at most",
    ),
    "an empty identity": (lambda: station(""), ValueError, "id: expected 1 to 48 printable characters"),
    "a name as the local address": (
        lambda: station("CP1", local_address="localhost"),
        ValueError,
        "local_address: expected an IP address",
    ),
    "a forbidden identity": (lambda: station("CP/1"), ValueError, "id: expected 1 to 48 printable characters"),
    "no identity": (lambda: station(None), ValueError, "id: expected 1 to 48 printable characters"),
    "an http URL": (lambda: station(url="http://h/x"), ValueError, "url: expected one such as ws://host"),
    "a URL without a host": (lambda: station(url="ws:///x"), ValueError, "url: expected one such as ws://host"),
    "a fragment": (lambda: station(url=URL + "#x"), ValueError, "url: expected one such as ws://host"),
    "a port": (lambda: station(url="ws://h:99999"), ValueError, "url: expected a host, and a port"),
    "a URL that is none": (lambda: station(url=5), TypeError, "url: expected a URL, a NetworkProfile, or a list"),  # type: ignore[arg-type]
    "a list that holds something else": (lambda: station(url=[5]), TypeError, "url: expected a URL"),  # type: ignore[arg-type]
    "no URL": (lambda: station(url=[]), ValueError, "url: expected at least one central system"),  # type: ignore[arg-type]
    "a label that is too long": (lambda: station(url=f"ws://{'a' * 64}.x"), ValueError, "url: expected a host"),
    "a host that begins with a dot": (lambda: station(url="ws://.x"), ValueError, "url: expected a host"),
    "no attempts": (lambda: station(attempts=0), ValueError, "attempts: expected an integer greater than 0"),
    "a final status in words": (lambda: station(final=["401"]), TypeError, "final: expected HTTP statuses"),
    "a final status alone": (lambda: station(final=401), TypeError, "final: expected HTTP statuses"),
    "two passwords": (lambda: station(url="ws://u:p@h", password=b"q"), ValueError, "password: expected none"),
    "a window": (lambda: Policy(repeat_window=-1), ValueError, "repeat_window: expected seconds"),
    "open calls": (lambda: Policy(max_open_calls=0), ValueError, "max_open_calls: expected an integer"),
    "waiting calls": (lambda: Policy(max_waiting_calls=1.5), ValueError, "max_waiting_calls: expected an integer"),  # type: ignore[arg-type]
    "a timespec": (lambda: Policy(timespec="hours"), ValueError, "timespec: expected one of seconds"),  # type: ignore[arg-type]
    "codes": (lambda: Policy(codes={"HANDLER": "X"}), TypeError, "codes: expected a mapping of Fault"),  # type: ignore[dict-item]
    "a number of actions": (lambda: Policy(lenient=[5]), TypeError, "lenient: expected True, False or names"),  # type: ignore[list-item]
    "a back-off": (lambda: BackOff(minimum=-1.0), ValueError, "minimum: expected seconds"),
    "a back-off of nothing": (lambda: BackOff(minimum=0.0, random_range=0.0), ValueError, "minimum: expected seconds"),
    "a back-off's times": (lambda: BackOff(repeat_times=-1), ValueError, "repeat_times: expected an integer"),
}


@pytest.mark.parametrize("case", CASES)
def test_unusable_argument_is_refused_when_it_is_given(case: str) -> None:
    make, kind, message = CASES[case]
    with pytest.raises(kind, match=message) as caught:
        make()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("make", [central, station])
@pytest.mark.parametrize("name", ["call_timeout", "open_timeout", "close_timeout", "ping_interval", "max_message_size"])
@pytest.mark.parametrize("value", [-1, nan, "1", None, True, 0])
def test_time_or_size_that_is_none_is_refused(make: Any, name: str, value: Any) -> None:
    if (name, value) == ("ping_interval", 0):
        make(ping_interval=0)  # off
        return
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        make(**{name: value})


def test_what_may_be_endless_and_what_not() -> None:
    central(call_timeout=inf)
    for name in ("open_timeout", "close_timeout", "ping_interval"):
        with pytest.raises(ValueError, match=name):
            central(**{name: inf})


# The URL of a charge point (R32, R34)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://h", "ws://h/CP%201"),
        ("ws://h/", "ws://h/CP%201"),
        ("wss://h:443/ocpp/?tenant=a&b=%2F", "wss://h:443/ocpp/CP%201?tenant=a&b=%2F"),
        ("ws://u:p%40@[::1]:80/a", "ws://[::1]:80/a/CP%201"),
    ],
)
def test_R32_identity_goes_into_the_path_and_the_query_is_kept(url: str, expected: str) -> None:
    assert station("CP 1", url).url == expected


def test_R34_user_info_is_sent_and_never_shown() -> None:
    made = station(url="ws://CP1:s%65cret@h/x")
    assert made._uplink.plan.address.authorization == authorization("CP1", b"secret")
    assert "cret" not in made.url + repr(made)
    for url in ("ws://CP1:secret@h/x#y", "http://CP1:secret@h", "ws://CP1:secret@h:99999", "ws://CP1:secret@h\u2100"):
        with pytest.raises(ValueError, match="url: expected") as caught:
            station(url=url)
        assert "secret" not in str(caught.value)


def test_password_may_be_changed_for_the_next_connection() -> None:
    made = station(password=b"old")
    made.password = b"new"
    assert made._uplink.plan.address.authorization == authorization("CP1", b"new")
    with pytest.raises(TypeError, match="password: expected bytes"):
        made.password = "new"  # type: ignore[assignment]


def test_versions_may_be_modules_or_versions() -> None:
    assert central(versions=(v201, v16.VERSION)).versions == (v201.VERSION, v16.VERSION)
