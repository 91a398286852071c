"""What every query there is must be."""

import json
from fnmatch import fnmatchcase
from typing import Annotated, Literal, get_args, get_origin

from fedora_packages.connectors.types import Model, clip, properties_of
from fedora_packages.messages.event import parse


def test_every_query_is_documented_with_its_source(queries):
    undocumented = [name for name, query in queries.items() if "Source:" not in query.documentation]
    assert undocumented == []


def test_every_query_returns_a_model_or_one_of_several(queries):
    returned = {name: query.declaration.returns for name, query in queries.items()}
    kinds = {name: get_args(returns) or (returns,) for name, returns in returned.items()}
    assert {name for name, every in kinds.items() if not all(issubclass(kind, Model) for kind in every)} == set()


def test_a_value_with_a_list_of_the_upstreams_can_say_which_rows_were_left_out(queries):
    def lists(schema):
        found = properties_of(schema)
        return [name for name, part in found.items() if part.get("items", {}).get("type") == "object"]

    silent = {name for name, query in queries.items() if lists(query.returns) and not says_invalid(query)}
    # Patches are made of the spec file, which has no rows that could be invalid.
    assert silent == {"distgit.patches"}


def test_every_string_of_a_value_is_cleaned(queries):
    def strings(kind, path, is_clean=False):
        if isinstance(kind, type) and issubclass(kind, Model):
            for name, field in kind.model_fields.items():
                if not field.exclude:
                    yield from strings(Annotated[(field.annotation, None, *field.metadata)], f"{path}.{name}")
            return
        annotations = getattr(kind, "__metadata__", ())
        is_clean = is_clean or any(getattr(getattr(each, "func", None), "func", None) is clip for each in annotations)
        if kind is str and not is_clean:
            yield path
        if get_origin(kind) is not Literal:
            for part in get_args(kind)[: 1 if annotations else None]:
                yield from strings(part, path, is_clean)

    raw = {path for query in queries.values() for path in strings(query.declaration.returns, query.name)}
    # The names of a directory are cleaned as one string, before they are split.
    assert raw == {"mdapi.files.directories.files"}


def says_invalid(query) -> bool:
    return "invalid_rows" in properties_of(query.returns)


def test_every_query_is_renewed_by_messages_or_on_a_schedule(queries):
    stale = [name for name, query in queries.items() if not query.declaration.rules and not query.declaration.every]
    assert stale == []


def test_every_topic_that_is_listened_to_was_recorded(queries, data):
    files = [path for folder in ("messages", "today/messages") for path in (data / folder).glob("*.json")]
    topics = {parse(json.loads(path.read_text("utf-8"))).topic for path in files}
    unheard = {
        pattern
        for query in queries.values()
        for rule in query.declaration.rules
        for pattern in rule.topics
        if not any(fnmatchcase(topic, pattern) for topic in topics)
    }
    # Of these no recording was found (of dist-git's branches: none of the newer form).
    assert unheard == {
        "pagure.git.branch.creation", "pagure.git.branch.deletion", "pagure.project.deleted", "forgejo.delete",
        "forgejo.repository", "anitya.project.edit", "anitya.project.remove",
    }  # fmt: skip
