"""Types of fields: what they take, what they say of what they do not take, and their schemas."""

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from fedora_packages.connectors.types import (
    KNOWN,
    MAX_INTEGER,
    MAX_TIMESTAMP,
    Count,
    InvalidRows,
    ISOTime,
    Known,
    Model,
    OptionalText,
    Parts,
    Rows,
    Text,
    Timestamp,
    default_for_null,
    field,
    properties_of,
    read,
    schema_of,
    sentence_of,
)


class Part(Model):
    """A row of a row."""

    id: Count = field(alias="number")


class Row(Model):
    """A row."""

    id: Count
    name: Text(8)
    state: Literal["new", "old"] = "new"
    note: OptionalText = None
    parts: Parts(Part, 2, "part") = []


class Value(Model):
    """A value."""

    total: Count = field("rows that there are")
    at: ISOTime | None = None
    rows: Rows(Row, 3, "thing") = field("newest first")
    invalid_rows: InvalidRows = None


def value(*rows: Any, total: Any = 1, **more: Any) -> dict[str, Any]:
    return read(Value, {"total": total, "rows": list(rows), **more}).model_dump(mode="json")


def error_of(answer: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        read(Value, answer)
    return sentence_of(raised.value.errors(include_url=False)[0])


GOOD = {"id": 1, "name": "one", "more": "ignored"}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "answer: expected an object, got null"),
        ([], "answer: expected an object, got a list of 0"),
        ({"rows": []}, "total: expected a value, but the field is missing"),
        ({"total": None, "rows": []}, "total: expected an integer, got null"),
        ({"total": True, "rows": []}, "total: expected an integer, got true"),
        ({"total": "1", "rows": []}, "total: expected an integer, got a string of 1 characters"),
        ({"total": 1.0, "rows": []}, "total: expected an integer, got 1.0"),
        ({"total": float("nan"), "rows": []}, "total: expected an integer, got NaN"),
        ({"total": -1, "rows": []}, "total: expected at least 0, got -1"),
        ({"total": 1 << 60, "rows": []}, f"total: expected at most {MAX_INTEGER}, got {1 << 60}"),
        ({"total": 1, "rows": {}}, "rows: expected a list, got an object"),
        ({"total": 1, "rows": [{}]}, "rows[0].id: expected a value, but the field is missing"),
        ({"total": 1, "rows": [{"id": 1, "name": None}]}, "rows[0].name: expected a string, got null"),
        ({"total": 1, "rows": [{**GOOD, "state": "xx"}]}, "rows[0].state: expected 'new' or 'old', got a string of 2 characters"),
        ({"total": 1, "rows": [], "at": "noon"}, "at: expected an ISO 8601 time, got a string of 4 characters"),
        ({"total": 1, "rows": [], "at": {}}, "at: expected an ISO 8601 time, got an object"),
        ({"total": 1, "rows": [], "at": "1969-01-01"}, "at: expected at least 0, got -31536000"),
    ],
)  # fmt: skip
def test_an_error_names_the_field_what_was_expected_and_what_came(answer, sentence):
    assert error_of(answer) == sentence


def test_an_error_shows_no_control_characters_and_little_of_a_long_value():
    sentence = error_of({"total": "\x1b[2J\n" + "x" * 10_000, "rows": []})
    assert (sentence.isprintable(), len(sentence) < 120) == (True, True)


def test_an_invalid_row_is_left_out_and_counted():
    found = value(GOOD, {**GOOD, "id": None}, {**GOOD, "name": 7})
    assert [row["id"] for row in found["rows"]] == [1]
    error = "rows[1].id: expected an integer, got null"
    assert found["invalid_rows"] == {"count": 2, "by_kind": {"thing": 2}, "error": error}


def test_a_value_without_invalid_rows_does_not_speak_of_them():
    assert "invalid_rows" not in value(GOOD)


def test_what_an_upstream_says_of_invalid_rows_is_ignored():
    assert "invalid_rows" not in value(GOOD, invalid_rows={"count": 7, "error": "<b>"})


def test_the_invalid_rows_of_parts_are_counted_too():
    part = read(Value, {"total": 2, "rows": [GOOD, None]})
    found = read(Value, {"total": 2, "rows": [GOOD, {}]}, part, part)
    error = "rows[1]: expected an object, got null"
    assert found.invalid_rows.model_dump() == {"count": 3, "by_kind": {"thing": 3}, "error": error}


def test_where_a_value_cannot_say_that_a_row_was_left_out_the_row_is_an_error():
    class Silent(Model):
        """A value without invalid_rows."""

        rows: Rows(Row, 3)

    with pytest.raises(ValidationError):
        read(Silent, {"rows": [GOOD, None]})


def test_a_list_of_invalid_rows_only_is_an_error():
    assert error_of({"total": 2, "rows": [None, 7]}) == "rows[0]: expected an object, got null"


def test_an_invalid_row_of_a_row_costs_no_more_than_itself():
    found = value({**GOOD, "parts": [{"number": 1}, {"number": "2"}]}, {**GOOD, "id": 2, "parts": [None]})
    assert [row["parts"] for row in found["rows"]] == [[{"id": 1}], []]
    assert found["invalid_rows"] == {
        "count": 2,
        "by_kind": {"part": 2},
        "error": "parts[1].number: expected an integer, got a string of 1 characters",
    }


def test_the_parts_of_a_row_that_is_left_out_are_not_counted():
    found = value({"id": None, "name": "x", "parts": [None]}, {**GOOD, "parts": [None]})
    assert (found["invalid_rows"]["count"], found["invalid_rows"]["by_kind"]) == (2, {"thing": 1, "part": 1})


def test_a_list_is_cut_before_it_is_validated():
    assert [row["id"] for row in value(*({**GOOD, "id": number} for number in range(9)), None)["rows"]] == [0, 1, 2]


def test_null_is_an_empty_list_only_where_it_may_be():
    assert value({**GOOD, "parts": None})["rows"][0]["parts"] == []
    assert error_of({"total": 0, "rows": None}) == "rows: expected a list, got null"


@pytest.mark.parametrize(("given", "kept"), [("much too long", "much too"), ("\ud800x", "?x"), ("", "")])
def test_strings_are_clipped_and_lone_surrogates_replaced(given, kept):
    assert value({**GOOD, "name": given})["rows"][0]["name"] == kept


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_whatever_a_string_is_it_can_be_written(string):
    value({**GOOD, "name": string, "note": string})["rows"][0]["name"].encode("utf-8")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("2026-11-20 05:49:16", 1795153756), ("2026-11-20 05:49:16.123456", 1795153756),
        ("2026-11-20T06:49:16+01:00", 1795153756), ("2026-11-20T05:49:16Z", 1795153756), (None, None),
    ],
)  # fmt: skip
def test_times_are_read_as_seconds_without_their_fraction(given, seconds):
    assert value(at=given)["at"] == seconds


class Odd(Model):
    """Types that only schemas tell apart."""

    kind: Known("a", "b") = field("which", default="a")
    title: Annotated[Known("none"), default_for_null("none")]
    when: Timestamp
    none: None = None


def test_a_schema_has_names_bounds_and_descriptions_and_neither_titles_nor_references():
    assert schema_of(Value)["properties"]["rows"] == {
        "type": "array", "maxItems": 3, "description": "newest first",
        "items": {
            "type": "object", "required": ["id", "name", "state", "note", "parts"],
            "properties": {
                "id": {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER},
                "name": {"type": "string", "maxLength": 8},
                "state": {"type": "string", "enum": ["new", "old"]},
                "note": {"anyOf": [{"type": "string", "maxLength": 1000}, {"type": "null"}]},
                "parts": {
                    "type": "array", "maxItems": 2,
                    "items": {
                        "type": "object", "required": ["id"],
                        "properties": {"id": {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER}},
                    },
                },
            },
        },
    }  # fmt: skip
    assert schema_of(Value)["required"] == ["total", "at", "rows"]


def test_a_field_can_be_called_title():
    found = schema_of(Odd)["properties"]
    assert found["title"] == {"type": "string", "maxLength": 64, KNOWN: ["none"]}
    assert found["kind"] == {"type": "string", "maxLength": 64, KNOWN: ["a", "b"], "description": "which"}
    assert (found["when"]["maximum"], found["none"]) == (MAX_TIMESTAMP, {"type": "null"})


class Found(Model):
    """Something."""

    found: Literal[True]
    part: Part


class Missing(Model):
    """Nothing."""

    found: Literal[False]


def test_a_union_has_the_alternatives_of_its_types():
    schema = schema_of(Found | Missing)
    assert [branch["properties"]["found"]["const"] for branch in schema["anyOf"]] == [True, False]
    assert list(properties_of(schema)) == ["found", "part"]


def test_a_component_is_referred_to():
    assert schema_of(Found, frozenset({"Part"}))["properties"]["part"] == {"$ref": "#/components/schemas/Part"}


def test_a_field_that_is_read_but_not_returned_is_in_no_schema():
    class Hidden(Model):
        """A model with an internal field."""

        secret: int = field(exclude=True)
        shown: int = Field(1)

    assert list(schema_of(Hidden)["properties"]) == ["shown"]
    assert read(Hidden, {"secret": 7}).model_dump() == {"shown": 1}
