"""Questions: which words of a text count."""

import pytest

from fedora_packages.search.matching import WORDS_READ, Question

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("between", [" ", "-", "- -"])
def test_the_first_words_count_however_they_are_written(between):
    words = [word for token in Question(between.join(2 * letter for letter in LETTERS)).tokens for word in token]
    assert words == [2 * letter for letter in LETTERS[:WORDS_READ]]


def test_the_first_words_count_of_many_names():
    tokens = Question(" ".join(f"{2 * letter}-{3 * letter}" for letter in LETTERS)).tokens
    assert (len(tokens), sum(map(len, tokens))) == (WORDS_READ // 2, WORDS_READ)
