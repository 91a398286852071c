"""Every address of the site, in the order in which they are tried, and what may be done at each.

Two things hold for all of them and are done before any is tried: everything is also there below ``/packages`` (where the service
has lived since 2015), and a slash at the end makes no difference.  Links on a page keep the prefix that the page was asked with.
All can be read, and nothing else, but for the addresses of checks: those make upstreams be asked, and take a POST only.
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

#: Seconds for which a browser keeps a file of ours; its address changes when the file does.
STATIC_KEPT = 7 * 86400

#: What may be done at an address: everywhere, and where a check is asked for.
READ, CHECK = ("GET", "HEAD"), ("POST",)

#: (name, pattern).  What comes first hides the packages of that name: there are none called ``s``, ``api``, ``packages``,
#: ``status``, ``metrics``, ``images``, ``fcomm_connector`` or ``opensearch.xml``, and none of Fedora's begins with an underscore.
ROUTES = (
    # For the programs that called the service from 2011 to 2020.
    ("legacy", r"/fcomm_connector/{rest:[\s\S]*}"),
    ("legacy.root", "/fcomm_connector"),
    ("legacy.icon", r"/images/icons/{token:[\s\S]*}"),
    # For machines.
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
    # For whoever runs the site, for whoever doubts it, and for whoever writes a program that reads it.
    ("status", "/status"),
    ("api", "/api"),
    # No view answers here: what is none of the above is no package called api.
    ("api.nothing", "/api/{rest:.+}"),
    # For browsers that search here from their own fields.
    ("opensearch", "/opensearch.xml"),
    ("opensearch.suggestions", "/opensearch/suggestions"),
    # Search.  A term may hold slashes (/usr/bin/guake).
    ("home", "/"),
    ("search", "/s"),
    ("search.term", "/s/{term:.+}"),
    # Packages: the overview, a tab, one panel of a tab, and a check of what that shows.
    ("package", "/{package}"),
    ("tab", "/{package}/{tab}"),
    ("bugs.all", "/{package}/{tab:bugs}/all"),
    ("panel", "/{package}/{tab}/{panel}"),
    ("check", "/{package}/{tab}/{panel}/check"),
)

#: The routes of checks.
CHECKS = frozenset({"check", "api.check"})


def includeme(config: Configurator) -> None:
    """Add the routes, the static files and what is done to every address before."""
    config.add_tween("fedora_packages.web.routes.normalized", under=EXCVIEW)
    config.add_subscriber(_refuse_other_methods, BeforeTraversal)
    config.add_static_view("_static", STATIC, cache_max_age=STATIC_KEPT)
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
    """Return a tween that takes ``/packages`` and a last slash off the path."""

    def tween(request: Request) -> Response:
        # The raw path: decoding it may fail, and that is for the router to say.
        path = request.environ["PATH_INFO"]
        if path == PREFIX or path.startswith(f"{PREFIX}/"):
            request.environ["SCRIPT_NAME"] += PREFIX
            path = path.removeprefix(PREFIX)
        request.environ["PATH_INFO"] = path.removesuffix("/") or "/"
        return handler(request)

    return tween


def _refuse_other_methods(event: BeforeTraversal) -> None:
    """Refuse what may not be done at an address, once it is known which of ours it is, if any."""
    route = event.request.matched_route
    allowed = CHECK if route is not None and route.name in CHECKS else READ
    if event.request.method not in allowed:
        raise HTTPMethodNotAllowed(headers={"Allow": ", ".join(allowed)})


def _static_version() -> str:
    """Return a short text that differs whenever a static file does."""
    found = hashlib.sha256()
    for file in sorted(files("fedora_packages.web").joinpath("static").iterdir(), key=lambda file: file.name):
        found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()[:12]
