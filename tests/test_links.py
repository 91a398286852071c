"""Links out: what upstreams say becomes part of an address, never more than that."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.links import LONGEST_ADDRESS, Links, web_address
from fedora_packages.settings import LinksSettings

LINKS = Links(
    LinksSettings(
        koji="https://koji.example/koji",
        bodhi="https://bodhi.example",
        bugzilla="https://bugzilla.example",
        distgit="https://src.example",
        faf="https://faf.example/faf",
        anitya="https://anitya.example",
    )
)


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (LINKS.build(12), "https://koji.example/koji/buildinfo?buildID=12"),
        (LINKS.builds("gcc-c++"), "https://koji.example/koji/packageinfo?packageID=gcc-c%2B%2B"),
        (LINKS.update("FEDORA-2026-0a"), "https://bodhi.example/updates/FEDORA-2026-0a"),
        (LINKS.updates("guake"), "https://bodhi.example/updates/?packages=guake"),
        (LINKS.problem(7), "https://faf.example/faf/problems/7/"),
        (LINKS.problems("libstdc++"), "https://faf.example/faf/problems/?component_names=libstdc%2B%2B"),
        (LINKS.project(5311), "https://anitya.example/project/5311/"),
        (LINKS.projects("gcc-c++"), "https://anitya.example/projects/search/?pattern=gcc-c%2B%2B"),
        (LINKS.new_project(), "https://anitya.example/project/new"),
        (LINKS.new_update(), "https://bodhi.example/updates/new"),
        (LINKS.bug(7), "https://bugzilla.example/show_bug.cgi?id=7"),
        (
            LINKS.bugs("mysql++"),
            "https://bugzilla.example/buglist.cgi?product=Fedora&product=Fedora+EPEL&component=mysql%2B%2B"
            "&bug_status=__open__",
        ),
        (
            LINKS.blocking_bugs("guake"),
            "https://bugzilla.example/buglist.cgi?product=Fedora&product=Fedora+EPEL&component=guake"
            "&bug_status=__open__&f1=blocked&o1=isnotempty",
        ),
        (LINKS.new_bug("guake"), "https://bugzilla.example/enter_bug.cgi?product=Fedora&component=guake"),
        (LINKS.sources("gcc"), "https://src.example/rpms/gcc"),
        (LINKS.source_file("gcc", "f45", "gcc.spec"), "https://src.example/rpms/gcc/blob/f45/f/gcc.spec"),
        (LINKS.commits("gcc", "rawhide"), "https://src.example/rpms/gcc/commits/rawhide"),
        (LINKS.maintainer("pingou"), "https://src.example/user/pingou"),
        (LINKS.maintainer("@gnome-sig"), "https://src.example/group/gnome-sig"),
    ],
)
def test_a_link_leads_where_it_says(link, address):
    assert link == address


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_an_upstream_says_stays_one_part_of_a_path(text):
    parts = urlsplit(LINKS.update(text))
    assert (parts.netloc, parts.path.count("/"), unquote(parts.path.rpartition("/")[2]), parts.query) == (
        "bodhi.example",
        2,
        text,
        "",
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_an_upstream_says_stays_one_parameter(text):
    assert parse_qs(urlsplit(LINKS.builds(text)).query) == {"packageID": [text]}


def test_dots_do_not_lead_to_the_folder_above():
    assert LINKS.sources("..") == "https://src.example/rpms/%2E%2E"


@pytest.mark.parametrize("address", ["http://guake.org", "https://github.com/Guake/guake/?a=b#c", "HTTPS://X.org"])
def test_an_address_of_the_web_is_a_link(address):
    assert web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        None,
        "javascript:alert(1)",
        "JavaScript://x/%0aalert(1)",
        "data:text/html,<script>",
        "//evil.example",
        "http:",
        "http://[",
        "java\nscript:alert(1)",
        " https://guake.org",
        "https://x.org/" + "a" * LONGEST_ADDRESS,
        "ftp://x.org",
    ],
)
def test_anything_else_is_none(address):
    assert web_address(address) is None


@given(st.text())
def test_no_text_is_an_error(text):
    assert web_address(text) in (text, None)
