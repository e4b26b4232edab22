"""The connections that the tests share."""

from collections.abc import Iterator

import pytest

from .links import Links


@pytest.fixture(scope="session")
def links() -> Iterator[Links]:
    """One connection of each role and version, opened when first asked for."""
    links = Links()
    yield links
    links.close()
