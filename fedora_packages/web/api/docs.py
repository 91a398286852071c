"""Docstrings as documentation of the API: constants by their values, JSON's terms in place of Python's."""

import inspect
import re
import sys
from typing import Any, get_args

from fedora_packages.connectors.query import Query

#: Terms of docstrings, and their equivalents in JSON and Markdown.
WORDS = ((r"\bTrue\b", "true"), (r"\bFalse\b", "false"), (r"\bNone\b", "null"), (r"::$", ":"), ("``", "`"))


def documentation(query: Query) -> str:
    """Return the docstring of a query: paragraphs, and code blocks, which are indented by four spaces."""
    returns = query.declaration.returns
    kinds = [type(query.connector), *(get_args(returns) or [returns])]
    constants = {
        name: value
        for kind in kinds
        for name, value in vars(sys.modules[kind.__module__]).items()
        if isinstance(value, int | tuple)
    }

    def told(match: re.Match[str]) -> str:
        value = constants.get(match[1], match[0])
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

    text = re.sub(r"`?\b([A-Z][A-Z_]{2,})\b`?", told, query.documentation)
    for ours, theirs in WORDS:
        text = re.sub(ours, theirs, text, flags=re.MULTILINE)
    # It begins as a docstring does: "Return what ...".
    text = text.removeprefix("Return ")
    return f"{text[:1].upper()}{text[1:]}"


def paragraphs(docstring: str) -> str:
    """Return a docstring with every paragraph in one line."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(docstring))


def blocks(text: str) -> list[tuple[bool, str]]:
    """Return the parts of a text: (whether it is a code block, its text)."""
    found: list[tuple[bool, str]] = []
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        is_code = part.startswith("    ")
        if is_code and found and found[-1][0]:
            found[-1] = (True, f"{found[-1][1]}\n\n{part}")
        else:
            found.append((is_code, part))
    return [
        (is_code, re.sub("^ {4}", "", part, flags=re.MULTILINE) if is_code else _joined(part))
        for is_code, part in found
    ]


def spans(text: str) -> list[tuple[bool, str]]:
    """Return the parts of a paragraph: (whether it is code, its text)."""
    return [(bool(number % 2), part) for number, part in enumerate(text.split("`")) if part]


def title(text: str) -> str:
    """Return the first sentence of a text, without its period."""
    return _joined(re.split(r"\.(?:\s|$)", text, maxsplit=1)[0])


def fields(schema: Any, prefix: str = "", deep: int = 4) -> list[tuple[str, str, str]]:
    """Return (path, type, description) of every field of a schema, as a table for people.

    Components have their own tables: a field with one has its name only.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for branch in schema.get("anyOf", [schema]):
        for name, part in branch.get("properties", {}).items():
            path = f"{prefix}{name}"
            row = (path, _type(part), part.get("description", ""))
            if path in found and found[path][1] != row[1]:
                row = (path, f"{found[path][1]} or {row[1]}", found[path][2] or row[2])
            found[path] = row
            inner = part.get("items") or part.get("additionalProperties") or part
            step = "[]." if "items" in part else ".*." if "additionalProperties" in part else "."
            if deep and isinstance(inner, dict):
                for below in fields(inner, f"{path}{step}", deep - 1):
                    found.setdefault(below[0], below)
    return list(found.values())


def _type(schema: Any) -> str:
    """Return the type of a value, a component by its name between backticks."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "const" in schema:
        return str(schema["const"]).lower() if not isinstance(schema["const"], str) else f'"{schema["const"]}"'
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "enum" in schema:
        return " ".join("null" if word is None else word for word in schema["enum"])
    if "items" in schema and _type(schema["items"]):
        return f"list of {_type(schema['items'])}"
    if schema.get("format") == "unixtime":
        return "timestamp"
    kinds = schema.get("type", "")
    names = {"array": "list"}
    return " or ".join(names.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _joined(text: str) -> str:
    return " ".join(text.split())
