"""A running server needs nothing but its declarations, whatever is sent or received, and whenever it was declared.

Plans and codecs are kept with their class, so every test declares classes that no other test has used.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, Final

import pytest

from ocpp_fast import InvalidResult, ValidationError, v16
from ocpp_fast.schema import BOTH, DataTransfer, DateTime, Profile, Request, Response, Str3, Version

from .exchanges import answered, give
from .harness import scenario, serving
from .peer import PATIENCE

VENDOR: Final = "com.example"
TOO_LONG: Final = "expected at most 3 characters"


@pytest.fixture(autouse=True)
def _no_fastjsonschema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing it fails: it is the tests' judge, and no part of what is installed."""
    monkeypatch.setitem(sys.modules, "fastjsonschema", None)


def polling() -> tuple[Version, Any]:
    """A version with an action that is new, and the action's request."""

    class PollResponse(Response):
        at: DateTime
        note: Str3 | None = None

    class PollRequest(Request[PollResponse], action="Poll", sender=BOTH):
        note: Str3 | None = None

    return v16.VERSION.extended(Profile("Polling", [PollRequest])), PollRequest


def carrying(text: str) -> dict[str, str]:
    return {"vendorId": VENDOR, "messageId": "Note", "data": json.dumps({"text": text})}


def note_of_vendor() -> Any:
    """A vendor's message that is new."""

    class Noted(Response):
        text: Str3

    class Note(DataTransfer[Noted], vendor_id=VENDOR, message_id="Note"):
        text: Str3

    return Note


@scenario
async def test_handler_of_an_action_is_registered_late() -> None:
    version, request = polling()
    async with serving(versions=[version]) as site:
        peer, _ = await site.station()
        central: Any = site.central
        central.on(request)(give(None))
        peer.send([2, "1", "Poll", {"note": "long"}])
        answer = await peer.message()
        assert answer[:2] == [4, "1"] and TOO_LONG in answer[3]


@scenario
async def test_handler_of_a_vendors_message_is_registered_late() -> None:
    note = note_of_vendor()
    async with serving() as site:
        peer, _ = await site.station()
        central: Any = site.central
        central.on(note)(lambda _, message: note.__transfer__.reply(text=message.text))
        peer.send([2, "1", "DataTransfer", carrying("a")])
        peer.send([2, "2", "DataTransfer", carrying("long")])
        assert await peer.message() == [3, "1", {"status": "Accepted", "data": '{"text":"a"}'}]
        answer = await peer.message()
        assert answer[:2] == [4, "2"] and TOO_LONG in answer[3]


@scenario
async def test_vendors_message_is_sent_that_has_no_handler() -> None:
    note = note_of_vendor()
    async with serving() as site:
        peer, station = await site.station()
        with pytest.raises(ValidationError, match=TOO_LONG):
            await station.transfer(note(text="long"))
        calling = asyncio.create_task(station.transfer(note(text="a")))
        await answered(peer, {"status": "Accepted", "data": '{"text":"long"}'})
        with pytest.raises(InvalidResult, match=TOO_LONG):
            await asyncio.wait_for(calling, PATIENCE)
