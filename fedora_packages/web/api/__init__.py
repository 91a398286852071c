"""The JSON API: the values of pages with their stamps, one address for each query.

``/api/v1/packages/NAME/QUERY`` follows from the queries: their short names are its addresses, and what they say that they return
makes parameters, the OpenAPI document and the page ``/api``.  Every answer may be read from any other site
(``Access-Control-Allow-Origin: *``); errors are RFC 9457's ``application/problem+json``.
"""

import hashlib

from pyramid.config import Configurator
from pyramid.events import NewResponse

from fedora_packages.connectors.releases import RELEASES
from fedora_packages.web.api.endpoints import addressed, addresses
from fedora_packages.web.api.openapi import document
from fedora_packages.web.problems import is_for_machines


def includeme(config: Configurator) -> None:
    """Give each query about packages its address, and every answer its ETag."""
    queries = config.registry.service.queries
    config.registry.addressed = addressed(queries.values())
    config.registry.api = addresses(config.registry.addressed, queries[RELEASES])
    config.registry.openapi = document(config.registry.api, [*config.registry.addressed.values(), queries[RELEASES]])
    config.add_subscriber(_tag, NewResponse)


def _tag(event: NewResponse) -> None:
    """Give an answer an ETag: of all that is in it, since its state can change while the package's revision does not."""
    request, response = event.request, event.response
    if is_for_machines(request) and response.status_int == 200 and request.method in ("GET", "HEAD"):
        response.etag = hashlib.blake2b(response.body, digest_size=16).hexdigest()
        response.conditional_response = True
