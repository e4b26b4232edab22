"""The example of a cluster runs as it is."""

from __future__ import annotations

import pytest

from ..cli.programs import in_time, program
from ..sources import ROOT

pytest.importorskip("uvicorn")


@pytest.mark.once
@in_time
async def test_stations_are_called_from_another_process_and_move_when_a_node_stops() -> None:
    async with program(str(ROOT / "examples/cluster/run.py"), "0") as cluster:
        assert await cluster.ended() == 0
        assert cluster.complaints == ""
        printed = "\n".join(cluster.printed)
        assert "stations by node: {'node-0': " in printed
        assert "stations by node, without node-0: {'node-1': " in printed
        assert printed.count("{'status': 'Accepted'}") == 4
