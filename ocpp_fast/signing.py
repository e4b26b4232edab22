"""Signed frames, without I/O: chapter 7 of part 4 of OCPP 2.0.1 and 2.1 (R17). Needs the extra `signing`.

The plan of this module:

- `sign` and `verify` make and open one flattened JWS (RFC 7515, 7.2.2) around the text of a payload. The protected
  header names the action and the message type, so that a signature cannot be moved to a message of another kind, and
  should name the certificate of its key (`x5t#S256`).
- `Signing` holds the choices of an endpoint. `bind` puts a `SigningDecoder` and a `SigningEncoder` in front of the
  decoder and the encoder that its connections share.
- A signed CALL or SEND has the action `X-Signed`, which the decoder does not know; a signed CALLRESULT has a JWS that
  is not a valid payload. The `SigningDecoder` takes both faults up, verifies the JWS, and lets the decoder read its
  payload.
- The `SigningEncoder` lets the encoder write the payload alone, and frames it, signed or not. Errors are never signed,
  and 1.6 has no signed frames.

    signing = Signing(
        keys=lambda station, header: certificates.get((station, header.get("x5t#S256"))),
        signer=KeySigner(private_key, certificate=certificate),
        signs=lambda station, payload: isinstance(payload, v201.SetChargingProfileRequest),
        requires=lambda station, payload: isinstance(payload, v201.TransactionEventRequest),
    )
    central = CentralSystem(auth=..., versions=[v201], signing=signing)
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

from ._core.strict_json import dumps, loads
from ._core.violation import Violation
from .errors import CallError, InvalidSignature, SigningFailed
from .faults import Fault, MessageType
from .frames import (
    Call,
    CallResult,
    CallResultError,
    Decoder,
    Encoder,
    Faulty,
    Frame,
    FrameFault,
    MendedFrame,
    OpenCalls,
    Send,
)
from .schema import Action, Notification, Request, Response
from .signature import UNCHECKED, FoundKey, Key, Signature

__all__ = [
    "ALGORITHMS",
    "UNCHECKED",
    "Key",
    "KeySigner",
    "Signature",
    "Signer",
    "Signing",
    "sign",
    "thumbprint",
    "verify",
]

ALGORITHMS: Final = ("ES256", "RS256", "RS384")
"""The algorithms that are accepted (part 4, 7.3)."""

_SUFFIX: Final = "-Signed"
_ACTION: Final = "OCPPAction"
_MESSAGE_TYPE: Final = "OCPPMessageTypedId"  # as the document spells it
_MESSAGE_TYPES: Final = (_MESSAGE_TYPE, "OCPPMessageTypeId")
_MEMBERS: Final = ("payload", "protected", "signature")
_MAX_HEADER: Final = 16 * 1024  # has room for a chain of certificates
_MAX_SIGNATURE: Final = 2 * 1024  # and this for a key of 8192 bits
_ES256_SIGNATURE: Final = 64


Payload: TypeAlias = Request[Any] | Response | Notification
Choice: TypeAlias = Callable[[str, Payload], bool]


def _require_extra() -> None:
    if find_spec("joserfc") is None:
        raise ModuleNotFoundError("signed frames need joserfc: pip install 'ocpp_fast[signing]'", name="joserfc")


class Signer(Protocol):
    """Signs our messages: a `KeySigner`, or the driver of a key in a hardware module."""

    @property
    def header(self) -> Mapping[str, Any]:
        """The protected header without the parameters of OCPP: `alg`, and what names the key."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature of some bytes; for ES256 the 64 bytes of R and S (RFC 7518, 3.4). Called on the loop."""
        ...


class KeySigner:
    """Signs with a private key that is at hand: in PEM, with its `password` if it has one, or a JWK.

    `certificate`, in PEM, is named in the header. `algorithm` is ES256 for an EC key, RS256 (unless told otherwise) or
    RS384 for an RSA key. `header` adds parameters, say a `kid`.

    Raises `ValueError` or `TypeError` for an unusable key, and `ModuleNotFoundError` without the extra `signing`.
    """

    def __init__(
        self,
        key: Key,
        *,
        password: bytes | None = None,
        certificate: str | bytes | None = None,
        algorithm: str | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> None:
        _require_extra()
        from . import _jose

        self._key = _jose.private_key(key, password)
        fitting = ("ES256",) if self._key.key_type == "EC" else ("RS256", "RS384")
        algorithm = algorithm or fitting[0]
        if algorithm not in fitting:
            raise ValueError(f"algorithm: expected one of {', '.join(fitting)}, not {algorithm}")
        named: dict[str, Any] = {"alg": algorithm}
        if certificate is not None:
            if not _jose.same_key(self._key, certificate):
                raise ValueError("certificate: expected that of the key")
            named["x5t#S256"] = _jose.thumbprint(certificate)
        self.header: Mapping[str, Any] = MappingProxyType({**(header or {}), **named})
        self._sign = _jose.sign

    def sign(self, data: bytes) -> bytes:
        """Return the signature of some bytes."""
        return self._sign(data, self.header["alg"], self._key)


def thumbprint(certificate: str | bytes) -> str:
    """Return the `x5t#S256` of a certificate in PEM: the base64url of its SHA-256 hash."""
    _require_extra()
    from . import _jose

    return _jose.thumbprint(certificate)


# One payload


def sign(payload: bytes, signer: Signer, *, action: str, message_type: int) -> dict[str, str]:
    """Return the flattened JWS around a payload.

    `action` is without `-Signed`; for a CALLRESULT it is that of the CALL. Raises `ValueError` for a signature of the
    wrong size, and whatever the signer raises.
    """
    header = {**signer.header, _ACTION: action, _MESSAGE_TYPE: int(message_type)}
    protected, encoded = _encode(dumps(header)), _encode(payload)
    signature = signer.sign(f"{protected}.{encoded}".encode())
    if header["alg"] == "ES256" and len(signature) != _ES256_SIGNATURE:
        raise ValueError(f"signature: expected the {_ES256_SIGNATURE} bytes of R and S, not {len(signature)}")
    return {"payload": encoded, "protected": protected, "signature": _encode(signature)}


def verify(
    jws: Any, keys: Callable[[Mapping[str, Any]], FoundKey], *, action: str, message_type: int
) -> tuple[bytes, Signature]:
    """Return the payload of a flattened JWS and its signature, verified by the key that `keys` returns for its header.

    Raises `InvalidSignature` for any fault of it, whatever `keys` raises, and `ValueError` for an unusable key.
    """
    _require_extra()
    from . import _jose

    members = _members(jws)
    header = _header(_decode(members["protected"], "protected", _MAX_HEADER))
    if "crit" in header or "b64" in header:  # nothing critical is known here, and no other form of the payload
        raise InvalidSignature("a header without crit and b64")
    try:
        _jose.check_header(header)
    except ValueError:
        raise InvalidSignature("header parameters of the right types") from None
    _check_header(header, action, message_type)
    payload = _decode(members["payload"], "payload")
    _decode(members["signature"], "signature", _MAX_SIGNATURE)
    shown = MappingProxyType(header)
    key = keys(shown)
    if key is None:
        raise InvalidSignature("a key that is known here")
    if key is not UNCHECKED and not _jose.verify(members, _jose.public_key(key)):
        raise InvalidSignature("one that verifies")
    return payload, Signature(shown, key, MappingProxyType(members))


def _members(jws: Any) -> dict[str, str]:
    """Return the three members of a flattened JWS; others are ignored (RFC 7515)."""
    if not isinstance(jws, dict) or "header" in jws or "signatures" in jws:
        raise InvalidSignature("a flattened JWS, with nothing in an unprotected header")
    members = {name: value for name in _MEMBERS if isinstance(value := jws.get(name), str)}
    if len(members) != len(_MEMBERS):
        raise InvalidSignature(f"a flattened JWS of {', '.join(_MEMBERS)}")
    return members


def _encode(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(text: str, member: str, limit: int | None = None) -> bytes:
    if limit is not None and len(text) > limit:
        raise InvalidSignature(f"at most {limit} characters as {member}")
    try:
        value = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise InvalidSignature(f"base64url as {member}") from None
    if _encode(value) != text:  # the decoder skips characters outside base64url
        raise InvalidSignature(f"base64url without padding as {member}")
    return value


def _header(raw: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(members := dict(pairs)) != len(pairs):
            raise ValueError("a name stands twice")
        return members

    try:
        loads(raw)  # the grammar and the depth of R26
        header = json.loads(raw, object_pairs_hook=unique)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise InvalidSignature("a JSON object with unique names as protected header")
    return header


def _check_header(header: Mapping[str, Any], action: str, message_type: int) -> None:
    if header["alg"] not in ALGORITHMS:
        raise InvalidSignature(f"alg to be one of {', '.join(ALGORITHMS)}")
    if header.get(_ACTION) != action:
        raise InvalidSignature(f"{_ACTION} to be the action of the frame")
    named = [header[name] for name in _MESSAGE_TYPES if name in header]
    right = (int(message_type), str(int(message_type)))  # the document does not say which
    if not named or not all(type(each) in (int, str) and each in right for each in named):
        raise InvalidSignature(f"{_MESSAGE_TYPE} to be the message type of the frame")


# One endpoint


class Signing:
    """The signatures that an endpoint accepts and makes.

    Every function gets the station's identity first. `keys` returns the `Key` for a protected header, `UNCHECKED`, or
    None for a signer that is not known; it runs on the event loop. It must not trust a key that the header itself
    carries (`jwk`, `x5c`, `jku`, `x5u`).

    `signer` signs the answers to signed calls (7.2; not with `answers=False`), and every payload for which `signs`
    returns True. `requires` returns True for payloads that are refused when they arrive unsigned or `UNCHECKED`;
    without it, anyone between the two sides can remove a signature.

    Raises `ModuleNotFoundError` without the extra `signing`.
    """

    def __init__(
        self,
        *,
        keys: Callable[[str, Mapping[str, Any]], FoundKey],
        signer: Signer | None = None,
        signs: Choice | None = None,
        requires: Choice | None = None,
        answers: bool = True,
    ) -> None:
        _require_extra()
        from . import _jose  # noqa: F401  # now, not while a first signed frame waits

        if signs is not None and signer is None:
            raise ValueError("signs: expected a signer too")
        if signer is not None and signer.header.get("alg") not in ALGORITHMS:
            raise ValueError(f"signer: expected alg to be one of {', '.join(ALGORITHMS)}")
        self.keys = keys
        self.signer = signer
        self.signs = signs
        self.requires = requires
        self.answers = answers

    def bind(self, identity: str, decoder: Decoder, encoder: Encoder) -> tuple[SigningDecoder, SigningEncoder]:
        """Return the decoder and the encoder of one station's connection."""
        return SigningDecoder(self, identity, decoder), SigningEncoder(self, identity, encoder)


class SignedCall(Call):
    """A CALL that was signed."""

    __slots__ = ("signature",)

    def __init__(self, unique_id: str, action: Action, payload: Any, raw: bytes, signature: Signature) -> None:
        super().__init__(unique_id, action, payload, raw)
        self.signature = signature

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.unique_id, self.action, self.payload, self.raw, self.signature)


Opened: TypeAlias = tuple[Frame, Signature, list[FrameFault]]
"""A frame that was signed, by whom, and what was tolerated in it."""


class SigningDecoder:
    """Stands in front of a `Decoder` that many connections share: opens signed frames and lets it read them."""

    __slots__ = ("_decoder", "_identity", "_signing")

    def __init__(self, signing: Signing, identity: str, decoder: Decoder) -> None:
        self._signing = signing
        self._identity = identity
        self._decoder = decoder

    def decode(self, raw: bytes, open_call: OpenCalls) -> Frame:
        """Return the frame in some bytes; as `Decoder.decode`."""
        signature = None
        tolerated: list[FrameFault] = []
        try:
            frame = self._decoder.decode(raw, open_call)
        except FrameFault as fault:
            opened = self._opened(raw, fault, open_call)
            if opened is None:
                raise
            frame, signature, tolerated = opened
        except MendedFrame as mended:  # a JWS may be left of which only the unknown fields were tolerated
            opened = self._opened(raw, mended.faults[0], open_call)
            frame, signature, tolerated = opened or (mended.frame, None, mended.faults)
        if self._signing.requires is not None and (signature is None or not signature.checked):
            self._check_required(self._signing.requires, frame)
        if tolerated:
            raise MendedFrame(frame, tolerated)
        return frame

    def _opened(self, raw: bytes, fault: FrameFault, open_call: OpenCalls) -> Opened | None:
        """Return the signed frame behind a fault; None where the fault has nothing to do with signing."""
        elements = fault.elements or []
        if fault.fault is Fault.UNKNOWN_ACTION:
            message_type, unique_id, name, jws = elements
            if name.endswith(_SUFFIX):
                return self._opened_call(raw, message_type, unique_id, name.removesuffix(_SUFFIX), jws)
        elif fault.message_type == MessageType.CALLRESULT and len(elements) == 3 and _is_jws(elements[2]):
            action = open_call(fault.unique_id)
            if action is not None and fault.violation is not None:
                return self._opened_result(action, fault.unique_id, elements[2])
        return None

    def _opened_result(self, action: Action, unique_id: str, jws: Any) -> Opened:
        faulty = self._decoder.faulty(MessageType.CALLRESULT, unique_id)
        text, signature = self._verified(jws, action.name, MessageType.CALLRESULT, faulty)
        payload = self._decoder.payload(action, MessageType.CALLRESULT, text, faulty)
        return CallResult(unique_id, payload), signature, faulty.mended_faults()

    def _opened_call(self, raw: bytes, message_type: int, unique_id: str, name: str, jws: Any) -> Opened:
        faulty = self._decoder.faulty(message_type, unique_id)
        action = self._decoder.expect(name, message_type, faulty)
        text, signature = self._verified(jws, name, message_type, faulty)
        payload = self._decoder.payload(action, message_type, text, faulty)
        kind = SignedCall if message_type == MessageType.CALL else Send
        return kind(unique_id, action, payload, raw, signature), signature, faulty.mended_faults()

    def _verified(self, jws: Any, name: str, message_type: int, faulty: Faulty) -> tuple[bytes, Signature]:
        try:
            return verify(jws, self._key_of, action=name, message_type=message_type)
        except InvalidSignature as error:
            raise _fault(faulty, error.expected) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of the user's lookup
            raise _fault(faulty, "a key lookup that works", Fault.HANDLER) from error

    def _key_of(self, header: Mapping[str, Any]) -> FoundKey:
        return self._signing.keys(self._identity, header)

    def _check_required(self, requires: Choice, frame: Frame) -> None:
        if isinstance(frame, (CallError, CallResultError)):
            return  # errors are never signed
        faulty = self._decoder.faulty(_message_type(frame), frame.unique_id)
        try:
            required = requires(self._identity, frame.payload)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of the user's function
            raise _fault(faulty, "a rule that works", Fault.HANDLER) from error
        if required:
            raise _fault(faulty, "the message to have one that was checked")


def _fault(faulty: Faulty, expected: str, fault: Fault = Fault.SIGNATURE) -> FrameFault:
    violation = Violation("signature", "signature", expected)
    return faulty(fault, f"signature: expected {expected}", violation=violation)


def _is_jws(value: Any) -> bool:
    return isinstance(value, dict) and all(name in value for name in _MEMBERS)


def _message_type(frame: Call | CallResult | Send) -> MessageType:
    if isinstance(frame, CallResult):
        return MessageType.CALLRESULT
    return MessageType.CALL if isinstance(frame, Call) else MessageType.SEND


class SigningEncoder:
    """Stands in front of an `Encoder` that many connections share: signs the payloads that `Signing` chooses.

    Its methods raise `SigningFailed`, too.
    """

    __slots__ = ("_encoder", "_identity", "_signing", "error", "refuses_results")

    def __init__(self, signing: Signing, identity: str, encoder: Encoder) -> None:
        self._signing = signing
        self._identity = identity
        self._encoder = encoder
        self.error = encoder.error
        self.refuses_results = encoder.refuses_results

    def call(self, unique_id: str, request: Request[Any]) -> bytes:
        """Return a CALL, signed or not."""
        if self._signing.signer is None:
            return self._encoder.call(unique_id, request)
        return self._request(MessageType.CALL, unique_id, request)

    def send(self, unique_id: str, notification: Notification) -> bytes:
        """Return a SEND, signed or not."""
        if self._signing.signer is None:
            return self._encoder.send(unique_id, notification)
        return self._request(MessageType.SEND, unique_id, notification)

    def result(self, call: Call, response: Any) -> bytes:
        """Return the CALLRESULT that answers `call`, signed or not."""
        if self._signing.signer is None:
            return self._encoder.result(call, response)
        text = self._encoder.payload(call.action, call.action.response, response)
        asked = call.signature is not None and self._signing.answers
        jws = self._signed(text, call.action, MessageType.CALLRESULT, response, asked=asked)
        return b"[3,%b,%b]" % (dumps(call.unique_id), text if jws is None else jws)

    def _request(self, message_type: MessageType, unique_id: str, payload: Request[Any] | Notification) -> bytes:
        action = self._encoder.expect(payload, message_type)
        text = self._encoder.payload(action, action.request, payload)
        jws = self._signed(text, action, message_type, payload)
        name, text = (action.name, text) if jws is None else (action.name + _SUFFIX, jws)
        return b"[%d,%b,%b,%b]" % (message_type, dumps(unique_id), dumps(name), text)

    def _signed(
        self, text: bytes, action: Action, message_type: MessageType, payload: Payload, *, asked: bool = False
    ) -> bytes | None:
        """Return the JSON text of the JWS around a payload's text; None where it is not to be signed."""
        signing = self._signing
        assert signing.signer is not None
        try:
            if not asked and (signing.signs is None or not signing.signs(self._identity, payload)):
                return None
            return dumps(sign(text, signing.signer, action=action.name, message_type=message_type))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of the user's function, or of the signer
            raise SigningFailed(f"{action.name} could not be signed") from error
