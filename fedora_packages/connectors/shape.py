"""The shape of an upstream's answers, compared with what our models read of it.

Validation is lenient where that is safe, so a field that an upstream no longer returns can go unnoticed: it has a default, or
its list is read as empty.  A `Shape` sees each answer before it is read, and has what is missing in all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AliasChoices, AliasPath, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from fedora_packages.connectors.types import Model, Origin, ReadAs, sentence_of

#: A place in an answer: names of fields and numbers of rows.
Path = tuple[str | int, ...]

#: Fields that a sentence about an unknown answer names.
MAX_NAMED = 5


@dataclass
class _Field:
    """A field of a model, in all answers so far: where it was expected first, and whether any answer had it, and any rows."""

    path: Path
    is_there: bool = False
    has_rows: bool = False


class Shape:
    """What the answers to one query have of the fields that our models read.

    ``errors`` has a sentence about the first part of another type than `ReadAs` names.  ``foreign`` are the expected fields where
    an answer has none of them, else an empty string: another server returned it.
    """

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.foreign = ""
        self._fields: dict[tuple[type[Model], str], _Field] = {}
        self._roots: dict[type[Model], None] = {}

    def note(self, kind: type[Model], answer: Any) -> None:
        """Note an answer that will be read as a model."""
        self._roots[kind] = None
        fields = ((name, info) for name, info in kind.model_fields.items() if not _is(info, Origin.OWN))
        names = dict.fromkeys(str(path[0]) for name, info in fields for path in _paths(name, info))
        if not isinstance(answer, Mapping) or names.keys().isdisjoint(answer):
            self.foreign = ", ".join(list(names)[:MAX_NAMED])
        self._look(kind, (), answer, ())

    @property
    def is_empty(self) -> bool:
        """Whether no answer was read."""
        return not self._roots

    @property
    def missing(self) -> list[str]:
        """Sentences about the fields that no answer has, and about answers without any row."""
        expected = {
            key: field for key, field in self._fields.items() if not _is(key[0].model_fields[key[1]], Origin.SOMETIMES)
        }
        missing = [field.path for field in expected.values() if not field.is_there]
        empty = {
            f"{lists[0].path[-1]}: expected at least one row, got none"
            for root in self._roots
            if (lists := [field for (kind, name), field in expected.items() if kind is root and _is_list(root, name)])
            and all(field.is_there and not field.has_rows for field in lists)
        }
        return [*(sentence_of({"type": "missing", "loc": path}) for path in missing), *sorted(empty)]

    @property
    def unchecked(self) -> list[str]:
        """The names of the fields with objects of which no answer has any: nothing is known of the fields of those."""
        seen = {*self._roots, *(kind for kind, _ in self._fields)}
        return [
            str(field.path[-1])
            for (kind, name), field in self._fields.items()
            if field.is_there and any(part not in seen for part in _models(_read_as(kind.model_fields[name])))
        ]

    def _look(self, kind: Any, metadata: Any, found: Any, path: Path) -> None:
        origin, parts = get_origin(kind), get_args(kind)
        if origin is Annotated:
            self._look(parts[0], parts[1:], found, path)
        elif read_as := next((mark.kind for mark in metadata if isinstance(mark, ReadAs)), None):
            self._check(read_as, found, path)
            self._look(read_as, (), found, path)
        elif origin in (Union, UnionType):
            for part in parts:
                self._look(part, (), found, path)
        elif origin is list and isinstance(found, list):
            for place, row in enumerate(found):
                self._look(parts[0], (), row, (*path, place))
        elif origin is dict and isinstance(found, Mapping):
            for name, value in found.items():
                self._look(parts[1], (), value, (*path, name))
        elif _is_model(kind) and isinstance(found, Mapping):
            for name, info in kind.model_fields.items():
                if not _is(info, Origin.OWN):
                    self._look_at_field(kind, name, info, found, path)

    def _look_at_field(self, kind: type[Model], name: str, info: FieldInfo, row: Mapping[str, Any], path: Path) -> None:
        choices = _paths(name, info)
        field = self._fields.setdefault((kind, name), _Field((*path, *choices[0])))
        for choice in choices:
            is_there, value = _value_at(row, choice)
            if is_there:
                field.is_there = True
                field.has_rows = field.has_rows or _has_rows(value)
                self._look(info.annotation, info.metadata, value, (*path, *choice))
                return

    def _check(self, kind: Any, found: Any, path: Path) -> None:
        try:
            _adapter(kind).validate_python(found, strict=True)
        except ValidationError as error:
            if not self.errors:
                self.errors.append(sentence_of(error.errors(include_url=False)[0], path))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _is(info: FieldInfo, origin: Origin) -> bool:
    return origin in info.metadata


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Model)


def _read_as(info: FieldInfo) -> Any:
    """Return the type of what a field is read from."""
    return next((mark.kind for mark in info.metadata if isinstance(mark, ReadAs)), info.annotation)


def _paths(name: str, info: FieldInfo) -> list[Path]:
    """Return where a field can stand in an object of an answer; each is a path of names."""
    alias = info.validation_alias or name
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [tuple(choice.path) if isinstance(choice, AliasPath) else (choice,) for choice in choices]


def _value_at(row: Any, path: Path) -> tuple[bool, Any]:
    """Return whether an object has something at a path of names, and that."""
    for name in path:
        if not isinstance(row, Mapping) or name not in row:
            return False, None
        row = row[name]
    return True, row


def _is_list(kind: type[Model], name: str) -> bool:
    return get_origin(_read_as(kind.model_fields[name])) in (list, dict)


def _has_rows(value: Any) -> bool:
    """Whether a list, or an object in place of one, has anything that is neither null nor empty."""
    return any(value.values() if isinstance(value, Mapping) else value) if isinstance(value, list | Mapping) else False


def _models(kind: Any) -> Iterator[type[Model]]:
    """Yield the models that a type is made of."""
    if _is_model(kind):
        yield kind
    for part in get_args(kind):
        yield from _models(part)
