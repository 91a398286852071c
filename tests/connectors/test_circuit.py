"""The circuit breaker, by a clock of the tests."""

import pytest

from fedora_packages.connectors.circuit import Circuit
from tests.clock import Clock


@pytest.fixture
def clock():
    return Clock(0.0)


@pytest.fixture
def circuit(clock):
    found = Circuit(30, 10, clock)
    for _ in range(Circuit.FAILURES):
        found.failed("no answer")
    return found


def test_after_some_failures_requests_are_refused(circuit):
    assert (circuit.enter(), circuit.pause_left()) == (False, Circuit.FIRST_PAUSE)


def test_after_the_pause_one_request_is_let_through(circuit, clock):
    clock.now += Circuit.FIRST_PAUSE
    assert [circuit.enter(), circuit.enter()] == [True, False]


def test_the_pause_grows_with_every_failure_up_to_a_bound(circuit, clock):
    pauses = []
    for _ in range(8):
        circuit.failed("no answer")
        pauses.append(circuit.pause_left())
    assert pauses == [2, 4, 8, 16, 30, 30, 30, 30]


def test_an_answer_ends_the_pause(circuit):
    circuit.succeeded()
    assert circuit.enter()


def test_the_answer_that_ends_the_pause_is_told_from_others(circuit):
    assert (circuit.is_open, circuit.succeeded(), circuit.succeeded(), circuit.is_open) == (True, True, False, False)


def test_fewer_failures_are_no_reason_to_pause(clock):
    found = Circuit(30, 10, clock)
    for _ in range(Circuit.FAILURES - 1):
        found.failed("no answer")
    assert found.enter()
