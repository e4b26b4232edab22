"""What a peer wrote is shown on one line, printable and bounded."""

from __future__ import annotations

import pytest

from ocpp_fast import (
    CallError,
    FrameFault,
    HandshakeFailed,
    HandshakeRefused,
    InvalidPayload,
    InvalidResult,
    LimitReached,
    OcppError,
    Refusal,
    TransferRefused,
    ValidationError,
    shown,
)
from ocpp_fast.faults import Fault

from .nasty import NASTY, is_fit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Ladesäule 1, שלום", "Ladesäule 1, שלום"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x1b[2J\0", r"\x1b[2J\x00"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\u2028\x85\xa0", r"\u2028\x85\xa0"),
        ("\ud800", r"\ud800"),
        ("x" * 20, "x" * 20),
        ("x" * 21, "x" * 17 + "..."),
        ("\0" * 6, r"\x00\x00\x00\x00\..."),
    ],
)
def test_what_is_shown(text: str, expected: str) -> None:
    assert shown(text, 20) == expected
    assert shown(expected, 20) == expected


@pytest.mark.parametrize("what", NASTY)
@pytest.mark.parametrize("limit", [3, 40, 255])
def test_what_is_shown_is_one_printable_line_of_no_more_than_the_limit(what: str, limit: int) -> None:
    assert shown(NASTY[what], limit).isprintable()
    assert len(shown(NASTY[what], limit)) <= limit


@pytest.mark.parametrize("what", NASTY)
def test_texts_of_exceptions_and_events_are_fit_for_a_line(what: str) -> None:
    text = NASTY[what]
    errors: list[Exception] = [
        OcppError(text),
        CallError(text, text, {text: text}, unique_id=text),
        TransferRefused(text, text, text, data=text),
        HandshakeFailed(text),
        HandshakeRefused(403, text),
        *(kind(text, text, text).at(text) for kind in (InvalidPayload, InvalidResult, ValidationError)),
        FrameFault(Fault.MALFORMED, text),
    ]
    for error in errors:
        assert is_fit(str(error))
        assert is_fit(repr(error))
    refusal = Refusal(text, 400, None, text)
    told = [FrameFault(Fault.MALFORMED, text).description, refusal.reason, refusal.path]
    assert all(map(is_fit, [*told, LimitReached(text, detail=text).detail]))  # type: ignore[arg-type]  # any limit
    assert isinstance(errors[1], CallError)
    assert errors[1].description == text
