"""Nodes of a cluster in one process, with stations, on a bus of the test's choice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from ocpp_fast import CentralSystem, ChargePoint, Cluster, NoAuth, Server, v16, v21, v201
from ocpp_fast.cluster import RemoteStation
from ocpp_fast.testing.memory_bus import MemoryBroker

from ..aio.harness import until

NAMESPACE = "test"
VERSIONS = (v21, v201, v16)


def memory() -> dict[str, Any]:
    """Return the options of clusters on one broker in memory."""
    return {"bus": MemoryBroker().bus}


class Fleet:
    """Nodes n0, n1..., and one client."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.nodes: list[CentralSystem] = []
        self.servers: list[Server] = []
        self.client: Cluster
        self.stack = AsyncExitStack()

    async def add_node(self, name: str | None = None, **options: Any) -> CentralSystem:
        """Start another node."""
        of_central = {each: options.pop(each) for each in ("registrations", "policy", "duplicates") if each in options}
        name = name or f"n{len(self.nodes)}"
        cluster = Cluster(**({"namespace": NAMESPACE, "name": name} | self.options | options))
        central = CentralSystem(auth=NoAuth(), versions=VERSIONS, cluster=cluster, **of_central)
        self.nodes.append(central)
        self.servers.append(await self.stack.enter_async_context(central.serve(grace=0.1)))
        return central

    async def add_station(self, identity: str, node: int = 0, version: Any = v16, **options: Any) -> ChargePoint:
        """Connect a station that answers a Reset."""
        charge_point = ChargePoint(identity, self.servers[node].url, versions=[version], **options)

        @charge_point.on(version.ResetRequest)
        def reset(request: Any) -> Any:
            return version.ResetResponse(status="Accepted")

        await self.stack.enter_async_context(charge_point)
        await self.seen(identity, node)
        return charge_point

    @property
    def clusters(self) -> list[Cluster]:
        """All participants."""
        return [*(each.cluster for each in self.nodes), self.client]

    async def seen(self, identity: str, node: int | None) -> None:
        """Wait until all know where a station is."""
        name = None if node is None else f"n{node}"
        await until(lambda: all(_node_of(each, identity) == name for each in self.clusters))

    def __getitem__(self, identity: str) -> RemoteStation:
        return self.client[identity]


def _node_of(cluster: Cluster, identity: str) -> str | None:
    presence = cluster.where(identity)
    return None if presence is None else presence.node


@asynccontextmanager
async def fleet(nodes: int = 2, options: dict[str, Any] | None = None, **of_nodes: Any) -> AsyncIterator[Fleet]:
    """Start nodes and a client; on a bus in memory, if no options say otherwise."""
    made = Fleet(memory() if options is None else options)
    async with made.stack:
        for _ in range(nodes):
            await made.add_node(**of_nodes)
        made.client = await made.stack.enter_async_context(
            Cluster(**({"namespace": NAMESPACE, "versions": VERSIONS} | made.options))
        )
        yield made
