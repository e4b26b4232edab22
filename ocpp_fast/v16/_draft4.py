"""The base of the messages whose schemas are draft-04: all of 1.6 but the security extension (R20)."""

from typing import Generic, TypeVar

from .. import schema

__all__ = ["Request"]

R = TypeVar("R", bound=schema.Response)


class Request(schema.Request[R], Generic[R], draft=4):
    """A request of 1.6 as first published: an integer is written without a fraction."""
