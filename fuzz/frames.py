"""Frames in both cores: the first byte chooses the version, the side and the policy; the rest is a frame.

Whatever the compiled core accepts, the reference accepts with an equal value, and both write it alike. Every fault is
answered with an error frame, alike in both, that the other side reads.
"""

from __future__ import annotations

from typing import Any

from .target import fuzz, instrument_imports

with instrument_imports(include=["ocpp_fast"]):
    from ocpp_fast import LENIENT, STRICT, CallError, FrameFault, ValidationError
    from ocpp_fast._core.strict_json import loads
    from ocpp_fast.faults import MessageType
    from ocpp_fast.frames import Call, CallResult, CallResultError, Decoder, Encoder, Send, _write_error
    from ocpp_fast.schema import CENTRAL, STATION, Action, Sender, Version

from tests.parity.cores import DECLINED, VERSIONS, Disparity, Pair, Watched, difference


class Side(Pair):
    """One side of a version, in both cores."""

    def __init__(self, version: Version, receiver: Sender, policy: Any) -> None:
        decoder = Watched(version, receiver, lambda _: True, policy)
        super().__init__(decoder)
        self.version = version
        self.receiver = receiver
        self.decoder = decoder
        self.encoder = Encoder(version, policy)
        self.peer = Decoder(version, ~receiver & Sender.BOTH, lambda _: True, policy)

    def __repr__(self) -> str:
        return f"{self.version.number} {self.receiver.name}"

    def _open_call(self, unique_id: str) -> Action | None:
        """Our open call of an action has its name as the unique id."""
        action = self.version.actions.get(unique_id)
        return None if action is None or action.response is None or not action.sender & self.receiver else action

    def play(self, raw: bytes) -> None:
        """Read a frame, and write what it becomes."""
        frame = self.check_read(raw)
        try:
            if frame is DECLINED:
                frame = self.decoder.reference(raw, self._open_call)
        except FrameFault as fault:
            if fault.answered:
                self._play_fault(fault)
        else:
            self._play_frame(frame)

    def _play_fault(self, fault: FrameFault) -> None:
        is_result = fault.message_type == MessageType.CALLRESULT
        kind = MessageType.CALLRESULTERROR if is_result else MessageType.CALLERROR
        written = self.encoder.error(fault.unique_id, fault, kind)
        parts = (int(kind), fault.unique_id, *_code_and_text(written))
        if written != _write_error(*parts, {}):
            raise Disparity(f"{self}: {written!r} is written otherwise by the reference")
        answer = self.peer.decode(written, lambda _: next(iter(self.version.actions.values())))
        error = answer.error if isinstance(answer, CallResultError) else answer
        if not isinstance(error, CallError) or error.unique_id != fault.unique_id:
            raise Disparity(f"{self}: {written!r} is read as {answer!r}")

    def _play_frame(self, frame: Any) -> None:
        encoder = self.encoder
        if isinstance(frame, CallResult):
            call = Call(frame.unique_id, self._open_call(frame.unique_id), None, b"")
            written = _written(encoder.result, call, frame.payload)
            expected = _written(encoder._result, call, frame.payload)
        elif isinstance(frame, Call):
            written = _written(encoder.call, frame.unique_id, frame.payload)
            expected = _written(encoder._call, frame.unique_id, frame.payload)
        elif isinstance(frame, Send):
            written = _written(encoder.send, frame.unique_id, frame.payload)
            expected = _written(encoder._send, frame.unique_id, frame.payload)
        else:
            return
        if written != expected:
            raise Disparity(f"{self}, writing {frame!r}:\ncompiled  {written!r}\nreference {expected!r}")
        if isinstance(written, bytes):
            again = self.decoder.reference(written, self._open_call)
            second = self.check_read(written)
            if second is not DECLINED and (unlike := difference(second.payload, again.payload)):
                raise Disparity(f"{self}, reading what was written: {unlike}\n{written!r}")


def _code_and_text(written: bytes) -> tuple[str, str]:
    _, _, code, text, _ = loads(written)
    return code, text


def _written(write: Any, head: Any, payload: Any) -> bytes | str:
    try:
        frame: bytes = write(head, payload)
    except ValidationError as error:
        return str(error)
    return frame


SIDES = [
    Side(version, side, policy) for version in VERSIONS for side in (CENTRAL, STATION) for policy in (STRICT, LENIENT)
]


def play(data: bytes) -> None:
    """Play one input."""
    if data:
        SIDES[data[0] % len(SIDES)].play(data[1:])


if __name__ == "__main__":
    fuzz(play)
