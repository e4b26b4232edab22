"""The connections that the tests share."""

from collections.abc import Iterator

import pytest

from .links import ROLES, Link, Links
from .package import PACKAGES


@pytest.fixture(scope="session")
def links() -> Iterator[Links]:
    """One connection of each role and version, opened when first asked for."""
    links = Links()
    yield links
    links.close()


@pytest.fixture(
    params=[(ours, package) for ours in ROLES for package in PACKAGES],
    ids=lambda each: f"{each[0].name}-{each[1].name}",
)
def link(links: Links, request: pytest.FixtureRequest) -> Link:
    """Each of these connections in turn; both sides accept any DataTransfer."""
    link = links.open(*request.param)
    link.accept()
    return link
