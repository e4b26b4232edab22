"""Autobahn's cases, run by kosoku in a process of its own, and what is expected of each."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sysconfig
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, NamedTuple

from .echo import drive_client, serving_echo

__all__ = ["KOSOKU", "LONG", "ROLES", "SHORT", "Form", "fuzz", "unexpected"]

KOSOKU: Final = shutil.which("kosoku", path=sysconfig.get_path("scripts"))
"""The program; None where there is none for the machine."""


class Form(NamedTuple):
    """Some of the cases: patterns of their numbers, how many they are, and how many run at the same time."""

    patterns: tuple[str, ...]
    size: int
    at_once: int


SHORT: Final = Form(("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"), 247, 16)
LONG: Final = Form(("9.*", "12.*", "13.*"), 270, 4)
ROLES: Final = ("server", "client")
"""What is under test."""


class Verdict(NamedTuple):
    """How a case was judged: what came, how the connection was closed, and with which code."""

    behavior: str
    closing: str
    code: int | None


Results = Mapping[str, Verdict]

_REFUSED: Final = Verdict("FAILED", "FAILED", 1003)
_UNCOMPRESSED: Final = Verdict("UNIMPLEMENTED", "OK", 1000)

DEVIATIONS: Final = {
    # OCPP-J is text: a binary message is refused (R16).
    **dict.fromkeys(("1.2.*", "9.2.*", "9.4.*", "9.6.*", "9.8.*", "12.2.*", "12.3.*", "12.5.*"), _REFUSED),
    # UTF-8 is checked when the message is whole; RFC 6455 does not ask for more.
    "6.4.*": Verdict("NON-STRICT", "OK", 1007),
    # A close frame inside of a message is a protocol error for websockets.
    "7.1.5": Verdict("FAILED", "WRONG CODE", 1002),
    # Cases that only inform: a close frame right behind a large message, and invalid close codes.
    "7.1.6": Verdict("INFORMATIONAL", "INFORMATIONAL", 1000),
    "7.13.*": Verdict("INFORMATIONAL", "INFORMATIONAL", 1002),
}
"""Every case that is not judged to be OK in both respects."""
CLIENTS_DEVIATIONS: Final = DEVIATIONS | dict.fromkeys(("12.*", "13.*"), _UNCOMPRESSED)
"""The same for the client, which offers no compression."""


def unexpected(role: str, results: Results) -> dict[str, Verdict]:
    """Return the verdicts that are not those expected."""
    deviations = DEVIATIONS if role == "server" else CLIENTS_DEVIATIONS
    return {case: found for case, found in results.items() if found != _expected(case, found, deviations)}


def _expected(case: str, found: Verdict, deviations: Mapping[str, Verdict]) -> Verdict:
    named = [verdict for pattern, verdict in deviations.items() if fnmatchcase(case, pattern)]
    return named[-1] if named else Verdict("OK", "OK", found.code)  # the case has judged the code


async def fuzz(role: str, form: Form, folder: Path) -> Results:
    """Run cases against the server or the client, on the event loop that runs; reports are written to the folder."""
    chosen = [each for pattern in form.patterns for each in ("--include", pattern)]
    options = [*chosen, "--outdir", str(folder)]
    if role == "server":
        async with serving_echo() as url, _kosoku(url, *options, "--parallelism", str(form.at_once)) as process:
            printed, _ = await process.communicate()
    else:
        async with _kosoku("127.0.0.1:0", *options, "--mode", "fuzzingserver") as process:
            assert process.stdout is not None
            first = await process.stdout.readline()
            found = re.search(rb"listening on \S+:(\d+)", first)
            assert found is not None, first
            await drive_client(int(found[1]), at_once=form.at_once)
            printed, _ = await process.communicate()
    index = folder / "index.json"
    assert index.exists(), printed.decode()
    return dict(_read(json.loads(index.read_text("utf-8")).values()))


def _read(agents: Iterable[Mapping[str, Mapping[str, Any]]]) -> Iterable[tuple[str, Verdict]]:
    for cases in agents:
        for case, told in cases.items():
            yield case, Verdict(told["behavior"], told["behaviorClose"], told["remoteCloseCode"])


@asynccontextmanager
async def _kosoku(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    assert KOSOKU is not None, "kosoku is not installed"
    process = await asyncio.create_subprocess_exec(
        KOSOKU, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
