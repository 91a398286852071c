"""What the panels of the overview make of values, and what all tabs say of themselves."""

import re

import pytest

from fedora_packages.cache import keys
from fedora_packages.messages import timeline
from fedora_packages.messages.event import Event
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.packages import SOURCE, Package
from fedora_packages.widgets.overview import Availability, _installs, _unwrapped
from tests.web.values import RELEASES, VALUES, tagged, update
from tests.web.website import CAUSE, Elements

from .test_panels import links, rows


def text(page) -> str:
    """Return what a page says, spaces folded."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.text).split())


def about(**changes):
    return {**VALUES["mdapi.package"], **changes}


# What it is, and how to get it.


SPEC = VALUES["distgit.spec"]


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"license": "GPL-2.0-or-later"}, "<dd>GPL-2.0-or-later</dd>"),
        ({"license": "GPL-2.0-or-later", "licenses": {"guake": "MIT"}}, "<dd>MIT</dd>"),
        ({"license": "GPL-2.0-or-later", "is_complete": False}, "<dd>GPL-2.0-or-later</dd>"),
        ({"is_complete": False}, "the spec file could not be read in full"),
    ],
)
def test_the_license_is_the_spec_files(guake, facts, shown):
    guake.know("distgit.spec", {**SPEC, **facts}, "guake", "rawhide")
    assert shown in guake.get("/guake/overview/overview", 200).text


def test_a_binary_has_not_its_sources_license_where_the_spec_was_not_read_in_full(guake):
    for is_complete in (True, False):
        spec = {**SPEC, "license": "Vim", "is_complete": is_complete}
        guake.know("distgit.spec", spec, "vim", "rawhide")
        assert ("<dd>Vim</dd>" in guake.get("/vim-common/overview/overview", 200).text) is is_complete


def test_a_licence_that_is_not_known_is_not_shown_as_none(silenced):
    assert re.search(r"<dt>License</dt>\s*<dd class=\"unknown\">", silenced.get("/guake/overview/overview").text)


def test_an_orphan_is_not_shown_as_somebody(guake):
    guake.know("distgit.maintainers", {**VALUES["distgit.maintainers"], "owner": "orphan"}, "guake")
    page = guake.get("/guake/overview/overview", 200)
    assert ("orphaned no maintainer" in text(page), ">orphan</a>" in page.text) == (True, False)


def test_a_long_run_of_spaces_is_read_once():
    # With a search from each space this would take hours.
    spaces = " " * 2_000_000
    assert _unwrapped(f"one{spaces}two{spaces}\nthree{spaces}\n{spaces}- four") == f"one{spaces}two three\n- four"


def commands(page) -> list[str]:
    return re.findall(r'<code class="command">(.*?)</code>', page.text)


def test_what_is_only_in_testing_has_no_plain_command(guake):
    guake.know("mdapi.package", about(repository="updates-testing"), "guake", "rawhide")
    guake.know(
        "koji.tagged", {"tags": {"f46": None, "f45-updates": None, "f45-updates-testing": tagged(7, "x")}}, "guake"
    )
    assert commands(guake.get("/guake", 200)) == ["sudo dnf install --enablerepo=updates-testing guake"]


def test_beside_what_is_in_testing_a_plain_command_says_what_it_gives(guake):
    guake.know("mdapi.package", about(repository="updates-testing", version="3.9"), "guake", "rawhide")
    page = guake.get("/guake", 200)
    assert commands(page) == ["sudo dnf install guake", "sudo dnf install --enablerepo=updates-testing guake"]
    assert ("in rawhide (3.8-1.fc46), f45 (3.6-1.fc46)" in text(page), "rawhide (3.9-1.fc46)" in text(page)) == (
        True,
        True,
    )


def test_what_only_epel_has_says_how_to_enable_epel(site):
    site.know("mdapi.package", about(name="epel-release", source="epel-release"), "epel-release", "epel9")
    assert commands(site.get("/epel-release", 200)) == [
        "sudo dnf config-manager --set-enabled crb", "sudo dnf install epel-release",
    ]  # fmt: skip


def test_a_package_of_fedora_and_epel_can_be_installed_on_both():
    document = Document("a", branch="rawhide", releases=("rawhide", "epel9", "eln"), binaries=(Binary("a"),))
    where = Availability({"rawhide": "1-1", "epel9": "1-1"}, {}, is_complete=True)
    fedora, epel = _installs(Package("a", SOURCE, document), "a", where)
    assert (fedora.commands, fedora.note) == (("sudo dnf install a",), "in rawhide")
    assert (epel.commands[-2:], "in epel9: " in epel.note) == (
        ("sudo dnf install epel-release", "sudo dnf install a"),
        True,
    )


def test_what_only_goes_along_with_other_packages_is_not_said_to_be_what_to_install():
    binaries = (Binary("a-libs"), Binary("a-devel"))
    document = Document("a", branch="rawhide", releases=("rawhide",), binaries=binaries)
    assert (
        _installs(Package("a", SOURCE, document), "a-libs", Availability({"rawhide": "1-1"}, {}, is_complete=True))
        == []
    )


def test_where_koji_has_not_said_what_other_releases_have_that_is_said(silenced):
    silenced.know("mdapi.package", about(), "guake", "rawhide")
    assert "in rawhide; other releases are currently unknown" in text(silenced.get("/guake", 200))


def test_nothing_is_said_to_be_installed_while_it_is_not_known_where_it_is(silenced):
    assert commands(silenced.get("/guake", 200)) == []


def test_a_source_is_described_by_its_spec_file_where_no_binary_has_its_name(site):
    site.know("distgit.spec", {**SPEC, "summary": "Vi improved", "description": "It edits."}, "vim", "rawhide")
    page = site.get("/vim/overview/overview", 200).text
    assert ('<p class="summary">Vi improved</p>' in page, "the index of this site" in page) == (True, False)


def test_what_is_from_the_index_says_so(site):
    assert "Summary and description come from the index of this site" in site.get("/vim/overview/overview", 200).text


def test_a_description_keeps_the_items_of_lists_apart_and_nothing_else(guake):
    guake.know(
        "mdapi.package", about(description="It has\nthese:\n- one\n  thing\n* two\n\nAnd\nmore."), "guake", "rawhide"
    )
    found = re.findall(r'<p class="lines">(.*?)</p>', guake.get("/guake").text, re.DOTALL)
    assert found == ["It has these:\n- one thing\n* two", "And more."]


@pytest.mark.parametrize(("count", "folded"), [(3, 0), (30, 19)])
def test_the_rest_of_a_long_description_is_folded_away(guake, count, folded):
    guake.know("mdapi.package", about(description="\n\n".join(["x" * 99] * count)), "guake", "rawhide")
    page = guake.get("/guake/overview/overview").text
    assert page.partition('<details class="rest">')[2].count('<p class="lines">') == folded
    assert page.count('<p class="lines">') == count


def test_a_description_that_was_cut_says_so(guake):
    guake.know("mdapi.package", about(description="x" * 20000), "guake", "rawhide")
    assert "x […]</p>" in guake.get("/guake").text


# Releases.


def test_a_release_that_is_not_out_says_so(guake):
    releases = {"releases": [{**release, "state": "frozen"} for release in RELEASES["releases"]]}
    guake.know("bodhi.releases", releases)
    assert [" frozen " in row for row in rows(guake.get("/guake/overview/releases"))] == [False, True]


def test_eln_has_a_row_only_if_it_has_the_package(guake):
    eln = {
        **RELEASES["releases"][0],
        "name": "ELN",
        "branch": "eln",
        "family": "eln",
        "stable_tag": "eln",
        "testing_tag": None,
    }
    guake.know("bodhi.releases", {"releases": [*RELEASES["releases"], eln]})
    assert len(rows(guake.get("/guake/overview/releases"))) == 2
    guake.know("koji.tagged", {"tags": {**VALUES["koji.tagged"]["tags"], "eln": tagged(1, "eln")}}, "guake")
    assert len(rows(guake.get("/guake/overview/releases"))) == 3


def test_an_update_under_way_is_named_by_the_version_it_brings(guake):
    guake.know("bodhi.updates", {"total": 1, "testing": 0, "updates": [update(9, status="pending")]}, "guake")
    assert rows(guake.get("/guake/overview/releases"))[1].endswith("3.9-1.fc46 pending")


def test_the_update_that_brought_the_stable_build_is_linked(guake):
    page = guake.get("/guake/overview/releases")
    assert {f"https://bodhi.fedoraproject.org/updates/{update(number)['alias']}" for number in (6, 7)} <= links(page)


# Retirement.

RETIRED = {
    "found": True,
    "heads": {"rawhide": "abc", "f45": "def"},
    "retired": {"rawhide": {"reason": "Renamed to vim <now>", "when": 1763990000, "who": "A. Packager"}},
}


@pytest.fixture
def partly(site):
    """The application, with a package that epel9 has and that is retired in rawhide."""
    site.know("bodhi.releases", VALUES["bodhi.releases"])
    site.know("koji.tagged", {"tags": {"f46": None, "f45-updates": None, "f45-updates-testing": None}}, "epel-release")
    site.know("bodhi.updates", {"total": 0, "testing": 0, "updates": []}, "epel-release")
    site.know("distgit.retirement", RETIRED, "epel-release")
    site.know("mdapi.obsoleters", {"is_known": True, "packages": []}, "epel-release", "rawhide")
    return site


def test_a_package_that_is_retired_in_some_releases_says_where_since_when_by_whom_and_why(partly):
    page = partly.get("/epel-release", 200)
    assert "Retired in Fedora 46 since 2025-11-24 by A. Packager Renamed to vim &lt;now&gt;" in text(page)
    assert ("Still in epel9" in text(page), "retired" in rows(page)[0], "/vim" in links(page)) == (True, True, True)


def test_what_obsoletes_a_retired_package_is_named_before_what_its_reason_names(partly):
    row = {"name": "gcc", "source": "gcc", "flags": "LT", "epoch": "0", "version": "9", "release": None}
    remover = {**row, "name": "fedora-obsolete-packages", "source": "fedora-obsolete-packages"}
    partly.know("mdapi.obsoleters", {"is_known": True, "packages": [row, remover]}, "epel-release", "rawhide")
    page = partly.get("/epel-release/overview/retirement", 200)
    assert ("Replaced by gcc , which obsoletes it" in text(page), "/vim" in links(page)) == (True, False)
    assert "On upgrades removed" in text(page)


def test_what_mdapi_cannot_look_up_is_asked_of_the_index(site):
    site.know("bodhi.releases", VALUES["bodhi.releases"])
    site.know("distgit.retirement", RETIRED, "gone")
    site.know("mdapi.obsoleters", {"is_known": False, "packages": []}, "gone", "rawhide")
    assert "Replaced by vim-common , which obsoletes it" in text(site.get("/gone/overview/retirement", 410))


def test_a_package_that_was_just_retired_says_so_although_rawhide_still_has_it(guake, upstream):
    guake.know("distgit.retirement", RETIRED, "guake")
    page = guake.get("/guake", 200)
    assert ("Retired in Fedora 46 since" in text(page), "Still in Fedora 45" in text(page)) == (True, True)
    assert not [asked for asked in upstream.asked if "/obsoletes/" in asked.path]


def test_why_a_package_that_is_retired_is_in_a_repository_all_the_same_is_said(guake):
    retired = dict.fromkeys(("rawhide", "f45"), RETIRED["retired"]["rawhide"])
    guake.know("distgit.retirement", {**RETIRED, "retired": retired}, "guake")
    page = text(guake.get("/guake/overview/retirement", 200))
    assert "The repositories of Fedora 46 have the last build until their next compose." in page
    assert "Released builds stay in the repositories of Fedora 45." in page


def test_of_repositories_that_do_not_have_what_is_retired_nothing_is_said(partly):
    assert "next compose" not in text(partly.get("/epel-release/overview/retirement", 200))


def test_a_package_that_is_meant_for_epel_alone_is_not_called_retired(partly):
    meant = {**RETIRED, "retired": {"rawhide": {**RETIRED["retired"]["rawhide"], "reason": "EPEL only package"}}}
    partly.know("distgit.retirement", meant, "epel-release")
    page = partly.get("/epel-release", 200)
    assert ("panel-retirement" in page.text, rows(page)[0]) == (False, "Fedora 46 rawhide none EPEL only package")


def test_a_package_that_is_retired_nowhere_has_no_such_panel(guake):
    assert "panel-retirement" not in guake.get("/guake").text
    assert "panel-retirement" in guake.get("/gone").text


# What happened.


def happened(site, *events):
    pipe = site.service.client.pipeline()
    for number, (topic, body) in enumerate(events):
        timeline.note(pipe, "guake", Event("org.fedoraproject.prod", topic, f"2026-{number}", 1000.0 + number, body))
    pipe.execute()
    told = site.get("/guake/overview/activity", 200).text.partition('class="events"')[2]
    return [" ".join(re.sub(r"<[^>]*>", "", one).split()) for one in re.findall(r"<p>(.*?)<small>", told, re.DOTALL)]


def test_a_push_that_was_told_twice_is_told_once_with_its_summary(guake):
    commit = {"repo": "guake", "branch": "f45", "rev": "abc", "summary": "Fix <it>", "username": "mjw"}
    push = {"branch": "f45", "end_commit": "abc", "agent": "mjw", "total_commits": 1}
    told = happened(guake, ("git.receive", {"commit": commit}), ("pagure.git.receive", push))
    assert told == ["mjw pushed to f45: Fix &lt;it&gt;"]


def test_repositories_that_no_page_shows_are_no_news_and_each_other_is_told_once(guake):
    names = ["rawhide", "rawhide", "koji", "src_rawhide", "f45"]
    told = happened(guake, *(("mdapi.repo.update", {"name": name}) for name in names))
    assert told == ["The repository f45 was refreshed", "The repository rawhide was refreshed"]


# What all tabs share.


def bar(page) -> list[str]:
    found = re.search(r'<nav class="tabs".*?</nav>', page.text, re.DOTALL).group()
    return [" ".join(re.sub(r"<[^>]*>", "", one).split()) for one in re.findall(r"<a.*?</a>", found, re.DOTALL)]


def test_tabs_say_how_much_there_is(guake, upstream):
    told = bar(guake.get("/guake/sources", 200))
    assert told[:6] == ["Overview", "Builds 412", "Updates 1 in testing", "Bugs 3", "Problems 2", "Contents"]
    assert [
        asked for asked in upstream.asked if asked.method == "POST" or asked.path in ("/updates/", "/rest/bug")
    ] == []


def test_what_is_not_known_is_not_counted_and_nobody_is_asked(site, upstream):
    assert bar(site.get("/guake/contents"))[:4] == ["Overview", "Builds", "Updates", "Bugs"]
    assert {asked.path for asked in upstream.asked} == {"/rawhide/files/guake"}


def test_a_count_that_may_have_changed_is_not_shown(guake, client):
    guake.invalidate("koji.builds", "guake", CAUSE)
    assert bar(guake.get("/guake/contents"))[1:4] == ["Builds", "Updates 1 in testing", "Bugs 3"]
    client.delete(keys.HEARTBEATS)
    guake.app.app.registry.loader.freshness._read_at = 0.0
    assert bar(guake.get("/guake/contents"))[1:4] == ["Builds", "Updates", "Bugs"]


@pytest.mark.parametrize(
    ("address", "canonical", "is_whole"),
    [
        ("/guake", "/guake", True),
        ("/packages/guake/overview/", "/guake", True),
        ("/guake/builds?utm=1", "/guake/builds", True),
        ("/guake/builds?state=failed", "/guake/builds", False),
        ("/guake/bugs/all", "/guake/bugs", True),
        ("/guake/overview/latest", "/guake", False),
        ("/gcc-c++", "/gcc-c++", True),
    ],
)
def test_a_page_says_what_its_one_address_is_and_whether_it_is_to_be_found(guake, address, canonical, is_whole):
    elements = Elements(guake.get(address, 200).text)
    found = {link["rel"]: link["href"] for link in elements.of("link")}
    robots = [meta["content"] for meta in elements.of("meta") if meta.get("name") == "robots"]
    assert found["canonical"].removeprefix("http://localhost:80").removeprefix("http://localhost") == canonical
    assert robots == ([] if is_whole else ["noindex, follow"])
    assert found["alternate"].endswith(f"/api/v1/packages/{address.split('/')[-1] if 'gcc' in address else 'guake'}")


@pytest.mark.parametrize("tab", ["", "/builds", "/updates", "/bugs", "/contents", "/sources"])
def test_headings_are_in_order(guake, tab):
    levels = [int(tag[1]) for tag, _ in Elements(guake.get(f"/guake{tab}").text).found if re.fullmatch("h[1-6]", tag)]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_the_stamps_of_what_is_not_fresh_are_open(guake, silenced):
    def details(page):
        return Elements(page.text).of("details")

    assert details(guake.get("/guake/builds")) == [{}]
    silenced.invalidate("koji.builds", "guake", CAUSE)
    assert details(silenced.get("/guake/builds")) == [{"open": None}]
