"""The correlation kernel: both cores, each alone, against a plain model, and against each other."""

import gc
import sys
import tracemalloc
import weakref
from collections.abc import Callable, Hashable
from math import inf, nan, nextafter, ulp
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ocpp_fast._core import contract, correlation

Table = contract.PendingTable[Any]
Core = type[Table]

REFERENCE: Core = correlation.PendingTable
TICK = 0.05


def compiled() -> Core:
    """The compiled core; skips the test where it was not built."""
    core: Core = pytest.importorskip("ocpp_fast_ext.correlation").PendingTable
    return core


@pytest.fixture(params=["reference", "compiled"], scope="module")
def correlation_core(request: pytest.FixtureRequest) -> Core:
    return REFERENCE if request.param == "reference" else compiled()


@pytest.fixture
def table(correlation_core: Core) -> Table:
    return correlation_core(TICK)


class Value:
    """Something that can be told apart, counted and weakly referred to."""

    def __init__(self, held: object = None) -> None:
        self.held = held


# What a call finds and closes is proved below, against a plain model; here stands what the model does not say


@pytest.mark.parametrize(("owner", "unique_id"), [([], "a"), ("CP1", [])])
def test_unhashable_keys_leave_the_table_unchanged(table: Table, owner: Any, unique_id: Any) -> None:
    with pytest.raises(TypeError):
        table.add(owner, unique_id, 1, 30.0)
    assert len(table) == 0
    assert table.take_all("CP1") == []
    assert table.next_deadline() is None


# deadlines


def test_an_infinite_deadline_never_comes(table: Table) -> None:
    table.add("CP1", "a", 1, inf)
    table.add("CP1", "b", 2, inf)
    table.add("CP1", "c", 3, 1.0)
    assert table.expire(inf) == [("CP1", "c", 3)]
    assert table.next_deadline() is None
    assert table.take("CP1", "a") == 1
    assert table.take_all("CP1") == [("b", 2)]


@pytest.mark.parametrize("wrong", [nan, -nan, -inf])
def test_an_invalid_deadline_or_tick_is_refused(correlation_core: Core, table: Table, wrong: float) -> None:
    with pytest.raises(ValueError, match=rf"^deadline must be a time or \+inf, not {wrong!r}$"):
        table.add("CP1", "a", 1, wrong)
    assert len(table) == 0
    assert table.take_all("CP1") == []
    for tick in (wrong, inf, 0.0, -0.05):
        with pytest.raises(ValueError, match="tick must be finite and greater than zero, not "):
            correlation_core(tick)


@given(deadline=st.floats(-1e9, 1e9), tick=st.sampled_from([0.05, 0.001, 1 / 3, 0.1, 7.0]))
def test_no_deadline_is_noticed_early_or_more_than_a_tick_late(
    correlation_core: Core, deadline: float, tick: float
) -> None:
    table = correlation_core(tick)
    table.add("CP1", "a", 1, deadline)
    due = table.next_deadline()
    assert due is not None
    assert deadline <= due <= deadline + tick + ulp(deadline) + ulp(due)
    assert table.expire(nextafter(due, -inf)) == []
    assert table.expire(due) == [("CP1", "a", 1)]


@pytest.mark.parametrize("deadline", [1e300, 1e308, sys.float_info.max, -1e308, 5e-324, -0.0])
@pytest.mark.parametrize("tick", [0.05, 1e300, 5e-324])
def test_deadlines_of_any_size_are_kept_and_never_early(correlation_core: Core, deadline: float, tick: float) -> None:
    table = correlation_core(tick)
    table.add("CP1", "a", 1, deadline)
    assert table.expire(nextafter(deadline, -inf)) == []
    due = table.next_deadline()
    assert due is None or deadline <= due
    assert table.take("CP1", "a") == 1
    assert table.next_deadline() is None


# one timer for all


def test_calls_of_one_tick_cost_one_wake(table: Table) -> None:
    for number in range(1000):
        table.add(number, "a", number, 30.0 - TICK * number / 1001)
    due = table.next_deadline()
    assert due == pytest.approx(30.0)
    assert due is not None
    assert sorted(value for _, _, value in table.expire(due)) == list(range(1000))
    assert table.next_deadline() is None


# nothing is left behind


def kept_by(work: Callable[[], None]) -> int:
    """The bytes of memory that are in use after `work` and were not before."""
    tracemalloc.start()
    try:
        work()  # so that what is kept for the next time, such as the room in a dict, is there already
        before, _ = tracemalloc.get_traced_memory()
        work()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


def test_calls_that_are_answered_in_time_leave_nothing_behind(table: Table) -> None:
    now = 0.0

    def answered_at_once() -> None:
        nonlocal now
        for number in range(30_000):
            now += TICK / 3
            table.add(number % 7, f"{number}", number, now + 30.0)
            assert table.take(number % 7, f"{number}") == number

    assert kept_by(answered_at_once) < 20_000
    assert table.next_deadline() is None


def test_a_wave_of_open_calls_leaves_nothing_behind(table: Table) -> None:
    def wave() -> None:
        for number in range(5_000):
            table.add(number, "a", number, number * TICK)
        for number in range(5_000):
            table.take(number, "a")
        assert table.next_deadline() is None

    assert kept_by(wave) < 20_000


CLOSING: dict[str, Callable[[Table], object]] = {
    "take": lambda table: table.take("CP1", "a"),
    "take_all": lambda table: table.take_all("CP1"),
    "expire": lambda table: table.expire(30.0),
}


@pytest.mark.parametrize("close", CLOSING.values(), ids=CLOSING)
@pytest.mark.parametrize("deadline", [30.0, inf])
def test_a_closed_call_holds_no_reference(table: Table, close: Callable[[Table], object], deadline: float) -> None:
    value = Value()
    before = sys.getrefcount(value)
    gc.disable()
    try:
        table.add("CP1", "a", value, deadline)
        assert sys.getrefcount(value) == before + 1
        if close(table):
            assert sys.getrefcount(value) == before
    finally:
        gc.enable()


def test_getting_a_value_adds_no_reference(table: Table) -> None:
    value = Value()
    table.add("CP1", "a", value, 30.0)
    before = sys.getrefcount(value)
    for _ in range(10):
        assert table.get("CP1", "a") is value
        with pytest.raises(KeyError):
            table.add("CP1", "a", value, 30.0)
    gc.collect()
    assert sys.getrefcount(value) == before


@pytest.mark.parametrize("deadline", [30.0, inf])
def test_a_table_that_its_own_calls_refer_to_is_collected(correlation_core: Core, deadline: float) -> None:
    table = correlation_core(TICK)
    value = Value(held=table)
    owner = Value(held=table)
    ends = [weakref.ref(value), weakref.ref(owner)]
    table.add(owner, "a", value, deadline)
    table.add(owner, "b", Value(held=value), deadline)
    del table, value, owner
    gc.collect()
    assert [end() for end in ends] == [None, None]


def test_a_value_may_use_the_table_when_it_is_finalised(table: Table) -> None:
    class Last:
        def __del__(self) -> None:
            table.add("CP1", "b", 2, 30.0)

    table.add("CP1", "a", Last(), 30.0)
    assert table.take("CP1", "a") is not None
    assert table.take_all("CP1") == [("b", 2)]


# against a plain model

OWNERS: st.SearchStrategy[Hashable] = st.sampled_from(["CP1", "CP2", 3])
IDS = st.sampled_from(["a", "b", "c"])
DELAYS = st.one_of(st.floats(-1.0, 1.0), st.sampled_from([0.0, TICK, 5 * TICK, 30.0, inf]))


class Model(RuleBasedStateMachine):
    """A table beside a dict of (owner, unique id) -> (value, deadline)."""

    core: ClassVar[Core]

    def __init__(self) -> None:
        super().__init__()
        self.table = self.core(TICK)
        self.open: dict[tuple[Hashable, str], tuple[int, float]] = {}
        self.now = 0.0
        self.added = 0

    @rule(owner=OWNERS, unique_id=IDS, delay=DELAYS)
    def add(self, owner: Hashable, unique_id: str, delay: float) -> None:
        self.added += 1
        if (owner, unique_id) in self.open:
            with pytest.raises(KeyError, match=f"^'{unique_id}'$"):
                self.table.add(owner, unique_id, self.added, self.now + delay)
        else:
            self.table.add(owner, unique_id, self.added, self.now + delay)
            self.open[owner, unique_id] = (self.added, self.now + delay)

    @rule(owner=OWNERS, unique_id=IDS)
    def get(self, owner: Hashable, unique_id: str) -> None:
        expected = self.open.get((owner, unique_id))
        assert self.table.get(owner, unique_id) == (expected and expected[0])

    @rule(owner=OWNERS, unique_id=IDS)
    def take(self, owner: Hashable, unique_id: str) -> None:
        expected = self.open.pop((owner, unique_id), None)
        assert self.table.take(owner, unique_id) == (expected and expected[0])

    @rule(owner=OWNERS)
    def take_all(self, owner: Hashable) -> None:
        keys = [key for key in self.open if key[0] == owner]
        expected = [(key[1], self.open.pop(key)[0]) for key in keys]
        assert self.table.take_all(owner) == expected

    @rule(delay=st.one_of(st.floats(0.0, 2.0), st.just(40.0)))
    def expire(self, delay: float) -> None:
        self.now += delay
        previous = -inf
        for owner, unique_id, value in self.table.expire(self.now):
            expected, deadline = self.open.pop((owner, unique_id))
            assert value == expected
            assert previous - TICK <= deadline <= self.now
            previous = deadline
        assert all(deadline > self.now - TICK * 1.001 for _, deadline in self.open.values())

    @precondition(lambda self: self.table.next_deadline() is not None)
    @rule()
    def wake(self) -> None:
        due = self.table.next_deadline()
        assert due is not None
        before = len(self.open)
        self.expire(max(due - self.now, 0.0))
        if self.now >= due:  # else the sum was rounded down
            assert len(self.open) < before

    @invariant()
    def agree(self) -> None:
        assert len(self.table) == len(self.open)
        first = min((deadline for _, deadline in self.open.values()), default=inf)
        due = self.table.next_deadline()
        assert (due is None) == (first == inf)
        assert due is None or first <= due <= first + TICK * 1.001


def test_it_agrees_with_a_plain_model(correlation_core: Core) -> None:
    class OneCore(Model):
        core = correlation_core

    run_state_machine_as_test(OneCore, settings=settings(stateful_step_count=60))


# against each other

STEPS = st.one_of(
    st.tuples(st.just("add"), OWNERS, IDS, st.integers(), st.floats(-5.0, 5.0)),
    st.tuples(st.just("take"), OWNERS, IDS),
    st.tuples(st.just("take_all"), OWNERS),
    st.tuples(st.just("expire"), st.floats(-5.0, 5.0)),
    st.tuples(st.just("next_deadline")),
)


def outcome(table: Table, step: tuple[object, ...]) -> object:
    """What a step gives: its result, or the exception it raises."""
    name, *arguments = step
    try:
        return getattr(table, str(name))(*arguments)
    except KeyError as error:
        return repr(error)


@given(st.lists(STEPS, max_size=200))
def test_both_cores_give_equal_answers_to_equal_calls(steps: list[tuple[object, ...]]) -> None:
    one, other = REFERENCE(TICK), compiled()(TICK)
    for step in steps:
        assert outcome(one, step) == outcome(other, step)
        assert len(one) == len(other)
