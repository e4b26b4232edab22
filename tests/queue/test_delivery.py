"""A charge point with a queue on real sockets: what is sent when, how often, and who is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast import (
    AfterRestart,
    CallError,
    CallTimeout,
    ChargePoint,
    Delivered,
    Disconnected,
    Dropped,
    DropReason,
    InvalidResult,
    MemoryQueue,
    MessageDropped,
    NotDurable,
    QueueFailed,
    QueueInUse,
    Retries,
    SqliteQueue,
    VersionMismatch,
    v16,
    v201,
)
from ocpp_fast.queueing import Change

from ..aio.exchanges import BOOTED
from ..aio.harness import HEARTBEAT, scenario, until
from ..aio.scripted_server import charge_point
from .csms import AT_ONCE, METERED, STOPPED, Csms
from .transactions import KINDS, NOW, event, meter, start, started, stop


def in_turn(*answers: Any) -> Callable[[Any], Any]:
    """Say one thing after another, then the plain answer."""
    said: Iterator[Any] = iter(answers)
    return lambda _: next(said, ...)


def told_by(station: ChargePoint) -> list[Any]:
    told: list[Any] = []
    station.on_delivered(told.append)
    station.on_dropped(told.append)
    station.on_event(told.append)
    return told


class Watched(MemoryQueue):
    """A queue that writes down what is done to it, among the frames that are sent."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def write(self, change: Change) -> None:
        super().write(change)
        self.seen += [f"stored {each.number}" for each in change.messages]
        self.seen += [f"removed {each}" for each in change.removed]


@scenario
async def test_R43_message_is_stored_before_it_is_sent_and_removed_before_the_next_one_is() -> None:
    queue = Watched()
    async with Csms() as csms:
        station = csms.station(queue=queue, versions=[v201, v16])
        station.on_frame(lambda direction, *_: queue.seen.extend(["sent"] * (direction == "out")))
        async with station:
            for seq_no in range(3):
                await station.post(event(seq_no))
            await until(lambda: not station.queued_messages())
            await until(lambda: "removed 3" in queue.seen)
    stored = {each: at for at, each in enumerate(queue.seen)}
    sent = [at for at, each in enumerate(queue.seen) if each == "sent"]
    assert len(sent) == 3
    for number, at in enumerate(sent, 1):
        assert stored[f"stored {number}"] < at < stored[f"removed {number}"]
    assert sent[0] < stored["removed 1"] < sent[1] < stored["removed 2"] < sent[2]


@scenario
async def test_R43_what_is_posted_offline_is_sent_in_order_and_has_the_id_that_came() -> None:
    async with Csms() as csms:
        station = csms.station()
        told = told_by(station)
        async with station:
            await csms.leave(station)
            posted = await station.post(start())
            assert isinstance(posted.transaction_id, int)
            assert posted.transaction_id < 0
            for request in (meter(posted.transaction_id), stop(posted.transaction_id)):
                await station.post(request)
            assert station.queued_messages(posted.transaction_id) == 3
            await csms.on()
            await until(lambda: len(told) == 3)
    assert [payload.get("transactionId") for _, payload in csms.calls()] == [None, 71, 71]
    assert [each.response for each in told] == [started(71), METERED, STOPPED]
    assert told[0] == Delivered(posted, started(71))
    assert {each.posted.transaction_id for each in told} == {posted.transaction_id}


@scenario
async def test_R43_call_returns_the_answer_and_nobody_else_is_told() -> None:
    async with Csms() as csms:
        station = csms.station()
        told = told_by(station)
        async with station:
            assert await station.v16.start_transaction(
                connector_id=1, id_tag="A", meter_start=0, timestamp=NOW
            ) == started(71)
            assert station.running_transactions()[0].transaction_id == 71
            await csms.off()
            answer = asyncio.create_task(station.call(stop(71)))
            await until(lambda: station.queued_messages())
            await csms.on()
            assert await answer == STOPPED
    assert told == []


@scenario
async def test_R43_call_that_was_refused_is_made_again_with_the_same_bytes_until_it_is_given_up() -> None:
    async with Csms(says=lambda _: CallError("InternalError", "not now")) as csms:
        station = csms.station()
        told = told_by(station)
        async with station:
            with pytest.raises(CallError, match="not now") as raised:
                await station.call(start())
            assert raised.value.station == "CP1"
            with pytest.raises(MessageDropped):
                await station.post(stop(-(2**31) + 1))
        assert len(csms.frames) == 3
        assert len(set(csms.frames)) == 1
    (dropped,) = told
    assert isinstance(dropped, Dropped)
    assert (dropped.reason, len(dropped.messages)) == (DropReason.GIVEN_UP, 1)
    assert dropped.error is raised.value


@scenario
async def test_R43_StartTransaction_given_up_is_told_once_with_its_followers() -> None:
    async with Csms(says=lambda _: CallError()) as csms:
        station = csms.station(retries=Retries(interval=0.01, attempts=2))
        told = told_by(station)
        async with station:
            await csms.leave(station)
            transaction_id: Any = (await station.post(start())).transaction_id
            await station.post(meter(transaction_id))
            waits = asyncio.create_task(station.call(stop(transaction_id)))
            await until(lambda: station.queued_messages() == 3)
            await csms.on()
            with pytest.raises(MessageDropped, match="given up"):
                await waits
    (dropped,) = told
    assert [type(each.request).__name__ for each in dropped.messages] == [
        "StartTransactionRequest",
        "MeterValuesRequest",
        "StopTransactionRequest",
    ]
    assert len(csms.calls()) == 2


@scenario
async def test_R43_timeout_counts_from_each_sending() -> None:
    third = asyncio.Event()
    async with Csms(says=lambda _: third.wait()) as csms:  # the retries have the id of the first, and so its answer
        csms.central.on_frame(lambda *_: third.set() if len(csms.frames) == 3 else None)
        async with csms.station(retries=Retries(interval=0, attempts=1000)) as station:
            assert await station.call(start(), timeout=0.05) == started(71)
        assert len(set(csms.frames)) == 1
    async with Csms(says=lambda _: None) as csms, csms.station(retries=Retries(0, 2)) as station:
        with pytest.raises(CallTimeout):
            await station.call(start(), timeout=0.02)


@scenario
async def test_R43_try_that_ends_with_the_connection_is_no_attempt() -> None:
    def cut(request: Any) -> Any:
        if len(csms.payloads) < 4:
            asyncio.get_running_loop().create_task(csms.central["CP1"].abort())
            return None
        return ...

    async with Csms(says=cut) as csms:
        async with csms.station(retries=Retries(interval=1000, attempts=1)) as station:
            assert await station.call(start()) == started(71)
        assert len({*csms.frames}) == 1
        assert len(csms.frames) >= 4


@scenario
async def test_R43_answers_to_what_an_earlier_charge_point_queued_are_told(tmp_path: Path) -> None:
    async with Csms() as csms:
        async with csms.station(queue=SqliteQueue(tmp_path / "queue")) as station:
            await csms.leave(station)
            waits = asyncio.create_task(station.call(start()))
            await until(lambda: station.queued_messages())
            unique_id = station._queue.backlog.messages()[0].row.unique_id
        with pytest.raises(Disconnected, match="stays queued"):
            await waits
        await csms.on()
        station = csms.station(queue=SqliteQueue(tmp_path / "queue"))
        told = told_by(station)
        async with station:
            await until(lambda: told)
    assert told[0].posted.unique_id == csms.calls()[0][0] == unique_id
    assert told[0].posted.request == start()
    assert told[0].response == started(71)


@pytest.mark.parametrize(("after", "sent"), [(AfterRestart.END, "PowerLoss"), (AfterRestart.RESUME, None)])
@scenario
async def test_R43_running_transaction_is_ended_or_resumed_after_a_restart(after: AfterRestart, sent: Any) -> None:
    queue = MemoryQueue()
    async with Csms() as csms:
        async with csms.station(queue=queue) as station:
            await station.call(start())
            await station.call(meter(71, "5"))
        async with csms.station(queue=queue, after_restart=after) as station:
            await until(lambda: not station.queued_messages())
            assert [each.transaction_id for each in station.running_transactions()] == ([] if sent else [71])
        async with station:  # left and entered again: nothing was cut off
            pass
    ends = [payload for _, payload in csms.calls() if "meterStop" in payload]
    assert [(each["reason"], each["meterStop"], each["transactionId"]) for each in ends] == (
        [(sent, 5, 71)] if sent else []
    )


@scenario
async def test_R43_queue_belongs_to_the_event_loop_of_its_charge_point() -> None:
    async with Csms() as csms, csms.station() as station:
        for use in (station.call, station.post):
            begun: Any = use(start())
            with pytest.raises(RuntimeError, match="another event loop"):
                await asyncio.to_thread(asyncio.run, begun)
        future = await asyncio.to_thread(station.call_threadsafe, start())
        assert await asyncio.wrap_future(future) == started(71)
        assert len(csms.payloads) == 1


@scenario
async def test_R43_second_charge_point_on_one_queue_does_not_start(tmp_path: Path) -> None:
    mine, memory = SqliteQueue(tmp_path / "queue"), MemoryQueue()
    async with Csms() as csms, csms.station(queue=mine) as station, csms.station(identity="CP2", queue=memory):
        for queue in (mine, SqliteQueue(tmp_path / "queue"), memory, memory):
            with pytest.raises(QueueInUse):
                await csms.station(queue=queue).__aenter__()
        assert await station.call(start()) == started(71)


@scenario
async def test_R43_queue_is_closed_when_the_first_connection_fails(tmp_path: Path) -> None:
    async with Csms() as csms:
        await csms.off()
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                await csms.station(queue=SqliteQueue(tmp_path / "queue")).__aenter__()
        await csms.on()


@scenario
async def test_R40_R43_nothing_is_sent_before_the_station_is_accepted() -> None:
    statuses = iter([v16.RegistrationStatus.PENDING, v16.RegistrationStatus.ACCEPTED])

    def boots(request: Any) -> Any:
        return BOOTED.replace(status=next(statuses)) if isinstance(request, v16.BootNotificationRequest) else ...

    queue = MemoryQueue()
    async with Csms(says=boots) as csms:
        async with csms.station(queue=queue) as station:
            await csms.leave(station)
            await station.post(start())
        await csms.on()
        async with csms.station(queue=queue) as station:
            boot = v16.BootNotificationRequest(charge_point_vendor="V", charge_point_model="M")
            assert (await station.call(boot)).status == "Pending"
            await station.post(start("B"))
            assert await station.call(boot) == BOOTED.replace(status=v16.RegistrationStatus.ACCEPTED)
            await until(lambda: not station.queued_messages())
    kinds = [type(each).__name__.removesuffix("Request") for each in csms.payloads]
    assert kinds == ["BootNotification"] * 2 + ["StartTransaction"] * 2


@scenario
async def test_R43_cancelled_call_takes_no_message_back() -> None:
    async with Csms() as csms:
        station = csms.station()
        told = told_by(station)
        async with station:
            await csms.leave(station)
            call = asyncio.create_task(station.call(start()))
            await until(lambda: station.queued_messages())
            call.cancel()
            with suppress(asyncio.CancelledError):
                await call
            await csms.on()
            await until(lambda: told)
    assert told[0].response == started(71)


@pytest.mark.parametrize("error", [InvalidResult("transactionId", "minimum", "one of ours"), ValueError("mine")])
@scenario
async def test_R43_answer_that_the_callers_check_refuses_is_an_answer(error: Exception) -> None:
    def check(_: object) -> None:
        raise error

    async with Csms() as csms, csms.station() as station:
        with pytest.raises(type(error)):
            await station.call(start(), check=check)
        assert await station.call(start("B")) == started(72)
        assert len(csms.payloads) == 2


@scenario
async def test_R43_full_queue_tells_what_it_drops() -> None:
    async with Csms() as csms:
        station = csms.station(queue=MemoryQueue(capacity=4), versions=[v201, v16])
        told = told_by(station)
        async with station:
            await csms.leave(station)
            await station.post(event(0, KINDS.STARTED))
            waits = asyncio.create_task(station.call(event(1)))
            await until(lambda: station.queued_messages() == 2)
            for seq_no in (2, 3, 4):
                await station.post(event(seq_no))
            with pytest.raises(MessageDropped, match="no space"):
                await waits
            (dropped,) = told
            assert [each.request.seq_no for each in dropped.messages] == [1, 3]
            await csms.on()
            await until(lambda: not station.queued_messages())
    assert [(each["seqNo"], each["offline"]) for _, each in csms.calls()] == [(0, True), (1, True), (2, True)]


class Failing(MemoryQueue):
    """A queue whose disk is full, until it is not."""

    is_full = True

    def write(self, change: Change) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        super().write(change)


@scenario
async def test_R43_message_that_can_not_be_stored_is_sent_from_memory(caplog: pytest.LogCaptureFixture) -> None:
    queue = Failing()
    async with Csms() as csms:
        station = csms.station(queue=queue)
        told = told_by(station)
        async with station:
            await csms.leave(station)
            with pytest.raises(NotDurable, match="No space left") as raised:
                await station.post(start())
            assert isinstance(raised.value.__cause__, OSError)
            assert raised.value.posted.request == start()
            assert all(isinstance(each, QueueFailed) for each in told)
            queue.is_full = False
            await station.post(start("B"))
            assert [each.number for each in queue._messages.values()] == [1, 2]  # the first with the second
            queue.is_full = True
            await csms.on()
            await until(lambda: not station.queued_messages())
            assert await station.call(stop(71)) == STOPPED
    assert [payload["idTag"] for _, payload in csms.calls()[:2]] == ["A", "B"]
    caplog.clear()


@scenario
async def test_R43_file_is_written_off_the_event_loop(tmp_path: Path) -> None:
    threads: set[str] = set()

    class Threads(SqliteQueue):
        def write(self, change: Change) -> None:
            threads.add(threading.current_thread().name)
            super().write(change)

    async with Csms() as csms, csms.station(queue=Threads(tmp_path / "queue")) as station:
        await station.call(start())
    assert threads == {"ocpp_fast queue_0"}


@scenario
async def test_R43_signed_frame_is_the_same_in_each_try(tmp_path: Path) -> None:
    pytest.importorskip("joserfc")
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from ocpp_fast.signing import UNCHECKED, KeySigner, Signing

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signing = Signing(keys=lambda *_: UNCHECKED, signer=KeySigner(pem), signs=lambda *_: True)
    options: dict[str, Any] = {"versions": [v201, v16], "signing": signing}
    async with Csms(says=in_turn(CallError(), CallError())) as csms:
        csms.central._runtime.signing = Signing(keys=lambda *_: UNCHECKED)
        queue = SqliteQueue(tmp_path / "queue")
        async with csms.station(queue=queue, retries=Retries(1000, 9), **options) as station:
            await station.post(event(0, KINDS.STARTED))
            await until(lambda: csms.frames)
            await until(lambda: station._queue.backlog.messages()[0].row.tries)
        station = csms.station(queue=queue, retries=AT_ONCE, **options)
        told = told_by(station)
        async with station:
            await until(lambda: told)
    assert len(csms.frames) == 3
    assert len(set(csms.frames)) == 1
    assert b'"TransactionEvent-Signed"' in csms.frames[0]
    assert told[0].posted.request == event(0, KINDS.STARTED)


@scenario
async def test_R43_retries_are_set_while_it_runs() -> None:
    async with Csms(says=lambda _: CallError()) as csms:
        async with csms.station(retries=Retries(interval=0, attempts=10_000)) as station:
            call = asyncio.create_task(station.call(start()))
            await until(lambda: len(csms.payloads) > 3)
            station.retries = Retries(interval=0, attempts=1)
            with pytest.raises(CallError):
                await call
        with pytest.raises(TypeError, match="retries"):
            station.retries = 3  # type: ignore[assignment]


@scenario
async def test_other_messages_are_not_queued() -> None:
    async with Csms() as csms:
        station = csms.station()
        with pytest.raises(Disconnected, match="not running"):
            await station.post(start())
        async with station:
            assert await station.v16.heartbeat() == HEARTBEAT
            reading = meter(1).replace(transaction_id=None)
            assert await station.call(reading) == METERED
            for request in (v16.HeartbeatRequest(), reading):
                with pytest.raises(TypeError, match="not a message of a transaction"):
                    await station.post(request)
            with pytest.raises(VersionMismatch, match=r"not a message of OCPP 1\.6"):
                await station.post(event(0))
            assert station.queued_messages() == 0
    with pytest.raises(TypeError, match="expected a queue"):
        csms.station(queue="queue.db")
    plain = charge_point(csms.url)
    for use in (lambda: plain.on_delivered(print), lambda: plain.retries, plain.queued_messages):
        with pytest.raises(RuntimeError, match="has no queue"):
            use()
