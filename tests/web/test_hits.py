"""Hits as pages show them."""

from fedora_packages.search.document import Binary, Document
from fedora_packages.search.find import Hit
from fedora_packages.search.reasons import KINDS, Reason
from fedora_packages.web.hits import LABELS, hit_rows

VIM = Document("vim", summary="The editor", binaries=(Binary("vim-X11", "For X"), Binary("vim-data")))


def test_a_source_is_shown_with_the_binaries_that_match():
    [found] = hit_rows([Hit(VIM, ("vim", "vim-X11"), name="vim")])
    assert (found.name, found.source, found.summary, found.binaries) == ("vim", None, "The editor", ("vim-X11",))


def test_a_binary_is_shown_with_its_own_summary_and_its_source():
    [found] = hit_rows([Hit(VIM, ("vim-X11", "vim", "vim-data"), name="vim-X11")])
    assert (found.name, found.source, found.summary, found.binaries) == ("vim-X11", "vim", "For X", ("vim-data",))


def test_a_binary_without_a_summary_has_that_of_its_source():
    assert hit_rows([Hit(VIM, (), name="vim-data")])[0].summary == "The editor"


def test_who_has_what_was_found_is_said_if_it_is_not_what_is_shown():
    reasons = (Reason("command", "gvim", ("vim-X11",)), Reason("path", "/etc/vimrc", ("vim-data",)))
    assert hit_rows([Hit(VIM, (), reasons, "vim-X11")])[0].reasons == (
        ("command", ("gvim",), ()),
        ("file", ("/etc/vimrc",), ("vim-data",)),
    )


def test_words_of_prose_are_named_each():
    reasons = (Reason("summary", "down drop"), Reason("path", "/opt/a b"))
    assert [texts for _, texts, _ in hit_rows([Hit(VIM, (), reasons, "vim")])[0].reasons] == [
        ("down", "drop"),
        ("/opt/a b",),
    ]


def test_there_are_words_for_each_reason():
    assert set(LABELS) == set(KINDS)


def test_a_source_is_shown_with_its_own_summary_although_a_binary_has_its_name():
    named_alike = Document("vim", summary="The editor", binaries=(Binary("vim", "Another summary"),))
    assert hit_rows([Hit(named_alike, (), name="vim")])[0].summary == "The editor"


def test_where_a_package_is_is_said_of_what_is_not_in_rawhide():
    some = Document(
        "some", releases=("rawhide", "f45", "epel9"), binaries=(Binary("some-old", releases=("f45", "epel9")),)
    )
    old = Document("old", releases=("f45",))
    found = hit_rows([Hit(some, (), name="some"), Hit(some, (), name="some-old"), Hit(old, (), name="old")])
    assert [hit.only_in for hit in found] == [(), ("f45", "epel9"), ("f45",)]
