"""A running service for tests: one for all that leave it as it was, a fresh one for those that break it."""

import os
from contextlib import contextmanager

import pytest

from .site import ROOT, Site, start


@contextmanager
def running(folder):
    """Give a service with everything started, in the folder that its ini file is in."""
    before = os.getcwd()
    os.chdir(ROOT)
    site = start(folder)
    try:
        site.build_index()
        site.start_worker()
        site.start_web()
        yield site
    finally:
        site.close()
        os.chdir(before)


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory):
    with running(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def troubled_site(tmp_path_factory):
    """A service for one module, which need not leave it well: what hangs may hang on for a while."""
    with running(tmp_path_factory.mktemp("troubled")) as site:
        yield site


@pytest.fixture
def site(shared_site) -> Site:
    """The shared service, with no faults before and after."""
    shared_site.reset_faults()
    yield shared_site
    shared_site.reset_faults()


@pytest.fixture
def own_site(tmp_path, monkeypatch) -> Site:
    """A service of the test's own: Redis, sandbox and index; worker and web are not started."""
    monkeypatch.chdir(ROOT)
    found = start(tmp_path / "site")
    try:
        found.build_index()
        yield found
    finally:
        found.close()
