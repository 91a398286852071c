"""Retries of a build: only upstreams' failures, a bounded number of times, until the build ends."""

import pytest
import stamina

from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.search.indexing.retry import MAX_LOGGED, Retry, log_retries

UNAVAILABLE = UpstreamUnavailable("koji", "anything", "it answered 503", b"<html>")
INVALID = InvalidResponse("koji", "anything", "nonsense")


@pytest.fixture
def request_of():
    """A function that makes a request of which each attempt ends as given, and how many attempts were made."""

    class Request:
        def __init__(self, *outcomes):
            self.outcomes, self.attempts = outcomes, 0

        def __call__(self):
            outcome = self.outcomes[min(self.attempts, len(self.outcomes) - 1)]
            self.attempts += 1
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

    return Request


@pytest.mark.parametrize(("outcomes", "attempts"), [([UNAVAILABLE], 4), ([INVALID], 2), ([UNAVAILABLE, INVALID], 3)])
def test_an_unavailable_upstream_is_retried_four_times_and_an_invalid_response_once(request_of, outcomes, attempts):
    request = request_of(*outcomes)
    with pytest.raises(type(outcomes[-1])):
        Retry(attempts=4, max_wait=0)(request)
    assert request.attempts == attempts


def test_a_response_ends_the_attempts(request_of):
    request = request_of(UNAVAILABLE, "yes", "no")
    assert Retry(max_wait=0)(request) == "yes"


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt()])
def test_no_other_error_is_retried(request_of, error):
    request = request_of(error)
    with pytest.raises(type(error)):
        Retry(max_wait=0)(request)
    assert request.attempts == 1


def test_after_the_end_of_the_build_no_request_is_made(request_of):
    retry, request = Retry(max_wait=0), request_of("yes")
    retry.stop()
    with pytest.raises(UpstreamUnavailable, match="the build has ended"):
        retry(request)
    assert (request.attempts, retry.is_stopped) == (0, True)


def test_a_request_that_fails_when_the_build_has_ended_is_not_retried(request_of):
    retry, request = Retry(max_wait=0), request_of(UNAVAILABLE)

    def end_and_fail():
        retry.stop()
        request()

    with pytest.raises(UpstreamUnavailable):
        retry(end_and_fail)
    assert request.attempts == 1


@pytest.fixture
def logged(caplog):
    """What is logged with the hook that a process of the index sets."""
    before = stamina.instrumentation.get_on_retry_hooks()
    log_retries()
    yield caplog
    stamina.instrumentation.set_on_retry_hooks(before)


def test_a_retry_is_logged_without_the_response(request_of, logged):
    with pytest.raises(UpstreamUnavailable):
        Retry(attempts=2, max_wait=0)(request_of(UNAVAILABLE))
    assert logged.messages == ["koji: anything failed: it answered 503; next attempt in 0 s"]


def test_only_the_first_retries_are_logged(request_of, logged):
    for _ in range(MAX_LOGGED):
        with pytest.raises(UpstreamUnavailable):
            Retry(attempts=3, max_wait=0)(request_of(UNAVAILABLE))
    assert len(logged.messages) == MAX_LOGGED
    assert [message for message in logged.messages if "not logged" in message] == logged.messages[-1:]
