"""The conversation of one station and its central system: calls are paired with answers, and both are judged."""

from __future__ import annotations

from collections import Counter
from typing import Final

from .findings import CENTRAL, STATION, Finding, Findings, Place, Refusal
from .judging import CALL, CALLERROR, CALLRESULT, CALLRESULTERROR, SEND, SENDERS, Judge, unsigned
from .mending import Deviation, shown
from .reading import Parts, quick_parts, thorough_parts
from .sighting import Sighting

__all__ = ["Conversation"]

_OPEN: Final = 16
"""So many calls of one side are waited for; the oldest is then given up."""
_ANSWERED: Final = 64
"""So many ids that were answered are remembered."""
_SURE: Final = 3
"""So many calls more must speak for one reading of a log's directions than for the other."""
_NAMES: Final = {CALL: "CALL", CALLRESULT: "CALLRESULT", CALLERROR: "CALLERROR", CALLRESULTERROR: "CALLRESULTERROR"} | {
    SEND: "SEND"
}


class _OpenCall:
    __slots__ = ("action", "digest", "findings", "overtaken", "place", "signed")

    def __init__(self, action: str, signed: bool, digest: int, place: Place, findings: list[Finding]) -> None:
        self.action = action
        self.signed = signed
        self.digest = digest
        self.place = place
        self.findings = findings
        self.overtaken = ""
        """The action of the first call that did not wait for the answer."""


class _Side:
    """What one side has called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.frames = 0
        self.calls = 0
        self.open: dict[str, _OpenCall] = {}
        self.answered: dict[str, tuple[str, int]] = {}
        """The actions of its last calls that were answered, and the hashes of the answers."""


class Conversation:
    """The frames of one station, in their order."""

    def __init__(self, station: str, findings: Findings, version: str) -> None:
        self.station = station
        self.judge = Judge(version, told=bool(version))
        self.station_side = _Side(STATION)
        self.central_side = _Side(CENTRAL)
        self.repeats = 0
        """Frames that came again with the same bytes: retries (R13), or a log that has them twice."""
        self.cut = 0
        """Frames that the log has cut; they are not judged."""
        self.earlier = 0
        """Answers to calls from before the log begins."""
        self.pending: Counter[str] = Counter()
        """Calls whose answers may come behind the end of the log."""
        self._findings = findings
        self._central_log = 0
        """How many calls more are told by a log of the central system than by one of the station."""

    def take(self, sighting: Sighting, place: Place) -> None:
        """Take the next frame."""
        raw = sighting.raw
        if sighting.version and sighting.version != self.judge.version:
            self.judge.heard(sighting.version)
        parts = quick_parts(raw) or thorough_parts(raw)
        self.cut += parts.cut
        if parts.kind in (CALL, SEND):
            self._call(parts, sighting, place)
        elif parts.kind in (CALLRESULT, CALLERROR):
            self._answer(parts, sighting, place)
        else:
            self._other_frame(parts, sighting, place)

    def end(self) -> None:
        """The log has ended: what was not answered won't be."""
        for side in (self.station_side, self.central_side):
            for call in side.open.values():
                if call.overtaken:
                    self._unanswered(side, call)
                else:
                    self.pending[f"{call.action} of the {side.name}"] += 1
            side.open.clear()

    # Who speaks

    def _side(self, from_station: bool) -> _Side:
        return self.station_side if from_station else self.central_side

    def _other(self, side: _Side) -> _Side:
        return self.central_side if side is self.station_side else self.station_side

    def _told(self, sighting: Sighting) -> bool | None:
        """Return whether the log says that the station has sent a frame; None if it does not say who has."""
        if sighting.from_station is not None or sighting.sent is None:
            return sighting.from_station
        return sighting.sent is (self._central_log < 0)

    def _caller(self, action: str, sighting: Sighting) -> tuple[_Side, bool]:
        """Return who made a call, and whether that side may: the action tells, and the log."""
        sender = SENDERS.get(action)
        if sighting.sent is not None and sender is not None and sighting.from_station is None:
            self._central_log += 1 if sighting.sent is not sender else -1
        told = self._told(sighting)
        if sender is None or told is sender:
            return self._side(told is not False), True
        sure = sighting.from_station is not None or (sighting.sent is not None and abs(self._central_log) >= _SURE)
        return (self._side(bool(told)), False) if sure and told is not None else (self._side(sender), True)

    # Calls

    def _call(self, parts: Parts, sighting: Sighting, place: Place) -> None:
        action, payload = unsigned(parts.action, parts.payload)
        caller, may = self._caller(action, sighting)
        caller.frames += 1
        confirmed = parts.kind == CALL
        caller.calls += confirmed
        digest = hash(sighting.raw)
        deviations = list(parts.deviations)
        if confirmed and parts.unique_id in caller.open:
            if caller.open[parts.unique_id].digest == digest:
                self.repeats += 1
                return
            example = shown(parts.unique_id)
            deviations.append(Deviation("uniqueId", "repeated id", "an id that is not in use", example))
        if not may:
            deviations.append(Deviation("", "sender", f"a call of the {self._other(caller).name}", action))
        if payload:
            deviations += self._judged(parts.kind, action, payload, sighting.raw)
        found = self._note_all(caller, action, parts.kind, deviations, place) if deviations else []
        if confirmed:
            signed = action != parts.action
            self._open(caller, parts.unique_id, _OpenCall(action, signed, digest, place, found))

    def _open(self, caller: _Side, unique_id: str, call: _OpenCall) -> None:
        if call.action == "BootNotification":
            # a station that boots has forgotten all
            for each in (self.station_side, self.central_side):
                for forgotten in each.open.values():
                    self._unanswered(each, forgotten)
                each.open.clear()
        for earlier in caller.open.values():
            earlier.overtaken = earlier.overtaken or call.action or "?"
        if len(caller.open) >= _OPEN:
            self._unanswered(caller, caller.open.pop(next(iter(caller.open))))
        caller.open[unique_id] = call

    def _judged(self, kind: int, action: str, payload: bytes, raw: bytes) -> list[Deviation]:
        deviations = self.judge.judge(kind, action, payload)
        if deviations and deviations[0].rule == "json":
            again = thorough_parts(raw)
            if again.deviations:
                return list(again.deviations)
            if again.payload != payload and again.kind == kind:
                return self.judge.judge(kind, action, unsigned(again.action, again.payload)[1])
        return deviations

    # Answers

    def _answer(self, parts: Parts, sighting: Sighting, place: Place) -> None:
        caller = self._called(parts.unique_id, sighting)
        answerer = self._other(caller)
        answerer.frames += 1
        call = caller.open.pop(parts.unique_id, None)
        if call is None:
            self._unknown_answer(parts, sighting, caller, answerer, place)
            return
        self._remember(caller, parts.unique_id, call.action, hash(sighting.raw))
        if call.overtaken:
            expected = "one call at a time"
            example = f"{call.overtaken} before the answer to {call.action}"
            self._note(caller, call.action, CALL, Deviation("", "second call", expected, example), call.place)
        deviations = list(parts.deviations)
        if parts.kind == CALLERROR:
            refusal = Refusal(self.station, answerer.name, call.action, parts.code)
            self._findings.refused(refusal, place, shown(parts.description))
        elif parts.payload:
            payload = unsigned("-Signed", parts.payload)[1] if call.signed else parts.payload
            deviations += self._judged(CALLRESULT, call.action, payload, sighting.raw)
        for finding in call.findings:
            finding.answers[parts.code if parts.kind == CALLERROR else "result"] += 1
        if deviations:
            self._note_all(answerer, call.action, parts.kind, deviations, place)

    def _called(self, unique_id: str, sighting: Sighting) -> _Side:
        """Return who made the call that an answer is to: who has it open, or else who does not answer by the log."""
        in_station, in_central = (unique_id in each.open for each in (self.station_side, self.central_side))
        if in_station is not in_central:
            return self._side(in_station)
        told = self._told(sighting)
        if told is None:
            return self._side(in_station or unique_id in self.station_side.answered)
        return self._side(not told)

    def _unknown_answer(self, parts: Parts, sighting: Sighting, caller: _Side, answerer: _Side, place: Place) -> None:
        _, answer = caller.answered.get(parts.unique_id, ("", None))
        if answer == hash(sighting.raw):
            self.repeats += 1
        elif not caller.calls:
            self.earlier += 1
        else:
            what = "second answer" if parts.unique_id in caller.answered else "unknown id"
            deviations = [
                *parts.deviations,
                Deviation("uniqueId", what, "the id of an open call", shown(parts.unique_id)),
            ]
            self._note_all(answerer, "", parts.kind, deviations, place)

    def _remember(self, caller: _Side, unique_id: str, action: str, answer: int) -> None:
        caller.answered.pop(unique_id, None)
        caller.answered[unique_id] = action, answer
        if len(caller.answered) > _ANSWERED:
            del caller.answered[next(iter(caller.answered))]

    def _other_frame(self, parts: Parts, sighting: Sighting, place: Place) -> None:
        """Take a CALLRESULTERROR (R10), or a frame of a type that there is not."""
        told = self._told(sighting)
        side = self._side(parts.unique_id in self.station_side.answered if told is None else told)
        side.frames += 1
        action, _ = side.answered.get(parts.unique_id, ("", 0))
        self._note_all(side, action, parts.kind, list(parts.deviations), place)
        if parts.kind == CALLRESULTERROR:
            refusal = Refusal(self.station, side.name, f"{action or '?'} result", parts.code)
            self._findings.refused(refusal, place, shown(parts.description))

    def _unanswered(self, caller: _Side, call: _OpenCall) -> None:
        deviation = Deviation("", "no answer", "an answer", "")
        self._note(self._other(caller), call.action, CALL, deviation, call.place)

    # What is found

    def _note(self, side: _Side, action: str, kind: int, deviation: Deviation, place: Place) -> Finding | None:
        return self._findings.add(self.station, side.name, action, _NAMES.get(kind, ""), deviation, place)

    def _note_all(
        self, side: _Side, action: str, kind: int, deviations: list[Deviation], place: Place
    ) -> list[Finding]:
        found = (self._note(side, action, kind, each, place) for each in deviations)
        return [each for each in found if each is not None]
