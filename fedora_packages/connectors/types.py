"""Types of fields in upstream answers and in the values of queries.

A query returns a `Model`.  The types and descriptions of its fields give the validation of answers, the JSON schema of the value,
the OpenAPI document and the table of fields at ``/api``.  Upstreams are read leniently where that is safe: unknown fields are
ignored, strings are cleaned (`fedora_packages.messages.text`) and clipped.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache, partial
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from fedora_packages.messages import text

Schema = Mapping[str, Any]

#: Keys of a schema: the known values of an open set; what a row with a release is (``build``, ``update``, ``bug``).
KNOWN, OF_A_RELEASE = "x-known-values", "x-of-a-release-as"

#: The largest integer that every JSON parser reads exactly, and the last second of the year 9999.
MAX_INTEGER = (1 << 53) - 1
MAX_TIMESTAMP = 253402300799

#: Characters of an invalid value that an error shows.
MAX_SHOWN = 40


class Model(BaseModel):
    """An object with typed fields.  Integers are no booleans, strings no numbers; unknown fields are ignored."""

    model_config = ConfigDict(strict=True, json_schema_serialization_defaults_required=True)


T = TypeVar("T")
M = TypeVar("M", bound=Model)

#: Called with each answer before it is read: the model, and the answer.
OnRead = Callable[[type[Model], Any], None]


class Origin(Enum):
    """Where a field that need not be in an answer comes from: our own code sets it, or the upstream returns it sometimes."""

    OWN = "own"
    SOMETIMES = "sometimes"


#: The type of a field that no answer has, and of one that an answer can lack or, as a list, have empty.
Own = Annotated[T, Origin.OWN]
Sometimes = Annotated[T, Origin.SOMETIMES]


@dataclass(frozen=True)
class ReadAs:
    """Marks a field whose part of an answer has another type than the field: ``kind``.

    Validation ignores it; `fedora_packages.connectors.shape` compares the answer with it.
    """

    kind: Any


def field(description: str | None = None, *, alias: Any = None, default: Any = ..., exclude: bool = False) -> Any:
    """Return the declaration of a field.  ``alias`` is its name in the upstream's answer, or the path to it."""
    return Field(default, description=description, validation_alias=alias, exclude=exclude or None)


Integer = Annotated[int, Field(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Count = Annotated[int, Field(ge=0, le=MAX_INTEGER)]

Timestamp = Annotated[
    int, Field(ge=0, le=MAX_TIMESTAMP, description="UTC, seconds since 1970", json_schema_extra={"format": "unixtime"})
]


def clip(value: Any, limit: int, clean: Callable[[str], str] = text.line) -> Any:
    """Return the first ``limit`` characters of a string, cleaned; any other value is left for validation."""
    return clean(value)[:limit] if isinstance(value, str) else value


def Text(limit: int = 4000) -> Any:
    """Return the type of a string on one line that is clipped to ``limit`` characters."""
    return Annotated[str, Field(max_length=limit), BeforeValidator(partial(clip, limit=limit))]


def Lines(limit: int) -> Any:
    """Return the type of a string of several lines that is clipped to ``limit`` characters."""
    return Annotated[str, Field(max_length=limit), BeforeValidator(partial(clip, limit=limit, clean=text.lines))]


def Known(*values: str, limit: int = 64) -> Any:
    """Return the type of a string from an open set, with the known ones."""
    return Annotated[Text(limit), Field(json_schema_extra={KNOWN: list(values)})]


def default_for_null(value: Any) -> Any:
    """Return the validator that reads null as ``value``."""
    return BeforeValidator(lambda found: value if found is None else found)


def seconds_of(value: Any) -> Any:
    """Return an ISO 8601 time as a timestamp; UTC where it has no offset.  A fraction is dropped."""
    if not isinstance(value, str):
        raise ValueError("an ISO 8601 time")
    try:
        time = datetime.fromisoformat(value[:64])
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise ValueError("an ISO 8601 time") from error


#: A time that upstream writes as a string.
ISOTime = Annotated[Timestamp, BeforeValidator(seconds_of)]


def _day(value: Any) -> Any:
    # Python reads other forms too, such as weeks.
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("a date")
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise ValueError("a date") from error


#: A day as upstream writes it: ``2026-11-30``.
Day = Annotated[Text(10), BeforeValidator(_day), Field(json_schema_extra={"format": "date"})]

#: The validator that reads an empty string as null.
null_for_empty = BeforeValidator(lambda value: None if value == "" else value)

#: The validator that sorts the strings of a list, each once.
sorted_once = AfterValidator(lambda names: sorted(set(names)))

#: An optional string of which an empty one means nothing.
OptionalText = Annotated[Text(1000) | None, null_for_empty]


#: The field by which a value differs from `NotFound`; no answer has it.
Found = Annotated[Literal[True], BeforeValidator(lambda value: True), Origin.OWN]


class NotFound(Model):
    """A package that the upstream does not have."""

    found: Literal[False] = False


class _InvalidRows(Model):
    count: Annotated[int, Field(ge=1)]
    by_kind: dict[Text(64), Annotated[int, Field(ge=1)]] = field('how many of what: {"update": 2, "bug": 1}')
    error: Text(1000) = field("what is wrong with the first: field, expected, returned")


#: The field of a value that says which rows were left out of its lists.
InvalidRows = Annotated[
    _InvalidRows | None,
    # Only `read` sets it.
    BeforeValidator(lambda value: None),
    Origin.OWN,
    Field(
        exclude_if=lambda value: value is None,
        description="present if rows were left out because the upstream returned invalid data",
    ),
]


def Rows(of: Any, most: int, kind: str = "row") -> Any:
    """Return the type of a list of at most ``most`` rows, of which invalid ones are left out and counted (`read`).

    ``kind`` is what people call a row, in the singular.  A list of invalid rows only is an error.
    """
    return Annotated[list[of], Field(max_length=most), WrapValidator(partial(_valid_rows, most, kind, False))]


def Parts(of: Any, most: int, kind: str = "row") -> Any:
    """Return the type of a list that is a part of a row.  As `Rows`, but null or a list of invalid rows only is an empty list."""
    parts = Annotated[list[of], Field(max_length=most), WrapValidator(partial(_valid_rows, most, kind, True))]
    return Annotated[parts, default_for_null([])]


def _valid_rows(
    most: int, kind: str, can_be_emptied: bool, found: Any, validate: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> list[Any]:
    kept = found[:most] if isinstance(found, list) else found
    before = len(info.context or ())
    try:
        return validate(kept)
    except ValidationError as error:
        errors = {one["loc"][0]: one for one in reversed(error.errors(include_url=False)) if one["loc"]}
        if not errors or (len(errors) == len(kept) and not can_be_emptied) or info.context is None:
            raise
        # The rows of their own lists are read, and counted, once more.
        info.context[before:] = [(kind, sentence_of(errors[place], (info.field_name,))) for place in sorted(errors)]
        return validate([row for place, row in enumerate(kept) if place not in errors])


def read(kind: type[M], answer: Any, *parts: Model) -> M:
    """Return an answer as a model.  Raises `ValidationError`.

    Invalid rows are left out of lists only where the model has ``invalid_rows``, which then has their number and that of the
    ``parts`` it is made of.
    """
    errors: list[tuple[str, str]] | None = [] if "invalid_rows" in kind.model_fields else None
    value = kind.model_validate(answer, context=errors)
    if errors is not None:
        invalid = [part.invalid_rows for part in parts if part.invalid_rows]
        kinds = sum((Counter(one.by_kind) for one in invalid), Counter(kind for kind, _ in errors))
        sentences = [*(one.error for one in invalid), *(sentence for _, sentence in errors)]
        if kinds:
            value.invalid_rows = _InvalidRows(count=kinds.total(), by_kind=dict(kinds), error=sentences[0])
    return value


#: What pydantic's errors are about, by their type, where its own words are no sentence.
_EXPECTED = {
    "int_type": "an integer",
    "string_type": "a string",
    "bool_type": "a boolean",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "value_error": "{error}",
}


def sentence_of(error: Mapping[str, Any], path: tuple[str | int, ...] = ()) -> str:
    """Return one of pydantic's errors as ``builds[3].build_id: expected an integer, got null``."""
    # The key of an object is an upstream's text.
    parts = (part if isinstance(part, int) else text.line(part)[:MAX_SHOWN] for part in (*path, *error["loc"]))
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    if error["type"] == "missing":
        return f"{place.removeprefix('.')}: expected a value, but the field is missing"
    expected = _EXPECTED.get(error["type"], error["msg"].removeprefix("Input should be "))
    expected = expected.format_map(error.get("ctx", {}))
    return f"{place.removeprefix('.') or 'answer'}: expected {expected}, got {_shown(error['input'])}"


def _shown(value: Any) -> str:
    """Return an invalid value in a few characters.  Of a string it is the length: readers must not see an upstream's words."""
    if isinstance(value, dict | list | tuple):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    try:
        found = json.dumps(value)
    except (TypeError, ValueError):
        return f"a {type(value).__name__}"
    return found if len(found) <= MAX_SHOWN else f"{found[:MAX_SHOWN]}…"


@cache
def schema_of(kind: Any, components: frozenset[str] = frozenset()) -> Schema:
    """Return the JSON schema of a type, without titles.  It refers to the models that are ``components``; others are inlined."""
    found = TypeAdapter(kind).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    definitions = found.pop("$defs", {})
    return _plain(found, {name: schema for name, schema in definitions.items() if name not in components})


def _plain(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_plain(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name in definitions:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {**_plain(definitions[name], definitions), **beside}
    found = {
        key: {name: _plain(part, definitions) for name, part in value.items()}
        if key == "properties"
        else _plain(value, definitions)
        for key, value in schema.items()
        if key not in ("default", "discriminator")
        and not (key == "title" and isinstance(value, str))
        # That of an object is its class's docstring.
        and not (key == "description" and "properties" in schema)
    }
    if "oneOf" in found:
        found["anyOf"] = found.pop("oneOf")
    return found


def branches(schema: Schema) -> Iterator[Schema]:
    """Yield the alternatives of a schema: itself, where there are none."""
    yield from schema.get("anyOf", [schema])


def properties_of(schema: Schema) -> dict[str, Schema]:
    """Return the properties of an object, of all its alternatives; the first that has a property describes it."""
    found: dict[str, Schema] = {}
    for branch in branches(schema):
        for name, property_ in branch.get("properties", {}).items():
            found.setdefault(name, property_)
    return found
