"""Passwords as people write them down: text, or the 40 hexadecimal digits of 1.6's AuthorizationKey."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["read_passwords", "to_password"]


def to_password(text: str) -> bytes:
    """Return the password that `text` names: `hex:` and 40 hexadecimal digits, or the text itself in UTF-8.

    Raises `ValueError`, without the text in it.
    """
    if not text.startswith("hex:"):
        return text.encode()
    digits = text.removeprefix("hex:")
    if not re.fullmatch("[0-9A-Fa-f]{40}", digits):
        raise ValueError("expected 40 hexadecimal digits after hex:")
    return bytes.fromhex(digits)


def read_passwords(path: str) -> dict[str, bytes]:
    """Read a file of `identity:password` lines; empty lines and those that begin with # are skipped.

    Raises `OSError`, or `ValueError` that names the line.
    """
    passwords: dict[str, bytes] = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        identity, colon, password = line.partition(":")
        if not identity or not colon:
            raise ValueError(f"{path}, line {number}: expected identity:password")
        if identity in passwords:
            raise ValueError(f"{path}, line {number}: {identity} stands there twice")
        try:
            passwords[identity] = to_password(password)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
    return passwords
