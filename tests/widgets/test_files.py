"""What the tabs Contents, Changelog, Dependencies and Sources make of values."""

import re
import time
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedora_packages.widgets import tree
from fedora_packages.widgets.changelog import by_evr
from fedora_packages.widgets.contents import matching
from fedora_packages.widgets.relations import owner_of, search_text
from tests.web.values import NO_RELATIONS, VALUES, build, relation
from tests.web.website import Elements
from tests.widgets.test_panels import links, rows


def text_of(page) -> str:
    """Return what a page says, without its markup, spaces folded."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.text[page.text.index("<main") :]).split())


def files(**directories):
    """Return a value of `mdapi.files`: names by directory; one with a slash is a directory, one with ``!`` a ghost."""
    kinds = {"/": "directory", "!": "ghost"}
    listed = [
        {"path": path, "files": [[name.rstrip("/!"), kinds.get(name[-1], "file")] for name in names]}
        for path, names in directories.items()
    ]
    return {"found": True, "total": sum(map(len, directories.values())), "repository": "updates", "directories": listed}


# Contents.

#: As many files as the largest packages have: in one directory, in many, and below each other.
MANY = files(
    **{"/usr/include/all": [f"header{number}.h" for number in range(12_000)]},
    **{f"/usr/src/{number // 40}/{number}": [f"{name}.c" for name in range(10)] for number in range(1_500)},
    **{"/" + "/".join(f"d{number}" for number in range(2_000)): ["deep"]},
    **{"/usr/share/guake": ["x/", "log!", "a b&c#d?.txt", "…\x07.txt"]},
)  # fmt: skip


@pytest.fixture
def many(site):
    """The application, knowing a guake of 27,000 files."""
    site.know("mdapi.files", MANY, "guake", "rawhide")
    return site


def test_contents_are_a_tree_with_what_the_files_are(site):
    site.know("mdapi.files", files(**{"/usr/bin": ["guake"], "/var/log": ["guake/", "guake.log!"]}), "guake", "rawhide")
    said = text_of(site.get("/guake/contents", 200))
    assert "3 files and directories of guake in rawhide (updates)." in said
    assert "usr/bin/ 1 guake var/log/ 2 guake/ empty guake.log ghost" in said


def test_a_tree_of_thousands_of_files_is_a_page_of_bounded_size_soon(many):
    started = time.monotonic()
    sizes = [
        len(many.get(url, 200).body)
        for url in ("/guake/contents", "/guake/contents?path=/usr/include/all", "/guake/contents?filter=e")
    ]
    assert (max(sizes) < 200_000, time.monotonic() - started < 5) == (True, True)


def test_every_file_of_thousands_can_be_reached(many):
    """Walk: each page leads to directories and to more pages; together they show every file there is."""
    seen, waiting, shown = set(), ["?"], set()
    wanted = {"header0.h", "header11999.h", "deep", "log", "a b&c#d?.txt", "…\x07.txt"}
    for _ in range(400):
        if not waiting or wanted <= shown:
            break
        url = waiting.pop()
        page = many.get(f"/guake/contents{url}", 200)
        found = re.findall(r"<li>(?!<details|<a)(.*?)\s*(?:<span[^>]*>ghost</span>)?</li>", page.text)
        shown |= {name.replace("&amp;", "&").strip() for name in found} & wanted
        asked = parse_qs(urlsplit(url).query)
        for link in links(page):
            query = parse_qs(urlsplit(link).query)
            # Down, or on: not up again, nor over every directory of a kind.
            path = query.get("path", [""])[0]
            is_way = path.startswith("/d0") or path.startswith(("/usr/include", "/usr/share")) or path == "/usr"
            is_last = query.get("page") and int(query["page"][0]) > int(asked.get("page", ["1"])[0])
            if link.startswith("?") and link not in seen and (is_last or (is_way and "page" not in query)):
                seen.add(link)
                waiting.append(link)
    assert wanted - shown == set()


def test_a_filter_finds_paths_in_whichever_case_and_says_how_many(many):
    said = text_of(many.get("/guake/contents?filter=ALL/HEADER1199", 200))
    assert "11 of 27005 paths contain “ALL/HEADER1199”." in said
    assert ("header11999.h" in said, "header11989.h" in said) == (True, False)


@pytest.mark.parametrize(
    ("wanted", "paths"),
    [
        ("bin", ["/usr/bin/guake", "/usr/share/bin.txt"]),
        ("/usr/bin/g", ["/usr/bin/guake"]),
        ("BIN/", ["/usr/bin/guake"]),
        ("e/b", ["/usr/share/bin.txt"]),
        ("nothing", []),
    ],
)
def test_a_filter_looks_at_whole_paths(wanted, paths):
    value = files(**{"/usr/bin": ["guake"], "/usr/share": ["bin.txt"]})
    found = [f"{row['path']}/{name}" for row in matching(value["directories"], wanted) for name, _ in row["files"]]
    assert found == paths


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("path=usr", "expected an absolute path"),
        ("path=/" + "a" * 6000, "at most 6000 characters"),
        ("filter=" + "a" * 201, "expected a part of a path of at most 200 characters"),
        ("release=f99", "expected one of rawhide, f45"),
        ("package=../x", "expected one of guake"),
        ("page=0", "an integer from 1 to 1000"),
    ],
)
def test_wrong_parameters_are_refused_with_what_is_allowed(guake, query, said):
    assert said in guake.get(f"/guake/contents?{query}", 400).text


@pytest.mark.parametrize("path", ["/usr/bin/../share", "/no/such", "/usr/bin/guake", "/%00", "/..", "/" + "a/" * 2000])
def test_a_directory_that_there_is_not_is_said_to_be_none(guake, path):
    page = guake.get(f"/guake/contents?path={path}", 200)
    assert f"guake has no directory {unquote(path)} in rawhide." in page.text.replace("&#39;", "'")


def test_a_source_without_a_binary_of_its_name_shows_one_of_its_binaries_and_leads_to_the_others(site):
    site.know("mdapi.files", VALUES["mdapi.files"], "vim-enhanced", "rawhide")
    page = site.get("/vim/contents", 200)
    assert "The source package vim has no binary package of its own name; this is one of the others." in text_of(page)
    assert "?package=vim-common" in links(page)


def test_the_contents_of_another_release_are_another_value(guake):
    guake.know("mdapi.files", files(), "guake", "f45")
    assert "guake contains no files in f45 (updates)." in guake.get("/guake/contents?release=f45").text


@pytest.mark.parametrize("called", ["fc45", "F45"])
def test_a_release_has_a_page_by_each_of_its_names(guake, called):
    guake.know("mdapi.files", files(), "guake", "f45")
    page = guake.get(f"/guake/contents?release={called}", 200)
    assert "guake contains no files in f45 (updates)." in page.text


def test_what_is_not_kept_is_counted(site):
    site.know("mdapi.files", {**files(**{"/a": ["b"]}), "total": 123}, "guake", "rawhide")
    assert "Showing the first 1 of 123 files." in site.get("/guake/contents").text


def test_a_sibling_is_reached_with_the_release_that_is_shown(guake):
    assert "?release=rawhide&package=vim-enhanced" in links(guake.get("/vim/contents?release=rawhide"))


PATHS = st.lists(st.text("ab./…\0", max_size=6), max_size=12)


@given(paths=PATHS, names=st.lists(st.sampled_from("ab/."), max_size=4))
def test_a_tree_has_every_file_once_wherever_it_lies(paths, names):
    directories = [
        {"path": path, "files": [[name, "file"] for name in dict.fromkeys(names)]} for path in dict.fromkeys(paths)
    ]
    root = tree.build(directories)
    waiting, count = [root], 0
    while waiting:
        folder = waiting.pop()
        assert tree.find(root, folder.path) is folder
        count += len(folder.files)
        waiting += folder.directories.values()
    # A file that is a directory too (a ghost with something in it) is that directory.
    assert count <= root.total == len(directories) * len(dict.fromkeys(names))


# Changelog.


def test_directories_are_unfolded_in_the_order_in_which_they_are_shown():
    files = [(str(number), "file") for number in range(40)]
    listed = [("/usr/b", files), ("/usr/a", files), ("/etc", files[:1])]
    root = tree.build([{"path": path, "files": below} for path, below in listed])
    _, usr = tree.entries(tree.rows_of(root), str)
    assert [(entry.name, entry.is_open) for entry in usr.entries] == [("a/", True), ("b/", False)]


def test_bugs_flaws_and_addresses_in_a_changelog_are_links_and_its_text_is_as_written(site):
    text = "- Fix <b>it</b> (rhbz#2401871, CVE-2026-99021)\n- See https://example.org/a?b=1&c=2, javascript:alert(1)"
    entry = {"author": "A <a@b.org>", "evr": None, "date": 1763985600, "text": text}
    site.know("mdapi.changelog", {"found": True, "repository": "release", "entries": [entry]}, "guake", "rawhide")
    page = site.get("/guake/changelog", 200)
    assert {
        "https://bugzilla.redhat.com/show_bug.cgi?id=2401871",
        "https://bugzilla.redhat.com/buglist.cgi?f1=alias&o1=equals&v1=CVE-2026-99021",
        "https://example.org/a?b=1&c=2",
    } <= links(page)
    shown = re.sub(r"</?a\b[^>]*>", "", re.search(r"<pre>(.*?)</pre>", page.text, re.DOTALL)[1])
    assert shown == text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_a_changelog_shows_no_mail_addresses(guake):
    page = guake.get("/guake/changelog").text
    assert ("A. Packager" in page, "example.org" in page) == (True, False)


def test_an_entry_of_a_known_build_leads_to_koji(guake):
    assert "https://koji.fedoraproject.org/koji/buildinfo?buildID=8" in links(guake.get("/guake/changelog"))


def test_a_changelog_is_shown_although_the_builds_are_not_known(site, upstream):
    upstream.answers["/"] = []
    site.know("mdapi.changelog", VALUES["mdapi.changelog"], "guake", "rawhide")
    assert "- Update to 3.8" in site.get("/guake/changelog", 200).text


def test_of_several_builds_of_an_evr_that_of_the_release_is_meant():
    builds = [
        build(9, "failed", version="3", release="1.fc46"),
        build(8, version="3", release="1.fc45"),
        build(7, version="3", release="1.el10_1"),
        build(6, version="2", release="4.fc45.1"),
    ]
    shown = [by_evr(builds, release)["3-1"] for release in ("rawhide", "f46", "f45", "epel10")]
    assert (shown, by_evr(builds, "f45")["2-4.1"]) == ([8, 9, 8, 7], 6)


# Dependencies.


def test_a_required_package_leads_to_its_page_and_a_capability_that_nothing_has_to_a_search(guake):
    page = guake.get("/guake/dependencies/dependencies")
    assert {"/vim-common", "/s?search=libc.so.6%28GLIBC_2.4%29%2864bit%29"} <= links(page)


def test_a_capability_leads_to_the_package_that_provides_it(site):
    required = [relation("libeditor.so.1()(64bit)"), relation("config(vim)"), relation("/usr/bin/view")]
    site.know("mdapi.relations", {"found": True, **NO_RELATIONS, "requires": required}, "guake", "rawhide")
    page = site.get("/guake/dependencies/dependencies", 200)
    shown = {link.text: link["href"] for link in page.html.select(".relations a")}
    assert shown == {
        "libeditor.so.1()(64bit)": "/vim-common",
        "or 1 more": "/s?search=libeditor.so.1%28%29%2864bit%29",
        "config(vim)": "/vim",
        "/usr/bin/view": "/vim-common",
    }


@pytest.mark.parametrize(
    ("capability", "owner", "search"),
    [
        ("glibc", "glibc", "glibc"),
        ("gcc-c++(x86-64)", "gcc-c++", "gcc-c++(x86-64)"),
        ("config(vim)", "vim", "config(vim)"),
        ("libfoo-2.0.so.3()(64bit)", None, "libfoo-2.0.so.3()(64bit)"),
        ("/usr/bin/perl", None, "/usr/bin/perl"),
        ("rpmlib(PayloadIsZstd)", None, None),
        ("(a and b)", None, None),
        ("..", None, ".."),
    ],
)
def test_a_capability_may_be_named_after_its_package_and_be_searched_for(capability, owner, search):
    assert (owner_of(capability), search_text(capability)) == (owner, search)


def test_rich_relations_are_shown_as_they_are_and_lead_nowhere(site):
    rich = [relation("((gcc and vim) if <b>)"), relation("rpmlib(X)", "LE", "4.0", "0")]
    site.know("mdapi.relations", {"found": True, **NO_RELATIONS, "requires": rich}, "guake", "rawhide")
    page = site.get("/guake/dependencies/dependencies", 200)
    assert '<span class="capability">((gcc and vim) if &lt;b&gt;)</span>' in page.text
    assert not [link for link in links(page) if "search=" in link]


def test_a_relation_shows_operator_and_version(guake):
    assert "vim-common ≥ 1:2.0" in text_of(guake.get("/guake/dependencies"))


def test_many_relations_of_a_kind_have_a_page_of_their_own(site):
    many = [relation(f"capability({number})") for number in range(700)]
    site.know("mdapi.relations", {"found": True, **NO_RELATIONS, "provides": many}, "guake", "rawhide")
    pages = ["/guake/dependencies", "/guake/dependencies?kind=provides", "/guake/dependencies?kind=provides&page=2"]
    assert [site.get(page).text.count('<li><span class="capability"') for page in pages] == [100, 500, 200]


def requirers(count=2, **changes):
    packages = [{"name": f"p{number:03}", "source": "src", "relations": [relation("guake")]} for number in range(count)]
    return {**VALUES["mdapi.required_by"], "total": count, "packages": packages, **changes}


def test_who_requires_a_package_is_shown_with_what_it_requires(guake):
    page = guake.get("/guake/dependencies/required_by", 200)
    assert rows(page) == ["gcc-c++ gcc guake ≥ 3.0", "a binary package of vim vim python3dist(guake)"]
    assert {"/gcc-c++", "/vim"} <= {unquote(link) for link in links(page)}
    assert "2 more capabilities were not searched." in text_of(page)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (requirers(), "2 packages of rawhide require guake."),
        (requirers(0), "No package of rawhide requires guake."),
        (requirers(is_cut=True), "Too many packages of rawhide require guake to list them all. Showing 2."),
        (requirers(0, is_cut=True), "Too many packages of rawhide require guake to list them all."),
        (requirers(repositories=["updates-testing", "release"]), "Only packages in updates-testing are listed"),
        (
            requirers(0, is_by_name_only=True),
            "No package of rawhide requires guake by its name. This list is incomplete",
        ),
        (requirers(is_by_name_only=True), "2 packages of rawhide require guake by its name. This list is incomplete"),
        ({"found": False}, "rawhide has no binary package guake."),
    ],
)
def test_it_is_said_how_far_the_list_of_requirers_goes(site, value, said):
    site.know("mdapi.required_by", value, "guake", "rawhide")
    assert said in text_of(site.get("/guake/dependencies/required_by", 200))


def test_a_complete_list_of_requirers_says_so(site):
    value = requirers(is_complete=True, unasked=0, repositories=["updates-testing", "release"])
    site.know("mdapi.required_by", value, "guake", "rawhide")
    text = text_of(site.get("/guake/dependencies/required_by", 200))
    assert "Requirements on its files and conditions such as (a or b) are included." in text
    assert "Only packages in" not in text
    assert "not included" not in text
    site.know("mdapi.required_by", {**value, "is_complete": False}, "guake", "rawhide")
    text = text_of(site.get("/guake/dependencies/required_by", 200))
    assert "Requirements on file paths and conditions such as (a or b) are not included." in text


def test_a_requirer_without_a_source_has_the_one_of_the_index(guake):
    packages = [
        {"name": name, "source": None, "relations": [relation("guake")]} for name in ("vim-enhanced", "unknown")
    ]
    guake.know("mdapi.required_by", requirers(packages=packages), "guake", "rawhide")
    assert rows(guake.get("/guake/dependencies/required_by", 200)) == ["vim-enhanced vim guake", "unknown guake"]


def test_requirers_have_pages_of_their_own_beside_those_of_relations(guake):
    guake.know("mdapi.required_by", requirers(150), "guake", "rawhide")
    page = guake.get("/guake/dependencies?kind=requires&requirers=2", 200)
    assert (len(rows(page)), "?kind=requires&requirers=1" in links(page)) == (50, True)
    assert "vim-common" in page.text


# Sources.

SPEC = """\
Name: guake
Version: 3.9
Release: %autorelease
Source2: guake.<conf>
%changelog
%autochangelog
"""


def spec(text=SPEC, **facts):
    return {**VALUES["distgit.spec"], "text": text, "size": len(text), **facts}


def test_archives_are_listed_and_lead_to_where_they_are_from(site):
    sources = [
        ["Source0", "https://example.org/guake-3.9.tar.gz"],
        ["Source2", "guake.<conf>"],
        ["Source3", "javascript:alert(1)"],
        ["Source4", "https://example.org/%{unknown}.tar"],
    ]
    site.know("distgit.spec", spec(sources=sources), "guake", "rawhide")
    site.know("distgit.patches", VALUES["distgit.patches"], "guake", "rawhide")
    page = site.get("/guake/sources/sources", 200)
    said = text_of(page)
    assert "Source0 https://example.org/guake-3.9.tar.gz Source2 guake.&lt;conf&gt; Source3 javascript:alert(1)" in said
    outside = {link for link in links(page) if "example.org" in link or link.startswith("javascript")}
    assert outside == {"https://example.org/guake-3.9.tar.gz"}


def test_a_spec_has_colours_numbers_and_says_what_rpmautospec_makes(site):
    site.know("distgit.spec", spec(is_autorelease=True, is_autochangelog=True), "guake", "rawhide")
    page = site.get("/guake/sources/spec", 200)
    assert "rpmautospec generates the release and the changelog from the commits." in page.text
    assert '<span class="gh">Name</span>' in page.text
    assert [link["id"] for link in Elements(page.text).of("a") if link.get("class") == "line"][-1] == "L6"
    shown = re.sub(r"<[^>]*>", "", re.search(r'<pre class="source"[^>]*>(.*?)</pre>', page.text, re.DOTALL)[1])
    assert shown == SPEC.replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    "line",
    ["Name: x\n", "\n", "%{!?x:%define " * 20 + "\n", "x" * 200, "Name:" * 60 + "\n"],
    ids=["tags", "empty lines", "open braces", "one line", "tags in one line"],
)
def test_a_spec_of_a_megabyte_is_a_page_soon(site, line):
    site.know("distgit.spec", spec((line * (1 << 20))[: 1 << 20]), "guake", "rawhide")
    started = time.monotonic()
    page = site.get("/guake/sources/spec", 200)
    assert (time.monotonic() - started < 3, len(page.body) < 8 << 20) == (True, True)


@pytest.mark.parametrize("patches", [[], VALUES["distgit.patches"]["patches"]])
@pytest.mark.parametrize(("spec_is_complete", "patches_are_complete"), [(False, True), (True, False), (True, True)])
def test_sources_say_that_a_spec_could_not_be_read_in_full(site, patches, spec_is_complete, patches_are_complete):
    site.know("distgit.spec", spec(is_complete=spec_is_complete), "guake", "rawhide")
    value = {"found": True, "patches": patches, "commit": None, "is_complete": patches_are_complete}
    site.know("distgit.patches", value, "guake", "rawhide")
    said = text_of(site.get("/guake/sources/sources", 200))
    is_complete = spec_is_complete and patches_are_complete
    assert ("could not be read in full" in said, "has no patches" in said) == (
        not is_complete,
        is_complete and not patches,
    )


def test_the_release_is_chosen_once_for_both_panels_of_the_sources(guake):
    switches = [
        found for found in Elements(guake.get("/guake/sources").text).of("nav") if found["aria-label"] == "Release"
    ]
    assert len(switches) == 1


def test_a_patch_says_how_much_it_changes(guake):
    assert rows(guake.get("/guake/sources/sources")) == [
        "guake-tray.patch 2 +14 −3",
        "guake-%{x}.patch file not found",
    ]


# All of them.

ODD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=ODD, path=ODD, evr=ODD)
def test_no_name_trips_a_tab(site, name, path, evr):
    site.know("mdapi.files", files(**{"/" + path: [name, "x"], "/": [name + "/"]}), "guake", "rawhide")
    entry = {"author": name, "evr": evr, "date": 1, "text": name * 20}
    site.know("mdapi.changelog", {"found": True, "repository": path, "entries": [entry]}, "guake", "rawhide")
    odd = relation(name, path, evr, evr)
    site.know("mdapi.relations", {"found": True, **NO_RELATIONS, "requires": [odd]}, "guake", "rawhide")
    packages = [{"name": name, "source": path, "relations": [odd]}]
    site.know("mdapi.required_by", requirers(packages=packages, asked=[name]), "guake", "rawhide")
    site.know("distgit.spec", spec(f"Source: {name}\n{path}", sources=[[name, path]]), "guake", "rawhide")
    for tab in ("contents", "changelog", "dependencies", "sources"):
        elements = Elements(site.get(f"/guake/{tab}", 200).text)
        assert (elements.misplaced, elements.open) == ([], [])
