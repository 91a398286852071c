"""The application behind a door of the test's: what the browser asks is noted, and can be held back or refused."""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

#: Seconds after which what is held back goes on, so that a test that fails leaves nothing hanging.
HELD_AT_MOST = 20.0

COMPLETIONS = "/api/v1/completions"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Say nothing: a browser that gives up in the middle is what some tests are about."""


class _Handler(WSGIRequestHandler):
    def log_message(self, *message):
        """Say nothing."""


class Door:
    """A WSGI application before another, and the server that both are behind.

    ``asked`` are the texts for which completions were asked, in order.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]):
        self.asked: list[str] = []
        self._held: dict[str, threading.Event] = {}
        self._refusal: tuple[str, list[tuple[str, str]]] | None = None
        self._application = application
        self._server = make_server("127.0.0.1", 0, self, _Server, _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Door":
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def open(self) -> None:
        """Let everything through, what was held back too, and forget what was asked."""
        for held in self._held.values():
            held.set()
        self._held, self._refusal = {}, None
        self.asked = []

    def hold(self, text: str) -> threading.Event:
        """Keep back the answer for a text until the event that is returned is set."""
        self._held[text] = threading.Event()
        return self._held[text]

    def refuse(self, status: str, **headers: str) -> None:
        """Refuse every question for completions."""
        self._refusal = (status, [(name.replace("_", "-"), value) for name, value in headers.items()])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != COMPLETIONS:
            return self._application(environ, start_response)
        text = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)["q"][0]
        self.asked.append(text)
        # As behind a proxy that does not say what it is called itself.
        environ["HTTP_HOST"] = "inside.example"
        if text in self._held:
            self._held[text].wait(HELD_AT_MOST)
        if self._refusal:
            status, headers = self._refusal
            start_response(status, [("Content-Type", "text/plain"), *headers])
            return [b"no"]
        return self._application(environ, start_response)
