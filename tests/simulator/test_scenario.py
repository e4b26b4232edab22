"""Scenarios in TOML, faults of the network, and many stations in one process."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from ocpp_fast import v16
from ocpp_fast.simulator import Fleet, Scenario, Settings, SimulatedStation, simulated

from ..cli.programs import PATIENCE, in_time
from .csms import MODULES, Csms
from .test_script import driven, messages, statuses, with_stations

SESSION = """
[[steps]]
do = "start"
outlet = [1, 2]
token = ["A", "B", "C"]

[[steps]]
do = "wait"
seconds = [0.001, 0.002]

[[steps]]
repeat = 2
steps = [{ do = "unplug", outlet = 1 }, { do = "unplug", outlet = 2 }]
"""


@pytest.mark.parametrize("number", MODULES)
@in_time
async def test_a_scenario_is_played_and_then_the_station_ends(number: str) -> None:
    csms = Csms(number)
    async with csms.serve() as server, asyncio.timeout(PATIENCE):
        scenario = Scenario.read("repeat = 3\n" + SESSION)
        given = Settings(id="CP001", url=server.url, version=number, scenario=scenario, interval=0.02)
        assert await simulated(given).run() == 0
    assert messages(csms) == ["start", "end"] * 3


async def tokens(seed: int, identity: str) -> list[tuple[int, str]]:
    csms = Csms("1.6")
    async with csms.serve() as server, asyncio.timeout(PATIENCE):
        scenario = Scenario.read(f"seed = {seed}\nrepeat = 4\n{SESSION}")
        await simulated(Settings(id=identity, url=server.url, scenario=scenario)).run()
    return [(each.connector_id, each.id_tag) for each in csms.received if isinstance(each, v16.StartTransactionRequest)]


@in_time
async def test_what_is_random_is_the_same_for_a_seed_and_an_identity() -> None:
    first, again, other, neighbour = await asyncio.gather(
        tokens(1, "CP1"), tokens(1, "CP1"), tokens(2, "CP1"), tokens(1, "CP2")
    )
    assert first == again
    assert other != first != neighbour


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "steps: expected tables, one for each step"),
        ("often = 2", "often: expected one of seed, repeat, steps"),
        ('seed = "x"', "seed: expected an integer"),
        ("repeat = -1", "repeat: expected a whole number from 0 on, or two as bounds"),
        ('[[steps]]\ndo = "dance"', r"steps\[0\]\.do: expected one of plug, unplug"),
        ('[[steps]]\ndo = "wait"', r"steps\[0\]\.seconds: expected a number"),
        ('[[steps]]\ndo = "wait"\nseconds = [2, 1]', r"steps\[0\]\.seconds: expected a number from 0 on, or two"),
        ('[[steps]]\ndo = "plug"\ntoken = "A"', r"steps\[0\]\.token: expected one of outlet"),
        ('[[steps]]\ndo = "start"\ntoken = 1', r"steps\[0\]\.token: expected a text, or a list"),
        ('[[steps]]\ndo = "damage"\nshare = 2', r"steps\[0\]\.share: expected a number"),
        ('[[steps]]\nrepeat = 2\nsteps = [{ do = "x" }]', r"steps\[0\]\.steps\[0\]\.do: expected one of"),
        ("[[steps]", "Expected"),
    ],
)
def test_a_wrong_scenario_says_where_it_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Scenario.read(text)


# Faults of the network

with_faults = with_stations("1.6", "2.1", faults=True)


@with_faults
async def test_a_dropped_connection_is_made_again(station: SimulatedStation, csms: Csms) -> None:
    for fault in ("drop", "half_open", "damage"):
        lost, made = station.expect("Disconnected"), station.expect("Connected")
        if fault == "drop":
            station.network.drop()
        elif fault == "half_open":
            station.network.half_open = True
            station.network.heal()
        else:
            station.network.damage = 1.0
            asyncio.get_running_loop().create_task(station.heartbeat()).add_done_callback(lambda _: None)
            await lost
            station.network.heal()
        await lost
        await made
    await station.start()
    assert messages(csms) == ["start"]


@with_faults
async def test_a_half_open_connection_lets_nothing_through(station: SimulatedStation, csms: Csms) -> None:
    known = statuses(csms)
    station.network.half_open = True
    plugging = asyncio.ensure_future(station.plug())
    await asyncio.wait([plugging], timeout=0.05)
    assert (plugging.done(), statuses(csms)) == (False, known)
    station.network.heal()
    await plugging
    await station.until(lambda: station.online and station.reports.idle)
    assert len(statuses(csms)) == len(known) + 1


@in_time
async def test_only_a_plain_connection_can_have_faults() -> None:
    with pytest.raises(ValueError, match="expected a ws:// URL"):
        simulated(Settings(id="CP001", url="wss://127.0.0.1", faults=True))
    async with driven("1.6") as (station, _):
        with pytest.raises(ValueError, match="faults=True"):
            _ = station.network


# Many


@in_time
async def test_a_fleet_of_all_versions_lives_in_one_process() -> None:
    scenario = Scenario.read(SESSION)
    central = {number: Csms(number) for number in MODULES}
    async with (
        central["1.6"].serve() as one,
        central["2.0.1"].serve() as two,
        central["2.1"].serve() as three,
        asyncio.timeout(PATIENCE),
    ):

        def make(number: int) -> SimulatedStation:
            version, server = list(zip(MODULES, (one, two, three), strict=True))[number % 3]
            given = Settings(id=f"CP{number}", url=server.url, version=version, scenario=scenario, interval=0.02)
            return simulated(given)

        fleet = Fleet([partial(make, number) for number in range(9)], rate=1000)
        assert await fleet.run() == 0
    assert fleet.counts() | {"connected": 0} == {
        **dict.fromkeys(("connected", "charging", "faulted", "waiting"), 0),
        **dict.fromkeys(("stations", "accepted", "ended"), 9),
    }
    assert {sum(each == "end" for each in messages(csms)) for csms in central.values()} == {3}
