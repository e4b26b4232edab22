"""What connections of several versions tell and refuse."""

from __future__ import annotations

import asyncio

import pytest

from ocpp_fast import CallError, CentralSystem, ChargePoint, NoAuth, VersionMismatch, v16, v201


def test_a_message_of_another_version_raises_and_nothing_is_sent() -> None:
    async def scenario() -> None:
        central = CentralSystem(auth=NoAuth(), versions=[v16, v201])
        frames: list[bytes] = []
        central.on_frame(lambda direction, station, raw: frames.append(raw))
        async with central.serve() as server, ChargePoint("CP1", server.url, versions=[v201, v16]) as point:
            station = await central.wait_connected("CP1")
            with pytest.raises(VersionMismatch, match=r"ResetRequest is not a CALL of OCPP 2\.0\.1"):
                await station.call(v16.ResetRequest(type=v16.ResetType.SOFT))
            with pytest.raises(VersionMismatch):
                await point.call(v16.HeartbeatRequest())
        assert frames == []

    asyncio.run(scenario())


def test_frame_hooks_are_told_the_charge_point_or_the_station() -> None:
    async def scenario() -> None:
        central = CentralSystem(auth=NoAuth(), versions=[v16])
        told: list[tuple[str, object]] = []
        central.on_frame(lambda direction, station, raw: told.append((direction, station)))
        async with central.serve() as server:
            point = ChargePoint("CP1", server.url, versions=[v16])
            point.on_frame(lambda direction, station, raw: told.append((direction, station)))
            async with point:
                with pytest.raises(CallError):
                    await point.v16.heartbeat()
                assert told == [("out", point), ("in", central["CP1"]), ("out", central["CP1"]), ("in", point)]

    asyncio.run(scenario())
