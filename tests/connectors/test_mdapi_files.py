"""Who requires a package, and the changelogs and files of it that recordings do not have."""

import json

import pytest

from fedora_packages.errors import InvalidResponse, ReleaseNotServed, UpstreamUnavailable
from fedora_packages.messages.event import Event
from tests.upstream import Answer


def relation(name, version=None):
    flags = {"flags": None, "epoch": None, "version": None, "release": None}
    return {"name": name, **(flags if version is None else {**flags, "flags": "GE", "epoch": "0", "version": version})}


def itself(name, version="1", release="1.fc46"):
    return {"name": name, "flags": "EQ", "epoch": "0", "version": version, "release": release}


def described(source, requires=(), provides=(), siblings=(), repo="release"):
    """Return a package as mdapi describes it: without its name."""
    kinds = ("conflicts", "obsoletes", "enhances", "recommends", "suggests", "supplements")
    return {
        "arch": "x86_64", "epoch": "0", "version": "1", "release": "1.fc46", "summary": "s", "description": "d", "url": None,
        "basename": source, "co-packages": list(siblings), "repo": repo, "provides": list(provides),
        "requires": list(requires), **{kind: [] for kind in kinds},
    }  # fmt: skip


NONE = Answer(b"400: Bad Request", 400, "text/plain; charset=utf-8")

LIBS = described("openssl", provides=[
    itself("openssl-libs"), relation("openssl-libs(x86-64)"), relation("libssl.so.4()(64bit)"),
    relation("libssl.so.4(OPENSSL_4)(64bit)"), relation("bundled(x)"), relation("/usr/bin/x"), relation("fips-provider"),
    relation("config(openssl-libs)"),
], siblings=["openssl", "openssl-libs"])  # fmt: skip


@pytest.fixture
def required_by(queries, upstream):
    """A function from capabilities and what mdapi says of who requires them (of others: nobody) to the query's value."""
    upstream.says("/rawhide/pkg/openssl-libs", LIBS)

    def value(**answers):
        said = dict.fromkeys(("openssl-libs", "openssl-libs(x86-64)", "fips-provider"), NONE)
        said |= {"libssl.so.4()(64bit)": NONE, "libssl.so.4(OPENSSL_4)(64bit)": NONE, **answers}
        for name, answer in said.items():
            upstream.answers[f"/rawhide/requires/{name}"] = (
                Answer(json.dumps(answer).encode()) if isinstance(answer, list) else answer
            )
        return queries["mdapi.required_by"].fetch("openssl-libs", "rawhide")

    return value


def test_it_is_asked_for_the_name_and_what_libraries_are_required_by(required_by):
    value = required_by()
    asked = [
        "openssl-libs",
        "openssl-libs(x86-64)",
        "libssl.so.4()(64bit)",
        "fips-provider",
        "libssl.so.4(OPENSSL_4)(64bit)",
    ]
    assert value == {
        "found": True, "asked": asked, "unasked": 0, "is_by_name_only": False, "is_complete": False,
        "repositories": [], "total": 0, "packages": [],
        "is_cut": False,
    }  # fmt: skip


def test_no_more_capabilities_are_asked_for_than_there_may_be(queries, upstream):
    many = [relation(f"perl(A{number})") for number in range(50)]
    upstream.says("/rawhide/pkg/perl-A", described("perl-A", provides=[itself("perl-A"), *many], siblings=["perl-A"]))
    for name in ("perl-A", *(row["name"] for row in many)):
        upstream.answers[f"/rawhide/requires/{name}"] = NONE
    value = queries["mdapi.required_by"].fetch("perl-A", "rawhide")
    assert (len(value["asked"]), value["unasked"], len(upstream.asked)) == (8, 43, 9)


def test_requirers_have_their_names_and_each_of_their_requirements_once(required_by):
    soname = relation("libssl.so.4()(64bit)")
    curl = described("curl", [soname, soname, relation("openssl-libs", "4.0"), relation("glibc")],
                     [itself("libcurl"), itself("curl-minimal"), relation("libcurl(x86-64)")],
                     ["curl", "libcurl", "curl-minimal"])  # fmt: skip
    lonely = described("kmod", [soname], siblings=["kmod"])
    unnamed = described("nginx", [soname], siblings=["nginx", "nginx-core"])
    value = required_by(**{"openssl-libs": [curl], "libssl.so.4()(64bit)": [lonely, curl, unnamed]})
    assert [(row["source"], row["name"], [item["name"] for item in row["relations"]]) for row in value["packages"]] == [
        ("curl", "libcurl", ["openssl-libs", "libssl.so.4()(64bit)"]),
        ("kmod", "kmod", ["libssl.so.4()(64bit)"]),
        ("nginx", None, ["libssl.so.4()(64bit)"]),
    ]
    assert (value["total"], value["repositories"], value["is_cut"]) == (3, ["release"], False)


def test_of_an_answer_that_is_too_large_what_came_whole_is_kept(queries, required_by):
    rows = [described(f"p{number}", [relation("openssl-libs")], siblings=[f"p{number}"]) for number in range(100)]
    queries["mdapi.required_by"].connector.max_requirers_bytes = len(json.dumps(rows)) // 2
    value = required_by(**{"openssl-libs": rows})
    assert (value["is_cut"], 40 < value["total"] < 60) == (True, True)
    assert {row["name"] for row in value["packages"]} <= {f"p{number}" for number in range(60)}


def test_more_requirers_than_are_kept_are_said_to_be_cut(queries, required_by):
    queries["mdapi.required_by"].connector.max_requirers = 2
    rows = [described(name, [relation("openssl-libs")], siblings=[name]) for name in "abc"]
    value = required_by(**{"openssl-libs": rows})
    assert (value["is_cut"], value["total"]) == (True, 2)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"400: Bad Request", 400, "text/html"), InvalidResponse),
        (Answer(b"[{}]"), InvalidResponse),
        (Answer(b"{}"), InvalidResponse),
        (Answer(b"<html>" + b"x" * 100), InvalidResponse),
        (Answer(b"no", 503), UpstreamUnavailable),
        (Answer(b"no" * 100, 404), InvalidResponse),
    ],
)
def test_an_answer_that_cannot_be_true_is_none(queries, required_by, answer, error):
    queries["mdapi.required_by"].connector.max_requirers_bytes = 64
    with pytest.raises(error):
        required_by(**{"openssl-libs": answer})


def test_who_requires_a_package_that_there_is_not_is_not_asked(queries, upstream):
    upstream.answers["/rawhide/pkg/x"] = Answer(b"404: Not Found", 404, "text/plain; charset=utf-8")
    upstream.answers["/f99/pkg/x"] = NONE
    assert queries["mdapi.required_by"].fetch("x", "rawhide") == {"found": False}
    with pytest.raises(ReleaseNotServed):
        queries["mdapi.required_by"].fetch("x", "f99")


@pytest.mark.parametrize(
    ("body", "names"),
    [
        # A package that changed names what it requires, and so those that are required.
        ({"name": "rawhide", "packages": ["curl", "openssl-libs"], "url": "x/0-primary.sqlite.xz"}, ["curl", "openssl-libs"]),
        ({"name": "f45-updates", "packages": ["curl"]}, ["curl"]),
        ({"name": "rawhide", "packages": ["curl"], "url": "x/0-other.sqlite.xz"}, []),
        ({"name": "src_f45", "packages": ["curl"]}, []),
    ],
)  # fmt: skip
def test_a_change_of_requirements_touches_what_is_required(queries, body, names):
    event = Event("org.fedoraproject.prod", "mdapi.repo.update", "2026-1", 1000.0, body)
    assert list(queries["mdapi.required_by"].touched(event)) == names


def test_what_messages_do_not_name_is_nobodys_loss(queries, required_by):
    by_name = described("curl", [relation("openssl-libs")], siblings=["curl"])
    by_library = described("wget", [relation("libssl.so.4()(64bit)")], siblings=["wget"])
    announced = queries["mdapi.required_by"].without_ignored
    before, after = required_by(), required_by(**{"libssl.so.4()(64bit)": [by_library]})
    assert announced(before) == announced(after) != announced(required_by(**{"openssl-libs": [by_name]}))


@pytest.mark.parametrize(
    ("told", "author", "evr"),
    [
        ("A B <a@b.org> - 1:2.0-3", "A B <a@b.org>", "1:2.0-3"),
        ("A B <a@b.org> 2.0-3", "A B <a@b.org>", "2.0-3"),
        ("A B <a@b.org> -2.0-3", "A B <a@b.org>", "2.0-3"),
        ("A B <a@b.org>", "A B <a@b.org>", None),
        ("A B <a@b.org> -", "A B <a@b.org> -", None),
        ('"><b>x</b> <a@b.org> - 2-1', '"><b>x</b> <a@b.org>', "2-1"),
        ("Jean-Luc <a@b.org> - 2-1", "Jean-Luc <a@b.org>", "2-1"),
        ("A B - 2.0-3", "A B", "2.0-3"),
        ("A - B", "A - B", None),
        ("", "", None),
        ("<" * 500, "<" * 500, None),
        (" - " * 160, (" - " * 160).strip(), None),
    ],
)
def test_an_entry_of_a_changelog_says_who_and_which_version(queries, upstream, told, author, evr):
    rows = [{"author": told, "changelog": "- x", "date": 1}]
    upstream.says("/rawhide/changelog/guake", {"changelogs": rows, "repo": "release"})
    (entry,) = queries["mdapi.changelog"].fetch("guake", "rawhide")["entries"]
    assert (entry["author"], entry["evr"]) == (author, evr)


def test_a_directory_of_very_many_files_is_read_whole(queries, upstream):
    names = [f"a-rather-long-name-of-a-header-file-{number:06}.h" for number in range(20_000)]
    row = {"dirname": "/usr/include", "filenames": "/".join(names), "filetypes": "f" * len(names)}
    upstream.says("/rawhide/files/guake", {"files": [row], "repo": "release"})
    value = queries["mdapi.files"].fetch("guake", "rawhide")
    assert (value["total"], len(value["directories"][0]["files"])) == (20_000, 20_000)


def test_recorded_packages_are_known_by_what_they_provide(queries, upstream, data):
    recorded = sorted((data / "upstream").glob("mdapi-f28-pkg-*.json"))
    upstream.says("/rawhide/pkg/openssl-libs", described("openssl", siblings=["openssl-libs"]))
    answers = [json.loads(path.read_text("utf-8")) for path in recorded]
    for answer in answers:
        answer["requires"].append(relation("openssl-libs"))
    upstream.says("/rawhide/requires/openssl-libs", answers)
    found = {row["name"] for row in queries["mdapi.required_by"].fetch("openssl-libs", "rawhide")["packages"]}
    assert found == {path.stem.removeprefix("mdapi-f28-pkg-") for path in recorded}


@pytest.mark.parametrize("rows", [[None], [{"dirname": "/usr", "filenames": "a/b", "filetypes": "f"}]])
def test_files_of_which_none_can_be_read_are_not_taken_for_no_files(queries, upstream, rows):
    upstream.says("/rawhide/files/guake", {"files": rows, "repo": "release"})
    with pytest.raises(InvalidResponse, match=r"files\[0\]: expected"):
        queries["mdapi.files"].fetch("guake", "rawhide")
