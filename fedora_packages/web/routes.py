"""Every URL of the site in the order of matching, and its methods.

All URLs work below ``/packages`` too (the home of the service since 2015), and with a trailing slash.  Links on a page keep the
prefix of the request.  All URLs take GET and HEAD only, except those of checks, which cause requests to upstreams and take POST
only.
"""

import hashlib
from collections.abc import Callable
from importlib.resources import files

from pyramid.config import Configurator
from pyramid.events import BeforeTraversal
from pyramid.httpexceptions import HTTPMethodNotAllowed
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.static import QueryStringConstantCacheBuster
from pyramid.tweens import EXCVIEW

#: The prefix under which every page of this site also stands, as it has since 2011.
PREFIX = "/packages"

#: Where the URLs of the old JSON API begin.
LEGACY_ROOT = "/fcomm_connector"

STATIC = "fedora_packages:web/static"

#: Seconds for which a browser may cache a static file; its URL changes with the file.
STATIC_MAX_AGE = 7 * 86400

#: The methods of all URLs, and of checks.
READ, CHECK = ("GET", "HEAD"), ("POST",)

#: (name, pattern).  The first ones hide packages of the same name: Fedora has none named ``s``, ``api``, ``packages``,
#: ``status``, ``metrics``, ``images``, ``fcomm_connector`` or ``opensearch.xml``, and none that begins with an underscore.
ROUTES = (
    # The API of 2011 to 2020.
    ("legacy", r"/fcomm_connector/{rest:[\s\S]*}"),
    ("legacy.root", "/fcomm_connector"),
    ("legacy.icon", r"/images/icons/{token:[\s\S]*}"),
    # Machines.
    ("heartbeat", "/_heartbeat"),
    ("metrics", "/metrics"),
    ("api.start", "/api/v1"),
    ("api.openapi", "/api/v1/openapi.json"),
    ("api.status", "/api/v1/status"),
    ("api.releases", "/api/v1/releases"),
    ("api.search", "/api/v1/search"),
    ("api.completions", "/api/v1/completions"),
    ("api.changes", "/api/v1/changes"),
    ("api.packages", "/api/v1/packages"),
    ("api.package", "/api/v1/packages/{package}"),
    ("api.package.releases", "/api/v1/packages/{package}/releases"),
    ("api.package.timeline", "/api/v1/packages/{package}/timeline"),
    ("api.query", "/api/v1/packages/{package}/{query}"),
    ("api.check", "/api/v1/packages/{package}/{query}/check"),
    ("api.shared", "/api/v1/{upstream}/{query}"),
    # The status page, and the documentation of the API.
    ("status", "/status"),
    ("api", "/api"),
    # Without a view, so that no package page matches.
    ("api.nothing", "/api/{rest:.+}"),
    # Search fields of browsers.
    ("opensearch", "/opensearch.xml"),
    ("opensearch.suggestions", "/opensearch/suggestions"),
    # Search.  A term can contain slashes (/usr/bin/guake).
    ("home", "/"),
    ("search", "/s"),
    ("search.term", "/s/{term:.+}"),
    # Packages: the overview, a tab, one panel of a tab, and a check of it.
    ("package", "/{package}"),
    ("tab", "/{package}/{tab}"),
    ("bugs.all", "/{package}/{tab:bugs}/all"),
    ("panel", "/{package}/{tab}/{panel}"),
    ("check", "/{package}/{tab}/{panel}/check"),
)

#: The routes of checks.
CHECKS = frozenset({"check", "api.check"})


def includeme(config: Configurator) -> None:
    """Add the routes, the static files, and the normalization of URLs."""
    config.add_tween("fedora_packages.web.routes.normalized", under=EXCVIEW)
    config.add_subscriber(_refuse_other_methods, BeforeTraversal)
    config.add_static_view("_static", STATIC, cache_max_age=STATIC_MAX_AGE)
    config.add_cache_buster(STATIC, QueryStringConstantCacheBuster(_static_version()))
    for name, pattern in ROUTES:
        config.add_route(name, pattern)


def is_for_machines(request: Request) -> bool:
    """Whether a URL belongs to the JSON API."""
    # The raw path: it is there even if it cannot be decoded.
    return request.environ.get("PATH_INFO", "").startswith("/api/")


def is_for_old_clients(request: Request) -> bool:
    """Whether a URL belongs to the old JSON API."""
    path = request.environ.get("PATH_INFO", "")
    return path == LEGACY_ROOT or path.startswith(f"{LEGACY_ROOT}/")


def normalized(handler: Callable[[Request], Response], registry: Registry) -> Callable[[Request], Response]:
    """Return a tween that removes ``/packages`` and a trailing slash from the path."""

    def tween(request: Request) -> Response:
        # The raw path: the router reports decoding errors.
        path = request.environ["PATH_INFO"]
        if path == PREFIX or path.startswith(f"{PREFIX}/"):
            request.environ["SCRIPT_NAME"] += PREFIX
            path = path.removeprefix(PREFIX)
        request.environ["PATH_INFO"] = path.removesuffix("/") or "/"
        return handler(request)

    return tween


def _refuse_other_methods(event: BeforeTraversal) -> None:
    """Refuse other methods than those of the matched route."""
    route = event.request.matched_route
    allowed = CHECK if route is not None and route.name in CHECKS else READ
    if event.request.method not in allowed:
        raise HTTPMethodNotAllowed(headers={"Allow": ", ".join(allowed)})


def _static_version() -> str:
    """Return a short hash of all static files."""
    digest = hashlib.sha256()
    for file in sorted(files("fedora_packages.web").joinpath("static").iterdir(), key=lambda file: file.name):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]
