"""A node of a cluster as a program: `python -m tests.cluster.node_process NAME PORT SERVERS [WHEN_ISOLATED]`."""

from __future__ import annotations

import logging
import sys
from typing import Any

from ocpp_fast import CentralSystem, Cluster, NoAuth, v16


def main(name: str, port: str, servers: str, when_isolated: Any = "accept") -> None:
    logging.basicConfig(level=logging.WARNING, format=f"{name} %(asctime)s %(message)s")
    cluster = Cluster(servers.split(","), namespace="faults", name=name, when_isolated=when_isolated)
    central = CentralSystem(auth=NoAuth(), versions=[v16], cluster=cluster, call_timeout=10)
    central.run("127.0.0.1", int(port), on_listening=lambda _: print("ready", flush=True), grace=0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
