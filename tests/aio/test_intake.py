"""What one station may make a central system do at a time: so much, for so long, and each limit is told of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest

from ocpp_fast import CallError, CentralSystem, Limit, LimitReached, Policy, QueueFull, v16, v21
from ocpp_fast.aio import intake, sockets

from .exchanges import ACCEPTED, TRANSFER, TRANSFERRED, Slow, afterwards, answered, give, lives, transfer_bytes
from .harness import CLEARED, HEARTBEAT, HEARTBEAT_JSON, Site, central_system, deaf_peer, scenario, serving, until
from .peer import CONTINUATION, TEXT, Peer, frame_bytes
from .test_websocket import DEFLATE, deflated

STREAM: Final = {"id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 1, "v": "x"}]}
MOST: Final = 16


def limits_of(central: CentralSystem) -> list[tuple[Limit, str | None]]:
    """The limits that are met from now on, and by whom."""
    told: list[tuple[Limit, str | None]] = []

    @central.on_event
    def note(event: object) -> None:
        if isinstance(event, LimitReached):
            assert event.remote_address is not None
            assert event.detail
            told.append((event.limit, event.id))

    return told


# Calls of ours


@scenario
async def test_the_call_after_64_that_wait_is_refused_at_once_and_their_places_are_free_at_once() -> None:
    async with serving() as site:
        told = limits_of(site.central)
        peer, station = await site.station()
        calls = [asyncio.create_task(station.v16.clear_cache()) for _ in range(65)]
        await peer.message()
        with pytest.raises(QueueFull) as refused:
            await station.v16.clear_cache()
        assert (refused.value.delivered, refused.value.station) == (False, "CP1")
        assert told == [(Limit.QUEUED_CALLS, "CP1")]
        calls[30].cancel()
        await asyncio.wait([calls[30]])
        late = asyncio.create_task(station.v16.clear_cache())
        await asyncio.sleep(0)
        assert not late.done()
        peer.abort()
        await asyncio.wait([*calls, late])
        outcomes = [each.exception() for each in (*calls, late) if each is not calls[30]]
        assert [getattr(each, "delivered", "?") for each in outcomes] == [None] + 64 * [False]


# Invalid messages

BAD: Final[dict[str, Any]] = {
    "R1": "nonsense",
    "R5": [7, "1", "Heartbeat", {}],
    "R6": [2, "1", "Heartbeat"],
    "R12": [3, "unknown", {}],
}
NOT_BAD: Final[dict[str, Any]] = {
    "a payload": [2, "1", "Heartbeat", {"x": 1}],
    "an action": [2, "1", "Nonsense", {}],
    "a long id": [2, "1" * 37, "Heartbeat", {}],
    "a valid call": [2, "1", "Heartbeat", {}],
}


@pytest.mark.parametrize("rule", BAD)
@scenario
async def test_the_hundredth_bad_frame_in_a_minute_closes_with_1008(rule: str) -> None:
    async with serving() as site:
        told = limits_of(site.central)
        peer = await site.peer()
        for _ in range(99):
            peer.send(BAD[rule])
        peer.heartbeat("alive")
        while (await peer.message())[1] != "alive":
            pass
        peer.send(BAD[rule])
        assert await peer.close_frame() == (1008, "too many invalid messages")
        assert told == [(Limit.BAD_FRAMES, "CP1")]
        assert not site.central._runtime.bad_frames


@pytest.mark.parametrize("kind", NOT_BAD)
@scenario
async def test_what_is_answered_by_its_payload_does_not_count(kind: str) -> None:
    async with serving(policy=Policy(max_bad_frames=1)) as site:
        peer = await site.peer()
        for _ in range(3):
            peer.send(NOT_BAD[kind])
            await peer.message()
        await lives(peer)


@scenario
async def test_what_is_tolerated_is_no_bad_frame() -> None:
    async with serving(policy=Policy(lenient=True, max_bad_frames=1)) as site:
        peer, station = await site.station()
        for _ in range(3):
            calling = asyncio.create_task(station.v16.clear_cache())
            _, unique_id, *_ = await peer.message()
            peer.send([4, unique_id, "InternalError"])
            with pytest.raises(CallError):
                await calling
        await lives(peer)


@scenario
async def test_bad_frames_are_counted_for_a_minute_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(policy=Policy(max_bad_frames=2)) as site, serving(policy=Policy(max_bad_frames=0)) as other:
        monkeypatch.setattr(intake, "_BAD_SECONDS", 0.0)
        for peer in (await site.peer(), await other.peer()):
            for _ in range(3):
                peer.send("nonsense")
                await peer.message()
            await lives(peer)


# Hooks and SENDs


class Running:
    """An async function that counts those that run, until `may_go`."""

    def __init__(self) -> None:
        self.may_go = asyncio.Event()
        self.now = self.most = self.ended = 0

    async def __call__(self, *_: object) -> None:
        self.now += 1
        self.most = max(self.now, self.most)
        try:
            await self.may_go.wait()
        finally:
            self.now -= 1
            self.ended += 1


def of_21(**options: Any) -> CentralSystem:
    central = central_system(**options)
    central.on(v21.HeartbeatRequest)(give(v21.HeartbeatResponse(current_time=HEARTBEAT.current_time)))
    return central


def function_of(running: Any) -> Any:
    """An async function of the same, for CP1 alone."""

    async def run(*given: Any) -> Any:
        return await running(*given) if given[0].id == "CP1" else None

    return run


KINDS: Final[dict[str, tuple[Callable[[CentralSystem, Any], object], list[Any]]]] = {
    "SEND": (
        lambda central, run: central.on(v21.NotifyPeriodicEventStreamRequest)(run),
        [[6, "1", "NotifyPeriodicEventStream", STREAM]],
    ),
    "CALLRESULTERROR": (
        lambda central, run: central.on_result_refused(run),
        [[2, "1", "Heartbeat", {}], [5, "1", "GenericError", "", {}]],
    ),
    "after": (lambda central, run: central.after(v21.HeartbeatRequest)(run), [[2, "1", "Heartbeat", {}]]),
    "on_any": (lambda central, run: central.on_any(run), [[2, "1", "Heartbeat", {}]]),
    "on_fault": (lambda central, run: central.on_fault(run), [[2, "1", "Nonsense", {}]]),
}


@pytest.mark.parametrize("kind", KINDS)
@scenario
async def test_sixteen_of_one_station_run_at_a_time_and_all_in_the_end(kind: str) -> None:
    register, messages = KINDS[kind]
    running, count = Running(), 50
    async with serving(of_21()) as site:
        register(site.central, function_of(running))
        told = limits_of(site.central)
        peer, station = await site.station(subprotocols="ocpp2.1")
        other = await site.peer("/CP2")
        for message in count * messages:
            peer.send(message)
        await until(lambda: running.now == MOST)
        await lives(other)
        assert (running.most, station._paused, told) == (MOST, True, [(Limit.HOOKS, "CP1")])
        running.may_go.set()
        await until(lambda: running.ended == count)
        assert running.most == MOST
        peer.heartbeat("last")
        while (await peer.message())[1] != "last":
            pass


@scenario
async def test_what_waits_behind_sixteen_does_not_hide_the_answer_that_one_of_them_waits_for() -> None:
    """A SEND's handler that calls its station, when all places are taken."""
    outcomes: list[object] = []
    go = asyncio.Event()
    async with serving(of_21()) as site:

        @site.central.on(v21.NotifyPeriodicEventStreamRequest)
        async def handle(station: Any, _: v21.NotifyPeriodicEventStreamRequest) -> None:
            await go.wait()
            outcomes.append((await station.v21.clear_cache()).status)

        peer, station = await site.station(subprotocols="ocpp2.1")
        for _ in range(MOST + 4):
            peer.send([6, "1", "NotifyPeriodicEventStream", STREAM])
        await until(lambda: station._paused)
        go.set()
        for _ in range(MOST + 4):
            await answered(peer, CLEARED)
        await until(lambda: len(outcomes) == MOST + 4)
        assert set(outcomes) == {"Accepted"}


@scenario
async def test_calls_that_wait_behind_slow_hooks_are_handled_in_order() -> None:
    running, count = Running(), 300
    async with serving(transfer=give(TRANSFERRED)) as site:
        site.central.after(v16.DataTransferRequest)(function_of(running))
        peer = await site.peer()
        peer.write(b"".join(transfer_bytes(number) for number in range(count)))
        await until(lambda: running.now == MOST)
        running.may_go.set()
        assert [(await peer.message())[1] for _ in range(count)] == [str(number) for number in range(count)]
        await lives(peer)
        assert running.most == MOST


# A cap on the rate


@scenario
async def test_a_station_that_sends_faster_than_its_rate_is_made_to_wait_and_loses_nothing() -> None:
    count, rate = 30, 100.0
    async with serving(policy=Policy(max_rate=rate), transfer=give(TRANSFERRED)) as site:
        told = limits_of(site.central)
        peer = await site.peer()
        peer.write(b"".join(transfer_bytes(number) for number in range(100 + count)))
        assert [(await peer.message())[1] for _ in range(100 + count)] == [str(each) for each in range(100 + count)]
        assert set(told) == {(Limit.RATE, "CP1")}
        await lives(peer)


def test_a_bucket_gives_a_second_of_messages_at_once_and_then_so_many_a_second() -> None:
    rate = intake.Rate(4.0, now=0.0)
    assert [rate.take(0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.25]
    assert rate.is_spent
    assert rate.take(0.0) == 0.0  # which was on its way; it is counted
    rate.is_spent = False
    assert rate.take(0.25) == 0.5
    rate.is_spent = False
    assert [rate.take(100.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.25]


# Handlers that take too long


class TooLong:
    """A handler that would run for ever; with `swallows` it does not even end when it is cancelled."""

    def __init__(self, *, swallows: bool = False) -> None:
        self.swallows = swallows
        self.may_go = asyncio.Event()
        self.cancelled = 0

    async def __call__(self, *_: object) -> Any:
        while not self.may_go.is_set():
            try:
                await self.may_go.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                if not self.swallows:
                    raise
        return TRANSFERRED


@pytest.mark.parametrize("swallows", [False, True])
@pytest.mark.parametrize("times", [0.05, {"DataTransfer": 0.05, "Heartbeat": float("inf")}])
@scenario
async def test_a_handler_that_takes_too_long_is_cancelled_and_answered_with_InternalError(
    times: Any, swallows: bool, caplog: pytest.LogCaptureFixture
) -> None:
    slow = TooLong(swallows=swallows)
    async with serving(handler_timeout=times, transfer=function_of(slow)) as site:
        told = limits_of(site.central)
        peer = await site.peer()
        peer.send(TRANSFER)
        peer.heartbeat("2")
        assert await peer.message() == [4, "1", "InternalError", "the handler failed", {}]
        assert await peer.message() == [3, "2", HEARTBEAT_JSON]
        await until(lambda: slow.cancelled)
        slow.may_go.set()
        await lives(peer)
        assert told == [(Limit.HANDLER_TIMEOUT, "CP1")]
    assert "the handler of DataTransfer failed" in caplog.text
    caplog.clear()


@scenario
async def test_a_handler_of_a_SEND_that_takes_too_long_is_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    slow = TooLong()
    async with serving(of_21(handler_timeout=0.05)) as site:
        site.central.on(v21.NotifyPeriodicEventStreamRequest)(function_of(slow))
        told = limits_of(site.central)
        peer = await site.peer(subprotocols="ocpp2.1")
        peer.send([6, "1", "NotifyPeriodicEventStream", STREAM])
        await until(lambda: slow.cancelled)
        await lives(peer)
        assert told == [(Limit.HANDLER_TIMEOUT, "CP1")]
    caplog.clear()


@scenario
async def test_a_handler_that_ends_in_time_is_waited_for_no_more() -> None:
    async with serving(handler_timeout=0.05, transfer=afterwards(give(TRANSFERRED))) as site:
        peer = await site.peer()
        peer.send(TRANSFER)
        assert await peer.message() == ACCEPTED
        [timeouts] = site.central._runtime.tasks._timeouts.values()
        assert not [*timeouts]


# A station that leaves


@pytest.mark.parametrize("name", ["on_connect", "after", "handler", "on_disconnect"])
@scenario
async def test_what_is_the_stations_own_ends_with_it_and_what_has_to_be_done_goes_on(name: str) -> None:
    slow = TooLong()
    run = function_of(slow)
    async with serving() as site:
        if name == "handler":
            site.central.on(v16.DataTransferRequest)(run)
        elif name == "after":
            site.central.on(v16.DataTransferRequest)(give(TRANSFERRED))
            site.central.after(v16.DataTransferRequest)(run)
        else:
            getattr(site.central, name)(run)
        peer, station = await site.station()
        if name in ("handler", "after"):
            peer.send(TRANSFER)
        await until(lambda: slow_runs(site, name == "on_disconnect"))
        peer.abort()
        await until(lambda: not station.connected)
        if name in ("on_connect", "after"):
            await until(lambda: slow.cancelled)
        else:
            for _ in range(5):
                await asyncio.sleep(0)
            assert not slow.cancelled
        slow.may_go.set()


def slow_runs(site: Site, not_yet: bool) -> bool:
    return not_yet or bool(site.central._runtime.tasks._tasks)


@scenario
async def test_after_is_not_called_for_an_answer_that_nobody_got() -> None:
    slow, after = Slow(), Running()
    async with serving(transfer=slow) as site:
        site.central.after(v16.DataTransferRequest)(function_of(after))
        peer, station = await site.station()
        peer.send(TRANSFER)
        await until(lambda: slow.seen)
        peer.abort()
        await until(lambda: not station.connected)
        slow.may_go.set()
        await until(lambda: not site.central._runtime.tasks._tasks)
        assert after.most == 0


# The transport's own

LARGE: Final = b" " * 70_000
MET: Final[dict[str, tuple[Limit, Callable[[Peer], object], dict[str, Any]]]] = {
    "size": (Limit.MESSAGE_SIZE, lambda peer: peer.send(LARGE), {}),
    "inflated size": (Limit.MESSAGE_SIZE, lambda peer: peer.send_frame(TEXT, deflated(LARGE), rsv1=True), {}),
    "fragments": (Limit.FRAGMENTS, lambda peer: peer.write(fragments(1100)), {}),
    "unfinished": (
        Limit.UNFINISHED,
        lambda peer: peer.write(frame_bytes(TEXT, LARGE[:9000])[:-1]),
        {"max_unfinished": 5000},
    ),
    "unfinished time": (Limit.UNFINISHED_TIME, lambda peer: peer.write(frame_bytes(TEXT, b"[")[:-1]), {}),
    "no pong": (Limit.PING_TIMEOUT, lambda _: None, {"ping_interval": 0.05}),
}


def fragments(count: int) -> bytes:
    return frame_bytes(TEXT, b"[", fin=False) + count * frame_bytes(CONTINUATION, b" ", fin=False)


@pytest.mark.parametrize("name", MET)
@scenario
async def test_a_limit_of_the_transport_is_told_of_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_PATIENCE", 0.1)
    limit, meet, options = MET[name]
    async with serving(**options) as site:
        told = limits_of(site.central)
        peer, station = await site.station(headers=[DEFLATE])
        meet(peer)
        await until(lambda: not station.connected)
        assert told == [(limit, "CP1")]


@scenario
async def test_a_station_that_does_not_read_is_told_of() -> None:
    async with serving() as site:
        told = limits_of(site.central)
        _, station = await deaf_peer(site)
        while station.connected:
            station._transport.send(b"x" * 500_000)
            await asyncio.sleep(0)
        assert told == [(Limit.SLOW_READER, "CP1")]


@scenario
async def test_calls_that_wait_are_told_of_when_reading_pauses() -> None:
    slow = Slow()
    async with serving(transfer=slow) as site:
        told = limits_of(site.central)
        peer, station = await site.station()
        peer.write(b"".join(transfer_bytes(number) for number in range(18)))
        await until(lambda: station._paused)
        assert told == [(Limit.WAITING_CALLS, "CP1")]
        slow.may_go.set()
        assert [(await peer.message())[1] for _ in range(18)] == [str(number) for number in range(18)]
