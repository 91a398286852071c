"""The tabs that are lists (builds, updates, bugs): what is shown of a value, and how it is filtered and paged."""

import re

import pytest

from fedora_packages.widgets.parameters import MAX_ROWS
from tests.web.values import RELEASES, VALUES, bug, build, update
from tests.web.website import Elements
from tests.widgets.test_panels import links, rows

DAY = 86400

BUILDS = [
    build(9, "building"),
    build(8),
    build(7, "failed", release="1.fc45"),
    build(6, release="1.fc45", finished=1763990006 + 4330),
    build(5, release="2.el9", owner=None, task_id=None),
    build(4, release="1.fc31"),
    build(3, "deleted", release="1", started=None),
]

UPDATES = [
    update(9, "F46", "pending", request="testing", gating="waiting"),
    update(8, type="security", severity="urgent", critpath=True),
    update(7, status="stable", request=None),
    update(6, "F45", "unpushed", type="enhancement", severity="unspecified", karma=-2),
    update(5, "F31", "stable", stable=1763993600 + DAY),
    update(4, "EPEL-9", "obsolete", submitter=None, submitted=None),
]

BUGS = [
    bug(2300009, "POST"),
    bug(2300008, version="44", security=True, alias=["CVE-2026-1"], keywords=["Security", "SecurityTracking"]),
    bug(2300007, "ON_QA", severity="urgent", blocks=[2390001, 2390002]),
    bug(2300006, version="rawhide", keywords=["Tracking", "FutureFeature"]),
    bug(2300005, version="44", severity="unspecified"),
    bug(2300004, product="Fedora EPEL", version="epel9", changed=None),
    bug(2300003, "ODD", version=""),
]

VALUES_HERE = {
    "bodhi.releases": RELEASES,
    "koji.builds": {"total": 412, "builds": BUILDS},
    "bodhi.updates": {"total": 6, "updates": UPDATES},
    "bugzilla.bugs": {"total": 7, "bugs": BUGS},
}

TABS = ("builds", "updates", "bugs")


@pytest.fixture
def lists(site):
    """The application, with lists of guake in the cache that have something of everything."""
    site.know_all(VALUES_HERE, "guake")
    return site


def firsts(page) -> list[str]:
    """Return the number in the first cell of each row: of the made-up builds and updates one digit tells them apart."""
    return [re.search(r"(\w)( |-1\.fc46)", row)[1] for row in rows(page)]


# All three.


def offers(page) -> dict[str, int]:
    """Return the address behind each choice that says how many rows it leads to, and that number."""
    found = re.findall(r'<a href="(\?[^"]*)"[^>]*>[^<]* \(([0-9]+)\)</a>', page.text)
    return {address.replace("&amp;", "&"): int(number) for address, number in found}


@pytest.mark.parametrize("tab", TABS)
def test_each_choice_leads_to_as_many_rows_as_it_says_and_so_do_the_choices_there(lists, tab):
    first = offers(lists.get(f"/guake/{tab}"))
    second = {address: offers(lists.get(f"/guake/{tab}{address}")) for address in first}
    wrong = [
        (address, number, found)
        for address, number in [*first.items(), *(pair for pairs in second.values() for pair in pairs.items())]
        if (found := len(rows(lists.get(f"/guake/{tab}{address}", 200)))) != number
    ]
    assert (wrong, len(first) > 5) == ([], True)


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("builds", {"building (1) complete (4) deleted (1) failed (1)", "rawhide (2) f45 (2) f31 (1) epel9 (1) other (1)"}),
        (
            "updates",
            {"pending (1) testing (1) stable (2) unpushed (1) obsolete (1)", "rawhide (1) f45 (3) f31 (1) epel9 (1)",
             "security (1) bugfix (4) enhancement (1)"},
        ),
        (
            "bugs",
            {"rawhide (1) f45 (2) f44 (2) epel9 (1) other (1)", "Fedora (6) Fedora EPEL (1)", "NEW (4) ON_QA (1) POST (1)",
             "security (1) blocker (1) tracker (1)"},
        ),
    ],
)  # fmt: skip
def test_only_words_that_occur_are_offered(lists, tab, words):
    switches = re.findall(r'<nav class="switch".*?</nav>', lists.get(f"/guake/{tab}").text, re.DOTALL)
    assert {" ".join(re.findall(r">([^<]* \([0-9]+\))<", switch)) for switch in switches} == words


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("builds?state=odd", "state is 'odd'; expected one of building, complete, deleted, failed, canceled"),
        ("builds?release=f99", "release is 'f99'; expected one of rawhide, f45, f31, epel9, other"),
        ("builds?release=fc99", "release is 'fc99'; expected one of rawhide, f45, f31, epel9, other"),
        ("builds?release=%20%2f", "release is '/'; expected at most 32 letters"),
        ("builds?page=0", "page is '0'; expected an integer from 1 to 1000"),
        ("builds?page=1001", "page is '1001'; expected an integer"),
        ("builds?page=-1", "page is '-1'; expected an integer"),
        ("builds?size=0", f"size is '0'; expected an integer from 1 to {MAX_ROWS}"),
        ("updates?size=10000000", "size is '10000000'; expected an integer"),
        ("updates?status=TESTING", "status is 'TESTING'; expected one of pending, testing, stable, unpushed, obsolete"),
        (
            "updates?type=feature",
            "type is 'feature'; expected one of security, bugfix, enhancement, newpackage, unspec",
        ),
        ("updates?release=f44", "release is 'f44'; expected one of rawhide, f45, f31, epel9"),
        ("bugs?status=CLOSED", "status is 'CLOSED'; expected one of NEW, VERIFIED, ASSIGNED"),
        ("bugs?product=RHEL", "product is 'RHEL'; expected one of Fedora, Fedora EPEL"),
        ("bugs?release=f99", "release is 'f99'; expected one of rawhide, f45, f44, epel9, other"),
        ("bugs?mark=x", "mark is 'x'; expected one of security, blocker, tracker"),
        ("bugs?size=ten", "size is 'ten'; expected an integer"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(lists, address, said):
    assert said in lists.get(f"/guake/{address}", 400).text.replace("&#39;", "'")


@pytest.mark.parametrize("tab", TABS)
def test_an_active_release_without_rows_is_an_empty_list_and_no_error(site, tab):
    empty = {"koji.builds": ("builds", [build(1)]), "bodhi.updates": ("updates", []), "bugzilla.bugs": ("bugs", [])}
    site.know_all({name: {"total": 1, key: value} for name, (key, value) in empty.items()}, "guake")
    site.know("bodhi.releases", RELEASES)
    page = site.get(f"/guake/{tab}?release=f45", 200)
    assert (
        rows(page),
        bool(re.search(r"<p>(No (builds|updates|bugs) match these filters|No open bugs)", page.text)),
    ) == ([], True)


@pytest.mark.parametrize("url", ["builds?state=canceled", "updates?status=unpushed", "bugs?status=ON_DEV"])
def test_a_list_that_the_filters_leave_empty_offers_to_clear_them(guake, url):
    page = guake.get(f"/guake/{url}", 200)
    (clear,) = re.findall(r'<a href="([^"]*)">Clear filters</a>', page.text)
    assert (rows(page), "status" in clear or "state" in clear) == ([], False)
    assert rows(guake.get(f"/guake/{url.partition('?')[0]}{clear}", 200)) != []


@pytest.mark.parametrize("tab", ["builds", "updates"])
def test_a_release_that_may_be_any_while_the_releases_are_not_known_is_no_error(site, tab):
    site.know_all({name: VALUES_HERE[name] for name in ("koji.builds", "bodhi.updates")}, "guake")
    page = site.get(f"/guake/{tab}?release=rawhide", 200)
    assert ("for rawhide cannot be shown" in page.text, "match these filters" in page.text) == (True, False)
    assert len(rows(site.get(f"/guake/{tab}?release=f31", 200))) == 1


@pytest.fixture
def long(site):
    """The application, with more of everything than one page holds."""
    site.know("koji.builds", {"total": 130, "builds": [build(number) for number in range(130, 0, -1)]}, "guake")
    site.know("bodhi.updates", {"total": 70, "updates": [update(number) for number in range(70, 0, -1)]}, "guake")
    site.know("bugzilla.bugs", {"total": 210, "bugs": [bug(number) for number in range(210, 0, -1)]}, "guake")
    site.know("bodhi.releases", RELEASES)
    return site


@pytest.mark.parametrize(
    ("tab", "sizes"), [("builds", [50, 50, 30]), ("updates", [30, 30, 10]), ("bugs", [100, 100, 10])]
)
def test_a_list_comes_in_pages_and_the_last_has_the_rest(long, tab, sizes):
    assert [len(rows(long.get(f"/guake/{tab}?page={page}", 200))) for page in (1, 2, 3)] == sizes


@pytest.mark.parametrize(
    ("tab", "asked", "last"),
    [
        ("builds", "state=complete&size=40", 4),
        ("updates", "status=testing&release=f45&size=40", 2),
        ("bugs", "release=f45", 3),
    ],
)
def test_pages_keep_filters_and_size(long, tab, asked, last):
    assert f"?{asked}&page=2" in links(long.get(f"/guake/{tab}?{asked}"))
    beyond = long.get(f"/guake/{tab}?{asked}&page=99", 200)
    assert f"Page 99 does not exist. The last page is {last}." in beyond.text
    assert f"?{asked}&page={last}" in links(beyond)


@pytest.mark.parametrize(("tab", "usual"), [("builds", 50), ("updates", 30), ("bugs", 100)])
def test_a_page_has_as_many_rows_as_are_asked_for(long, tab, usual):
    offered = {f"?size={number}" for number in (usual, usual * 2, MAX_ROWS)}
    assert (len(rows(long.get(f"/guake/{tab}?size=7"))), offered <= links(long.get(f"/guake/{tab}"))) == (7, True)


def test_another_filter_begins_at_the_first_page(lists):
    assert "?size=2&state=failed" in links(lists.get("/guake/builds?page=2&size=2"))


# Builds.


@pytest.mark.parametrize(
    ("asked", "found"),
    [("state=failed", "7"), ("release=rawhide", "98"), ("release=fc46", "98"), ("release=f45", "76"), ("release=el9", "5"),
     ("release=f31", "4"), ("release=other", "3"), ("release=f45&state=complete", "6"), ("release=f31&state=failed", "")],
)  # fmt: skip
def test_builds_of_a_state_and_a_release_are_cut_from_the_value(lists, asked, found):
    assert "".join(firsts(lists.get(f"/guake/builds?{asked}", 200))) == found


def test_a_build_shows_how_long_it_took_by_whom_and_in_which_task(lists):
    page = lists.get("/guake/builds")
    shown = rows(page)
    assert shown[3].startswith("guake-3.6-1.fc46 complete task pingou 2025-11-24 13:13 UTC 1 hour 12 minutes ")
    # Not while it builds; neither owner nor task of an imported one.
    assert shown[0].startswith("guake-3.9-1.fc46 building task pingou 2025-11-24 13:13 UTC FEDORA-")
    assert shown[4].startswith("guake-3.5-1.fc46 complete 2025-11-24 13:13 UTC 10 minutes ")
    koji = "https://koji.fedoraproject.org/koji"
    assert {f"{koji}/buildinfo?buildID=9", f"{koji}/taskinfo?taskID=9", f"{koji}/userinfo?userID=pingou"} <= links(page)


def test_a_build_that_was_finished_before_it_began_took_an_unknown_time(site):
    site.know("koji.builds", {"total": 1, "builds": [build(1, started=100, finished=50)]}, "guake")
    assert "1970-01-01 00:01 UTC unknown" in rows(site.get("/guake/builds"))[0]


#: Builds of which only the last is an RPM build of guake.
MIXED = [
    build(9, type="draft", release="1.fc46,draft_9", nvr="guake-3.9-1.fc46,draft_9"),
    build(8, type="flatpak", version="stable", release="44.1", nvr="guake-stable-44.1"),
    build(7, type="module", release="44.9f5c7c9e", nvr="guake-3.7-44.9f5c7c9e"),
    build(6),
]


def test_a_build_of_something_else_is_listed_with_what_it_is(site):
    site.know_all({"koji.builds": {"total": 4, "builds": MIXED}}, "guake")
    found = rows(site.get("/guake/builds"))
    assert [row.split()[:2] for row in found[:3]] == [
        ["guake-3.9-1.fc46,draft_9", "draft"],
        ["guake-stable-44.1", "flatpak"],
        ["guake-3.7-44.9f5c7c9e", "module"],
    ]
    assert found[3].split()[:2] == ["guake-3.6-1.fc46", "complete"]


def test_the_newest_builds_are_of_rpms(site):
    site.know_all({"koji.builds": {"total": 4, "builds": MIXED}}, "guake")
    assert [row.split()[0] for row in rows(site.get("/guake/overview/latest"))] == ["guake-3.6-1.fc46"]


def test_where_no_build_is_of_an_rpm_the_other_builds_are_linked(site):
    site.know_all({"koji.builds": {"total": 3, "builds": MIXED[:3]}}, "guake")
    text = site.get("/guake/overview/latest").text
    assert ("None of the newest builds is an RPM build." in text, "All builds: 3" in text) == (True, True)


def test_a_build_shows_the_update_that_carries_it(lists):
    shown = [row.partition(" UTC ")[2] for row in rows(lists.get("/guake/builds"))]
    assert (shown[0], shown[1]) == (f"{UPDATES[0]['alias']} pending", f"10 minutes {UPDATES[1]['alias']} testing")
    assert f"https://bodhi.fedoraproject.org/updates/{UPDATES[0]['alias']}" in links(lists.get("/guake/builds"))


@pytest.mark.parametrize(
    ("updates", "said"),
    [
        (None, "unknown"),
        ({"total": 1, "updates": [update(5)]}, "none"),
        ({"total": 2, "updates": [update(5)]}, "unknown"),
    ],
)
def test_of_a_build_in_no_update_that_is_kept_there_is_none_only_if_all_are(site, updates, said):
    site.know("koji.builds", {"total": 1, "builds": [build(1)]}, "guake")
    if updates:
        site.know("bodhi.updates", updates, "guake")
    assert rows(site.get("/guake/builds", 200))[0].endswith(f"10 minutes {said}")


def test_it_is_said_how_many_builds_are_not_looked_through(lists):
    page = lists.get("/guake/builds?state=failed")
    assert "Showing the newest 7 of 412. <a" in page.text


# Updates.


@pytest.mark.parametrize(
    ("asked", "found"),
    [("status=testing", "8"), ("release=rawhide", "9"), ("release=f46", "9"), ("release=F45", "876"), ("release=epel9", "4"),
     ("release=el9", "4"), ("type=enhancement", "6"), ("type=bugfix&status=stable", "75"), ("type=newpackage", "")],
)  # fmt: skip
def test_updates_of_a_status_a_release_and_a_type_are_cut_from_the_value(lists, asked, found):
    assert "".join(firsts(lists.get(f"/guake/updates?{asked}", 200))) == found


def test_an_update_shows_what_packagers_look_for(lists):
    shown = [row.partition(" ")[2] for row in rows(lists.get("/guake/updates"))]
    assert shown[:4] == [
        "rawhide pending , request: testing, gating: waiting bugfix low 2 guake-3.9-1.fc46 2300009 It drops down"
        " 2025-11-24 13:13 UTC by pingou",
        "critical path f45 testing since 2025-11-24 14:13 UTC , request: stable security urgent 2 guake-3.8-1.fc46"
        " 2300008 It drops down 2025-11-24 13:13 UTC by pingou",
        "f45 stable since 2025-12-01 14:40 UTC , after 7 days in testing bugfix low 2 guake-3.7-1.fc46"
        " 2300007 It drops down 2025-11-24 13:13 UTC by pingou",
        "f45 unpushed , request: stable enhancement -2 guake-3.6-1.fc46 2300006 It drops down"
        " 2025-11-24 13:13 UTC by pingou",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "after less than a day in"),
        (DAY, "after 1 day in"),
        (20 * DAY - 1, "after 19 days in"),
        (-1, None),
        (None, None),
    ],
)
def test_days_in_testing_are_those_until_it_was_stable(site, seconds, said):
    stable = None if seconds is None else 1763993600 + seconds
    site.know("bodhi.updates", {"total": 1, "updates": [update(1, status="stable", stable=stable)]}, "guake")
    page = " ".join(rows(site.get("/guake/updates")))
    assert said in page if said else "in testing" not in page


def test_builds_of_an_update_are_found_in_koji_its_bugs_in_bugzilla_its_submitter_in_bodhi(lists):
    assert {
        "https://koji.fedoraproject.org/koji/search?match=exact&type=build&terms=guake-3.9-1.fc46",
        "https://bugzilla.redhat.com/show_bug.cgi?id=2300009",
        "https://bodhi.fedoraproject.org/users/pingou",
    } <= links(lists.get("/guake/updates"))


def test_of_an_update_of_many_packages_their_own_builds_come_first(site):
    builds = [f"lib{number}-1-1.fc46" for number in range(30)] + ["guake-3-1.fc46"]
    site.know("bodhi.updates", {"total": 1, "updates": [update(1, builds=builds)]}, "guake")
    (row,) = rows(site.get("/guake/updates"))
    assert ("guake-3-1.fc46 lib0-1-1.fc46" in row, "and 11 more" in row) == (True, True)


@pytest.mark.parametrize(
    ("asked", "parameters"),
    [("release=rawhide", "&releases=F46"), ("status=stable&type=bugfix", "&status=stable&type=bugfix")],
)
def test_the_same_list_is_found_in_bodhi(lists, asked, parameters):
    address = f"https://bodhi.fedoraproject.org/updates/?packages=guake{parameters}"
    assert address in links(lists.get(f"/guake/updates?{asked}"))


def test_updates_are_shown_although_the_releases_are_not_known(site):
    site.know("bodhi.updates", VALUES["bodhi.updates"], "guake")
    assert len(rows(site.get("/guake/updates", 200))) == 3


# Bugs.


def numbers(page) -> list[int]:
    return [int(row.split()[0]) - 2300000 for row in rows(page)]


def test_bugs_are_in_the_order_of_status_release_and_number(lists):
    assert numbers(lists.get("/guake/bugs")) == [6, 8, 5, 4, 7, 9, 3]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("release=f44", [8, 5]), ("release=fc44", [8, 5]), ("release=epel9", [4]), ("release=other", [3]),
     ("status=NEW", [6, 8, 5, 4]), ("product=Fedora+EPEL", [4]), ("product=Fedora&status=NEW&release=f44", [8, 5]),
     ("mark=security", [8]), ("mark=blocker", [7]), ("mark=tracker", [6]), ("mark=tracker&release=f44", [])],
)  # fmt: skip
def test_bugs_are_cut_from_the_value(lists, asked, found):
    assert numbers(lists.get(f"/guake/bugs?{asked}", 200)) == found


@pytest.mark.parametrize(
    ("asked", "said"), [("", "7 open bugs."), ("status=NEW", "7 open bugs, 4 with these filters.")]
)
def test_it_is_said_how_many_bugs_are_open_and_how_many_the_filters_leave(lists, asked, said):
    assert f"<p>{said}</p>" in lists.get(f"/guake/bugs?{asked}").text


def test_it_is_said_that_more_bugs_are_open_than_are_kept(site):
    site.know("bugzilla.bugs", {"total": 1200, "bugs": BUGS}, "guake")
    page = site.get("/guake/bugs").text
    assert ("1200 open bugs." in page, "Showing the newest 7." in page) == (True, True)


def test_a_bug_is_marked_and_labelled(lists):
    shown = {
        row.split()[0][-1]: row.partition("Bug number")[0] + row.partition("Bug number")[2]
        for row in rows(lists.get("/guake/bugs"))
    }
    assert (
        shown["8"] == "2300008 NEW security  2300008 CVE-2026-1 SecurityTracking medium Fedora 44 2025-11-24 13:13 UTC"
    )
    assert shown["7"].startswith("2300007 ON_QA blocker  2300007 blocks 2390001 2390002 urgent Fedora 45")
    assert shown["6"].startswith("2300006 NEW  2300006 tracker FutureFeature medium Fedora rawhide")
    assert shown["4"] == "2300004 NEW  2300004 medium Fedora EPEL epel9 unknown"
    assert "https://bugzilla.redhat.com/show_bug.cgi?id=2390001" in links(lists.get("/guake/bugs"))


@pytest.mark.parametrize(
    ("asked", "parameters"),
    [("release=f44", "product=Fedora&component=guake&bug_status=__open__&version=44"),
     ("release=epel9", "product=Fedora+EPEL&component=guake&bug_status=__open__&version=epel9"),
     ("product=Fedora", "product=Fedora&component=guake&bug_status=__open__")],
)  # fmt: skip
def test_the_same_list_is_found_in_bugzilla(lists, asked, parameters):
    assert f"https://bugzilla.redhat.com/buglist.cgi?{parameters}" in links(lists.get(f"/guake/bugs?{asked}"))


@pytest.mark.parametrize(
    "asked", ["", "status=NEW", "mark=security", "release=f44&status=NEW", "release=f44&product=Fedora+EPEL"]
)
def test_no_list_of_bugzilla_is_called_the_same_that_is_another(lists, asked):
    assert "The same list in Bugzilla" not in lists.get(f"/guake/bugs?{asked}", 200).text


@pytest.mark.parametrize(
    ("address", "parameters"),
    [("/guake/bugs", "product=Fedora&component=guake"),
     ("/guake/bugs?release=rawhide", "product=Fedora&version=rawhide&component=guake"),
     ("/guake/bugs?release=fc45", "product=Fedora&version=45&component=guake"),
     ("/epel-release/bugs", "product=Fedora+EPEL&component=epel-release"),
     ("/epel-release/bugs?release=epel9", "product=Fedora+EPEL&version=epel9&component=epel-release")],
)  # fmt: skip
def test_a_bug_can_be_filed_against_the_release_shown_although_nothing_is_known(site, address, parameters):
    assert f"https://bugzilla.redhat.com/enter_bug.cgi?{parameters}" in links(site.get(address))


def test_all_bugs_are_on_one_page_at_their_old_address(long):
    page = long.get("/guake/bugs/all", 200)
    elements = Elements(page.text)
    assert (len(rows(page)), [link for link in elements.of("a") if link.get("rel") == "next"]) == (210, [])
