"""What every bus does: the contract of `Bus`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ocpp_fast.cluster.bus import BusLost
from ocpp_fast.testing.memory_bus import MemoryBroker

from ..aio.harness import scenario, until
from .ends import End, MakeBus, bus_of, started
from .servers import NatsServer

pytestmark = pytest.mark.once


@pytest.fixture(params=["memory", "nats"])
def make_bus(request: pytest.FixtureRequest) -> MakeBus:
    """Make buses, by name, that hear each other."""
    if request.param == "memory":
        broker = MemoryBroker()
        return lambda name: broker.bus()
    server: NatsServer = request.getfixturevalue("nats")
    return lambda name: bus_of(server, name=name)


@scenario
async def test_messages_come_to_whom_they_are_of_interest_in_the_order_of_their_publisher(make_bus: MakeBus) -> None:
    async with started(make_bus("a"), "one.*", "more.>") as one, started(make_bus("b"), "one.x") as other:
        for at in range(100):
            one.bus.publish("one.x", b"%d" % at, reply="answer.here")
        sent = [("one.x", "answer.here", b"%d" % at) for at in range(100)]
        await one.gets(*sent)
        await other.gets(*sent)
        other.got.clear()
        one.got.clear()
        other.bus.publish("one.x.y", b"nobody's")
        other.bus.publish("more", b"nobody's")
        other.bus.publish("more.x.y", b"{}")
        await one.gets(("more.x.y", "", b"{}"))
        assert other.got == []
        assert one.told == other.told == ["back"]


@scenario
async def test_one_of_a_queue_gets_a_message(make_bus: MakeBus) -> None:
    async with (
        started(make_bus("a"), "work", queue="all") as one,
        started(make_bus("b"), "work", queue="all") as other,
    ):
        for at in range(100):
            one.bus.publish("work", b"%d" % at)
        await until(lambda: len(one.got) + len(other.got) == 100)
        assert {int(each[2]) for each in one.got + other.got} == set(range(100))


@scenario
async def test_a_question_that_nobody_hears_gets_an_empty_answer(make_bus: MakeBus) -> None:
    async with started(make_bus("a"), "answer.*") as end:
        end.bus.publish("nobody.listens.here", b"?", reply="answer.7")
        await end.gets(("answer.7", "", b""))


@scenario
async def test_what_cannot_be_sent_is_refused_at_once(make_bus: MakeBus) -> None:
    bus = make_bus("a")
    with pytest.raises(BusLost):
        bus.publish("x", b"too early")
    async with started(bus) as end, started(make_bus("b"), "x") as other:
        bus.publish("x", b"1")
        bus.reset()
        await end.back()
        bus.publish("x", b"2")
        await until(lambda: ("x", "", b"2") in other.got)
        assert {each[2] for each in other.got} <= {b"1", b"2"}
    with pytest.raises(BusLost):
        bus.publish("x", b"too late")
    assert not bus.connected
    assert end.told == ["back", "lost", "back"]


@scenario
async def test_subscriptions_outlive_a_connection(make_bus: MakeBus) -> None:
    async with started(make_bus("a"), "x.*", "y") as end, started(make_bus("b")) as other:
        end.bus.reset()
        await end.back()
        other.bus.publish("x.1", b"1")
        other.bus.publish("y", b"2")
        await end.gets(("x.1", "", b"1"), ("y", "", b"2"))


@scenario
async def test_what_is_published_before_closing_is_sent(make_bus: MakeBus) -> None:
    async with started(make_bus("b"), "x") as other:
        async with started(make_bus("a")) as end:
            for at in range(1000):
                end.bus.publish("x", b"%d" % at)
        assert await until(lambda: len(other.got) == 1000)
        await end.bus.close()
        end.bus.reset()
        assert not end.bus.connected


@scenario
async def test_subscriptions_may_be_made_and_ended_while_it_connects(make_bus: MakeBus) -> None:
    end = End(make_bus("a"))
    starting = asyncio.create_task(end.start())
    subjects: list[str] = []
    ends: list[Callable[[], None]] = []
    while not starting.done():
        await asyncio.sleep(0)
        for kind in ("kept", "ended"):
            subjects.append(f"{kind}.{len(subjects)}")
            ends.append(end.bus.subscribe(subjects[-1], lambda *message: end.got.append(message)))
        if len(ends) > 10:
            ends[-11]()  # of the kind "ended"
    for each in ends[1::2]:
        each()
    for subject in [*subjects, subjects[0]]:
        end.bus.publish(subject, b"x")
    await until(lambda: len(end.got) > len(subjects) // 2)
    assert [each[0] for each in end.got] == [*subjects[::2], subjects[0]]
    await end.bus.close()
