"""`ocpp-fast serve`: what may stand on its command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, TextIO

from .passwords import read_passwords
from .recording import add_frames
from .values import VERSIONS, count, network, port, positive

if TYPE_CHECKING:
    from ocpp_fast import TlsContext

__all__ = ["ServeArguments", "add"]

LOOPS = ("asyncio", "uvloop")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeArguments:
    """What `ocpp-fast serve` is told; `no_auth`, `auth_file` and `certificates` say who is let in."""

    host: str
    port: int
    versions: Sequence[str]
    """Of OCPP; the stations choose."""
    no_auth: str | None
    """"loopback" or "anywhere"."""
    auth_file: str | None
    passwords: dict[str, bytes] = field(repr=False)
    """Those of the file."""
    certificates: bool
    """Whether those of stations are asked for."""
    tls: TlsContext | None
    interval: int
    """Seconds between heartbeats."""
    ping_interval: float
    """Seconds between WebSocket pings; 0 is off."""
    max_connections: int | None
    drain: int | None
    """Stations a second that leave on SIGTERM; None closes all at once."""
    workers: int | None
    nats: Sequence[str]
    """URLs of the servers of a cluster."""
    trusted_proxies: Sequence[str]
    proxy_protocol: bool
    """Whether every connection begins with a PROXY header."""
    loop: str | None
    """"asyncio" or "uvloop"; None is the faster one that is installed."""
    quiet: bool
    frames: TextIO | None
    """Where every frame is recorded."""


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = "Accepts stations of OCPP 1.6, 2.0.1 and 2.1, and answers everything that they send."
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=port, default=8887, help="0 picks a free one (%(default)s)")
    parser.add_argument(
        "--ocpp",
        action="append",
        choices=VERSIONS,
        dest="versions",
        metavar="VERSION",
        help=f"speak only this version; may stand there several times ({', '.join(VERSIONS)})",
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--no-auth",
        nargs="?",
        const="loopback",
        choices=("loopback", "anywhere"),
        help="let everyone in; =anywhere does so on addresses that others reach",
    )
    who.add_argument("--auth-file", metavar="FILE", help="lines of identity:password, or identity:hex:40 hex digits")
    _add_tls(parser)
    parser.add_argument(
        "--interval",
        type=count,
        default=300,
        metavar="SECONDS",
        help="between the heartbeats of stations (%(default)s)",
    )
    parser.add_argument(
        "--ping-interval",
        type=count,
        default=60,
        metavar="SECONDS",
        help="between the WebSocket pings to a station, 0 sends none (%(default)s)",
    )
    parser.add_argument(
        "--max-connections",
        type=positive,
        metavar="NUMBER",
        help="answer 503 to stations above (no limit but that of files)",
    )
    parser.add_argument(
        "--drain",
        type=count,
        default=100,
        metavar="RATE",
        help="stations that are closed in a second on SIGTERM; 0 closes all at once (%(default)s)",
    )
    parser.add_argument("--workers", type=positive, metavar="NUMBER", help="so many processes, on one port")
    parser.add_argument(
        "--nats",
        action="append",
        default=[],
        metavar="URL",
        help="share the stations with others on these NATS servers; workers have one of their own",
    )
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        type=network,
        default=[],
        dest="trusted_proxies",
        metavar="NETWORK",
        help="believe its X-Forwarded-For and -Proto; may stand there several times (10.0.0.0/8, ::1, unix)",
    )
    parser.add_argument(
        "--proxy-protocol", action="store_true", help="expect a PROXY header of a trusted proxy on every connection"
    )
    parser.add_argument("--loop", choices=LOOPS, help="the event loop (uvloop if installed)")
    parser.add_argument("--quiet", action="store_true", help="tell only where it listens")
    add_frames(parser)
    parser.set_defaults(run=partial(_run, parser))


def _add_tls(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--cert",
        action="append",
        default=[],
        dest="certs",
        metavar="FILE",
        help="serve over TLS, with the certificate in a PEM file; may stand there twice, for ECDSA and RSA",
    )
    parser.add_argument(
        "--key", action="append", dest="keys", metavar="FILE", help="the key of each --cert, if not in the same file"
    )
    parser.add_argument(
        "--client-ca",
        metavar="FILE",
        help="let in whom a certificate of these CAs names (profile 3); with --auth-file, others with their password",
    )


def _run(parser: ArgumentParser, given: Namespace) -> int:
    if given.loop is not None and find_spec(given.loop) is None:
        parser.error("--loop uvloop: it is not installed (pip install 'ocpp-fast[speed]')")
    if given.proxy_protocol and not given.trusted_proxies:
        parser.error("--proxy-protocol: expected --trusted-proxy, too")
    arguments = ServeArguments(
        host=given.host,
        port=given.port,
        versions=given.versions or VERSIONS,
        no_auth=given.no_auth,
        auth_file=given.auth_file,
        passwords=_passwords(parser, given),
        certificates=given.client_ca is not None,
        tls=_tls(parser, given),
        interval=given.interval,
        ping_interval=given.ping_interval,
        max_connections=given.max_connections,
        drain=given.drain or None,
        workers=given.workers,
        nats=given.nats,
        trusted_proxies=given.trusted_proxies,
        proxy_protocol=given.proxy_protocol,
        loop=given.loop,
        quiet=given.quiet,
        frames=given.frames,
    )
    from .central_system import serve

    return serve(arguments)


def _tls(parser: ArgumentParser, given: Namespace) -> TlsContext | None:
    """Return what is needed for TLS. Exits when the files for it are wrong."""
    if not given.certs and (given.keys or given.client_ca):
        parser.error("--key, --client-ca: expected --cert, too")
    if given.no_auth and given.client_ca:
        parser.error("--client-ca: not allowed with --no-auth")
    if not given.certs:
        return None
    from ocpp_fast import server_context

    try:
        return server_context(given.certs, given.keys, given.client_ca, require_client=given.auth_file is None)
    except (OSError, ValueError) as error:
        parser.error(f"--cert, --key, --client-ca: {error}")


def _passwords(parser: ArgumentParser, given: Namespace) -> dict[str, bytes]:
    """Return the passwords in the file. Exits if nothing says who may connect, or the file says it wrongly."""
    if given.auth_file is None and (given.no_auth or given.client_ca):
        return {}
    if given.auth_file is None:
        parser.error(
            "who may connect? Give --auth-file FILE, with a line identity:password for each station, "
            "--client-ca FILE, or --no-auth to let everyone in"
        )
    try:
        return read_passwords(given.auth_file)
    except (OSError, ValueError) as error:
        parser.error(f"--auth-file: {error}")
