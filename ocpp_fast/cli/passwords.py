"""Passwords as people write them down: text, or the 40 hexadecimal digits of 1.6's AuthorizationKey."""

from __future__ import annotations

import codecs
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

    It is UTF-8, with a byte order mark or without; a line ends as on any system. Raises `OSError`, or `ValueError` that
    names the line, and shows nothing of a password.
    """
    passwords: dict[str, bytes] = {}
    lines = re.split(rb"\r\n|\r|\n", Path(path).read_bytes().removeprefix(codecs.BOM_UTF8))
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            identity, password = _entry(line)
            if identity in passwords:
                raise ValueError(f"{identity} stands there twice")
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
        passwords[identity] = password
    return passwords


def _entry(line: bytes) -> tuple[str, bytes]:
    try:
        identity, colon, password = line.decode().partition(":")
    except UnicodeDecodeError:
        raise ValueError("expected UTF-8") from None
    if not identity or not colon:
        raise ValueError("expected identity:password")
    if identity != identity.strip() or not identity.isprintable():
        raise ValueError("expected an identity without blanks around it, or control characters in it")
    if not password:
        raise ValueError("the password is empty")
    return identity, to_password(password)
