"""MetaSource's answers are read as those of mdapi, and what it cannot tell is unknown."""

import json

import pytest

from fedora_packages.connectors.mdapi_servers import likely_source
from fedora_packages.errors import InvalidResponse, ReleaseNotServed
from tests.upstream import Answer

MISSING = Answer(b"404: Not Found\n", 404, "text/plain; charset=utf-8")
REFUSED = Answer(b"400: Bad Request\n", 400, "text/plain; charset=utf-8")

KINDS = ("requires", "provides", "recommends", "suggests", "supplements", "enhances", "obsoletes", "conflicts")

NO_VERSION = {"epoch": "", "version": "", "release": "", "flags": ""}


class MetaSource:
    """MetaSource, as which the upstream of a test answers; what it does not know is ``missing``."""

    def __init__(self, upstream, data):
        self.upstream, self.missing = upstream, MISSING
        self._data = data / "today" / "upstream"
        upstream.answer = self._answer
        self.says("/rawhide/pkg/bash", described("bash"))

    def says(self, path, value):
        """Answer a path with a value as Go's encoder writes it."""
        self.upstream.answers[path] = Answer(json.dumps(value).encode() + b"\n")

    def says_sample(self, path, name):
        """Answer a path with the sample of a name, and return that."""
        value = json.loads((self._data / f"metasource-{name}.json").read_text("utf-8"))
        self.says(path, value)
        return value

    def _answer(self, asked):
        self.upstream.asked.append(asked)
        found = self.upstream.answers.get(asked.path, self.missing)
        return found[0] if isinstance(found, list) else found


@pytest.fixture
def metasource(upstream, data) -> MetaSource:
    return MetaSource(upstream, data)


def described(name, siblings=(), repo="release", **relations):
    return {
        "epoch": "0", "version": "1", "release": "1.fc46", "repo": repo, "arch": "x86_64", "summary": "s", "description": "d",
        "basename": name, "url": "", **dict.fromkeys(KINDS, []), "co-packages": list(siblings or [name]),
        **{kind: [{**NO_VERSION, "name": one} for one in names] for kind, names in relations.items()},
    }  # fmt: skip


def asked(upstream):
    return [asked.path for asked in upstream.asked]


PAIRS = [
    ("package", "guake", dict.fromkeys(("pkg/guake", "srcpkg/guake"), ("pkg-guake", "srcpkg-guake"))),
    ("relations", "guake", {"pkg/guake": ("pkg-guake", "srcpkg-guake")}),
    ("package", "vim-X11", {"pkg/vim-X11": ("pkg-vim-X11",) * 2, "srcpkg/vim": ("srcpkg-vim",) * 2}),
    ("relations", "vim-X11", {"pkg/vim-X11": ("pkg-vim-X11",) * 2}),
    ("package", "vim", {"srcpkg/vim": ("srcpkg-vim",) * 2}),
    ("files", "vim-minimal", {"files/vim-minimal": ("files-vim-minimal",) * 2}),
]


@pytest.mark.parametrize(("query", "package", "samples"), PAIRS)
@pytest.mark.parametrize("has_line_ends", [True, False])
def test_a_sample_is_read_as_its_recorded_twin(queries, upstream, data, query, package, samples, has_line_ends):
    for path, (_, twin) in samples.items():
        upstream.says(f"/f28/{path}", json.loads((data / "upstream" / f"mdapi-f28-{twin}.json").read_text("utf-8")))
    recorded = queries[f"mdapi.{query}"].fetch(package, "f28")
    server = MetaSource(upstream, data)
    for path, (sample, _) in samples.items():
        value = server.says_sample(f"/f28/{path}", sample)
        if not has_line_ends:
            upstream.says(f"/f28/{path}", value)
    assert queries[f"mdapi.{query}"].fetch(package, "f28") == recorded


def test_a_source_without_a_binary_of_its_name_is_found_by_its_siblings(queries, metasource):
    metasource.says_sample("/rawhide/srcpkg/python-requests", "srcpkg-python-requests")
    value = queries["mdapi.package"].fetch("python-requests", "rawhide")
    assert (value["source"], value["name"], value["siblings"]) == ("python-requests", None, ["python3-requests"])


def test_the_source_of_a_binary_is_the_one_that_has_the_same_binaries(queries, metasource):
    metasource.says_sample("/rawhide/pkg/openssl-libs", "pkg-openssl-libs")
    value = queries["mdapi.package"].fetch("openssl-libs", "rawhide")
    assert (value["name"], value["source"], value["epoch"]) == ("openssl-libs", None, "1")
    metasource.says("/rawhide/srcpkg/openssl", described("openssl", value["siblings"]))
    assert queries["mdapi.package"].fetch("openssl-libs", "rawhide")["source"] == "openssl"
    metasource.says("/rawhide/srcpkg/openssl", described("openssl", ["openssl", "another"]))
    assert queries["mdapi.package"].fetch("openssl-libs", "rawhide")["source"] is None


@pytest.mark.parametrize(("siblings", "source"), [
    (["vim-X11", "vim-common"], "vim"),
    (["openssl", "openssl-libs"], "openssl"),
    (["python3-requests"], "python-requests"),
    (["vim-X11", "vim-common", "xxd"], "vim"),
    (["libkadm5", "krb5-libs"], ""),
])  # fmt: skip
def test_the_likely_source_is_what_all_binaries_begin_with(siblings, source):
    assert likely_source(siblings[0], siblings) == source


def test_empty_texts_are_null(queries, metasource):
    metasource.says("/rawhide/pkg/guake", described("guake", requires=["gtk3"]))
    assert queries["mdapi.package"].fetch("guake", "rawhide")["url"] is None
    relation = {"name": "gtk3", "flags": None, "epoch": None, "version": None, "release": None}
    assert queries["mdapi.relations"].fetch("guake", "rawhide")["requires"] == [relation]


@pytest.mark.parametrize(("query", "rows"), [("files", "directories"), ("changelog", "entries")])
def test_a_list_that_is_null_is_empty(queries, metasource, query, rows):
    metasource.says_sample(f"/rawhide/{query}/guake", f"{query}-none")
    value = queries[f"mdapi.{query}"].fetch("guake", "rawhide")
    assert (value["found"], value[rows]) == (True, [])


def test_a_changelog_is_read(queries, metasource):
    rows = metasource.says_sample("/rawhide/changelog/guake", "changelog-guake")["changelogs"]
    entries = queries["mdapi.changelog"].fetch("guake", "rawhide")["entries"]
    assert [entry["date"] for entry in entries] == [row["date"] for row in rows]


def test_a_date_before_1970_is_read_as_mdapi_has_it(queries, metasource):
    row = {"author": "A <a@b.c> - 1-1", "changelog": "x", "date": 5}
    values = []
    for date in (-86400, (1 << 64) - 86400):
        metasource.says("/rawhide/changelog/guake", {"repo": "release", "changelogs": [row, {**row, "date": date}]})
        values.append(queries["mdapi.changelog"].fetch("guake", "rawhide"))
    assert values[0] == values[1]
    assert (len(values[0]["entries"]), values[0]["invalid_rows"]["count"]) == (1, 1)


def test_who_requires_a_package_is_known_by_its_name_only(queries, upstream, metasource):
    metasource.says_sample("/rawhide/pkg/openssl-libs", "pkg-openssl-libs")
    metasource.says_sample("/rawhide/requires/openssl-libs", "requires-openssl-libs")
    value = queries["mdapi.required_by"].fetch("openssl-libs", "rawhide")
    assert (value["is_by_name_only"], value["asked"], value["unasked"]) == (True, ["openssl-libs"], 3)
    assert [(row["name"], row["source"]) for row in value["packages"]] == [("python3-cryptography", None)]
    assert asked(upstream)[-1] == "/rawhide/requires/openssl-libs"


def test_what_nothing_requires_by_its_name_was_looked_up_in_the_one_repository_that_has_it(queries, metasource):
    metasource.says("/f45/pkg/guake", described("guake", repo="updates-testing", provides=["guake(x86-64)"]))
    metasource.says_sample("/f45/requires/guake", "requires-guake")
    value = queries["mdapi.required_by"].fetch("guake", "f45")
    assert (value["is_by_name_only"], value["total"], value["repositories"]) == (True, 0, ["updates-testing"])


@pytest.mark.parametrize("refusal", [MISSING, REFUSED, Answer(b"404: Not Found", 404, "text/plain")])
def test_a_capability_that_cannot_be_looked_up_makes_the_value_incomplete(queries, upstream, metasource, refusal):
    # Nothing in these answers but the refusal tells which server it is.
    package = {**described("a"), "url": None}
    upstream.says(
        "/rawhide/pkg/a", {**package, "provides": [{**dict.fromkeys(NO_VERSION), "name": "libc.so()(64bit)"}]}
    )
    requires = [{**dict.fromkeys(NO_VERSION), "name": "a"}]
    upstream.says("/rawhide/requires/a", [{**package, "basename": "b", "co-packages": ["b"], "requires": requires}])
    upstream.answers["/rawhide/requires/libc.so()(64bit)"] = refusal
    value = queries["mdapi.required_by"].fetch("a", "rawhide")
    assert (value["is_by_name_only"], value["asked"], value["unasked"], value["total"]) == (True, ["a"], 1, 1)


def test_a_package_that_is_gone_while_it_is_looked_up_is_an_error(queries, metasource):
    metasource.says("/rawhide/pkg/a", described("a"))
    with pytest.raises(InvalidResponse, match="no such package"):
        queries["mdapi.required_by"].fetch("a", "rawhide")


@pytest.mark.parametrize("missing", [MISSING, REFUSED])
def test_what_obsoletes_a_package_that_is_gone_is_unknown(queries, metasource, missing):
    metasource.missing = missing
    assert queries["mdapi.obsoleters"].fetch("minetest", "rawhide") == {"is_known": False, "packages": []}


def test_what_obsoletes_a_package_that_exists_is_known(queries, metasource):
    metasource.says("/rawhide/obsoletes/a", [])
    assert queries["mdapi.obsoleters"].fetch("a", "rawhide") == {"is_known": True, "packages": []}
    metasource.says("/rawhide/obsoletes/a", [described("b", obsoletes=["a", "c"])])
    (row,) = queries["mdapi.obsoleters"].fetch("a", "rawhide")["packages"]
    assert (row["name"], row["source"], row["flags"]) == ("b", None, None)


QUERIES = ["package", "relations", "required_by", "files", "changelog"]


@pytest.mark.parametrize("missing", [MISSING, REFUSED])
@pytest.mark.parametrize("query", QUERIES)
def test_a_package_is_missing_if_the_release_has_another(queries, metasource, missing, query):
    metasource.missing = missing
    assert queries[f"mdapi.{query}"].fetch("no-such-package", "rawhide") == {"found": False}


@pytest.mark.parametrize("missing", [MISSING, REFUSED])
@pytest.mark.parametrize("query", QUERIES)
def test_a_release_that_lacks_what_is_everywhere_is_not_served(queries, metasource, missing, query):
    # MetaSource once read the first repository of a release only: that of updates in testing.
    metasource.missing = missing
    with pytest.raises(ReleaseNotServed, match="no repositories of f44"):
        queries[f"mdapi.{query}"].fetch("no-such-package", "f44")


def test_epel_is_known_by_a_package_of_its_own(queries, metasource):
    metasource.says("/epel9/pkg/epel-release", described("epel-release"))
    assert queries["mdapi.files"].fetch("no-such-package", "epel9") == {"found": False}


def test_a_page_in_place_of_the_other_package_tells_nothing(queries, upstream, metasource):
    upstream.answers["/rawhide/pkg/bash"] = Answer(b"<html>Making sure you're not a bot!</html>\n", 200, "text/html")
    with pytest.raises(InvalidResponse):
        queries["mdapi.files"].fetch("no-such-package", "rawhide")
