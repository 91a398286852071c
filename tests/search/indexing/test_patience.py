"""Patience: what is not answered is asked again, until whoever wanted to know gives up."""

import threading

import pytest

from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.search.indexing.patience import TOLD, Patience

SILENT = UpstreamUnavailable("koji", "anything", "no answer")
LIE = InvalidResponse("koji", "anything", "nonsense")


@pytest.mark.parametrize(("error", "times"), [(SILENT, 4), (LIE, 2)])
def test_it_is_asked_again_after_each_pause_and_of_lies_once(error, times):
    asked = []

    def ask():
        asked.append(None)
        raise error

    with pytest.raises(type(error)):
        Patience((0, 0, 0))(ask)
    assert len(asked) == times


def test_an_answer_ends_it():
    answers = iter([SILENT, "yes", "no"])

    def ask():
        answer = next(answers)
        if answer is SILENT:
            raise SILENT
        return answer

    assert Patience((0, 0))(ask) == "yes"


def test_nothing_is_asked_once_it_is_given_up():
    patience, asked = Patience(()), []
    patience.give_up()
    with pytest.raises(UpstreamUnavailable):
        patience(lambda: asked.append(None))
    assert (asked, patience.is_over) == ([], True)


def test_each_pause_is_told_of_without_what_upstream_said(caplog):
    error = UpstreamUnavailable("koji", "anything", "it answered 503", b"<html>")

    def ask():
        raise error

    with pytest.raises(UpstreamUnavailable):
        Patience((0, 0.001))(ask)
    assert caplog.messages == [
        "koji was asked anything: it answered 503; asked again in 0 s",
        "koji was asked anything: it answered 503; asked again in 0.001 s",
    ]


def test_of_many_pauses_only_the_first_are_told_of(caplog):
    patience = Patience((0, 0, 0))

    def ask():
        raise SILENT

    def fail():
        for _ in range(TOLD):
            with pytest.raises(UpstreamUnavailable):
                patience(ask)

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(caplog.messages) == TOLD
    assert [message for message in caplog.messages if "from now on" in message] == caplog.messages[-1:]


def test_giving_up_ends_a_pause_which_is_not_told_of(caplog):
    patience = Patience((60,))

    def ask():
        patience.give_up()
        raise SILENT

    with pytest.raises(UpstreamUnavailable):
        patience(ask)
    assert caplog.messages == []
