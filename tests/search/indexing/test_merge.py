"""The union: what is kept of what several releases have, and what of the document before it."""

import pytest

from fedora_packages.search.document import (
    MAX_BINARIES,
    MAX_DESCRIPTION_LENGTH,
    MAX_SUMMARY_LENGTH,
    MAX_URL_LENGTH,
    Binary,
)
from fedora_packages.search.indexing.merge import (
    MAX_LINE_LENGTH,
    bounded_lines,
    merge,
    part_of,
    with_part,
    with_previous,
    with_texts,
)
from tests.search.fedora import document

LONGEST = "x" * MAX_LINE_LENGTH


@pytest.mark.parametrize(
    ("texts", "most", "expected"),
    [
        ([], 2, ()),
        (["", None], 2, ()),
        (["a", "b", "a", "", None, "c"], 5, ("a", "b", "c")),
        (["a", "b", "c"], 2, ("a", "b")),
        # What is left out leaves room for what follows.
        (["a\nb", "c", "d", "e"], 2, ("c", "d")),
        (["a\nb", "c"], 5, ("c",)),
        (["a", "b\n"], 1, ("a",)),
        (["\n"], 1, ()),
        (["a\u202eb", "a\x1bb", "a\x85b", "c", "na\u00a0me", "\u200f"], 3, ("c", "na\u00a0me", "\u200f")),
        ([f"{LONGEST}x", "c", "d", "e"], 2, ("c", "d")),
        ([LONGEST, f"{LONGEST}x", "c"], 5, (LONGEST, "c")),
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_first_texts_are_kept_without_what_can_be_no_name(texts, most, expected):
    assert bounded_lines(texts, most) == expected


def test_a_source_has_the_first_of_its_binaries_by_name():
    found = [(Binary(f"b{number:05}"), ["f45"]) for number in reversed(range(MAX_BINARIES + 1))]
    names = merge("source", ["rawhide", "f45"], found, None).binary_names
    assert (len(names), names[0], names[-1]) == (MAX_BINARIES, "b00000", f"b{MAX_BINARIES - 1:05}")


def test_a_binary_says_which_releases_have_it_where_not_all_have():
    found = merge("source", ["rawhide", "f45"], [(Binary("a"), ["rawhide", "f45"]), (Binary("b"), ["f45"])], "pingou")
    assert (found.branch, found.owner) == ("rawhide", "pingou")
    assert [(binary.releases, found.releases_of(binary.name)) for binary in found.binaries] == [
        ((), ("rawhide", "f45")),
        (("f45",), ("f45",)),
    ]


def test_texts_are_bounded():
    found = with_texts(document("a"), *("x" * 9999,) * 3)
    lengths = (len(found.summary), len(found.description), len(found.url))
    assert lengths == (MAX_SUMMARY_LENGTH, MAX_DESCRIPTION_LENGTH, MAX_URL_LENGTH)


@pytest.mark.parametrize(
    ("retired", "summary", "expected"),
    [(True, "", "Old"), (True, "Retired", "Retired"), (False, "", ""), (False, "New", "New")],
)
def test_what_a_retired_package_was_is_carried_over_unless_it_says_something(retired, summary, expected):
    old = document("a", summary="Old", description="Old text", url="http://old", dependents=7)
    found = with_previous(document("a", retired=retired, summary=summary), old)
    assert (found.summary, found.description == "Old text", found.dependents) == (expected, expected == "Old", 7)


def test_without_a_document_before_it_nothing_is_carried_over():
    assert with_previous(document("a", retired=True), None) == document("a", retired=True)


ORDER = ("rawhide", "f45", "f44")


def test_a_document_takes_releases_of_another_in_their_order():
    new = merge("a", ["rawhide", "f44"], [(Binary("a", "new"), ["rawhide", "f44"])], "pingou")
    old = merge(
        "a", ORDER, [(Binary("a", "old"), ORDER), (Binary("a-doc", "old"), ["f45"]), (Binary("x"), ["f44"])], "x"
    )
    found = with_part(new, part_of(old, ["f45"]), ORDER)
    assert found == merge("a", ORDER, [(Binary("a", "new"), ORDER), (Binary("a-doc", "old"), ["f45"])], "pingou")


def test_a_document_has_no_part_of_releases_that_it_is_not_in():
    assert part_of(merge("a", ["f44"], [(Binary("a"), ["f44"])], None), ["f45"]) is None
