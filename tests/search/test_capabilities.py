"""Capabilities of binaries, and the searches that find them."""

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.search import capabilities
from fedora_packages.search.capabilities import (
    Limits,
    bounded,
    canonical,
    capabilities_in,
    capabilities_of,
    paths_in,
    plain,
)
from fedora_packages.search.document import Binary
from tests.search.fedora import document


@pytest.mark.parametrize(
    ("path", "one"),
    [
        ("/bin/vim", "/usr/bin/vim"),
        ("/sbin/ip", "/usr/bin/ip"),
        ("/usr/sbin/ip", "/usr/bin/ip"),
        ("/lib64/libc.so.6", "/usr/lib64/libc.so.6"),
        ("/lib/systemd", "/usr/lib/systemd"),
        ("/library/x", "/library/x"),
        ("/usr//share/x/", "/usr/share/x"),
        ("/binary", "/binary"),
        ("/", "/"),
        ("//", "/"),
    ],
)
def test_links_make_one_path_of_several(path, one):
    assert canonical(path) == one


def test_commands_are_the_files_in_the_folder_of_commands():
    binary = Binary("a", files=("/usr/bin/vim", "/usr/sbin/ip", "/usr/bin/vim.d/x", "/usr/libexec/y", "/usr/bin/*"))
    assert capabilities_of(binary)["command"] == capabilities.commands(binary) == ("vim", "ip")


def test_what_one_binary_is_found_by_is_bounded():
    limits = Limits(files=30, known_paths=3, other_paths=2, directories=4)
    files = [
        f"/{folder}/{number}" for number in range(10) for folder in ("usr/bin", "usr/share/doc", f"usr/share/{number}")
    ]
    found = capabilities_of(Binary("a", files=(*files, "/usr/bin/last")), limits)
    telling, others = ["/usr/bin/0", "/usr/bin/1", "/usr/bin/2"], ["/usr/share/doc/0", "/usr/share/0/0"]
    folders = ["/usr/share/doc", "/usr/share/0", "/usr/share/1", "/usr/share/2"]
    assert found["path"] == (*telling, *others, *folders)
    assert found["command"] == tuple(map(str, range(10)))


def test_its_own_name_is_no_capability_of_a_package():
    assert capabilities_of(Binary("a", provides=("a", "a(x86-64)", "b", "a(lib)")))["capability"] == ("b", "a(lib)")


def test_what_is_obsoleted_to_be_removed_is_replaced_by_nothing():
    found = [
        capabilities_of(Binary(name, obsoletes=("zlib",)))["obsoletes"] for name in ("zlib-ng", capabilities.REMOVER)
    ]
    assert found == [("zlib",), ()]


@pytest.mark.parametrize(
    ("capability", "name"),
    [
        ("python3dist(Requests)", "requests"),
        ("python3.14dist(requests)", "requests"),
        ("npm(left-pad)", "left-pad"),
        ("perl(JSON::XS)", "json::xs"),
        ("php-composer(symfony/console)", "symfony/console"),
        ("pkgconfig(gtk+-3.0)", "gtk+-3.0"),
        ("php-pecl(ast)(x86-64)", "ast"),
        ("libssl.so.3()(64bit)", "libssl"),
    ],
)
def test_a_capability_says_how_a_package_is_called_elsewhere(capability, name):
    assert capabilities_of(Binary("a", provides=(capability,)))["foreign"] == (name,)


def test_an_artifact_of_maven_is_known_without_its_group():
    assert capabilities_of(Binary("a", provides=("mvn(org.apache:io)",)))["foreign"] == ("org.apache:io", "io")


@pytest.mark.parametrize("capability", ["bundled(npm(left-pad))", "config(a)", "user(bacula)", "rtld(GNU_HASH)", "b"])
def test_other_capabilities_are_no_names_elsewhere(capability):
    assert capabilities_of(Binary("a", provides=(capability,)))["foreign"] == ()


def test_of_many_files_those_that_people_ask_for_and_all_folders_are_kept():
    others = tuple(f"/usr/share/a/{number}/file" for number in range(200))
    paths = capabilities_of(Binary("a", files=(*others, "/usr/bin/a", "/etc/a.conf")))["path"]
    assert {"/usr/bin/a", "/etc/a.conf", "/usr/share/a/199"} <= set(paths)
    assert "/usr/share/a/199/file" not in paths


def test_a_path_is_asked_for_with_the_folders_it_is_in():
    assert paths_in("/usr/share/vim/vim91/x") == ("/usr/share/vim/vim91/x", "/usr/share/vim/vim91", "/usr/share/vim")


@pytest.mark.parametrize("text", ["", "vim", "/", "//", "a/b", "/usr\0/x"])
def test_what_is_no_path_asks_for_none(text):
    assert paths_in(text) == ()


@pytest.mark.parametrize(
    ("text", "capabilities"),
    [
        ("libfoo.so.3", ("libfoo.so.3", "libfoo.so.3()(64bit)")),
        ("libfoo.so.3()(64bit)", ("libfoo.so.3()(64bit)",)),
        ("libc.so.6(GLIBC_2.4)(64bit)", ("libc.so.6(GLIBC_2.4)(64bit)", "libc.so.6()(64bit)")),
        ("python3dist(requests) >= 2.0", ("python3dist(requests)",)),
        ("vim-enhanced(x86-64) = 2:9.1-1", ("vim-enhanced",)),
        ("drop down terminal", ()),
        ("(a if b)", ()),
        ("", ()),
    ],
)
def test_a_text_asks_for_capabilities(text, capabilities):
    assert capabilities_in(text) == capabilities


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("/usr/bin/htop", ["htop"]),
        ("pkgconfig(gtk4)", ["gtk4"]),
        ("libfoo.so.3()(64bit)", ["libfoo"]),
        ("golang(github.com/spf13/cobra)", ["github.com/spf13/cobra", "github spf13 cobra", "cobra"]),
        ("org.apache.commons:commons-io", ["apache commons commons-io", "commons-io"]),
        ("libssl-dev", ["libssl-devel", "libssl"]),
        ("vim", []),
        ("drop down terminal", []),
    ],
)
def test_a_text_has_names_in_it(text, names):
    assert list(plain(text)) == names


@given(text=st.text(max_size=2000))
def test_any_text_can_be_asked(text):
    for found in (*paths_in(text), *capabilities_in(text), *plain(text)):
        assert len(bounded(found).encode()) <= capabilities.MAX_TERM_BYTES


@given(path=st.text(alphabet="/abinsulr.", max_size=40))
def test_what_is_asked_for_is_spelled_as_what_is_written(path):
    assert canonical(canonical(path)) == canonical(path)


def test_any_capability_can_be_written_and_asked_for(make_index):
    told = tuple(letter * letters for letter in "a\0\ud800ß𐌰" for letters in (2, 90, 200, 201, 500))
    reader = make_index(document("a", binaries=(Binary("b", provides=told, obsoletes=told),)))
    assert set(reader.providers(told).values()) == {("b",)}
    assert {reader.obsoleters(name) for name in told} == {("b",)}


def test_a_text_that_fits_is_a_term_as_it_is():
    assert bounded("a" * capabilities.MAX_TERM_BYTES) == "a" * capabilities.MAX_TERM_BYTES


def test_a_text_of_many_libraries_is_taken_apart_in_a_moment():
    assert min(timeit.repeat(lambda: capabilities_in(".so" * 333 + "("), number=1, repeat=5)) < 0.002


def test_long_texts_are_told_apart():
    assert bounded("a" * 500 + "b") != bounded("a" * 500 + "c")
