"""What waits, when it is due, what is given up with it: without a socket, a disk or a clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocpp_fast import MemoryQueue, MessageDropped, Retries, ValidationError, v16, v201
from ocpp_fast.frames import Encoder
from ocpp_fast.queueing import Backlog, Contents, Message
from ocpp_fast.queueing.transactions import power_loss
from ocpp_fast.schema import Request

from .transactions import KINDS, course, event, meter, start, started, stop

VERSIONS = {request: each.VERSION for each in (v16, v201) for request in each.VERSION.actions.values()}
RETRIES = Retries(interval=10, attempts=3)
CLOCK = 1_000_000.0


class Bench:
    """A backlog above a queue in memory; `restart` makes it anew from what the queue holds."""

    def __init__(self, *, capacity: int = 100) -> None:
        self.queue = MemoryQueue(capacity=capacity)
        self._ids = iter(range(1, 1000))
        self.restart()

    def restart(self, *, now: float = 0.0, clock: float = CLOCK) -> None:
        self.queue.close()
        versions = [v16.VERSION, v201.VERSION]
        self.backlog = Backlog(
            self.queue.open(), versions, capacity=self.queue.capacity, retries=RETRIES, now=now, clock=clock
        )

    def save(self) -> None:
        change = self.backlog.take_changes()
        self.queue.write(change)
        self.backlog.written(change, durable=True)

    def add(self, request: Request[Any], *, offline: bool = False) -> Message:
        version = VERSIONS[request.__action__]
        encode = Encoder(version).call
        message = self.backlog.add(request, version, f"id-{next(self._ids)}", encode, offline=offline)
        self.backlog.thin()
        self.save()
        return message

    def due(self, version: str = "1.6", now: float = 0.0) -> Message:
        message, _ = self.backlog.next(version, now)
        assert message is not None
        return message

    def fail(self, *, now: float = 0.0) -> list[str]:
        dropped = self.backlog.failed(self.due(now=now), RETRIES, now, CLOCK + now)
        self.save()
        return [each.row.unique_id for each in dropped]

    def deliver(self, response: Any = None, *, version: str = "1.6") -> Any:
        """Answer the next message; its payload as it is sent."""
        message = self.due(version)
        changed = self.backlog.changed(message)
        if changed is not None:
            self.backlog.finish(message, Encoder(VERSIONS[changed.__action__]).call(message.row.unique_id, changed))
        self.backlog.delivered(message, response)
        self.save()
        return json.loads(message.row.frame)[3]


def test_R43_wait_is_the_interval_times_the_tries_that_failed_until_the_attempts_are_used_up() -> None:
    bench = Bench()
    bench.add(start())
    waits = []
    now = 0.0
    while not (dropped := bench.fail(now=now)):
        _, wait = bench.backlog.next("1.6", now)
        assert wait is not None
        waits.append(wait)
        now += wait
    assert waits == [10, 20]
    assert dropped == ["id-1"]


@pytest.mark.parametrize(
    ("clock", "wait"),
    [
        pytest.param(CLOCK + 4, 6, id="what is left of the wait"),
        pytest.param(CLOCK + 11, None, id="it is over"),
        pytest.param(CLOCK - 1_000_000, 10, id="the clock is not set any more: no longer than the rule says"),
    ],
)
def test_R43_time_of_the_next_try_survives_a_restart(clock: float, wait: float | None) -> None:
    bench = Bench()
    bench.add(start())
    bench.fail()
    bench.restart(now=500.0, clock=clock)
    assert bench.backlog.next("1.6", 500.0)[1] == wait
    assert bench.due(now=510.0).row.tries == 1


def test_R43_later_messages_wait_behind_the_one_that_is_tried_again() -> None:
    bench = Bench()
    bench.add(start("A"))
    bench.add(start("B"))
    bench.fail()
    assert bench.backlog.next("1.6", 0.0) == (None, 10)
    assert bench.due(now=10.0).row.unique_id == "id-1"


def test_R43_StartTransaction_given_up_takes_its_followers_with_it() -> None:
    bench = Bench()
    lost = bench.add(start("A")).transaction_id
    other = bench.add(start("B")).transaction_id
    assert isinstance(lost, int)
    assert isinstance(other, int)
    for request in (meter(lost), meter(other), meter(lost)):
        bench.add(request)
    assert [bench.fail(now=100.0 * each) for each in range(3)] == [[], [], ["id-1", "id-3", "id-5"]]
    assert [each.row.unique_id for each in bench.backlog.messages()] == ["id-2", "id-4"]
    bench.restart()
    for later in (meter(lost), stop(lost)):
        with pytest.raises(MessageDropped, match="StartTransaction was given up"):
            bench.add(later)
    bench.add(stop(other))
    assert len(bench.backlog) == 3
    assert [each.transaction_id for each in bench.backlog.running()] == []


def test_R43_Started_given_up_takes_nothing_with_it() -> None:
    bench = Bench()
    for request in course(updates=1):
        bench.add(request)
    assert [each.row.unique_id for each in bench.backlog.drop(bench.due("2.0.1"))] == ["id-1"]
    assert len(bench.backlog) == 2


@pytest.mark.parametrize("restarts", [False, True])
def test_R43_what_waits_behind_a_StartTransaction_gets_the_id_of_its_answer(restarts: bool) -> None:
    bench = Bench()
    first, second = bench.add(start("A")).transaction_id, bench.add(start("B")).transaction_id
    assert isinstance(first, int)
    assert isinstance(second, int)
    assert first < second < -(2**30)
    bench.add(meter(second))
    bench.add(stop(first))
    assert [bench.deliver(started(each))["idTag"] for each in (71, 72)] == ["A", "B"]
    if restarts:
        bench.restart()
    assert {each.transaction_id for each in bench.backlog.running()} == {72}
    assert [bench.deliver()["transactionId"] for _ in range(2)] == [72, 71]
    bench.add(stop(second))  # the provisional id is good for as long as the transaction runs
    assert bench.deliver()["transactionId"] == 72
    assert bench.backlog.running() == []


def test_R43_id_of_the_central_system_names_the_same_transaction() -> None:
    bench = Bench()
    bench.add(start())
    bench.deliver(started(71))
    message = bench.add(stop(71))
    assert bench.backlog.running() == []
    assert bench.backlog.changed(message) is None  # and so is not stored anew
    assert bench.deliver()["transactionId"] == 71
    assert bench.backlog.take_changes() == ([], [], [], [])


def test_R43_provisional_id_is_not_given_again_while_its_transaction_lives() -> None:
    bench = Bench()
    first = bench.add(start()).transaction_id
    bench.deliver(started(71))
    bench.restart()
    assert bench.add(start()).transaction_id != first


@pytest.mark.parametrize("restarts", [False, True])
def test_R43_full_queue_drops_the_1st_3rd_5th_Updated_and_seqNo_has_no_gap(restarts: bool) -> None:
    bench = Bench(capacity=8)
    for request in course(updates=6)[:-1]:
        bench.add(request)
    bench.add(event(0, KINDS.STARTED, "other"))
    bench.add(event(7))  # one too many: the first message is being sent
    assert bench.backlog.count("T") == 4
    if restarts:
        bench.restart()
    bench.add(event(8, KINDS.ENDED))
    sent = [bench.deliver(version="2.0.1") for _ in range(len(bench.backlog))]
    events = [(each["eventType"], each["seqNo"]) for each in sent if each["transactionInfo"]["transactionId"] == "T"]
    assert events == [("Started", 0), ("Updated", 1), ("Updated", 2), ("Updated", 3), ("Ended", 4)]
    assert bench.backlog.running()[0].transaction_id == "other"


def test_R43_starts_and_ends_are_never_dropped_for_space() -> None:
    bench = Bench(capacity=2)
    for name in "ABC":
        for request in course(updates=1, name=name):
            bench.add(request)
    kinds = [json.loads(each.row.frame)[3]["eventType"] for each in bench.backlog.messages()]
    assert kinds == ["Started", "Ended"] * 3


def test_R43_thinning_begins_with_the_transaction_that_has_most_waiting() -> None:
    bench = Bench(capacity=6)
    transaction_id = bench.add(start()).transaction_id
    assert isinstance(transaction_id, int)
    bench.add(event(0, name="short"))
    bench.add(event(1, name="short"))
    for value in "1234":
        bench.add(meter(transaction_id, value))
    values = [
        each.request.meter_value[0].sampled_value[0].value
        for each in bench.backlog.messages()
        if isinstance(each.request, v16.MeterValuesRequest)
    ]
    assert values == ["2", "4"]
    assert bench.backlog.count("short") == 2


@pytest.mark.parametrize(
    ("request_", "offline", "sent"),
    [
        (event(0, KINDS.STARTED), True, True),
        (event(0, KINDS.STARTED), False, None),
        (event(0, KINDS.STARTED, offline=False), True, False),
        (start(), True, None),
    ],
)
def test_R43_event_of_an_offline_station_says_so(request_: Any, offline: bool, sent: bool | None) -> None:
    bench = Bench()
    assert json.loads(bench.add(request_, offline=offline).row.frame)[3].get("offline") is sent


def test_R43_running_transaction_ends_as_of_its_last_reading() -> None:
    bench = Bench()
    transaction_id = bench.add(start(meter=100)).transaction_id
    assert isinstance(transaction_id, int)
    readings: list[tuple[str, dict[str, Any]]] = [
        ("2.5", {"unit": v16.UnitOfMeasure.KWH}),
        ("7", {"measurand": v16.Measurand.VOLTAGE}),
        ("7", {"unit": v16.UnitOfMeasure.W}),
        *((value, {}) for value in ("nan", "inf", "1e300", "", "x")),
    ]
    for value, options in readings:
        bench.add(meter(transaction_id, value, **options))
    bench.restart()
    (running,) = bench.backlog.running()
    assert (running.transaction_id, running.place, running.meter) == (transaction_id, 1, 2500)
    bench.add(power_loss(running, v16.VERSION))
    bench.deliver(started(71))
    for _ in readings:
        bench.deliver()
    assert bench.deliver() == {
        "meterStop": 2500,
        "timestamp": "2026-01-01T00:00:00.000Z",
        "transactionId": 71,
        "reason": "PowerLoss",
    }
    assert bench.backlog.running() == []


def test_R43_running_transaction_of_2_ends_with_the_next_seqNo() -> None:
    bench = Bench()
    bench.add(event(0, KINDS.STARTED, evse=v201.EVSEType(id=2)))
    bench.add(event(1))
    bench.restart()
    (running,) = bench.backlog.running()
    assert (running.transaction_id, running.place, running.seq_no) == ("T", 2, 1)
    payload = json.loads(bench.add(power_loss(running, v201.VERSION), offline=True).row.frame)[3]
    assert payload == {
        "eventType": "Ended",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "triggerReason": "AbnormalCondition",
        "seqNo": 2,
        "offline": True,
        "transactionInfo": {"transactionId": "T", "stoppedReason": "PowerLoss"},
    }
    assert bench.backlog.running() == []


def test_R43_transaction_that_never_began_here_is_not_ended_here() -> None:
    bench = Bench()
    bench.add(meter(71))
    bench.add(event(7))
    assert bench.backlog.running() == []
    assert bench.deliver()["transactionId"] == 71


def test_messages_of_another_version_wait_until_that_is_negotiated() -> None:
    bench = Bench()
    bench.add(start())
    bench.add(event(0, KINDS.STARTED))
    assert bench.due("2.0.1").row.unique_id == "id-2"
    assert bench.due("1.6").row.unique_id == "id-1"
    assert bench.backlog.next("2.1", 0.0) == (None, None)


def test_message_is_not_due_before_it_is_stored() -> None:
    bench = Bench()
    message = bench.backlog.add(start(), v16.VERSION, "id", Encoder(v16.VERSION).call)
    assert bench.backlog.next("1.6", 0.0) == (None, None)
    change = bench.backlog.take_changes()
    assert [row.unique_id for row in change.messages] == ["id"]
    bench.backlog.written(change, durable=False)
    assert bench.due() is message
    assert bench.backlog.take_changes() == change  # it goes with the next change


def test_invalid_request_is_not_queued() -> None:
    bench = Bench()
    with pytest.raises(ValidationError):
        bench.add(start("x" * 21))
    assert len(bench.backlog) == 0
    assert not bench.backlog.has_changes


def test_follower_whose_StartTransaction_was_lost_with_a_damaged_file_is_not_sent() -> None:
    bench = Bench()
    transaction_id = bench.add(start()).transaction_id
    assert isinstance(transaction_id, int)
    bench.add(meter(transaction_id))
    _, follower = (each.row for each in bench.backlog.messages())
    versions = [v16.VERSION]
    salvaged = Contents([follower])
    backlog = Backlog(salvaged, versions, capacity=9, retries=RETRIES, now=0.0, clock=CLOCK)
    message, _ = backlog.next("1.6", 0.0)
    assert message is not None
    with pytest.raises(MessageDropped, match="never known"):
        backlog.changed(message)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [({"interval": -1}, "interval"), ({"interval": float("inf")}, "interval"), ({"attempts": 0}, "attempts")],
)
def test_unusable_rule_is_refused(options: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        Retries(**options)
