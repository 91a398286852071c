"""What values look like: JSON Schema (2020-12, as OpenAPI 3.1 has it), in the few words that are needed to say it.

A query says with them what it returns; the addresses of the JSON API, what lists can be filtered by and the OpenAPI document
follow from that.  The one thing to know: of what an upstream says nothing is closed that our connector does not close itself.
`one_of` is for words that are checked, `word` for those of which only the usual ones are known.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

#: What says, in a schema, which words an open set usually has, and as what (a build, an update, a bug) an object is of a release.
KNOWN, OF_A_RELEASE = "x-known-values", "x-of-a-release-as"

NULL: Schema = {"type": "null"}


def text(meaning: str = "", most: int | None = None) -> Schema:
    """Return the schema of a text, of at most so many characters."""
    return _told({"type": "string", **({} if most is None else {"maxLength": most})}, meaning)


def whole(meaning: str = "", least: int | None = None, most: int | None = None) -> Schema:
    """Return the schema of a whole number."""
    bounds = {"minimum": least, "maximum": most}
    return _told({"type": "integer", **{key: bound for key, bound in bounds.items() if bound is not None}}, meaning)


def count(meaning: str = "") -> Schema:
    """Return the schema of how many there are of something."""
    return whole(meaning, 0)


def number(meaning: str = "") -> Schema:
    """Return the schema of any number."""
    return _told({"type": "number"}, meaning)


def moment(meaning: str = "") -> Schema:
    """Return the schema of a moment in whole seconds."""
    return whole(f"{meaning}{'; ' if meaning else ''}UTC, seconds since 1970")


def flag(meaning: str = "") -> Schema:
    """Return the schema of a yes or no."""
    return _told({"type": "boolean"}, meaning)


def exactly(value: Any) -> Schema:
    """Return the schema of one value and no other."""
    return {"const": value}


def one_of(*words: str, meaning: str = "") -> Schema:
    """Return the schema of one of these words and no other."""
    return _told({"type": "string", "enum": list(words)}, meaning)


def word(*known: str, meaning: str = "") -> Schema:
    """Return the schema of a word of an upstream's, which usually is one of these."""
    return _told({"type": "string", KNOWN: list(known)}, meaning)


def optional(schema: Schema, meaning: str = "") -> Schema:
    """Return the schema that takes null too; ``meaning`` says what null means."""
    described = "; ".join(part for part in (schema.get("description", ""), meaning) if part)
    if not isinstance(schema.get("type"), str):
        return _told({"anyOf": [dict(schema), NULL]}, meaning)
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return _told(found, described)


def record(**properties: Schema) -> Schema:
    """Return the schema of an object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def with_optional(schema: Schema, **properties: Schema) -> Schema:
    """Return the schema of an object that may have some properties more."""
    return {**schema, "properties": {**schema["properties"], **properties}}


def rows(of: Schema, most: int | None = None, meaning: str = "", as_: str = "") -> Schema:
    """Return the schema of a list, of at most so many.

    ``as_``: each is of a release, as a ``build``, an ``update`` or a ``bug`` is.
    """
    items = {**of, OF_A_RELEASE: as_} if as_ else of
    return _told({"type": "array", "items": items, **({} if most is None else {"maxItems": most})}, meaning)


def table(of: Schema, meaning: str = "") -> Schema:
    """Return the schema of an object whose keys are data."""
    return _told({"type": "object", "additionalProperties": of}, meaning)


def either(*schemas: Schema) -> Schema:
    """Return the schema of what is as one of these says."""
    return {"anyOf": list(schemas)}


def found_or(missing: Schema | None = None, **properties: Schema) -> Schema:
    """Return the schema of what is ``found``, or is not; then it is as ``missing`` says."""
    nothing = {} if missing is None else missing["properties"]
    return either(record(found=exactly(True), **properties), record(found=exactly(False), **nothing))


def properties_of(schema: Schema) -> dict[str, Schema]:
    """Return what an object can have, whichever of its alternatives it is; the first that names a property tells."""
    found: dict[str, Schema] = {}
    for branch in branches(schema):
        for name, property_ in branch.get("properties", {}).items():
            found.setdefault(name, property_)
    return found


def branches(schema: Schema) -> Iterator[Schema]:
    """Yield the alternatives of a schema: itself, where there are none."""
    yield from schema.get("anyOf", [schema])


def _told(schema: dict[str, Any], meaning: str) -> Schema:
    return {**schema, "description": meaning} if meaning else schema
