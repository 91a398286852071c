"""Fixtures for all tests: a real Redis on a free port, recorded messages and answers, and nothing beyond this machine."""

import gc
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
import redis

from fedora_packages import service as services
from fedora_packages import settings
from fedora_packages.cache.redis import connect
from fedora_packages.connectors import declared, load
from fedora_packages.connectors.query import Queries
from fedora_packages.monitoring.heartbeat import write_heartbeat
from fedora_packages.sandbox.devserver import DevServer
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.writer import Writer

from .upstream import Upstream, connector_strings

# Each example may have to wait for Redis or a disk on a busy machine: time is not what these tests are about.
hypothesis.settings.register_profile("suite", deadline=None, max_examples=50)
hypothesis.settings.load_profile("suite")

#: Recorded messages, upstream answers and packages, beside the project where there are any.
DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure():
    """Let the garbage collector look less often: what tests make is little, and its rounds took a tenth of the time."""
    gc.set_threshold(2000, 10, 100)


def pytest_collection_modifyitems(items):
    """Run groups before everything else: they wait for processes, and none of a run's own is to be alone with one in the end."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def pytest_collection_finish():
    """Spare the garbage collector what is there for the whole run: modules and tests."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Say how tests are given to the processes of a run."""
    if config.getvalue("dist") != "loadgroup":
        return None
    # Only here is there xdist for certain.
    from .distribution import Distribution

    return Distribution(config, log)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    """The address of a Redis server of the test run's own, which keeps nothing."""
    devserver = DevServer(tmp_path_factory.mktemp("redis"))
    try:
        yield devserver.redis("--save", "", "--appendonly", "no")
    finally:
        devserver.stop_all()


@pytest.fixture(scope="session")
def connected(redis_url) -> redis.Redis:
    """A client with a connection that lasts: to make one takes longer than most of what is asked through it."""
    found = connect(redis_url)
    yield found
    found.close()


@pytest.fixture
def client(connected) -> redis.Redis:
    """A client of an empty Redis."""
    connected.flushall()
    return connected


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of recorded messages and answers."""
    if not DATA.is_dir():
        pytest.skip(f"no recorded data: {DATA} is missing")
    return DATA


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """Refuse connections beyond this machine: a test that needs one is wrong."""
    connect_really = socket.socket.connect

    def connect_here(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect_really(self, address)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(socket.socket, "connect", connect_here)
        yield


def wait_until(true: Callable[[], object], limit: float = 10.0, every: float = 0.01) -> object:
    """Return the first true answer of ``true()``; fails after ``limit`` seconds."""
    deadline, pause = time.monotonic() + limit, threading.Event()
    while True:
        found = true()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"still not so after {limit:g} s: {true.__qualname__}")
        pause.wait(every)


@pytest.fixture(name="wait_until")
def wait_until_fixture():
    """The function `wait_until`."""
    return wait_until


@pytest.fixture
def upstream():
    """An upstream that answers what the test tells it to."""
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def index_folder(tmp_path) -> Path:
    """Where the search index is; nothing is there yet."""
    return tmp_path / "index"


@pytest.fixture
def strings(upstream, redis_url, index_folder) -> dict[str, str]:
    """Settings with the test's upstream at the other end of every connector, and little patience."""
    return {
        **connector_strings(upstream.url, timeout="1", concurrency="2"),
        "cache.url": redis_url,
        "cache.wait": "0.5",
        "search.index": str(index_folder),
        "worker.warm_rate": "0",
        "worker.topic_prefix": "org.fedoraproject.prod org.release-monitoring.prod",
    }


#: The active releases, as the connectors see them in tests that ask no upstream for them.
RELEASES = (
    {"branch": "rawhide", "stable_tag": "f46", "testing_tag": None},
    {"branch": "f45", "stable_tag": "f45-updates", "testing_tag": "f45-updates-testing"},
)


@pytest.fixture
def connectors(strings):
    """All connectors."""
    return load(settings.from_strings(strings, declared(), {}), "test", lambda: RELEASES)


@pytest.fixture
def queries(connectors) -> Queries:
    """All queries by name."""
    return Queries(connectors.values())


#: Two binaries that provide the same, the one has a command besides.
VIM = (
    Binary(
        "vim-common", provides=("libeditor.so.1()(64bit)",), obsoletes=("vim-old", "gone"), files=("/usr/bin/view",)
    ),
    Binary("vim-enhanced", provides=("libeditor.so.1()(64bit)", "editor")),
)

#: The packages that tests' small index has.
DOCUMENTS = (
    Document("guake", "Drop-down terminal", branch="rawhide", releases=("rawhide", "f45"), binaries=(Binary("guake"),)),
    Document("vim", "Editor", branch="rawhide", releases=("rawhide",), binaries=VIM),
    Document("gcc", "Compiler", branch="rawhide", releases=("rawhide",), binaries=(Binary("gcc"), Binary("gcc-c++"))),
    Document("epel-release", "EPEL", branch="epel9", releases=("epel9",), binaries=(Binary("epel-release"),)),
    Document("gone", "Retired", retired=True),
)


@pytest.fixture(scope="session")
def small_index(tmp_path_factory) -> Path:
    """A small index, for tests to copy: making one waits for the disk."""
    path = tmp_path_factory.mktemp("index") / "small"
    with Writer(path, create=True) as writer:
        writer.replace(DOCUMENTS)
        writer.commit()
    return path


@pytest.fixture
def service(client, strings, small_index):
    """The worker's parts over an empty Redis, a small index and the test's upstream; a worker has just beaten."""
    shutil.copytree(small_index, strings["search.index"])
    watched(client)
    return services.build(settings.from_strings(strings, declared(), {}), "worker")


def watched(client: redis.Redis) -> None:
    """Let a worker say that it has missed nothing until now."""
    now = time.time()
    write_heartbeat(client, "test", now, now, {})
