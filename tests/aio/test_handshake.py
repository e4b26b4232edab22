"""The opening handshake: who is let in, as whom, with which version (R30-R34), and who is not."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from websockets.datastructures import Headers

from ocpp_fast import CentralSystem, Event, Handshake, Verdict, VersionAssumed, v16, v21, v201
from ocpp_fast.aio.admission import identity_of

from .exchanges import afterwards, lives
from .harness import HEARTBEAT_JSON, central_system, comings_and_goings, scenario, serving, until
from .peer import TEXT, frame_bytes, handshake_bytes
from .refusals import AuthOf, refused, serves

# subprotocols

ALL = [v16, v201, v21]


@pytest.mark.parametrize(
    ("offered", "spoken", "chosen"),
    [
        ("ocpp1.6", ALL, "ocpp1.6"),
        ("ocpp2.0.1", ALL, "ocpp2.0.1"),
        ("ocpp2.1", ALL, "ocpp2.1"),
        ("ocpp1.6, ocpp2.1", ALL, "ocpp1.6"),
        ("ocpp2.1,ocpp1.6", ALL, "ocpp2.1"),
        ("ocpp1.2, ocpp1.5, ocpp2.0.1, ocpp1.6", ALL, "ocpp2.0.1"),
        ("ocpp1.6, ocpp2.0.1, ocpp2.1", [v21], "ocpp2.1"),
        ("ocpp1.5\r\nSec-WebSocket-Protocol: ocpp2.1", ALL, "ocpp2.1"),
    ],
)
@scenario
async def test_R30_client_order_decides_among_what_the_server_speaks(
    offered: str, spoken: list[Any], chosen: str
) -> None:
    async with serving(versions=spoken) as site:
        peer = await site.asking(subprotocols=offered)
        assert (await peer.http_answer()).headers["sec-websocket-protocol"] == chosen
        station = await site.central.wait_connected("CP1")
        assert station.version.subprotocol == chosen
        assert station.handshake.subprotocols == tuple(re.findall(r"ocpp[\d.]+", offered))


@pytest.mark.parametrize("offered", [None, "ocpp1.5", "OCPP1.6", "ocpp1.60, xocpp2.1"])
@scenario
async def test_R31_no_common_subprotocol_is_closed_at_once(offered: str | None) -> None:
    async with serving() as site:
        told = comings_and_goings(site.central)
        peer = await site.asking(subprotocols=offered)
        answer = await peer.http_answer()
        assert answer.status == 101
        assert "sec-websocket-protocol" not in answer.headers
        assert await peer.close_frame() == (1002, "no common subprotocol")
        assert len(site.central) == 0
    assert told == []


@scenario
async def test_R31_no_common_subprotocol_is_400_when_so_set() -> None:
    async with serving(refuse_unknown_subprotocols=True) as site:
        assert await refused(site, "/CP1", subprotocols=None) == [400]
        await serves(site)


ASSUMED = {
    "none": (None, None),
    "another one": ("ocpp1.5", None),
    "one letter more": ("ocpp1.6j", "ocpp1.6j"),
    "in capitals": ("OCPP1.6", "OCPP1.6"),
    "the one that names it": ("soap, ocpp1.6-json, ocpp1.5", "ocpp1.6-json"),
    "right all along": ("ocpp2.1, ocpp1.6", "ocpp2.1"),
}


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(("offered", "answered"), ASSUMED.values(), ids=ASSUMED)
@scenario
async def test_R31_a_version_is_assumed_on_purpose_and_answered_with_what_was_offered(
    offered: str | None, answered: str | None, later: bool
) -> None:
    asked: list[Handshake] = []

    def assume(handshake: Handshake) -> Any:
        asked.append(handshake)
        return v16

    async with serving(assume=afterwards(assume) if later else v16) as site:
        events: list[Event] = []
        site.central.on_event(events.append)
        peer = await site.asking(subprotocols=offered)
        assert (await peer.http_answer()).headers.get("sec-websocket-protocol") == answered
        station = await site.central.wait_connected("CP1")
        is_spoken = answered == "ocpp2.1"
        assert station.version is (v21 if is_spoken else v16).VERSION
        assert asked == ([station.handshake] if later and not is_spoken else [])
        told = VersionAssumed("CP1", "1.6", station.handshake.subprotocols, peer.writer.get_extra_info("sockname"))
        assert events == ([] if is_spoken else [told])
        if not is_spoken:
            await lives(peer)


@pytest.mark.parametrize("refuses", [False, True])
@scenario
async def test_R31_whom_nothing_is_assumed_of_is_turned_away(refuses: bool) -> None:
    async with serving(
        assume=lambda each: v16 if each.id == "CP1" else None, refuse_unknown_subprotocols=refuses
    ) as site:
        assert (await (await site.asking("/CP1", subprotocols=None)).http_answer()).status == 101
        await site.central.wait_connected("CP1")
        other = await site.asking("/CP2", subprotocols=None)
        assert (await other.http_answer()).status == (400 if refuses else 101)
        if not refuses:
            assert await other.close_frame() == (1002, "no common subprotocol")
        assert [each.id for each in site.central] == ["CP1"]


@pytest.mark.parametrize("assumed", [v21, "ocpp1.6", v21.VERSION, CentralSystem])
@scenario
async def test_R31_only_what_is_spoken_can_be_assumed(assumed: Any, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="assume: expected one of the versions that are spoken"):
        central_system(versions=[v16], assume=assumed)
    async with serving(versions=[v16], assume=lambda _: assumed) as site:
        assert await refused(site, "/CP1", subprotocols=None) == [500]
    assert "assume: expected one of the versions" in caplog.text
    caplog.clear()


# identities


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/CP1", "CP1"),
        ("/ocpp/any/where/CP1", "CP1"),
        ("//CP1", "CP1"),
        ("/RDAM%20123", "RDAM 123"),
        ("/CP1?token=1/2&x=%2F", "CP1"),
        ("/CP1?", "CP1"),
        ("/%43%50%31", "CP1"),
        ("/" + "a" * 48, "a" * 48),
        ("/" + "%C3%BC" * 48, "ü" * 48),
        ("/a.b-c_d~e=f@g*h", "a.b-c_d~e=f@g*h"),
        ("ws://example.com/ocpp/CP1", "CP1"),
    ],
)
def test_R32_identity_is_the_last_segment_decoded_once(path: str, identity: str) -> None:
    assert identity_of(path, Headers()) == identity


NO_IDENTITIES = {
    "empty": ["/", "/CP1/", "/?CP1"],
    "too long": ["/" + "a" * 49, "/" + "%C3%BC" * 49],
    "dots": ["/.", "/..", "/%2e%2E"],
    "slashes": ["/a%2Fb", "/a%5Cb"],
    "colons": ["/a:b", "/a%3Ab"],
    "percents, decoded once only": ["/a%25b", "/a%2541"],
    "broken escapes": ["/a%zz", "/a%4"],
    "marks of a URL": ["/a%3Fb", "/a%23b", "/CP1#b"],
    "not printable": ["/a%00", "/a%0Ab", "/a%7F", "/a%C2%A0b", "/a%E2%80%8Fb"],
    "no UTF-8: invalid, cut, overlong, surrogate": ["/%FF", "/%C3", "/%C0%AF", "/%ED%A0%80"],
}


@pytest.mark.parametrize("paths", NO_IDENTITIES.values(), ids=NO_IDENTITIES)
@scenario
async def test_R32_invalid_identity_is_404(paths: list[str]) -> None:
    async with serving() as site:
        assert await refused(site, *paths) == [404] * len(paths)
        await serves(site)


# how much, and how slowly


@scenario
async def test_handshake_of_8_kib_and_64_headers_is_accepted() -> None:
    for headers in (["X: "], [f"X-{number}: x" for number in range(58)]):
        headers[-1] += "x" * (8192 - len(handshake_bytes("/CP-after", headers=headers)))
        async with serving() as site:
            await serves(site, headers=headers)


@scenario
async def test_handshake_may_come_byte_by_byte() -> None:
    async with serving() as site:
        peer = await site.tcp()
        for byte in handshake_bytes("/CP1"):
            peer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await peer.http_answer()).status == 101


@scenario
async def test_slow_handshake_is_cut_by_open_timeout() -> None:
    async with serving(open_timeout=0.2) as site:
        silent, dribbling = await site.tcp(), await site.tcp()

        async def dribble() -> None:
            dribbling.write(b"GET /CP1 HTTP/1.1\r\n")
            while not dribbling.reader.at_eof() and dribbling.reader.exception() is None:
                dribbling.write(b"X: x\r\n")
                await asyncio.sleep(0.01)

        async with asyncio.timeout(2):
            await asyncio.gather(dribble(), silent.eof(), dribbling.eof())
        await serves(site)


@scenario
async def test_slow_authentication_is_cut_by_open_timeout_and_cancelled() -> None:
    """Or the tries of all stations would pile up while a database does not answer."""
    ended: list[str] = []

    async def decide(handshake: Handshake) -> Verdict:
        if handshake.identity != "CP-after":
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(handshake.identity)
        return Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide), open_timeout=0.2) as site:
        for peer in [await site.asking(f"/CP{number}") for number in range(3)]:
            assert (await peer.http_answer()).status == 503
        assert sorted(ended) == ["CP0", "CP1", "CP2"]
        await until(lambda: not site.central._runtime.tasks._tasks)
        await serves(site)
        assert [station.id for station in site.central] == ["CP-after"]


@scenario
async def test_station_that_leaves_during_authentication_never_arrives() -> None:
    asked, may_go = asyncio.Event(), asyncio.Event()

    async def decide(handshake: Handshake) -> Verdict:
        asked.set()
        await may_go.wait()
        return Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide)) as site:
        told = comings_and_goings(site.central)
        leaver = await site.asking("/CP1")
        await asked.wait()
        leaver.abort()
        may_go.set()
        await serves(site, "/CP2")
        await until(lambda: "CP1" not in site.central)
        assert told[-1:] == [("connected", "CP2")]
        assert told[:-1] in ([], [("connected", "CP1"), ("disconnected", "CP1")])


# what comes right behind the request, before the server has answered

EAGER = {
    "ping": frame_bytes(9, b"x"),
    "text": frame_bytes(TEXT, b'[2,"1","Heartbeat",{}]'),
    "close": frame_bytes(8, b"\x03\xe8"),
    "unmasked": frame_bytes(TEXT, b"x", masked=False),
    "garbage": b"\xff" * 100,
    "too big": b"\x81\xff" + b"\x7f" * 8,
    "fragment": frame_bytes(TEXT, b"x", fin=False),
    "second request": handshake_bytes("/CP2"),
}
ENDING = {"close", "unmasked", "garbage", "too big", "second request"}


@pytest.mark.parametrize("eager", EAGER)
@pytest.mark.parametrize("path", ["/CP1", "/..", "/denied", "/broken"])
@pytest.mark.parametrize("later", [False, True])
@scenario
async def test_what_comes_before_the_answer_breaks_nothing(
    eager: str, path: str, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def decide(handshake: Handshake) -> Verdict:
        if handshake.identity == "broken":
            raise RuntimeError("on purpose")
        return Verdict.UNAUTHORIZED if handshake.identity == "denied" else Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide, later=later)) as site:
        peer = await site.tcp()
        peer.write(handshake_bytes(path) + EAGER[eager])
        peer.writer.write_eof()
        await asyncio.wait_for(peer.reader.read(), 2)
        await serves(site)
        await until(lambda: len(site.central) == 1)
    if path == "/broken":
        caplog.clear()


@pytest.mark.parametrize("eager", EAGER)
@pytest.mark.parametrize("path", ["/CP1", "/denied"])
@scenario
async def test_what_comes_before_the_answer_is_treated_alike_whenever_it_is_decided(eager: str, path: str) -> None:
    def decide(handshake: Handshake) -> Verdict:
        return Verdict.UNAUTHORIZED if handshake.identity == "denied" else Verdict.ACCEPTED

    async def outcome(*, later: bool) -> tuple[Any, ...]:
        async with serving(auth=AuthOf(decide, later=later)) as site:
            told = comings_and_goings(site.central)
            refusals: list[Any] = []
            site.central.on_refused(lambda refusal: refusals.append((refusal.status, refusal.reason)))
            peer = await site.tcp()
            peer.write(handshake_bytes(path) + EAGER[eager])
            answer = await peer.http_answer()
            closed = None
            if answer.status == 101:
                if eager not in ENDING:
                    peer.heartbeat("last") if eager != "fragment" else peer.close()
                closed = [await peer.frame() for _ in range(2 if eager in ("ping", "text") else 1)]
            return answer.status, answer.body, closed, told, refusals

    assert await outcome(later=False) == await outcome(later=True)


@scenario
async def test_handshake_and_first_call_of_an_eager_peer_in_one_segment() -> None:
    async with serving() as site:
        peer = await site.tcp()
        peer.write(handshake_bytes("/CP1") + frame_bytes(TEXT, b'[2,"1","Heartbeat",{}]'))
        assert (await peer.http_answer()).status == 101
        assert await peer.message() == [3, "1", HEARTBEAT_JSON]


@pytest.mark.parametrize("reads_on", [False, True])
@scenario
async def test_stream_that_ends_as_the_decision_does_breaks_nothing(reads_on: bool) -> None:
    asked, may_go = asyncio.Event(), asyncio.Event()

    async def decide(handshake: Handshake) -> Verdict:
        asked.set()
        await may_go.wait()
        return Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide)) as site:
        peer = await site.tcp()
        peer.write(handshake_bytes("/CP1") + EAGER["ping"])
        await asked.wait()
        (websocket,) = site.server._sockets
        may_go.set()
        if reads_on:
            websocket.eof_received()  # as the event loop does, which then closes
        else:
            websocket.transport.close()
        await until(lambda: not site.central._runtime.tasks._tasks)
        websocket.abort()
        assert await peer.reader.read() == b""
        await serves(site)


@scenario
async def test_a_connection_has_one_handshake() -> None:
    refusals: list[Any] = []

    def decide(handshake: Handshake) -> Verdict:
        return Verdict.UNAUTHORIZED if handshake.identity == "denied" else Verdict.ACCEPTED

    async with serving(auth=AuthOf(decide)) as site:
        site.central.on_refused(refusals.append)
        connecting: list[str] = []
        site.central.on_connecting(lambda handshake: connecting.append(handshake.id))
        peer = await site.asking("/denied")
        assert b"401" in await peer.reader.readuntil(b"\r\n\r\n")
        for path in ("/denied", "/CP1"):
            peer.write(handshake_bytes(path))
            await serves(site, f"{path}-other")
        assert [each.status for each in refusals] == [401]
        assert connecting == ["denied-other", "CP1-other"]


@pytest.mark.parametrize("headers", [[], ["Sec-WebSocket-Extensions: permessage-deflate"]])
@scenario
async def test_headers_are_a_mapping_whoever_has_read_them(headers: list[str]) -> None:
    async with serving() as site:
        _, station = await site.station(headers=["X-Name: A", *headers])
        given: Any = station.handshake.headers
        assert ("x-name", "A") in {(name.lower(), value) for name, value in given.items()}
        assert dict(given)["x-name"] == given.get("X-NAME") == "A"
        assert given.get("X-Other", "B") == "B"
        assert given.get_all("x-name") == ["A"]
