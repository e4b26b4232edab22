"""The signature of a received message (R17), as handlers see it; `signing` verifies it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

__all__ = ["UNCHECKED", "FoundKey", "Key", "Signature"]


class _Unchecked(Enum):
    UNCHECKED = "UNCHECKED"

    def __repr__(self) -> str:
        return self.name


UNCHECKED: Final = _Unchecked.UNCHECKED
"""Stands for a key: accept the message without verifying its signature (part 4, 7.2 allows that)."""

Key: TypeAlias = str | bytes | Mapping[str, Any]
"""A public key: in PEM, its certificate in PEM, or a JWK. EC keys are on P-256, RSA keys have 2048 bits or more."""
FoundKey: TypeAlias = Key | Literal[_Unchecked.UNCHECKED] | None


class Signature:
    """The signature of a message that was received.

    `header` is the protected header and `key` what the `keys` hook gave for it, `UNCHECKED` included; `jws` are the
    members of the JWS as they came, which prove to others what was signed.
    """

    __slots__ = ("header", "jws", "key")

    def __init__(self, header: Mapping[str, Any], key: FoundKey, jws: Mapping[str, str]) -> None:
        self.header = header
        self.key = key
        self.jws = jws

    @property
    def checked(self) -> bool:
        """Whether the signature was found to be right; False where its key was `UNCHECKED`."""
        return self.key is not UNCHECKED

    @property
    def thumbprint(self) -> str | None:
        """The header's `x5t#S256`, which names the signer's certificate: as in `thumbprint(certificate)`."""
        return self.header.get("x5t#S256")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Signature):
            return NotImplemented
        return (self.header, self.key, self.jws) == (other.header, other.key, other.jws)

    __hash__ = None  # type: ignore[assignment]  # keys may be mappings

    def __repr__(self) -> str:
        return f"Signature({dict(self.header)!r}, {'checked' if self.checked else 'unchecked'})"
