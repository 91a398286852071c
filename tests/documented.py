"""Answers of the JSON API held against its own OpenAPI document, more strictly than the document does: nothing is in an answer
that the document does not tell of."""

from typing import Any

from jsonschema import Draft202012Validator

#: Components that may have more than the document says: an error at a query's address has what its answer has.
OPEN = frozenset({"Problem"})


def closed(schema: Any) -> Any:
    """Return a schema whose objects have nothing but what is written down, unless it says otherwise."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(part) for key, part in schema.items()}
    if "properties" in found and "object" in found.get("type", ()):
        found.setdefault("additionalProperties", False)
    return found


def differences(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Return how a value is not what a schema of the document says; none if it is."""
    schemas = document["components"]["schemas"]
    components = {name: part if name in OPEN else closed(part) for name, part in schemas.items()}
    validator = Draft202012Validator({**closed(schema), "components": {"schemas": components}})
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


def undocumented(
    document: dict[str, Any], path: str, method: str, status: int, content_type: str, value: Any
) -> list[str]:
    """Return how an answer differs from what the document promises of the address of this pattern."""
    responses = document["paths"][path][method]["responses"]
    if str(status) not in responses:
        return [f"status {status} is not documented"]
    content = responses[str(status)]["content"]
    if content_type not in content:
        return [f"{content_type} is not documented"]
    return differences(document, content[content_type]["schema"], value)


def addresses(document: dict[str, Any], method: str = "get") -> dict[str, list[dict[str, Any]]]:
    """Return the parameters of every address by its pattern."""
    return {path: found[method]["parameters"] for path, found in document["paths"].items() if method in found}
