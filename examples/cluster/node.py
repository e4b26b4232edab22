"""A node: a central system that shares its stations. `python node.py NAME PORT [NATS]`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from ocpp_fast import CentralSystem, Cluster, NoAuth, Station, v16
from ocpp_fast.cluster import ClusterRegistrations

NAME, PORT = sys.argv[1:3]
NATS = sys.argv[3] if len(sys.argv) > 3 else "nats://127.0.0.1:4222"

cluster = Cluster(NATS, namespace="example", name=NAME)
central = CentralSystem(
    auth=NoAuth(),
    versions=[v16],
    cluster=cluster,
    registrations=ClusterRegistrations(cluster),
)


@central.on(v16.BootNotificationRequest)
def boot(station: Station, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
    return v16.BootNotificationResponse(
        current_time=datetime.now(UTC), interval=300, status=v16.RegistrationStatus.ACCEPTED
    )


@central.on(v16.HeartbeatRequest)
def heartbeat(station: Station, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
    return v16.HeartbeatResponse(current_time=datetime.now(UTC))


@central.on(v16.StatusNotificationRequest)
def status(station: Station, request: v16.StatusNotificationRequest) -> v16.StatusNotificationResponse:
    return v16.StatusNotificationResponse()


central.run("127.0.0.1", int(PORT), on_listening=lambda server: print(f"{NAME} listens on {server.url}", flush=True))
