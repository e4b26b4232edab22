"""Messages of ours leave the stream that nats-py reads; all else stays in it, however the bytes are cut."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ocpp_fast.cluster.incoming import Incoming

PAYLOADS = st.sampled_from([b"", b"{}", b"\r\n", b"MSG x 7 0\r\n\r\n", b"\r\nPING\r\n", bytes(300)])
HEADERS = st.sampled_from([b"NATS/1.0 503\r\n\r\n", b"NATS/1.0\r\na: MSG x 7 0\r\n\r\n"])
REPLIES = st.sampled_from([b"", b"answer.1"])
OURS = 7


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, tuple[str, str, bytes] | None]:
    """Draw bytes of a server, and what is delivered of them."""
    sid, reply, payload = draw(st.sampled_from([OURS, 3, 70])), draw(REPLIES), draw(PAYLOADS)
    delivered = ("x.1", reply.decode(), payload) if sid == OURS else None
    names = b"x.1 %d %b" % (sid, reply + b" " if reply else b"")
    if draw(st.booleans()):
        headers = draw(HEADERS)
        sizes = b"%d %d" % (len(headers), len(headers) + len(payload))
        return b"HMSG %b%b\r\n%b%b\r\n" % (names, sizes, headers, payload), delivered
    return b"MSG %b%d\r\n%b\r\n" % (names, len(payload), payload), delivered


LINES = st.sampled_from([b"PING\r\n", b"PONG\r\n", b"+OK\r\n", b"-ERR 'no MSG x 7 0'\r\n", b'INFO {"a":"MSG"}\r\n'])
FAULTY = st.sampled_from([b"MSG\r\n", b"MSG x\r\n", b"MSG x 7\r\n", b"HMSG x 3 -1 -1\r\n\r\n", b"\r\n", b"\xff\r\n"])
FOREIGN = (LINES | FAULTY).map(lambda line: (line, None))


@given(parts=st.lists(messages() | FOREIGN, max_size=30), cuts=st.lists(st.integers(1, 200), min_size=1))
def test_our_messages_are_delivered_in_order_and_all_else_is_passed_on(parts: list[Any], cuts: list[int]) -> None:
    delivered: list[tuple[str, str, bytes]] = []
    passed: list[bytes] = []
    stream = b"".join(data for data, _ in parts)

    async def main() -> None:
        incoming = Incoming({OURS: lambda *message: delivered.append(message)}, passed.append, lambda: None)
        at = 0
        while at < len(stream):
            size = cuts[at % len(cuts)]
            incoming.feed(stream[at : at + size])
            at += size
        await asyncio.sleep(0)  # not more than some are delivered at once
        await asyncio.sleep(0)

    asyncio.run(main())
    assert delivered == [each for _, each in parts if each is not None]
    assert b"".join(passed) == b"".join(data for data, each in parts if each is None)


def test_what_has_no_end_of_a_line_is_left_to_nats_py() -> None:
    async def main() -> None:
        passed: list[bytes] = []
        incoming = Incoming({}, passed.append, lambda: None)
        for _ in range(100):
            incoming.feed(bytes(1000))
        assert len(b"".join(passed)) > 60_000

    asyncio.run(main())
