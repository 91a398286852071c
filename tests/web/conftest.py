"""The application over one index, for tests of views and panels."""

import contextlib
import socket
from pathlib import Path

import pytest

from fedora_packages import service as services
from fedora_packages import settings
from fedora_packages.connectors import declared
from fedora_packages.web.live_lookups import live_lookups_of
from tests.conftest import watched
from tests.sandbox.running import Running
from tests.upstream import Upstream
from tests.web.legacy.old_site import old_site
from tests.web.website import Website, website


@pytest.fixture
def index_folder(small_index) -> Path:
    """Where the search index is: a small one that nobody changes."""
    return small_index


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> str:
    """A folder for compiled templates: they are compiled once for all tests, and not for each application."""
    return str(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def answering():
    """A server for all tests of the application: at another address it would be another application."""
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def upstream(answering) -> Upstream:
    """An upstream that answers 404 until it is told otherwise."""
    answering.answers.clear()
    answering.asked.clear()
    # Some tests take its place.
    vars(answering).pop("answer", None)
    return answering


@pytest.fixture
def strings(strings, compiled) -> dict[str, str]:
    """Settings with a folder for compiled templates."""
    return {**strings, "mako.module_directory": compiled}


@pytest.fixture
def service(client, strings):
    """The parts of the service over an empty Redis, for looking at what the application does; a worker has just beaten."""
    watched(client)
    return services.build(settings.from_strings(strings, declared(), {}), "worker")


@pytest.fixture
def site(service, strings) -> Website:
    """The application over an empty cache; every upstream answers 404 until it is told otherwise."""
    with website(service, strings) as found:
        yield found


@pytest.fixture(scope="session")
def listening():
    """A socket for all tests that want silence: at another address it would be another application."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(128)
        server.setblocking(False)
        yield server


@pytest.fixture
def silent(listening):
    """The address of a server that takes connections and says nothing."""
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    hang_up(listening)


def hang_up(listening: socket.socket) -> None:
    """End the connections that wait for an answer."""
    with contextlib.suppress(BlockingIOError):
        while True:
            listening.accept()[0].close()


@pytest.fixture(scope="module")
def old(redis_url, compiled, tmp_path_factory) -> Website:
    """The application for old clients, one for all tests of a module: they change nothing."""
    with old_site(redis_url, compiled, tmp_path_factory.mktemp("old")) as found:
        yield found


@pytest.fixture(scope="module")
def sandbox():
    """A running sandbox, for all tests of this module."""
    with Running() as running:
        yield running


@pytest.fixture
def fedora(service, strings, sandbox):
    """The application with the sandbox's koji, bodhi and bugzilla behind it."""
    paths = {"koji": "kojihub", "bodhi": "bodhi", "bugzilla": "bugzilla"}
    urls = {f"connectors.{name}.url": f"{sandbox.url}/{path}" for name, path in paths.items()}
    # What comes of a busy machine is not what this is about.
    timeouts = {f"connectors.{name}.timeout": "10" for name in paths}
    with website(service, {**strings, **urls, **timeouts}) as site:
        site.app.app.registry.live_lookups = live_lookups_of(site.app.app.registry.service, wait=10)
        yield site
