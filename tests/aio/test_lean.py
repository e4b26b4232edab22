"""The lean parsers of handshakes only ever say yes, and then websockets would have said the same."""

from __future__ import annotations

import base64
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri
from websockets.utils import accept_key

from ocpp_fast.aio import lean

from .peer import handshake_bytes

LINES: Final = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "ocpp2.0.1, ocpp1.6",
}


def head(path: str = "/CP1", /, *more: str, **changed: str | None) -> bytes:
    """A plain head, with some lines changed or left out, and others behind them."""
    lines = LINES | {name.replace("_", "-"): value for name, value in changed.items()}
    kept = [f"{name}: {value}" for name, value in lines.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *kept, *more, "", ""]).encode("latin-1")


def check(data: bytes) -> None:
    """Fails if the parser says yes where websockets does not, or understands something else."""
    found = lean.read(data)
    if found is None:
        return
    layer = ServerProtocol(subprotocols=[Subprotocol(each) for each in found.subprotocols[-1:]])
    layer.receive_data(data)
    [request] = layer.events_received()
    assert isinstance(request, Request)
    response = layer.accept(request)
    assert response.status_code == 101, (data, layer.handshake_exc)
    offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")
    assert found.path == request.path
    assert found.subprotocols == tuple(each.strip() for each in offered)
    assert found.key.decode() == request.headers["Sec-WebSocket-Key"]
    assert [*found.headers.items()] == [(name.lower(), value) for name, value in request.headers.raw_items()]
    answer = lean.accept(found, found.subprotocols[-1])
    status, *lines = answer.decode().removesuffix("\r\n\r\n").split("\r\n")
    assert status == f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
    ours = dict(each.split(": ") for each in lines)
    theirs = dict(response.headers.raw_items())
    assert {**ours, "Date": ""} == {**theirs, "Date": ""}


names = st.sampled_from([*LINES, "Cookie", "Authorization", "Content-Length", "Expect"]) | st.text(
    "aZ-_ ~(\x7f", max_size=5
)
values = st.sampled_from([*LINES.values(), "", " ", "x, websocket", "keep-alive, Upgrade", "a b", "ü", "\x00", "a\tb"])
lines = st.builds(lambda *parts: "".join(parts), names, st.sampled_from([":", ": ", " : ", ""]), values)
endings = st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n "])
texts = st.builds(
    lambda first, lines, end, behind: end.join([first, *lines, "", ""]).encode("latin-1") + behind,
    st.sampled_from(
        ["GET /CP1 HTTP/1.1", "GET /a%20?b HTTP/1.1", "GET CP1 HTTP/1.1", "POST /CP1 HTTP/1.1", "GET /ü HTTP/1.1"]
    ),
    st.lists(lines | st.sampled_from([f"{name}: {value}" for name, value in LINES.items()]), max_size=10),
    endings,
    st.sampled_from([b"", b"", b"x"]),
)
more_lines = st.lists(lines, max_size=3)


def damaged(draw: st.DrawFn, head: bytes) -> bytes:
    """Return a head in which a few bytes are others, are missing, or are there twice."""
    data = bytearray(head)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(data) - 1))
        data[place : place + draw(st.integers(0, 2))] = draw(
            st.binary(max_size=2) | st.sampled_from([b" ", b"\r\n", b":"])
        )
    return bytes(data)


@st.composite
def changed_heads(draw: st.DrawFn) -> bytes:
    """A plain head that is damaged."""
    return damaged(draw, head("/CP1", *draw(more_lines)))


@settings(max_examples=1000)
@given(changed_heads() | texts)
def test_what_it_accepts_websockets_accepts_as_the_same(data: bytes) -> None:
    check(data)


PLAIN: Final = {
    "plain": head(),
    "as the tests' peer sends it": handshake_bytes(),
    "more headers": head("/a/b%20c?d=e", "Authorization: Basic YTpi", "X-Empty:", "User-Agent:\t a b \t"),
    "connection with keep-alive": head(Connection="keep-alive, Upgrade"),
    "other case": head(Upgrade="WebSocket", Connection="upgrade"),
}


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN)
def test_what_is_plain_is_accepted(data: bytes) -> None:
    assert lean.read(data) is not None
    check(data)


ODD: Final = {
    "nothing": b"",
    "a part": head()[:-1],
    "more behind": head() + b"x",
    "another method": head().replace(b"GET", b"POST", 1),
    "another version": head().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "an absolute URL": head("http://localhost/CP1"),
    "a space in the path": head("/CP 1"),
    "a control character in the path": head("/CP\x01"),
    "a path beyond ASCII": head("/ü"),
    "bare line feeds": head().replace(b"\r\n", b"\n"),
    "a line that goes on": head("/CP1", "X-A: a", " b"),
    "a space before the colon": head("/CP1", "X-A : a"),
    "no name": head("/CP1", ": a"),
    "no colon": head("/CP1", "X-A"),
    "a value with NUL": head("/CP1", "X-A: \0"),
    "a value beyond ASCII": head("/CP1", "X-A: ü"),
    "a header twice": head("/CP1", "X-A: a", "x-a: b"),
    "two hosts": head("/CP1", "Host: b"),
    "two keys": head("/CP1", f"Sec-WebSocket-Key: {LINES['Sec-WebSocket-Key']}"),
    "a body": head("/CP1", "Content-Length: 0"),
    "a body in chunks": head("/CP1", "Transfer-Encoding: chunked"),
    "an expectation": head("/CP1", "Expect: 100-continue"),
    "compression": head("/CP1", "Sec-WebSocket-Extensions: permessage-deflate"),
    "33 headers": head("/CP1", *(f"X-{number}: a" for number in range(27))),
    "more than 4 KiB": head("/CP1", f"X-A: {'a' * 4096}"),
    **{f"no {name}": head(**{name.replace("-", "_"): None}) for name in LINES},
    **{f"empty {name}": head(**{name.replace("-", "_"): ""}) for name in LINES},
    "another protocol": head(Upgrade="h2c"),
    "two protocols": head(Upgrade="h2c, websocket"),
    "no upgrade": head(Connection="keep-alive"),
    "an old version": head(Sec_WebSocket_Version="8"),
    "a short key": head(Sec_WebSocket_Key="AAAA"),
    "a key with bits left over": head(Sec_WebSocket_Key="A" * 21 + "B=="),
    "a key that is no base64": head(Sec_WebSocket_Key="?" * 22 + "=="),
    "subprotocols without a comma": head(Sec_WebSocket_Protocol="ocpp1.6 ocpp2.0.1"),
    "an empty subprotocol": head(Sec_WebSocket_Protocol="ocpp1.6,,ocpp2.0.1"),
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_what_is_odd_is_left_to_websockets(data: bytes) -> None:
    assert lean.read(data) is None


def test_the_headers_are_looked_up_as_those_of_websockets() -> None:
    lines = [("Host", "a"), ("X-One", "1"), ("x-two", "b"), ("X-TWO", "c"), ("X-Empty", ""), ("X-Colon", "a: b")]
    raw = lean.RawHeaders("\r\n".join(["GET / HTTP/1.1", *map(": ".join, lines), "", ""]).encode())
    theirs = Headers(lines)
    assert ([*raw], len(raw)) == ([*theirs], len(theirs))
    for name in ("Host", "HOST", "x-one", "X-Two", "x-empty", "X-Colon", "missing", "", "Hos", "GET / HTTP/1.1"):
        assert raw.get_all(name) == theirs.get_all(name)
        assert (name in raw) is (name in theirs)
        if name != "X-Two":
            assert (raw.get(name), raw.get(name, "default")) == (theirs.get(name), theirs.get(name, "default"))
    assert raw["HOST"] == theirs["HOST"]
    for each in (raw, theirs):
        with pytest.raises(KeyError):
            each["missing"]
        with pytest.raises(LookupError):
            each["X-Two"]
        assert not each.__contains__(1)
    assert "a" not in repr(raw).partition(":")[2].split()  # which may hold secrets


# The client's side

KEY: Final = lean.new_key()
OFFERED: Final = ("ocpp2.0.1", "ocpp1.6")


def answer(*more: str, first: str = "HTTP/1.1 101 Switching Protocols", **changed: str | None) -> bytes:
    """A plain answer, with some lines changed or left out, and others behind them."""
    lines = {"Date": "Sun, 29 Nov 2026 12:00:00 GMT", "Upgrade": "websocket", "Connection": "Upgrade"} | {
        "Sec-WebSocket-Accept": accept_key(KEY),
        "Sec-WebSocket-Protocol": "ocpp1.6",
    }
    lines |= {name.replace("_", "-"): value for name, value in changed.items() if value is not None}
    kept = [f"{name}: {value}" for name, value in lines.items() if changed.get(name.replace("-", "_"), "") is not None]
    return "\r\n".join([first, *kept, *more, "", ""]).encode("latin-1")


def layer_of(url: str) -> ClientProtocol:
    """What websockets makes of the same request; in its output, it is sent."""
    layer = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol(each) for each in OFFERED])
    layer.key = KEY
    request = layer.connect()
    request.headers["Authorization"] = "Basic YTpi"
    layer.send_request(request)
    return layer


def check_answer(data: bytes) -> None:
    """Fails if the client says yes where websockets does not, or to something else."""
    chosen = lean.accepted(data, KEY, OFFERED)
    if chosen is not None:
        layer = layer_of("ws://localhost/CP1")
        layer.receive_data(data)
        [response] = layer.events_received()
        assert isinstance(response, Response)
        assert layer.handshake_exc is None
        assert layer.subprotocol == chosen


@st.composite
def changed_answers(draw: st.DrawFn) -> bytes:
    """A plain answer that is damaged."""
    return damaged(draw, answer(*draw(more_lines)))


@settings(max_examples=1000)
@given(changed_answers())
def test_what_the_client_accepts_websockets_accepts_as_the_same(data: bytes) -> None:
    check_answer(data)


@pytest.mark.parametrize(
    "data", [answer(), answer("Server: x", Date=None), answer(Sec_WebSocket_Protocol="ocpp2.0.1"), answer("X:")]
)
def test_a_plain_answer_is_accepted(data: bytes) -> None:
    assert lean.accepted(data, KEY, OFFERED) in OFFERED
    check_answer(data)


ODD_ANSWERS: Final = {
    "a part": answer()[:-1],
    "more behind": answer() + b"x",
    "another status": answer(first="HTTP/1.1 200 OK"),
    "another version": answer(first="HTTP/1.0 101 Switching Protocols"),
    "another proof": answer(Sec_WebSocket_Accept=accept_key("x")),
    "no proof": answer(Sec_WebSocket_Accept=None),
    "no version": answer(Sec_WebSocket_Protocol=None),
    "a version that was not offered": answer(Sec_WebSocket_Protocol="ocpp2.1"),
    "two versions": answer(Sec_WebSocket_Protocol="ocpp2.0.1, ocpp1.6"),
    "a version twice": answer("Sec-WebSocket-Protocol: ocpp1.6"),
    "compression": answer("Sec-WebSocket-Extensions: permessage-deflate"),
    "a body": answer("Content-Length: 3"),
    "another protocol": answer(Upgrade="h2c"),
    "no upgrade": answer(Connection="close"),
}


@pytest.mark.parametrize("data", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_an_odd_answer_is_left_to_others(data: bytes) -> None:
    assert lean.accepted(data, KEY, OFFERED) is None


@pytest.mark.parametrize(
    "url",
    [
        "ws://localhost/CP1",
        "ws://localhost:80/CP1",
        "ws://localhost:443/CP1",
        "wss://localhost:443/CP1",
        "ws://[::1]:8887/a/CP%2F1?b=c",
        "wss://xn--bcher-kva.example/CP1",
    ],
)
def test_the_client_asks_as_websockets_does(url: str) -> None:
    [theirs] = layer_of(url).data_to_send()
    ours = lean.request_for(url, KEY, OFFERED, "Basic YTpi")
    assert ours.startswith(theirs.partition(b"\r\n")[0])
    assert sorted(ours.split(b"\r\n")) == sorted(theirs.split(b"\r\n"))
