"""`compare_servers` works: every server answers every mix, and one that answers wrongly is no result."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("epoll, and /proc", allow_module_level=True)

from . import workers
from .compare_servers import FLOOR, PAGE, PLOT, PLOTTED, SERVERS, Runs, disturbed, rows
from .servers.calls import MIXES
from .servers.plot import plot
from .servers.running import Bench, Idle, Phase, Server, bench

WRONG_ID = """
from benchmarks.servers import peers
peers._ANSWER = b'[3,"x%b",{}]'
peers.uvloop.run(peers.picows())
"""
ANOTHER_VERSION = """
import asyncio
from benchmarks.servers.ours import own
from ocpp_fast import CentralSystem, NoAuth, v21
asyncio.run(own(CentralSystem(auth=NoAuth(), versions=[v21], refuse_unknown_subprotocols=True)))
"""


@pytest.fixture(scope="module")
def load() -> Iterator[Bench]:
    with bench(stations=4, seconds=0.02) as made:
        yield made


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_answers_every_mix_in_both_loops_and_lets_more_stations_in(load: Bench, name: str) -> None:
    phases, idle = load.load(SERVERS[name], [*((mix, 0) for mix in MIXES), ("mix", 100)], idle=100)
    assert len(phases) == len(MIXES) + 1
    assert all(phase.cpu > 0 and phase.rate > 0 and 0 < phase.p50 <= phase.p99 <= phase.p999 for phase in phases[:-1])
    assert idle.handshake > 0
    assert idle.memory > 0 or name == FLOOR  # whose connections fit into a page or two


def test_the_first_rate_that_a_server_cannot_keep_up_with_ends_its_run(load: Bench) -> None:
    phases, _ = load.load(SERVERS[FLOOR], [("mix", 0), ("mix", 50_000_000), ("mix", 100)])
    assert [phase.kept_up for phase in phases] == [True, False]


@pytest.mark.parametrize("count", [1, 2])
def test_workers_are_loaded_on_all_cores_that_there_are(load: Bench, count: int) -> None:
    run = workers.measure(load, count)
    assert run.rate > 0
    assert run.cpu >= 0


def test_an_answer_with_another_id_is_no_result(load: Bench) -> None:
    with pytest.raises(RuntimeError, match="not the answer to the open call"):
        load.load(Server(["python", "-c", WRONG_ID], {}), [("mix", 0)])


def test_a_refused_handshake_is_no_result(load: Bench) -> None:
    with pytest.raises(RuntimeError, match=r"refused: HTTP/1.1 400 "):
        load.load(Server(["python", "-c", ANOTHER_VERSION], {}), [("mix", 0)])


def test_the_command_prints_all_that_was_measured() -> None:
    command = [sys.executable, "-m", f"{__package__}.compare_servers", "--json", "--rounds", "2", "--seconds", "0.02"]
    command += ["--stations", "4", "--idle", "10", "--mixes", "heartbeat", "--servers", "picows, canned"]
    done = subprocess.run(command, cwd=PAGE.parents[1], capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert list(found) == [FLOOR, "picows, canned"]
    assert [len(each["phases"]["heartbeat"]) for each in found.values()] == [2, 2]


def runs(*rounds: tuple[float, float]) -> Runs:
    """Make the runs of a server that took so many µs a call, with a share of its core, in each round."""
    phases = [Phase(cpu=cpu, rate=1, p50=1, p99=1, p999=1, busy=busy, kept_up=True) for cpu, busy in rounds]
    return Runs({"mix": phases}, [Idle(handshake=1, memory=1)] * len(rounds))


def test_a_ratio_is_the_median_of_those_of_single_rounds() -> None:
    _, slow = rows({FLOOR: runs((1, 1), (2, 1), (10, 1)), "slow": runs((2, 1), (6, 1), (50, 1))})
    assert str(slow.figures["mix"]) == "3.00"


def test_servers_that_did_not_have_their_core_to_themselves_are_named() -> None:
    found = {FLOOR: runs((1, 0.5)), "quiet": runs((1, 0.95)), "slowed": runs((1, 0.95), (1, 0.4), (1, 0.3))}
    assert re.findall(r"(\w+) (\d+)%", disturbed(found)) == [("slowed", "40")]
    assert disturbed({"quiet": found["quiet"]}) == ""


def test_the_page_has_a_line_for_each_server_and_the_plot_one_for_each_that_is_drawn() -> None:
    table = PAGE.read_text("utf-8").partition("<!-- figures -->")[2].partition("<!-- end of figures -->")[0]
    assert re.findall(r"^\| (.*?) +\|", table, re.MULTILINE)[2:] == list(SERVERS)
    drawn = PLOT.read_text("utf-8")
    assert [name for name in PLOTTED if f">{name}</text>" in drawn] == list(PLOTTED)


def test_the_labels_of_lines_that_end_together_stand_apart() -> None:
    drawn = ElementTree.fromstring(plot("t", "x", "y", {name: [(1, 1), (10, 5)] for name in "abc"}))
    heights = [float(text.attrib["y"]) for text in drawn.iter() if text.text in ("a", "b", "c")]
    assert len(heights) == 3
    assert min(b - a for a, b in pairwise(heights)) >= 16
