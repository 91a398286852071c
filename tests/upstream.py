"""An upstream to ask: a real HTTP server on a free port that answers what a test tells it to."""

import json
import threading
import xmlrpc.client
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fedora_packages.connectors import declared


def connector_strings(url: str, **others: str) -> dict[str, str]:
    """Return the settings that lead every connector to one URL, with other settings for each of them."""
    return {
        f"connectors.{kind.name}.{key}": value
        for kind in declared()
        for key, value in {**({"url": url} if kind.url_setting is None else {}), **others}.items()
    }


@dataclass
class Answer:
    """What the upstream says to one path."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request that came; ``target`` is its path with parameters, as it was sent."""

    method: str
    path: str
    params: dict[str, list[str]]
    body: bytes
    headers: Any
    target: str = ""


#: What dist-git's API and mdapi return for a package that they do not have.
PAGURE_MISSING = Answer(b'{"error": "Project not found", "error_code": "ENOPROJECT"}', 404)
MDAPI_MISSING = Answer(b"404: Not Found", 404, "text/plain")

#: What Forgejo returns for what it does not have.
FORGEJO_MISSING = Answer(
    b'{"errors": [], "message": "The target couldn\'t be found.", "url": "https://src.example/api/swagger"}', 404
)

#: What Pagure returns for its version, by which it is told from Forgejo.
PAGURE_VERSION = Answer(b'{"version": "5.14.1"}')

#: What dist-git returns for a file, and mdapi for a relation, that no package has.
PAGURE_NO_FILE = Answer(
    b"<!DOCTYPE html>\n<title>Page not found :&#39;( - Pagure</title>\n<h2>Page not found (404)</h2>\n",
    404,
    "text/html",
)
MDAPI_NOTHING = Answer(b"400: Bad Request", 400, "text/plain; charset=utf-8")


def _missing(path: str) -> Answer:
    """Return the answer to a path that no test has answered."""
    if path == "/api/0/version":
        return PAGURE_VERSION
    if path.startswith("/rpms/"):
        return PAGURE_NO_FILE
    return PAGURE_MISSING if path.startswith("/api/0/") else MDAPI_MISSING


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Say nothing: clients that give up in the middle are what some tests are about."""


class Upstream:
    """The server; ``answers`` maps a path (decoded) to what is said there, to one request after another if it is a list."""

    def __init__(self):
        self.answers: dict[str, Any] = {}
        self.asked: list[Asked] = []
        self.server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def says(self, path: str, *values: Any, status: int = 200) -> None:
        """Answer a path with each of ``values`` as JSON in turn, and with the last for ever."""
        self.answers[path] = [Answer(json.dumps(value).encode(), status) for value in values]

    def koji_says(self, *results: Any) -> None:
        """Answer the hub's address with an XML-RPC response of one value in turn."""
        self.answers["/"] = [
            Answer(
                xmlrpc.client.dumps((result,), methodresponse=True, allow_none=True).encode(), content_type="text/xml"
            )
            for result in results
        ]

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls in the newest multiCall that the hub was asked."""
        (calls,), method = xmlrpc.client.loads(self.asked[-1].body)
        assert method == "multiCall"
        return calls

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        found = self.answers.get(asked.path, _missing(asked.path))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found

    def _handler(self):
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_GET(self):
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = unquote(parts.path) or "/"
                answer = upstream.answer(
                    Asked(
                        self.command, path, parse_qs(parts.query, keep_blank_values=True), body, self.headers, self.path
                    )
                )
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_POST = do_GET

            def log_message(self, *arguments):
                pass

        return Handler
