"""Differences between two values, in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.monitoring.differences import MAX_DIFFERENCES, MAX_VALUE_LENGTH, differences


def builds(*rows):
    return {"builds": [{"build_id": number, "state": state} for number, state in rows]}


@pytest.mark.parametrize(
    ("before", "after", "phrases"),
    [
        ({"total": 1}, {"total": 1}, []),
        ({"total": 1}, {"total": 2}, ["total was 1, is 2"]),
        ({}, {"total": 2}, ["total is new: 2"]),
        ({"total": 2}, {}, ["total is gone: it was 2"]),
        (builds((7, "building")), builds((7, "complete")), ['builds 7 state was "building", is "complete"']),
        (builds((7, "x")), builds((8, "x"), (7, "x")), ['builds 8 is new: {"build_id": 8, "state": "x"}']),
        ({"bugs": []}, {"bugs": [{"id": 5, "summary": "It is broken"}]}, ['bugs 5 is new: "It is broken"']),
        (builds((7, "x"), (8, "x")), builds((8, "x"), (7, "x")), ["builds is in another order"]),
        ({"names": ["a"]}, {"names": ["a", "b"]}, ['names was ["a"], is ["a", "b"]']),
        (1, "1", ['it was 1, is "1"']),
        ({"a\n1999": "\x7f"}, {"a\n1999": "\u202e\u2028\x9b"}, ['a 1999 was "", is " "']),
        ({"a": {"b": {"c": None}}}, {"a": {"b": {"c": False}}}, ["a b c was null, is false"]),
    ],
)
def test_each_difference_has_a_phrase(before, after, phrases):
    assert differences(before, after) == phrases


def test_the_number_of_phrases_is_bounded():
    found = differences({str(number): 0 for number in range(100)}, {str(number): 1 for number in range(100)})
    assert (len(found), found[-1]) == (MAX_DIFFERENCES + 1, "and more")


def test_the_length_of_a_value_is_bounded():
    (found,) = differences("x" * 10_000, "")
    assert len(found) < 2 * MAX_VALUE_LENGTH


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "name", "builds", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_different_values_have_phrases_and_equal_ones_none(before, after):
    assert bool(differences(before, after)) == (before != after)


@given(JSON)
def test_nothing_differs_from_itself(value):
    assert differences(value, value) == []
