"""How Redis keeps values, summaries and expected states, and what comes back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.cache.values import (
    MAX_SUMMARY,
    CachedValue,
    Entry,
    Invalidation,
    Stamp,
    as_json,
    decoded,
    digest,
    last_known_value_of,
    recent,
    summary_of,
    summary_stored,
)

PAIR = (Entry("koji.builds", "guake", 1), "")
STAMP = Stamp(1000.0, 0.5, "koji", "worker", {"id": "2026-1", "topic": "buildsys.tag", "sent": 990.0})
ERROR_STATE = {"since": 900.0, "at": 950.0, "error": "x", "upstream": "koji", "kind": "silent"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_a_stored_value_comes_back_with_its_stamp(value):
    data = f'{{"value":{as_json(value)},"stamp":{as_json(STAMP.as_dict())}}}'.encode()
    assert decoded(data) == (value, STAMP)


@given(JSON, JSON)
def test_digests_are_equal_exactly_for_equal_json(one, other):
    assert (digest(as_json(one)) == digest(as_json(other))) == (as_json(one) == as_json(other))


@pytest.mark.parametrize(
    ("value", "summary"),
    [
        ({"total": 3, "found": True, "name": "x", "builds": [1], "huge": 2**60}, {"total": 3}),
        ([1, 2], {}),
        (None, {}),
    ],
)
def test_a_summary_has_the_integers_at_the_top(value, summary):
    assert summary_of(value) == summary


def test_a_summary_is_bounded():
    assert len(summary_of({str(number): number for number in range(MAX_SUMMARY + 5)})) == MAX_SUMMARY


@pytest.mark.parametrize(("generation", "summary"), [(b"7", {"total": 3}), (b"8", None), (None, None)])
def test_a_summary_of_another_generation_is_none(generation, summary):
    assert summary_stored(generation, b'["7",{"total":3}]') == summary


def test_expected_states_of_old_events_are_dropped():
    states = json.dumps({"old": [99.0, '{"about": "old"}'], "new": [100.0, '{"about": "new"}']}).encode()
    assert recent(states, 100.0) == ((100.0, {"about": "new"}),)
    assert recent(None, 100.0) == ()


@pytest.mark.parametrize(
    ("old", "failure", "state"),
    [(False, False, "unknown"), (True, False, "refreshing"), (False, True, "failing"), (True, True, "failing")],
)
def test_the_state_of_a_variant_without_a_current_value(old, failure, state):
    data = as_json({"value": 1, "stamp": STAMP.as_dict()}).encode() if old else None
    cached = last_known_value_of(PAIR, data, as_json(ERROR_STATE).encode() if failure else None, None)
    assert (cached.state, cached.is_known, cached.is_fresh) == (state, old, False)
    assert (cached.error_state is not None) == failure


def test_a_cached_value_is_json_ready():
    cached = CachedValue(*PAIR, "fresh", {"total": 1}, STAMP)
    assert json.loads(json.dumps(cached.as_dict()))["stamp"]["event"]["id"] == "2026-1"


def test_the_arguments_of_an_invalidation_are_the_cause_its_time_and_the_expected_states():
    event = {"id": "2026-1", "topic": "buildsys.tag", "sent": 990.0}
    states = [(990.0, {"about": "build 7", "state": 1})]
    assert Invalidation(PAIR[0], event, states, make=True).arguments(1000.0) == [
        as_json({"event": event, "at": 1000.0}), 990.0, "make", 990.0, "build 7", '{"about":"build 7","state":1}',
    ]  # fmt: skip
    assert Invalidation(PAIR[0], again=True).arguments(1000.0) == ["", "", ""]
