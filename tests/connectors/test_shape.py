"""The shape of answers: what is missing in all of them, by what our models read."""

from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AliasPath, BeforeValidator

from fedora_packages.connectors.shape import Shape
from fedora_packages.connectors.types import Count, InvalidRows, Model, Own, Parts, ReadAs, Rows, Sometimes, field


class Part(Model):
    """A part of a row."""

    number: Count


class Listed(Model):
    """A part as the upstream returns it."""

    label: str


class Row(Model):
    """A row."""

    id: Count
    name: str | None = field(default=None, alias=AliasPath("owner", "name"))
    text: str = field(default="", alias=AliasChoices("text", "words"))
    size: Own[Count] = 0
    note: Sometimes[str | None] = None
    parts: Parts(Part, 9) = []
    labels: Annotated[
        list[str], BeforeValidator(lambda rows: [row["label"] for row in rows]), ReadAs(list[Listed])
    ] = []


class Answer(Model):
    """An answer."""

    total: Count
    rows: Rows(Row, 9)
    by_name: dict[str, Part | None] = {}
    invalid_rows: InvalidRows = None


ROW = {"id": 1, "owner": {"name": "one"}, "text": "", "parts": [{"number": 1}], "labels": [{"label": "new"}]}
WHOLE = {"total": 1, "rows": [ROW], "by_name": {"one": None, "two": {"number": 2}}}


def shape_of(*answers: Any) -> Shape:
    shape = Shape()
    for answer in answers:
        shape.note(Answer, answer)
    return shape


def without(*names: str) -> dict[str, Any]:
    return {**WHOLE, "rows": [{name: value for name, value in ROW.items() if name not in names}]}


def test_a_whole_answer_has_all():
    shape = shape_of(WHOLE)
    assert (shape.missing, shape.unchecked, shape.errors, shape.foreign, shape.is_empty) == ([], [], [], "", False)


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (without("owner"), "rows[0].owner.name"),
        (without("text"), "rows[0].text"),
        (without("parts"), "rows[0].parts"),
        ({"total": 1, "rows": [ROW]}, "by_name"),
        ({**WHOLE, "rows": [{**ROW, "owner": None}]}, "rows[0].owner.name"),
        ({**WHOLE, "rows": [{**ROW, "labels": [{"title": "new"}]}]}, "rows[0].labels[0].label"),
        ({**WHOLE, "rows": [{**ROW, "parts": [{}]}], "by_name": {}}, "rows[0].parts[0].number"),
    ],
)
def test_a_field_that_no_answer_has_is_missing_although_it_has_a_default(answer, field):
    assert shape_of(answer).missing == [f"{field}: expected a value, but the field is missing"]


def test_a_field_that_one_row_of_one_answer_has_is_not_missing():
    bare = {"id": 2}
    assert shape_of({**WHOLE, "rows": [bare]}, {**WHOLE, "rows": [bare, ROW]}).missing == []


def test_a_field_may_have_its_other_name():
    assert shape_of({**WHOLE, "rows": [{**without("text")["rows"][0], "words": "x"}]}).missing == []


def test_an_answer_without_rows_is_missing_them():
    assert shape_of({"total": 0, "rows": [], "by_name": {"one": None}}).missing == [
        "rows: expected at least one row, got none"
    ]


def test_rows_without_parts_leave_the_fields_of_those_unchecked():
    shape = shape_of({**WHOLE, "rows": [{**ROW, "parts": []}], "by_name": {"one": None}})
    assert (shape.missing, shape.unchecked) == ([], ["parts", "by_name"])


def test_what_is_read_as_another_type_is_compared_with_that():
    shape = shape_of({**WHOLE, "rows": [{**ROW, "labels": [{"label": 7}]}]})
    assert shape.errors == ["rows[0].labels[0].label: expected a string, got 7"]


@pytest.mark.parametrize("answer", [{"openapi": "3.1.0"}, {}, [], None, "<html>", 7])
def test_an_answer_without_any_field_is_foreign(answer):
    assert shape_of(answer).foreign == "total, rows, by_name"


def test_nothing_is_known_without_an_answer():
    assert Shape().is_empty
