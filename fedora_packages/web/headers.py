"""What every answer tells a browser: what it may load and run, and for how long it may be shown without asking."""

from pyramid.config import Configurator
from pyramid.events import NewResponse

from fedora_packages.web.routes import is_for_machines, is_for_old_clients

#: Nothing is loaded but our own files, and nothing runs that is written into a page.
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
}


def includeme(config: Configurator) -> None:
    """Add the headers to every answer, errors included."""
    config.add_subscriber(_add, NewResponse)


def _add(event: NewResponse) -> None:
    for name, value in HEADERS.items():
        # An answer may be stricter.
        event.response.headers.setdefault(name, value)
    if "Cache-Control" not in event.response.headers:
        # What is shown may change with the next message: ask again, always.
        event.response.headers["Cache-Control"] = "no-cache"
    if is_for_machines(event.request) or is_for_old_clients(event.request):
        event.response.headers["Access-Control-Allow-Origin"] = "*"
        event.response.headers["Access-Control-Expose-Headers"] = "Deprecation, ETag, Link, Retry-After"
