"""The OpenAPI document of the JSON API, and the page with the same content for people."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from fedora_packages.cache.changefeed import MAX_CHANGES
from fedora_packages.connectors.query import Query
from fedora_packages.web.api import docs
from fedora_packages.web.api.changes import MAX_COUNT
from fedora_packages.web.api.endpoint import MAX_NAMES, MAX_ROWS, Endpoint, Parameter, parse_parameters
from fedora_packages.web.api.schemas import COMPONENTS, STATES, ref, value_name, value_of
from fedora_packages.web.formats import titles_of
from fedora_packages.web.loader import COOL_DOWN
from fedora_packages.web.problems import PROBLEMS

#: The version of the API: its second part goes up when something is added, its first (and the address) never yet.
VERSION = "1.3"

ABOUT = (
    "Fedora's packages in {upstreams}: values from a cache that their messages keep fresh.  "
    "The API is public and readable from any site, without keys.  New members can be added to objects at any time."
)

#: Errors of every endpoint.
EVERYWHERE = ("wrong-parameter", "not-utf-8", "method-not-allowed", "bug", "no-index")


def document(endpoints: Mapping[str, Endpoint], queries: Iterable[Query]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document, without the URL of the server."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints.values():
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint)
    queries = list(queries)
    values = {value_name(query): value_of(query) for query in queries}
    description = ABOUT.format(upstreams=titles_of(query.upstream for query in queries))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fedora Packages", "version": VERSION, "description": description},
        "tags": [{"name": group} for group in dict.fromkeys(endpoint.group for endpoint in endpoints.values())],
        "paths": paths,
        "components": {"schemas": {**COMPONENTS, **values}},
    }


@view_config(route_name="api.openapi", renderer="json")
def openapi(request: Request) -> dict[str, Any]:
    """Return the document, with the URL of the server that was requested."""
    parse_parameters(request, "api.openapi")
    return {**request.registry.openapi, "servers": [{"url": request.application_url}]}


@view_config(route_name="api", renderer="fedora_packages:web/templates/api.mako")
def api(request: Request) -> dict[str, Any]:
    """Return the content of the page: endpoints by group, components, states, errors and limits."""
    groups: dict[str, list[Endpoint]] = {}
    for endpoint in request.registry.api.values():
        groups.setdefault(endpoint.group, []).append(endpoint)
    return {
        "groups": groups,
        "components": {name: docs.fields(schema) for name, schema in COMPONENTS.items()},
        "states": STATES,
        "problems": PROBLEMS,
        "example": request.application_url,
        "kept": MAX_CHANGES,
        "most_changes": MAX_COUNT,
        "most_names": MAX_NAMES,
        "most_rows": MAX_ROWS,
        "cool_down": f"{COOL_DOWN:.0f}",
        "blocks_of": _blocks,
        "fields_of": lambda endpoint: _fields(endpoint, request.registry.openapi["components"]["schemas"]),
        "values_of": values_of,
        "spans": docs.spans,
    }


def values_of(parameter: Parameter) -> str:
    """Return the allowed values of a parameter; an empty string for any text."""
    schema = parameter.schema
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if schema["type"] == "integer":
        return f"{schema['minimum']} to {schema['maximum']}"
    return "true, false" if schema["type"] == "boolean" else ""


def _blocks(endpoint: Endpoint) -> list[tuple[bool, str]]:
    """Return the blocks of an endpoint's text, without its title."""
    blocks = docs.blocks(endpoint.text)
    return blocks[blocks[0][1].rstrip(".:") == endpoint.title :]


def _fields(endpoint: Endpoint, components: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the fields of an endpoint's answer; of a query those of its value, since the others are described once for all."""
    value = endpoint.answer.get("properties", {}).get("value", {})
    schema = value if "$ref" in value else endpoint.answer
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return docs.fields(schema)


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": endpoint.name.removeprefix("api.").replace(".", "_"),
        "tags": [endpoint.group],
        "summary": endpoint.title,
        "description": endpoint.text,
        "parameters": [_parameter(parameter) for parameter in endpoint.parameters],
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": endpoint.answer}}},
            **_problems(endpoint),
        },
    }
    if endpoint.method == "get":
        found["responses"]["304"] = {"description": "Not modified: the ETag is that of If-None-Match."}
    return found


def _problems(endpoint: Endpoint) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    for name in (*EVERYWHERE, *endpoint.problems):
        found = PROBLEMS[name]
        by_status.setdefault(str(found.status), []).append(f"{found.title} ({name}).")
    content = {"application/problem+json": {"schema": ref("Problem")}}
    return {
        status: {"description": "  ".join(titles), "content": content} for status, titles in sorted(by_status.items())
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    found = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.meaning,
        "schema": parameter.schema,
        "required": parameter.place == "path",
    }
    if parameter.example:
        is_string = parameter.schema["type"] == "string"
        found["example"] = parameter.example if is_string else json.loads(parameter.example)
    return found
