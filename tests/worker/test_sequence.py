"""Holes in the sequences of publishers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.worker.sequence import SequenceTracker


def message(number, application="buildsys", account="koji", certificate=None):
    return {
        "i": number,
        "topic": f"org.fedoraproject.prod.{application}.tag",
        "username": account,
        "certificate": certificate,
    }


def holes(*messages):
    tracker = SequenceTracker()
    return [tracker.is_hole(one) for one in messages]


def test_the_first_message_is_where_listening_begins():
    assert holes(message(41)) == [False]


def test_numbers_that_go_on_have_no_hole():
    assert holes(*map(message, (41, 42, 43))) == [False] * 3


def test_a_number_that_is_left_out_is_a_hole():
    assert holes(*map(message, (41, 43, 44))) == [False, True, False]


def test_the_same_message_twice_is_no_hole():
    assert holes(*map(message, (41, 42, 42, 43))) == [False] * 4


def test_processes_of_one_publisher_count_for_themselves():
    assert holes(*map(message, (41, 1, 42, 2, 3, 43))) == [False] * 6


def test_a_process_that_we_have_not_heard_yet_looks_like_a_hole_once():
    assert holes(*map(message, (41, 900, 42, 901))) == [False, True, True, False]


def test_publishers_are_told_apart_by_account_and_certificate():
    assert holes(message(1), message(7, certificate="x"), message(9, account="other"), message(2)) == [False] * 4


def test_a_process_counts_on_whatever_application_it_speaks_for():
    assert holes(message(1), message(2, "bodhi"), message(3, "bugzilla"), message(4), message(6, "bodhi")) == [
        False, False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "odd", [{}, {"i": 1}, {"i": True, "topic": "a.b.c.d"}, {"i": "2", "topic": "a.b.c.d"}, {"i": 1, "topic": 7}]
)
def test_a_message_without_a_number_says_nothing(odd):
    assert holes(odd) == [False]


def test_what_is_remembered_is_bounded():
    tracker = SequenceTracker(max_publishers=5, max_runs=3)
    for number in range(10):
        tracker.is_hole(message(1, account=str(number)))
    for _ in range(9):
        tracker.is_hole(message(1, account="0"))
        tracker.is_hole(message(2, account="0"))
    assert len(tracker.runs) == 5
    assert max(map(len, tracker.runs.values())) <= 3


@given(st.lists(st.integers(0, 3), max_size=60))
def test_however_processes_are_mixed_there_is_no_hole_where_nothing_was_lost(order):
    tracker, numbers = SequenceTracker(), [0] * 4
    for process in order:
        numbers[process] += 1
        # Each begins to count where the others have not been yet: that is how a message is told from its neighbor's.
        assert not tracker.is_hole(message(numbers[process], account=str(process)))
