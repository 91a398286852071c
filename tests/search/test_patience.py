"""Patience: what is not answered is asked again, until whoever wanted to know gives up."""

import pytest

from fedora_packages.errors import UpstreamLied, UpstreamUnavailable
from fedora_packages.search.patience import Patience

SILENT = UpstreamUnavailable("koji", "anything", "no answer")
LIE = UpstreamLied("koji", "anything", "nonsense")


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


def test_giving_up_ends_a_pause():
    patience = Patience((60,))

    def ask():
        patience.give_up()
        raise SILENT

    with pytest.raises(UpstreamUnavailable):
        patience(ask)
