"""The report: as text for people, as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from ocpp_fast import shown

from .files import Log
from .findings import Finding, Findings, Place, Refusal
from .pairing import Conversation
from .tolerance import tolerances

__all__ = ["as_json", "as_text"]

_LONGEST: Final = 1000
"""Characters of a line."""
_WORDS: Final = 100
"""Characters of an expectation."""
_PLAIN: Final = {
    "action": "no such action",
    "elements": "wrong number of elements (R6)",
    "json": "malformed (R1), or cut by the log",
    "length": "unique id too long or empty (R3)",
    "no answer": "not answered",
    "repeated id": "id in use (R13)",
    "second answer": "answered twice (R12)",
    "second call": "called before it was answered (R14)",
    "sender": "the other side's action (R8)",
    "unknown id": "answers no call (R12)",
}
"""Rules that are not of JSON Schema."""


def as_json(logs: Sequence[Log], conversations: Iterable[Conversation], findings: Findings) -> dict[str, Any]:
    """Return the report as a JSON object."""
    of_station = _by_station(findings)
    return {
        "files": [{"path": log.path, "lines": log.lines} for log in logs],
        "stations": [_object(each, *of_station.get(each.station, ([], []))) for each in conversations],
        "left_out": findings.left_out,
    }


def _object(told: Conversation, found: list[Finding], refusals: list[Refused]) -> dict[str, Any]:
    return {
        "station": told.station,
        "version": told.judge.version or None,
        "frames": {side.name: side.frames for side in (told.station_side, told.central_side)},
        "calls": {side.name: side.calls for side in (told.station_side, told.central_side)},
        "deviations": [
            {
                **{key: value for key, value in each.kind._asdict().items() if key != "station"},
                "habit": each.kind.habit or None,
                "answer": each.kind.answer or None,
                "count": each.count,
                "example": each.example,
                "first": _first(each.place),
                "answers": each.answers,
            }
            for each in found
        ],
        "tolerate": tolerances(each.kind for each in found),
        "call_errors": [
            {
                "by": refusal.refused_by,
                "action": refusal.action,
                "code": refusal.code,
                "count": count,
                "description": description,
                "first": _first(place),
            }
            for refusal, (count, place, description) in refusals
        ],
        "cut": told.cut,
        "repeats": told.repeats,
        "answers_to_earlier_calls": told.earlier,
        "open_at_the_end": told.pending,
    }


def _first(place: Place) -> dict[str, Any]:
    return {"file": place[0], "line": place[1]}


def as_text(logs: Sequence[Log], conversations: Sequence[Conversation], findings: Findings) -> Iterator[str]:
    """Yield the lines of the report: the station with the most deviations comes last, where the prompt is."""
    return (shown(line, _LONGEST) for line in _lines(logs, conversations, findings))


def _lines(logs: Sequence[Log], conversations: Sequence[Conversation], findings: Findings) -> Iterator[str]:
    of_station = _by_station(findings)
    clean = [each for each in conversations if each.station not in of_station]
    others = [each for each in conversations if each.station in of_station]
    others.sort(key=lambda each: sum(finding.count for finding in of_station[each.station][0]))
    frames = sum(side.frames for each in conversations for side in (each.station_side, each.central_side))
    lines = sum(log.lines for log in logs)
    for each in others:
        yield from _section(each, *of_station[each.station])
    if len(clean) > 5:
        yield f"{_counted(len(clean), 'station')} without a deviation or CALLERROR"
    else:
        for each in clean:
            yield f"{_title(each)}: no deviation"
            yield from _notes(each)
    if findings.left_out:
        yield f"{findings.left_out} deviations more, of too many kinds to be told apart"
    deviating = sum(each.count for each in findings.kinds.values())
    yield (
        f"{_counted(lines, 'line')}, {_counted(frames, 'frame')}, {_counted(len(conversations), 'station')}: "
        f"{_counted(deviating + findings.left_out, 'deviation')}"
    )


Refused = tuple[Refusal, tuple[int, Place, str]]


def _by_station(findings: Findings) -> dict[str, tuple[list[Finding], list[Refused]]]:
    """Return what was found of each station, the most frequent first."""
    of_station: dict[str, tuple[list[Finding], list[Refused]]] = {}
    for finding in sorted(findings.kinds.values(), key=lambda each: -each.count):
        of_station.setdefault(finding.kind.station, ([], []))[0].append(finding)
    for refusal, what in sorted(findings.refusals.items(), key=lambda each: -each[1][0]):
        of_station.setdefault(refusal.station, ([], []))[1].append((refusal, what))
    return of_station


def _section(told: Conversation, found: list[Finding], refusals: list[Refused]) -> Iterator[str]:
    yield _title(told)
    for each in found:
        yield from _finding(each)
    if refusals:
        yield "  CALLERRORs:"
        for refusal, (count, place, description) in refusals:
            yield (
                f"  {count:>9,} x  {refusal.code or '(no code)'} of the {refusal.refused_by} to "
                f"{refusal.action or '?'}: {description}  {_where(place)}"
            )
    lines = tolerances(each.kind for each in found)
    if lines:
        yield "  These lines of a policy let it pass:"
        yield from (f"    {line}" for line in lines)
    yield from _notes(told)
    yield ""


def _title(told: Conversation) -> str:
    station, central = told.station_side, told.central_side
    version = f"OCPP {told.judge.version}" if told.judge.version else "OCPP of a version that nothing tells"
    return (
        f"{told.station or '(a station without a name)'}, {version}: {_counted(station.frames, 'frame')} of the "
        f"station ({_counted(station.calls, 'call')}), {central.frames:,} of the central system ({central.calls:,})"
    )


def _finding(finding: Finding) -> Iterator[str]:
    kind = finding.kind
    message = f"{kind.action or 'frame'}{' result' if kind.message == 'CALLRESULT' and kind.action else ''}"
    rule = _PLAIN.get(kind.rule, kind.rule)
    what = f"{message} {kind.path}".rstrip()
    yield f"  {finding.count:>9,} x  {what}: {rule}, by the {kind.wrong}  {_where(finding.place)}"
    expected = kind.expected if len(kind.expected) <= _WORDS else f"{kind.expected[: _WORDS - 3]}..."
    example = f", not {finding.example}" if finding.example else ""
    if kind.rule != "no answer":
        yield f"               expected {expected}{example}"
    if finding.answers:
        answers = ", ".join(f"{answer or '(no code)'} {count:,} x" for answer, count in finding.answers.most_common())
        yield f"               answered with {answers}"


def _notes(told: Conversation) -> Iterator[str]:
    if told.cut:
        yield f"  {_counted(told.cut, 'frame')} that the log has cut, not judged"
    if told.repeats:
        yield f"  {_counted(told.repeats, 'frame')} came again unchanged: a retry, or the log has it twice"
    if told.earlier:
        yield f"  {_counted(told.earlier, 'answer')} to calls from before the log begins"
    if told.pending:
        calls = ", ".join(f"{name} ({count})" for name, count in told.pending.items())
        yield f"  open where the log ends: {calls}"


def _where(place: Place) -> str:
    return f"[{place[0]}:{place[1]}]"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
