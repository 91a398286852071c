"""Fixtures: a sandbox, the published clients pointed at it, and the published mdapi over the sandbox's repositories.

The published packages are the extra ``conformance``; a test whose package is missing is skipped.  All tests share one
sandbox and only read from it, so that their order does not matter.
"""

import json
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import requests

from fedora_packages.sandbox.devserver import HOST, DevServer, answers, free_port, module

from . import published_bodhi as bodhi_server
from .repodata import write_repository

MISSING = "{} is not installed: it is in the extra 'conformance'"


def pytest_itemcollected(item):
    """Mark every test below this folder, so that none is forgotten."""
    item.add_marker(pytest.mark.conformance)


def published(name: str):
    """Return a published package, or skip the test where it is not installed."""
    return pytest.importorskip(name, reason=MISSING.format(name))


@pytest.fixture(scope="session")
def devserver(tmp_path_factory):
    """The processes of this suite, stopped at its end."""
    devserver = DevServer(tmp_path_factory.mktemp("conformance"))
    yield devserver
    devserver.stop_all()


@pytest.fixture(scope="session")
def sandbox(devserver) -> str:
    """The address of a sandbox of the small world."""
    return devserver.sandbox()["url"]


@pytest.fixture(scope="session")
def control(sandbox):
    """A function from an address below ``/control/`` to its JSON."""

    def get(path: str):
        answer = requests.get(f"{sandbox}/control/{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    return get


# koji


@pytest.fixture
def koji():
    """The module of koji's published client."""
    return published("koji")


@pytest.fixture
def hub(koji, sandbox):
    """An anonymous session of koji's client."""
    session = koji.ClientSession(f"{sandbox}/kojihub", {"timeout": 30})
    yield session
    session.rsession.close()


# bodhi


class _Identity(BaseHTTPRequestHandler):
    """The one document that bodhi's client reads of its identity provider when made, also where it never logs in."""

    def do_GET(self):
        base = f"http://{self.headers['Host']}"
        document = {f"{name}_endpoint": f"{base}/{name}" for name in ("authorization", "token", "userinfo")}
        body = json.dumps({"issuer": base, **document}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="session")
def identity_provider():
    """The address of an identity provider that knows nobody."""
    server = ThreadingHTTPServer((HOST, 0), _Identity)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://{HOST}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def bindings():
    """The module of bodhi's published bindings."""
    return published("bodhi.client.bindings")


@pytest.fixture(scope="session")
def bodhi(bindings, sandbox, identity_provider, tmp_path_factory):
    """A bodhi client that is not logged in."""
    return bindings.BodhiClient(
        base_url=f"{sandbox}/bodhi",
        id_provider=identity_provider,
        oidc_storage_path=str(tmp_path_factory.mktemp("bodhi") / "client.json"),
    )


@pytest.fixture(scope="session")
def published_bodhi(devserver, tmp_path_factory):
    """The published Bodhi server, with three releases; its database is everyone's, so tests use packages of their own."""
    if not bodhi_server.PYTHON.exists():
        pytest.skip(f"bodhi-server is not installed: there is no {bodhi_server.PYTHON}")
    with ExitStack() as closing:
        yield bodhi_server.start(devserver, tmp_path_factory.mktemp("bodhi-server"), closing)


# bugzilla


class _Redirected(requests.adapters.HTTPAdapter):
    """Carries requests for bugzilla.redhat.com to the sandbox, since the client knows that server by its name."""

    def __init__(self, base: str):
        super().__init__()
        self.base = base

    def send(self, request, **options):
        asked = urlsplit(request.url)
        request.url = f"{self.base}{asked.path}" + (f"?{asked.query}" if asked.query else "")
        return super().send(request, **options)


@pytest.fixture(scope="session")
def bugzilla():
    """The module of bugzilla's published client."""
    return published("bugzilla")


@pytest.fixture(scope="session")
def tracker(bugzilla, sandbox):
    """A bugzilla client without an account."""
    client = bugzilla.Bugzilla(url=f"{sandbox}/bugzilla/rest", force_rest=True, use_creds=False)
    yield client
    client.get_requests_session().close()


@pytest.fixture
def red_hat_tracker(bugzilla, sandbox):
    """A bugzilla client that takes the sandbox for Red Hat's server, and so expects that server's own ways."""
    with requests.Session() as session:
        session.mount("https://bugzilla.redhat.com/", _Redirected(f"{sandbox}/bugzilla"))
        yield bugzilla.Bugzilla(
            url="https://bugzilla.redhat.com/rest", force_rest=True, use_creds=False, requests_session=session
        )


# mdapi


@pytest.fixture(scope="session")
def repositories(control) -> dict[str, list[dict]]:
    """The sandbox's repositories: name -> its binary packages in plain terms."""
    names = control("repositories")["repositories"]
    return {name: control(f"repositories/{name}")["packages"] for name in names}


@pytest.fixture(scope="session")
def published_mdapi(devserver, repositories, tmp_path_factory) -> str:
    """The address of the published mdapi, over databases made of the sandbox's repositories."""
    published("mdapi")
    folder = tmp_path_factory.mktemp("mdapi")
    databases = folder / "databases"
    databases.mkdir()
    for name, packages in repositories.items():
        write_repository(databases, name, packages)
    # mdapi takes its settings from its command line only, which hands none of them on to the server that it starts.
    # gunicorn's own configuration is run before that server's workers are forked: they inherit what it sets.
    configuration = folder / "gunicorn.conf.py"
    configuration.write_text(
        "from mdapi import compile_configuration\n"
        f"compile_configuration({{'DB_FOLDER': {str(databases)!r}, 'LOGGING': {{'version': 1}}}})\n",
        encoding="utf-8",
    )
    port = free_port()
    part = devserver.start(
        "mdapi",
        *module("gunicorn", "mdapi.services.main:buildapp", "--config", str(configuration)),
        *("--bind", f"{HOST}:{port}", "--worker-class", "aiohttp.GunicornUVLoopWebWorker", "--log-level", "error"),
    )  # fmt: skip
    url = f"http://{HOST}:{port}"
    devserver.wait_for(part, lambda: answers(f"{url}/branches"))
    return url
