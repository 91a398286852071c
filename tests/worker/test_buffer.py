"""The buffer between the bus and the handler."""

import threading

from fedora_packages.worker.buffer import MessageBuffer


def test_messages_are_taken_out_together_in_their_order():
    buffer = MessageBuffer()
    for number in range(3):
        buffer.put(number)
    assert buffer.get()[0] == [0, 1, 2]


def test_a_batch_is_bounded():
    buffer = MessageBuffer(batch=2)
    for number in range(3):
        buffer.put(number)
    assert [buffer.get()[0], buffer.get()[0]] == [[0, 1], [2]]


def test_beyond_the_bound_messages_are_dropped_and_that_is_said():
    buffer = MessageBuffer(max_messages=2)
    assert [buffer.put(number) for number in range(3)] == [True, True, False]
    assert len(buffer) == 2


def test_without_messages_waiting_ends():
    assert MessageBuffer().get(limit=0.0) == ([], 0.0)


def test_none_wakes_the_thread_that_waits():
    buffer, got = MessageBuffer(), []
    waiting = threading.Thread(target=lambda: got.append(buffer.get(limit=30)))
    waiting.start()
    while waiting.is_alive():
        # It may not have begun to wait yet.
        buffer.put(None)
        waiting.join(0.01)
    assert got == [([], 0.0)]


def test_what_is_taken_out_counts_until_it_is_handled():
    buffer = MessageBuffer()
    assert buffer.oldest() is None
    buffer.put("first")
    came = buffer.oldest()
    _, received = buffer.get()
    buffer.put("second")
    assert came == received == buffer.oldest()
    buffer.handled()
    assert buffer.oldest() > came


def test_it_is_flooded_when_more_waits_than_two_batches_hold():
    buffer = MessageBuffer(batch=1)
    found = []
    for number in range(3):
        buffer.put(number)
        found.append(buffer.is_flooded())
    assert found == [False, False, True]
