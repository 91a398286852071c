"""Dependents: who requires what whom provides."""

import pytest

from fedora_packages.search.indexing.dependents import capabilities, dependents


def test_others_are_counted_once():
    requires = [("a", "libc.so.6()(64bit)\n/bin/sh"), ("a", "libc.so.6()(64bit)"), ("b", "libc.so.6()(64bit)")]
    provides = [("glibc", "glibc\nlibc.so.6()(64bit)\n"), ("bash", "bash\n/bin/sh")]
    assert dependents(requires, provides) == {"glibc": 2, "bash": 1}


def test_nobody_depends_on_itself():
    assert dependents([("a", "a-libs")], [("a", "a-libs")]) == {}


def test_what_several_provide_each_is_depended_on():
    assert dependents([("a", "mta")], [("postfix", "mta"), ("exim", "mta")]) == {"postfix": 1, "exim": 1}


def test_nothing_required_of_nothing_provided_is_nothing():
    assert dependents([("a", ""), ("b", "")], [("c", ""), ("d", "\n")]) == {}


@pytest.mark.parametrize(
    ("relation", "words"),
    [
        ("rpmlib(CompressedFileNames)", []),
        ("perl(Foo::Bar)", ["perl(Foo::Bar)"]),
        ("(hunspell and langpacks-fr)", ["hunspell", "langpacks-fr"]),
        ("((a or b) and c)", ["a", "b", "c"]),
        ("(python3dist(x) >= 1 with python3dist(x) < 2)", ["python3dist(x)", "1", "python3dist(x)", "2"]),
        ("(gnome-shell if gnome(x))", ["gnome-shell", "gnome(x)"]),
        ("(((((", []),
        (")", [")"]),
    ],
)
def test_a_rich_dependency_is_taken_by_its_words(relation, words):
    assert list(capabilities(relation)) == words
