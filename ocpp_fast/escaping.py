"""The one place that makes fit for a line what a peer wrote: logs, texts of exceptions, events, terminals."""

from __future__ import annotations

from typing import Final

__all__ = ["described", "shown"]

MAX_SHOWN: Final = 255


def shown(text: str, limit: int = MAX_SHOWN) -> str:
    r"""Return a text on one line, printable, of at most `limit` characters; one that is cut ends with three dots.

    What is not printable becomes an escape of Python's: line ends, control sequences of terminals, marks that turn the
    direction of writing, lone surrogates. A backslash stays as it is, so that a text may be passed in again.
    """
    if not text.isprintable():
        text = "".join(each if each.isprintable() else _escape(each) for each in text[: limit + 1])
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def described(error: BaseException) -> str:
    """Return the class of an exception and its text; the class alone if making the text raises."""
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  # of the user's class
        return name


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
