"""The inbox between the bus and the handler."""

import threading

from fedora_packages.worker import buffer as inboxes
from fedora_packages.worker.buffer import Inbox


def test_messages_are_taken_out_together_in_their_order():
    inbox = Inbox()
    for number in range(3):
        inbox.put(number)
    assert inbox.get()[0] == [0, 1, 2]


def test_a_batch_is_bounded(monkeypatch):
    monkeypatch.setattr(inboxes, "BATCH", 2)
    inbox = Inbox()
    for number in range(3):
        inbox.put(number)
    assert [inbox.get()[0], inbox.get()[0]] == [[0, 1], [2]]


def test_beyond_the_bound_messages_are_dropped_and_that_is_said(monkeypatch):
    monkeypatch.setattr(inboxes, "KEPT", 2)
    inbox = Inbox()
    assert [inbox.put(number) for number in range(3)] == [True, True, False]
    assert len(inbox) == 2


def test_without_messages_waiting_ends():
    assert Inbox().get(limit=0.0) == ([], 0.0)


def test_nothing_wakes_whoever_waits():
    inbox, got = Inbox(), []
    waiting = threading.Thread(target=lambda: got.append(inbox.get(limit=30)))
    waiting.start()
    while waiting.is_alive():
        # It may not have begun to wait yet.
        inbox.put(None)
        waiting.join(0.01)
    assert got == [([], 0.0)]


def test_what_is_taken_out_counts_until_it_is_handled():
    inbox = Inbox()
    assert inbox.oldest() is None
    inbox.put("first")
    came = inbox.oldest()
    _, received = inbox.get()
    inbox.put("second")
    assert came == received == inbox.oldest()
    inbox.handled()
    assert inbox.oldest() > came


def test_it_is_flooded_when_more_waits_than_two_batches_hold(monkeypatch):
    monkeypatch.setattr(inboxes, "BATCH", 1)
    inbox = Inbox()
    found = []
    for number in range(3):
        inbox.put(number)
        found.append(inbox.is_flooded())
    assert found == [False, False, True]
