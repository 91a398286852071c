"""The headers of every response: what a browser can load and run, and how long it can cache the response."""

from pyramid.config import Configurator
from pyramid.events import NewResponse

from fedora_packages.web.routes import is_for_machines, is_for_old_clients

#: Only our own files are loaded; inline code never runs.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    # The next message can change the page: a browser must always ask again.
    "Cache-Control": "no-cache",
}


def includeme(config: Configurator) -> None:
    """Add the headers to every response, errors included."""
    config.add_subscriber(_add, NewResponse)


def _add(event: NewResponse) -> None:
    for name, value in HEADERS.items():
        # A response can have its own.
        event.response.headers.setdefault(name, value)
    if is_for_machines(event.request) or is_for_old_clients(event.request):
        event.response.headers["Access-Control-Allow-Origin"] = "*"
        event.response.headers["Access-Control-Expose-Headers"] = "Deprecation, ETag, Link, Retry-After"
