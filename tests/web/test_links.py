"""Links out: what upstreams say becomes part of an address, never more than that."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.connectors import declared
from fedora_packages.connectors.distgit import DistgitSite
from fedora_packages.connectors.distgit_forge import Kind
from fedora_packages.web.links import Links

#: The products and the statuses whose bugs count.
OPEN_BUGS = {"product": ["Fedora", "Fedora EPEL"], "bug_status": ["__open__"]}

#: Parameters of a search that do not change what is found.
HOW_TO_SHOW = {"include_fields", "order", "limit", "offset"}

SITES = {
    "koji": "https://koji.example/koji",
    "bodhi": "https://bodhi.example",
    "bugzilla": "https://bugzilla.example",
    "distgit": "https://src.example",
    "faf": "https://faf.example/faf",
    "anitya": "https://anitya.example",
}
LINKS = Links({kind.name: type(kind.site)(SITES.get(kind.name)) for kind in declared() if kind.site})


@pytest.mark.parametrize(
    ("link", "page", "parameters"),
    [
        (LINKS.updates_of_build("guake-1-1.fc46"), "bodhi.example/updates/", {"builds": ["guake-1-1.fc46"]}),
        (
            LINKS.cve("CVE-2026-1"),
            "bugzilla.example/buglist.cgi",
            {"f1": ["alias"], "o1": ["equals"], "v1": ["CVE-2026-1"]},
        ),
        (LINKS.problem(7), "faf.example/faf/problems/7/", {}),
        (LINKS.problems("libstdc++"), "faf.example/faf/problems/", {"component_names": ["libstdc++"]}),
        (LINKS.project(5311), "anitya.example/project/5311/", {}),
        (LINKS.projects("gcc-c++"), "anitya.example/projects/search/", {"pattern": ["gcc-c++"]}),
        (LINKS.new_project(), "anitya.example/project/new", {}),
        (LINKS.build(12), "koji.example/koji/buildinfo", {"buildID": ["12"]}),
        (
            LINKS.build_of("gcc-c++-1-1.fc46"),
            "koji.example/koji/search",
            {"match": ["exact"], "type": ["build"], "terms": ["gcc-c++-1-1.fc46"]},
        ),
        (LINKS.task(13), "koji.example/koji/taskinfo", {"taskID": ["13"]}),
        (LINKS.builder("pingou"), "koji.example/koji/userinfo", {"userID": ["pingou"]}),
        (LINKS.builds("gcc-c++"), "koji.example/koji/packageinfo", {"packageID": ["gcc-c++"]}),
        (LINKS.update("FEDORA-2026-0a"), "bodhi.example/updates/FEDORA-2026-0a", {}),
        (LINKS.updates("guake"), "bodhi.example/updates/", {"packages": ["guake"]}),
        (
            LINKS.updates("guake", "F45", "testing", "security"),
            "bodhi.example/updates/",
            {"packages": ["guake"], "releases": ["F45"], "status": ["testing"], "type": ["security"]},
        ),
        (LINKS.submitter("pingou"), "bodhi.example/users/pingou", {}),
        (LINKS.new_update(), "bodhi.example/updates/new", {}),
        (LINKS.bug(7), "bugzilla.example/show_bug.cgi", {"id": ["7"]}),
        (LINKS.bugs("mysql++"), "bugzilla.example/buglist.cgi", {"component": ["mysql++"], **OPEN_BUGS}),
        (
            LINKS.bugs("guake", "Fedora EPEL", "epel9"),
            "bugzilla.example/buglist.cgi",
            {"component": ["guake"], **OPEN_BUGS, "product": ["Fedora EPEL"], "version": ["epel9"]},
        ),
        (
            LINKS.blocking_bugs("guake"),
            "bugzilla.example/buglist.cgi",
            {"component": ["guake"], **OPEN_BUGS, "f1": ["blocked"], "o1": ["isnotempty"]},
        ),
        (LINKS.new_bug("guake"), "bugzilla.example/enter_bug.cgi", {"product": ["Fedora"], "component": ["guake"]}),
        (
            LINKS.new_bug("guake", "Fedora EPEL", "epel9"),
            "bugzilla.example/enter_bug.cgi",
            {"product": ["Fedora EPEL"], "version": ["epel9"], "component": ["guake"]},
        ),
        (LINKS.sources("gcc"), "src.example/rpms/gcc", {}),
        (LINKS.source_file("gcc", "f45", "gcc.spec"), "src.example/rpms/gcc/blob/f45/f/gcc.spec", {}),
        (LINKS.source_file("gcc", "f45", "a/b.patch"), "src.example/rpms/gcc/blob/f45/f/a/b.patch", {}),
        (LINKS.commits("gcc", "rawhide"), "src.example/rpms/gcc/commits/rawhide", {}),
        (LINKS.maintainer("pingou"), "src.example/user/pingou", {}),
        (LINKS.maintainer("@gnome-sig"), "src.example/group/gnome-sig", {}),
    ],
)
def test_a_link_leads_where_it_says_and_asks_what_the_site_takes(link, page, parameters):
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc + parts.path, parse_qs(parts.query), parts.fragment) == (
        "https", page, parameters, "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (lambda site: site.sources("gcc-c++"), "rpms/gcc-c%2B%2B"),
        (lambda site: site.source_file("gcc", "f45", "gcc.spec"), "rpms/gcc/src/branch/f45/gcc.spec"),
        (lambda site: site.source_file("gcc", "f45", "a/b.patch"), "rpms/gcc/src/branch/f45/a/b.patch"),
        (lambda site: site.commits("gcc", "rawhide"), "rpms/gcc/src/branch/rawhide"),
        (lambda site: site.commit("gcc", "rawhide", "abc"), "rpms/gcc/commit/abc"),
        (lambda site: site.maintainer("pingou"), "pingou"),
        (lambda site: site.maintainer("@gnome-sig"), "org/rpms/teams/gnome-sig"),
    ],
)
def test_links_to_dist_git_lead_to_the_pages_of_forgejo_if_that_serves_it(link, path):
    assert link(DistgitSite("https://src.example", lambda: Kind.FORGEJO)) == f"https://src.example/{path}"


@pytest.mark.parametrize("is_blocking", [False, True])
def test_the_list_behind_a_link_is_of_the_very_bugs_that_are_counted(queries, upstream, is_blocking):
    upstream.says("/rest/bug", {"bugs": [], "total_matches": 0})
    queries["bugzilla.bugs"].fetch("gcc-c++")
    queries["bugzilla.counts"].fetch("gcc-c++")
    # What is to be shown of the bugs, how many at once and in what order makes no other bugs.
    asked = [
        {name: values for name, values in request.params.items() if name not in HOW_TO_SHOW}
        for request in upstream.asked
        if request.params["include_fields"] != ["id,last_change_time"]
    ]
    behind = [parse_qs(urlsplit(link).query) for link in (LINKS.bugs("gcc-c++"), LINKS.blocking_bugs("gcc-c++"))]
    assert [one for one in asked if ("f1" in one) is is_blocking] == [behind[is_blocking]] * (1 if is_blocking else 2)


#: What makes an address of a text, with the segments of its path before that; and of one that becomes a parameter, its name.
IN_A_PATH = [
    (LINKS.update, ["updates"]),
    (LINKS.submitter, ["users"]),
    (LINKS.sources, ["rpms"]),
    (lambda text: LINKS.commits("gcc", text), ["rpms", "gcc", "commits"]),
    (lambda text: LINKS.maintainer(f"@{text}"), ["group"]),
]
IN_A_PARAMETER = [
    (LINKS.builds, "packageID"),
    (LINKS.build_of, "terms"),
    (LINKS.builder, "userID"),
    (LINKS.updates, "packages"),
    (LINKS.bugs, "component"),
    (LINKS.blocking_bugs, "component"),
    (LINKS.new_bug, "component"),
]

#: Texts that upstreams could say, and that mean something in an address.
HOSTILE = [
    "gcc-c++", "..", ".", "...", "%2e%2e", "%2f", "a/b", "a b", "a?b=c&d", "a#b", "a;b", "\\..\\", "//evil.example", "@evil",
    "пакет", "パッケージ", "\x7f\n", "<b>", "javascript:alert(1)",
]  # fmt: skip

TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))


def segments(address: str) -> list[str]:
    """Return the segments of an address's path as a browser asks for them: dots are resolved, be they quoted or not."""
    found: list[str] = []
    for segment in urlsplit(address).path.replace("\\", "/").split("/")[1:]:
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            found = found[:-1]
        elif dots != ".":
            found.append(segment)
    return found


@pytest.mark.parametrize(("link", "before"), IN_A_PATH, ids=[before[-1] for _, before in IN_A_PATH])
@given(TEXTS)
def test_whatever_an_upstream_says_stays_one_part_of_a_path(link, before, text):
    address = link(text)
    parts, found = urlsplit(address), segments(address)
    assert (parts.netloc.rpartition(".")[2], parts.query, parts.fragment, found[:-1]) == ("example", "", "", before)
    # Dots alone are quoted twice: a browser would resolve them.
    assert unquote(found[-1]) == (text if text.strip(".") else text.replace(".", "%2E"))


@pytest.mark.parametrize(("link", "name"), IN_A_PARAMETER, ids=[name for _, name in IN_A_PARAMETER])
@given(TEXTS)
def test_whatever_an_upstream_says_stays_one_parameter(link, name, text):
    other = parse_qs(urlsplit(link("x")).query)
    parts = urlsplit(link(text))
    assert (parse_qs(parts.query), parts.fragment) == ({**other, name: [text]}, "")


@given(TEXTS)
def test_the_name_of_a_file_stays_below_its_branch(text):
    assert segments(LINKS.source_file("gcc", "f45", text))[:5] == ["rpms", "gcc", "blob", "f45", "f"]
