"""Repodata: packages as createrepo_c wrote them, and hostile packages are skipped and hostile files rejected."""

import re

import createrepo_c
import pytest

from fedora_packages.connectors import repository_lists
from fedora_packages.connectors.repository_files import Fetched, Mirror
from fedora_packages.errors import InvalidResponse
from fedora_packages.search.document import MAX_CAPABILITIES
from fedora_packages.search.indexing import repodata
from tests.search.indexing.repos import ENDINGS, rpm, write


@pytest.fixture
def read(tmp_path):
    """A function that writes packages to a repository and reads them again."""

    def run(*packages, ending=".zst", **arguments):
        write(tmp_path / "repo", packages, ending)
        content = (tmp_path / "repo/repodata/repomd.xml").read_bytes()
        fetched = Mirror(str(tmp_path), tmp_path / "kept", "test").fetch(
            "repo", repository_lists.listing_of(content, "here").files["primary"]
        )
        return list(repodata.packages(fetched, "here", **arguments))

    return run


@pytest.fixture
def parse(tmp_path):
    """A function that reads a text as a list of packages."""

    def run(text, packages=1):
        path = tmp_path / "primary.xml"
        path.write_text(text)
        return list(repodata.packages(Fetched(path, packages), "http://mirror/primary.xml"))

    return run


@pytest.mark.parametrize("ending", [*ENDINGS, ""])
def test_a_package_is_read_as_it_was_written(read, ending):
    (found,) = read(
        rpm(
            "vim-enhanced", "vim", ("2", "9.1", "3"), summary="Editor", description="Long", url="http://vim/",
            provides=["vim", "vim"], obsoletes=["vim-old"], requires=["/bin/sh"], files=["/usr/bin/vim", "/etc/virc"],
        ),
        ending=ending,
    )  # fmt: skip
    assert found._replace(checksum="") == repodata.Package(
        "vim-enhanced", "vim", "", ("2", "9.1", "3"), "x86_64", "Editor", "Long", "http://vim/",
        "vim", "vim-old", "/bin/sh", "/usr/bin/vim\n/etc/virc",
    )  # fmt: skip


def test_texts_are_read_without_characters_that_act(read):
    texts = {"summary": "Terminal \u202elanimret\x85", "description": "One\n\u2066two\x9b", "url": "http://x/\u202e"}
    (found,) = read(
        rpm("guake", provides=["g\u202eu", "guake(x)"], files=["/usr/bin/\x9bg", "/usr/bin/guake"], **texts)
    )
    assert (found.summary, found.description, found.url) == ("Terminal lanimret ", "One\ntwo", "http://x/")
    assert (found.provides, found.files) == ("guake(x)", "/usr/bin/guake")


def test_a_source_package_is_its_own_source_and_requires_what_it_is_built_with(read):
    (found,) = read(rpm("vim", arch="src", requires=["gcc"]), is_source=True)
    assert (found.source, found.requires) == ("vim", "gcc")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b", "-x", "ä", "x" * 300])
def test_a_name_that_cannot_be_is_passed_over_and_named(read, name):
    skipped = []
    assert [each.name for each in read(rpm(name), rpm("good"), skipped=skipped.append)] == ["good"]
    assert name[:60] in skipped[0]


@pytest.mark.parametrize("sourcerpm", ["", "../x-1-1.src.rpm", "nonsense", "-1-1.src.rpm"])
def test_a_package_without_a_source_is_passed_over(read, sourcerpm):
    skipped = []
    assert read(rpm("a", sourcerpm=sourcerpm), skipped=skipped.append) == []
    assert "a with a source package" in skipped[0]


@pytest.mark.slow
def test_a_package_that_provides_a_hundred_thousand_things_is_cut_and_that_is_told(read):
    cut = []
    (found,) = read(rpm("big", provides=[f"cap{number}" for number in range(100_000)]), cut=cut.append)
    assert found.provides.count("\n") == MAX_CAPABILITIES - 1
    assert "capabilities of big beyond the first 5000" in cut[0]


def test_a_name_of_two_lines_is_no_capability(read):
    (found,) = read(rpm("a", provides=["one", "two\nthree", "four"]))
    assert found.provides == "one\nfour"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<metadata packages='1'><package type='rpm'><name>a</name>", "broken"),
        ("", "broken"),
        ("<html><body>Welcome</body></html>", "0 packages instead of the declared 1"),
        ("<metadata packages='1'><package type='rpm'><name>a</name></package></metadata>", "broken"),
        ("<!DOCTYPE m [<!ENTITY a 'aaaa'>]><metadata><package type='rpm'><name>&a;</name></package></metadata>", "broken"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_with_its_address(parse, text, said):
    with pytest.raises(InvalidResponse, match=f"http://mirror/primary.xml.*{said}") as told:
        parse(text)
    assert "/tmp" not in str(told.value)


def listed(kind, *packages):
    """Return a list of packages (``primary``) or of files (``filelists``) as createrepo_c writes it."""
    root, namespace = ("metadata", "common") if kind == "primary" else ("filelists", "filelists")
    texts = [getattr(createrepo_c, f"xml_dump_{kind}")(package) for package in packages]
    begin = f'<{root} xmlns="http://linux.duke.edu/metadata/{namespace}" xmlns:rpm="http://linux.duke.edu/metadata/rpm"'
    return f'{begin} packages="{len(packages)}">{"".join(texts)}</{root}>'.encode()


@pytest.fixture
def reread(tmp_path):
    """A function that reads a list of packages or of files, and returns the names or checksums, and what was skipped."""

    def run(kind, content, packages=3):
        path, skipped, found = tmp_path / f"{kind}.xml", [], []
        path.write_bytes(content)
        fetched = Fetched(path, packages)
        if kind == "primary":
            found = [package.name for package in repodata.packages(fetched, "here", skipped=skipped.append)]
        else:
            checksums = {rpm(name).pkgId: name for name in ("a", "odd", "z")}
            repodata.files(
                fetched, "here", checksums, lambda found_, _: found.append(checksums[found_]), skipped.append
            )
        return list(dict.fromkeys(found)), skipped

    return run


THREE = [rpm(name, files=[f"/usr/bin/{name}"], provides=[name]) for name in ("a", "odd", "z")]

#: What XML does not allow.
ODD_BYTES = [
    b"\x02",
    b"\x1b[200~",
    b"caf\xe9 ",
    b"&#2;",
    b"&#x1B;",
    b"&#xD800;",
    b"&#1114112;",
    b"\xef\xbf\xbe",
    b"\xff\xfe",
]


@pytest.mark.parametrize("odd", ODD_BYTES)
@pytest.mark.parametrize(
    ("kind", "place"), [("primary", b'<rpm:entry name="'), ("primary", b"<summary>"), ("filelists", b"<file>")]
)
def test_odd_bytes_are_removed_and_the_package_is_read(reread, kind, place, odd):
    before, _, after = listed(kind, *THREE).partition(b"odd")
    head, found, tail = after.partition(place)
    assert found
    content = before + b"odd" + head + place + odd + tail
    assert reread(kind, content) == (["a", "odd", "z"], [])


def _without_end(text):
    return text.replace(b"</package>", b"")


def _unclosed(text):
    return text.replace(b"</version>", b"").replace(b"<version", b"<version><")


def _entity(text):
    return text.replace(b"bin/odd", b"bin/&unknown;")


def _without_checksum(text):
    return text.replace(b"<checksum", b"<check").replace(b"</checksum", b"</check").replace(b"pkgid=", b"id=")


@pytest.mark.parametrize("kind", ["primary", "filelists"])
@pytest.mark.parametrize("break_", [_without_end, _unclosed, _entity, _without_checksum])
@pytest.mark.parametrize("number", range(2))
def test_a_package_of_invalid_xml_costs_itself_and_is_told(reread, kind, break_, number):
    names = ["a", "z"]
    names.insert(number, "odd")
    content = listed(kind, *(rpm(name, files=[f"/usr/bin/{name}"]) for name in names))
    texts = re.split(rb"(?=<package )", content)
    texts[number + 1] = break_(texts[number + 1])
    found, skipped = reread(kind, b"".join(texts))
    assert (found, len(skipped)) == (["a", "z"], 1)
    assert "invalid XML" in skipped[0]


@pytest.mark.parametrize("kind", ["primary", "filelists"])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.6, 0.7, 0.9])
def test_a_file_that_ends_too_early_is_broken(reread, kind, share):
    content = listed(kind, *THREE)
    with pytest.raises(InvalidResponse, match="here"):
        reread(kind, content[: int(share * len(content))])


@pytest.mark.parametrize("kind", ["primary", "filelists"])
def test_a_file_of_many_invalid_packages_is_broken(reread, kind):
    for number in (repository_lists.MAX_INVALID, repository_lists.MAX_INVALID + 1):
        content = listed(kind, *THREE[::2], *[THREE[1]] * number)
        content = content.replace(b'"odd"', b'"odd').replace(b"<name>odd", b"<name>odd<")
        if number > repository_lists.MAX_INVALID:
            with pytest.raises(InvalidResponse, match="here"):
                reread(kind, content, number + 2)
        else:
            assert [len(part) for part in reread(kind, content, number + 2)] == [2, number]


def test_packages_are_told_apart_wherever_a_file_is_cut_into_pieces(tmp_path):
    content = listed("primary", *THREE)
    path = tmp_path / "primary.xml"
    path.write_bytes(content)
    for size in (1, 7, 100, 10_000):
        texts = list(Fetched(path, 3).texts(size))
        assert [re.findall(rb"<package |<name>.*</name>|</package>", text) for text in texts] == [
            [b"<package ", f"<name>{name}</name>".encode(), b"</package>"] for name in ("a", "odd", "z")
        ]


def test_fewer_packages_than_announced_are_a_lie(parse):
    with pytest.raises(InvalidResponse, match="0 packages instead of the declared 7"):
        parse('<metadata xmlns="http://linux.duke.edu/metadata/common" packages="7"></metadata>', packages=7)


def test_the_newer_of_two_is_meant_and_of_one_age_that_of_the_machine(read):
    old, new, other, broken = read(
        rpm("a", evr=("0", "1.9", "1")),
        rpm("a", evr=("0", "1.10", "1")),
        rpm("a", evr=("0", "1.10", "1"), arch="i686"),
        rpm("a", evr=("9" * 50, "", ""), arch="i686"),
    )
    assert new.replaces(old.evr, old.arch)
    assert not old.replaces(new.evr, new.arch)
    assert new.replaces(other.evr, other.arch)
    assert not other.replaces(new.evr, new.arch)
    assert new.replaces(broken.evr, broken.arch)


def files_of(tmp_path, wanted, found):
    packages = [rpm("a", files=["/usr/bin/a", "/usr/share/a/x"]), rpm("b", files=["/b"])]
    write(tmp_path / "repo", packages)
    content = (tmp_path / "repo/repodata/repomd.xml").read_bytes()
    file = repository_lists.listing_of(content, "here").files["filelists"]
    fetched = Mirror(str(tmp_path), tmp_path / "kept", "test").fetch("repo", file)
    repodata.files(fetched, "here", [package.pkgId for package in packages if package.name in wanted], found)


def test_files_are_told_of_those_that_are_wanted(tmp_path):
    told = []
    files_of(tmp_path, ["a"], lambda checksum, files: told.append(files))
    assert told == ["/usr/bin/a\n/usr/share/a/x"]


def test_an_error_of_who_is_told_of_files_is_his(tmp_path):
    def fail(checksum, files):
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        files_of(tmp_path, ["a"], fail)
