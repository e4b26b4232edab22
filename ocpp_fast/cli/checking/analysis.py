"""The run of `ocpp-fast check`: every frame of every file goes to the conversation of its station."""

from __future__ import annotations

import sys
import zlib

from ..check import CheckArguments
from ..console import Console, complain
from .files import Log
from .findings import Findings
from .pairing import Conversation
from .report import as_json, as_text

__all__ = ["check"]


def check(given: CheckArguments) -> int:
    """Read, judge and report; return the exit code: 0 for no deviation, 1 for some, 2 for what can't be read.

    An interrupt ends the reading, not the report.
    """
    findings = Findings()
    conversations: dict[str, Conversation] = {}
    logs = [Log(path) for path in given.files]
    readable = True
    try:
        for log in logs:
            try:
                _read(log, given, conversations, findings)
            except (OSError, EOFError, zlib.error) as error:
                complain(f"{log.path}: {getattr(error, 'strerror', None) or error}")
                readable = False
    except KeyboardInterrupt:
        complain("interrupted: what follows is of the lines up to here")
        readable = False
    for each in conversations.values():
        each.end()
    if readable and not conversations:
        complain("no frame was found: is this a log of OCPP-J, with whole frames?")
        readable = False
    _tell(given, logs, list(conversations.values()), findings)
    return 2 if not readable else 1 if findings.kinds else 0


def _read(log: Log, given: CheckArguments, conversations: dict[str, Conversation], findings: Findings) -> None:
    path, unnamed = log.path, given.station
    for sighting in log.sightings():
        name = sighting.station or unnamed
        conversation = conversations.get(name)
        if conversation is None:
            conversation = conversations[name] = Conversation(name, findings, given.version)
        conversation.take(sighting, (path, log.lines))


def _tell(given: CheckArguments, logs: list[Log], conversations: list[Conversation], findings: Findings) -> None:
    console = Console(quiet=False)
    if given.json:
        console.say_json(as_json(logs, conversations, findings))
    elif conversations:
        for line in as_text(logs, conversations, findings):
            console.say(line)
    sys.stdout.flush()
