"""What the files of `deploy` and compose.yaml say: read as YAML, and their command lines run as they are."""

from __future__ import annotations

import asyncio
import re
import shlex
from argparse import ArgumentParser
from configparser import ConfigParser
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest
import yaml

from ocpp_fast import __version__
from ocpp_fast.cli import serve as serve_command
from ocpp_fast.cli import station as station_command

from ..cli.programs import in_time, ocpp_fast, serve
from ..cluster.servers import nats_server
from ..sources import ROOT

COMMANDS: Final = {"serve": serve_command, "station": station_command}

pytestmark = pytest.mark.once


def documents(file: str) -> list[Any]:
    """The documents of a YAML file."""
    return list(yaml.safe_load_all((ROOT / file).read_text("utf-8")))


def services() -> dict[str, Any]:
    """Those of compose.yaml."""
    (document,) = documents("compose.yaml")
    found: dict[str, Any] = document["services"]
    return found


def central_pod() -> dict[str, Any]:
    """What a pod of the central system is made from."""
    (deployment,) = (each for each in documents("deploy/kubernetes/central.yaml") if each["kind"] == "Deployment")
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def unit() -> ConfigParser:
    """The unit of systemd."""
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation says
    parser.read(ROOT / "deploy" / "ocpp-fast.service", "utf-8")
    return parser


def command_lines() -> dict[str, list[str]]:
    """Each command line of ours, by where it stands, without the program's name."""
    found = {
        f"compose.yaml, {name}": each["command"] for name, each in services().items() if name.startswith("central")
    }
    found |= {
        f"compose.yaml, {name}": ["station", *each["command"]]
        for name, each in services().items()
        if name.startswith("station")
    }
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    ends = re.findall(r'^CMD (\["serve".*\])$', dockerfile, re.MULTILINE)
    return found | {
        "central.yaml": central_pod()["containers"][0]["args"],
        "ocpp-fast.service": shlex.split(unit()["Service"]["ExecStart"])[1:],
        **{f"Dockerfile, {number}": yaml.safe_load(end) for number, end in enumerate(ends)},
    }


@pytest.mark.parametrize("where", command_lines())
def test_a_command_line_is_one_of_ours(where: str) -> None:
    command, *options = command_lines()[where]
    parser = ArgumentParser(exit_on_error=False)
    COMMANDS[command].add(parser)
    if command == "station":
        options += ["--id", "CP001"]  # of the entry point
    parser.parse_args(options)


def test_every_service_that_another_waits_for_or_connects_to_is_there_and_tells_its_health() -> None:
    for service in services().values():
        for name in service.get("depends_on", {}):
            other = services()[name]
            assert "healthcheck" in other or other["build"]["target"] == "central"  # which the Dockerfile has one for
        for host in re.findall(r"\b(?:ws|nats)://([\w-]+):", " ".join(service["command"])):
            assert host in service["depends_on"]


def test_a_pod_is_probed_drained_and_joined_to_the_nats_server_that_only_it_may_reach() -> None:
    pod = central_pod()
    (container,) = pod["containers"]
    assert container["image"].endswith(f":{__version__}")
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert pod["terminationGracePeriodSeconds"] > int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    nats = {each["kind"]: each for each in documents("deploy/kubernetes/nats.yaml")}
    (port,) = nats["Service"]["spec"]["ports"]
    assert f"nats://{nats['Service']['metadata']['name']}:{port['port']}" in container["args"]
    (allowed,) = nats["NetworkPolicy"]["spec"]["ingress"]
    (source,) = allowed["from"]
    labels = documents("deploy/kubernetes/central.yaml")[0]["spec"]["template"]["metadata"]["labels"]
    assert source["podSelector"]["matchLabels"] == labels


def test_systemd_ends_the_supervisor_which_drains_its_workers() -> None:
    assert unit()["Service"]["KillMode"] == "mixed"


def test_traefik_sends_every_path_to_a_central_system_that_is_ready() -> None:
    (document,) = documents("deploy/traefik.yml")
    (router,) = document["http"]["routers"].values()
    balancer = document["http"]["services"][router["service"]]["loadBalancer"]
    assert router["rule"] == "PathPrefix(`/`)"
    assert "tls" in router
    assert balancer["healthCheck"]["path"] == "/readyz"
    assert [each["url"] for each in balancer["servers"]] == ["http://127.0.0.1:8887"]
    assert all(set(each) == {"certFile", "keyFile"} for each in document["tls"]["certificates"])


@in_time
async def test_the_central_systems_of_compose_share_their_stations_and_tell_their_health(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(nats_server(tmp_path))
        started = []
        for name in ("central", "central-2"):
            options = [nats.url if each.startswith("nats:") else each for each in services()[name]["command"][1:]]
            options[options.index("--host") + 1] = "127.0.0.1"
            started.append(await stack.enter_async_context(serve(*options)))
        for (running, url), probe in zip(started, ("/healthz", "/readyz"), strict=True):
            answer = await asyncio.to_thread(urlopen, url.replace("ws:", "http:") + probe)
            with answer:
                assert answer.status == HTTPStatus.OK
            station = ocpp_fast("station", "--url", url, "--id", "CP001")  # at one, then at the other
            await stack.enter_async_context(station)
            await running.line(r".*CP001.* connected")
        await started[0][0].line(r".*CP001.* disconnected, code ")
        for running, _ in started:
            assert await running.stop() == 0
