"""A message of another version than the negotiated one is never sent."""

from __future__ import annotations

import asyncio

import pytest

from ocpp_fast import CentralSystem, ChargePoint, NoAuth, VersionMismatch, v16, v201


def test_a_message_of_another_version_raises_and_nothing_is_sent() -> None:
    async def scenario() -> None:
        central = CentralSystem(auth=NoAuth(), versions=[v16, v201])
        frames: list[bytes] = []
        central.on_frame(lambda direction, station, raw: frames.append(raw))
        async with central.serve() as server, ChargePoint("CP1", server.url, versions=[v201, v16]) as point:
            station = await central.wait_connected("CP1")
            with pytest.raises(VersionMismatch, match=r"ResetRequest is no message of OCPP 2\.0\.1"):
                await station.call(v16.ResetRequest(type=v16.ResetType.SOFT))
            with pytest.raises(VersionMismatch):
                await point.call(v16.HeartbeatRequest())
        assert frames == []

    asyncio.run(scenario())
