"""Central systems that share their stations: any process calls any station (extra `cluster`)."""

from .bus import Bus, BusLost, Deliver
from .cluster import Cluster
from .events import (
    Change,
    EventKind,
    Lagged,
    NodeInfo,
    Presence,
    StationConnected,
    StationDisconnected,
    StationEvent,
)
from .local import LocalCluster
from .registrations import ClusterRegistrations
from .remote import RemoteStation

__all__ = [
    "Bus",
    "BusLost",
    "Change",
    "Cluster",
    "ClusterRegistrations",
    "Deliver",
    "EventKind",
    "Lagged",
    "LocalCluster",
    "NodeInfo",
    "Presence",
    "RemoteStation",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
]
