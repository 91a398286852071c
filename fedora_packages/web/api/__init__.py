"""The JSON API: the values of pages with their stamps, one endpoint for each query.

``/api/v1/packages/NAME/QUERY`` follows from the queries: their short names are its endpoints, and their documentation makes
parameters, the OpenAPI document and the page ``/api``.  Other sites can read every response (``Access-Control-Allow-Origin: *``);
errors are ``application/problem+json`` of RFC 9457.
"""

import hashlib

from pyramid.config import Configurator
from pyramid.events import NewResponse

from fedora_packages.connectors.active_releases import RELEASES
from fedora_packages.web.api.endpoints import addressed, endpoints, shared
from fedora_packages.web.api.openapi import document
from fedora_packages.web.routes import is_for_machines


def includeme(config: Configurator) -> None:
    """Make the endpoints of all queries, and add an ETag to every response."""
    queries = config.registry.service.queries
    config.registry.addressed, config.registry.shared = addressed(queries.values()), shared(queries.values())
    config.registry.api = endpoints(config.registry.addressed, queries[RELEASES], config.registry.shared)
    config.registry.openapi = document(config.registry.api, queries.values())
    config.add_subscriber(_tag, NewResponse)


def _tag(event: NewResponse) -> None:
    """Add an ETag over the whole body: the state can change while the package's revision stays."""
    request, response = event.request, event.response
    if is_for_machines(request) and response.status_int == 200 and request.method in ("GET", "HEAD"):
        response.etag = hashlib.blake2b(response.body, digest_size=16).hexdigest()
        response.conditional_response = True
