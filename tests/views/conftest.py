"""The application, for tests of views."""

import pytest

from .website import Website, website


@pytest.fixture
def site(service, strings) -> Website:
    """The application over an empty cache; every upstream answers 404 until it is told otherwise."""
    with website(service, strings) as found:
        yield found
