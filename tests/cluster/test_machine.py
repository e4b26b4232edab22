"""K1: whatever stops, dies, is cut or lost, and whenever: at most once; what failed was never delivered; all agree."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from .world import World

STATIONS = st.sampled_from(["CP0", "CP1", "CP2", "CP3"])
SECONDS = st.sampled_from([0.0, 0.02, 0.1, 0.5, 1.0, 2.1, 2.9, 3.1, 3.6, 5.0, 12.0])
WHICH = st.integers(0, 4)
EXAMPLES = int(os.environ.get("CLUSTER_EXAMPLES", "40"))
"""`CLUSTER_EXAMPLES=10000` is the long form."""


class Faults(RuleBasedStateMachine):
    world: World

    @initialize(seed=st.integers(0, 1 << 32), drops=st.sampled_from([0.0, 0.0, 0.02]))
    def begin(self, seed: int, drops: float) -> None:
        self.world = World(seed, drops=drops)

    @rule(which=WHICH, station=STATIONS)
    def connect(self, which: int, station: str) -> None:
        nodes = self.world.nodes
        nodes[which % len(nodes)].connect(station)

    @rule(which=WHICH, station=STATIONS)
    def disconnect(self, which: int, station: str) -> None:
        nodes = self.world.nodes
        nodes[which % len(nodes)].disconnect(station)

    @rule(which=WHICH, station=STATIONS, timeout=st.sampled_from([0.2, 2.0, 10.0]), times=st.integers(1, 4))
    def call(self, which: int, station: str, timeout: float, times: int) -> None:
        callers = self.world.callers + self.world.nodes
        for _ in range(times):
            self.world.call(callers[which % len(callers)], station, timeout)

    @rule(which=WHICH)
    def stop(self, which: int) -> None:
        self.world.processes[which % len(self.world.processes)].is_stopped = True

    @rule(which=WHICH)
    def go_on(self, which: int) -> None:
        stopped = [each for each in self.world.processes if each.is_stopped]
        if stopped:
            stopped[which % len(stopped)].go_on()

    @rule(which=WHICH)
    def kill_and_start_again(self, which: int) -> None:
        nodes = self.world.nodes
        node = nodes[which % len(nodes)]
        node.kill()
        self.world.processes.remove(node)
        self.world.start(node.name)

    @rule()
    def break_the_broker(self) -> None:
        self.world.broker.stop()

    @rule()
    def start_the_broker(self) -> None:
        self.world.broker.start()

    @rule(which=WHICH, mute=st.booleans(), deaf=st.booleans())
    def cut(self, which: int, mute: bool, deaf: bool) -> None:
        bus = self.world.processes[which % len(self.world.processes)].bus
        bus.is_mute, bus.is_deaf = mute, deaf

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.world.advance(seconds)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.settle()


Faults.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
test_at_most_once_whatever_happens = Faults.TestCase


@pytest.mark.parametrize("seed", range(10))
def test_a_node_that_is_back_on_the_bus_delivers_nothing_before_all_have_told_what_it_missed(seed: int) -> None:
    world = World(seed)
    was_cut_off, other = world.nodes[:2]
    was_cut_off.connect("CP0")
    was_cut_off.connect("CP1")
    world.advance(1.0)
    callee, own = was_cut_off.member.callee, dict(was_cut_off.member.announcer.own)
    was_cut_off.bus._disconnected()
    assert callee.asked({"id": "CP1", "ep": own["CP1"]}) == {"e": "fenced"}
    other.connect("CP0")
    world.advance(0.5)
    was_cut_off.bus._reconnected()
    assert was_cut_off.member.lease.is_active(was_cut_off.member.clock())
    while "t" not in callee.asked({"id": "CP1", "ep": own["CP1"]}):
        assert "t" not in callee.asked({"id": "CP0", "ep": own["CP0"]})
        world.advance(0.01)
    assert callee.asked({"id": "CP0", "ep": own["CP0"]}) == {"e": "moved"}
    assert world.now < 4.0
