"""Fixtures: a sandbox that all tests read, and one for each test that changes it."""

import pytest

from .running import Running


@pytest.fixture(scope="session")
def quiet():
    """A running sandbox that no test changes."""
    with Running() as running:
        yield running


@pytest.fixture
def live():
    """A running sandbox of the test's own."""
    with Running() as running:
        yield running
