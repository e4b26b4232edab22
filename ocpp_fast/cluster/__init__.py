"""Central systems that share their stations: any process calls any station (extra `cluster`)."""
