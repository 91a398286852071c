"""What single panels make of values."""

import re
import time

import pytest

from fedora_packages.cache import keys
from fedora_packages.messages import timeline
from fedora_packages.messages.event import Event
from fedora_packages.web.formats import upstream_title
from tests.upstream import FORGEJO_MISSING, Answer
from tests.web.values import RELEASES, VALUES, problem, tagged, update
from tests.web.website import CAUSE, Elements, website


def rows(page) -> list[str]:
    """Return the text of each row of the tables' bodies, spaces folded."""
    bodies = re.findall(r"<tbody>(.*?)</tbody>", page.text, re.DOTALL)
    found = [row for body in bodies for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)]
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in found]


def links(page) -> set[str]:
    return {link["href"] for link in Elements(page.text).of("a")}


# Stamps.


def test_a_stamp_names_the_message_that_made_the_value_necessary(site):
    site.know("koji.builds", VALUES["koji.builds"], "guake", cause=CAUSE)
    page = site.get("/guake/builds", 200).text
    assert re.search(r"after <span class=\"event\">buildsys.build.state.change <code>2026-0a1b2c3d</code>", page)


@pytest.fixture
def known_long_before(site, monkeypatch):
    """A function that puts the releases into the cache two days before everything about guake."""

    def know():
        monkeypatch.setattr(site.service.cache, "clock", lambda: time.time() - 2 * 86400)
        site.know("bodhi.releases", RELEASES)
        monkeypatch.undo()
        site.know_all({name: value for name, value in VALUES.items() if name != "bodhi.releases"}, "guake")
        return site

    return know


def stamp_of(page) -> str:
    """Return the line that a panel's stamps begin with, spaces folded."""
    (summary,) = re.findall(r"<summary>(.*?)</summary>", page.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", summary).split())


@pytest.mark.parametrize(
    ("panel", "upstreams"), [("builds/builds", "Koji, Bodhi"), ("overview/upstream", "Anitya, Koji, mdapi")]
)
def test_the_stamp_of_a_panel_speaks_of_the_package_and_not_of_the_list_of_releases(
    known_long_before, panel, upstreams
):
    page = known_long_before().get(f"/guake/{panel}", 200)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert re.fullmatch(rf"Updated {today} [0-9:]+ UTC from {upstreams}", stamp_of(page))
    assert re.search(r"Releases:</span>\s+updated <time", page.text)


def test_a_list_of_releases_that_is_in_trouble_shows_in_the_stamp_of_a_panel(known_long_before):
    site = known_long_before()
    site.invalidate("bodhi.releases", "*")
    assert stamp_of(site.get("/guake/builds/builds", 200)) == "Not all of this is up to date"


def test_a_stamp_names_its_upstream(guake):
    assert re.search(r"updated <time[^>]*>[^<]*</time> from Koji\.", guake.get("/guake/builds").text)


def test_times_are_absolute_and_machines_can_read_them(guake):
    assert '<time datetime="2025-11-24T13:13:29Z">2025-11-24 13:13 UTC</time>' in guake.get("/guake/builds").text


def test_a_value_that_is_being_read_again_is_shown_with_the_event_that_made_it_old(silenced):
    silenced.know("koji.builds", VALUES["koji.builds"], "guake")
    silenced.invalidate("koji.builds", "guake", CAUSE)
    page = silenced.get("/guake/builds", 200).text
    changed = re.search(
        r"A newer version is being fetched.\s+Changed since then: <span class=\"event\">buildsys.build.state.change",
        page,
    )
    assert ("guake-3.8-1.fc46" in page, bool(changed)) == (True, True)


def test_a_value_whose_changes_nobody_has_followed_is_shown_as_old(guake, client):
    client.delete(keys.HEARTBEATS)
    page = guake.get("/guake/builds", 200).text
    said = re.search(
        r"updated <time[^>]*>[^<]*</time> from Koji.\s+No worker has processed messages since <time[^>]*>[^<]*</time>,",
        page,
    )
    assert (bool(said), "stamp-unwatched" in page, "guake-3.8-1.fc46" in page) == (True, True, True)


def test_a_panel_that_may_be_old_says_so_before_what_it_shows(guake, client):
    assert "May be out of date" not in guake.get("/guake/builds").text
    client.delete(keys.HEARTBEATS)
    guake.app.app.registry.loader.freshness._read_at = 0.0
    page = guake.get("/guake/builds").text
    assert page.index('href="#stamps-builds"') < page.index("<table") < page.index('id="stamps-builds"')


def test_a_value_of_an_upstream_that_fails_says_since_when_and_what_it_said(service, strings):
    away = {key: "http://127.0.0.1:9" for key in strings if key.startswith("connectors.") and key.endswith(".url")}
    with website(service, {**strings, **away}) as site:
        site.know("koji.builds", VALUES["koji.builds"], "guake")
        site.invalidate("koji.builds", "guake")
        page = " ".join(re.sub(r"<[^>]*>", "", site.get("/guake/builds", 200).text).split())
    assert re.search(
        r"updated [0-9: -]+ UTC from Koji. Koji is not responding, since [0-9: -]+ UTC \(Koji: listBuilds",
        page,
    )


@pytest.mark.parametrize(("count", "sentence"), [(1, "1 build could not be read,"), (3, "3 builds could not be read,")])
def test_a_panel_says_that_invalid_rows_were_left_out(site, count, sentence):
    error = "builds[3].build_id: expected an integer, got <null>"
    invalid = {"count": count, "by_kind": {"build": count}, "error": error}
    site.know("koji.builds", {**VALUES["koji.builds"], "invalid_rows": invalid}, "guake")
    page = " ".join(site.get("/guake/builds", 200).text.split())
    upstream = upstream_title("koji")
    assert (
        f"{sentence} because {upstream} returned invalid data (builds[3].build_id: expected an integer, got &lt;null&gt;)."
        in page
    )


def test_a_panel_of_which_nothing_is_known_offers_to_look_again(site):
    page = site.get("/guake/builds", 200)
    assert "Try again" in page.text
    assert [link for link in Elements(page.text).of("a") if link["href"] == ""]


# Overview.


def test_the_overview_shows_what_to_install(guake):
    assert '<code class="command">sudo dnf install guake</code>' in guake.get("/guake").text


def test_of_a_source_without_a_binary_of_its_name_the_one_that_is_nearest_is_installed_and_that_is_said(site):
    site.know_all({"bodhi.releases": RELEASES, "koji.tagged": {"tags": {"f46": tagged(8, "f46")}}}, "vim")
    page = site.get("/vim").text
    assert '<code class="command">sudo dnf install vim-enhanced</code>' in page
    assert page.count("The source package vim has no binary package of its own name; vim-enhanced is the nearest.") == 1


def test_the_overview_names_maintainers_owner_first(guake):
    page = guake.get("/guake").text
    assert page.index(">pingou</a>") < page.index(">ralph</a>") < page.index(">@gnome-sig</a>")


def test_the_overview_names_the_other_binaries_of_a_source(guake):
    assert {"/vim-common", "/vim-enhanced"} <= links(guake.get("/vim"))


def test_the_overview_shows_what_the_index_knows_while_mdapi_is_away(site):
    assert "Drop-down terminal" in site.get("/guake").text


def test_the_overview_of_a_source_is_not_described_as_one_of_its_binaries(site):
    about = {**VALUES["mdapi.package"], "name": "vim-common", "summary": "Files that others need"}
    site.know("mdapi.package", about, "vim-common", "rawhide")
    page = site.get("/vim/overview/overview").text
    assert ('<p class="summary">Editor</p>' in page, "Files that others need" in page) == (True, False)


def test_the_overview_of_a_binary_leads_to_its_source(guake):
    page = guake.get("/gcc-c++")
    assert ("/gcc" in links(page), "Binary package of" in page.text) == (True, True)


def test_unknown_maintainers_are_shown_as_unknown(site, upstream):
    upstream.says("/api/0/rpms/guake", {}, status=500)
    assert re.search(r"<dt>Maintainers</dt>\s*<dd class=\"unknown\">", site.get("/guake").text)


def test_maintainers_that_are_not_public_any_more_stay_with_the_reason(guake, upstream):
    upstream.answers |= {
        "/api/0/version": FORGEJO_MISSING,
        "/api/v1/version": Answer(b'{"version": "15.0.2+gitea-1.22.0"}'),
    }
    guake.invalidate("distgit.maintainers", "guake")
    page = guake.get("/guake/overview/overview").text
    assert ">pingou</a>" in page
    assert "dist-git shows this to its accounts only" in page


def test_a_version_that_is_not_known_is_shown_as_unknown(silenced):
    page = silenced.get("/guake/overview/overview").text
    assert re.search(r"<dt>Version</dt>\s*<dd class=\"unknown\">", page)


# Releases.


def releases(guake, **changes):
    guake.know_all({name: changes.get(name, VALUES[name]) for name in ("koji.tagged", "bodhi.updates")}, "guake")
    return rows(guake.get("/guake/overview/releases", 200))


def test_each_active_release_has_a_row_in_reading_order(guake):
    assert [row.split(" ")[1:3] for row in releases(guake)] == [["46", "rawhide"], ["45", "f45"]]


def test_a_release_shows_its_stable_and_testing_build_and_the_update(guake):
    assert releases(guake)[1].startswith("Fedora 45 f45 3.6-1.fc46 update 3.7-1.fc46 update karma 2")


def test_a_build_in_testing_that_is_not_newer_is_not_shown(guake):
    stable, testing = (
        {**tagged(number, tag), "version": "3.7", "release": release}
        for number, tag, release in ((7, "f45-updates", "2.fc45"), (6, "f45-updates-testing", "1.fc45"))
    )
    shown = releases(guake, **{"koji.tagged": {"tags": {"f45-updates": stable, "f45-updates-testing": testing}}})
    assert ("3.7-2.fc45" in shown[1], "3.7-1.fc45" in shown[1]) == (True, False)


def test_an_epoch_of_a_build_is_shown(guake):
    epoch = {"tags": {"f46": {**tagged(8, "f46"), "epoch": 2}}}
    assert "2:3.8-1.fc46" in releases(guake, **{"koji.tagged": epoch})[0]


def test_an_epoch_of_an_update_under_way_is_shown(guake):
    coming = update(99, epochs={"guake-3.99-1.fc46": 2})
    assert "2:3.99-1.fc46" in releases(guake, **{"bodhi.updates": {"total": 1, "testing": 1, "updates": [coming]}})[1]


def test_updates_that_are_no_longer_under_way_are_not_in_the_table(guake):
    done = {"total": 1, "testing": 0, "updates": [update(99, status="stable")]}
    assert "3.99" not in " ".join(releases(guake, **{"bodhi.updates": done}))


def test_builds_that_are_not_known_are_not_shown_as_none(site):
    site.know("bodhi.releases", RELEASES)
    shown = rows(site.get("/guake/overview/releases", 200))
    assert shown == ["Fedora 46 rawhide unknown unknown", "Fedora 45 f45 unknown unknown unknown"]


def test_a_release_that_koji_has_not_been_asked_about_is_not_shown_as_empty(guake):
    shown = releases(guake, **{"koji.tagged": {"tags": {"f46": None}}})
    assert [row.split(" ", 3)[3][:16] for row in shown] == ["none", "unknown unknown "]


def test_an_update_that_is_not_known_is_not_shown_as_missing(site):
    site.know("bodhi.releases", RELEASES)
    site.know("koji.tagged", VALUES["koji.tagged"], "guake")
    assert "3.7-1.fc46 update unknown" in rows(site.get("/guake/overview/releases", 200))[1]


# The upstream version.


def upstream_of(guake, rawhide="3.8", release="1.fc46", **changes):
    """Return the text of the panel about upstream's versions, spaces folded."""
    build = {**tagged(8, "f46"), "version": rawhide, "release": release} if rawhide else None
    guake.know("koji.tagged", {"tags": {"f46": build}}, "guake")
    guake.know("anitya.versions", {**VALUES["anitya.versions"], **changes}, "guake")
    page = guake.get("/guake/overview/upstream", 200)
    body = page.text[page.text.index('id="panel-upstream"') : page.text.index('class="stamps"')]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


@pytest.mark.parametrize(
    ("rawhide", "said", "newer"),
    [
        ("3.8", "Newest upstream 3.10 In Rawhide 3.8-1.fc46 upstream is newer", ["3.11-rc1", "3.10"]),
        ("3.10", "In Rawhide 3.10-1.fc46 up to date", ["3.11-rc1"]),
        ("3.11~rc1", "newer than the newest version in Anitya", []),
        ("3.11", "newer than the newest version in Anitya", []),
    ],
)
def test_versions_newer_than_rawhides_are_marked_in_rpms_order(guake, rawhide, said, newer):
    shown = upstream_of(guake, rawhide)
    assert (said in shown, re.findall(r"(\S+) newer (?!than)", shown.partition("Versions")[2])) == (True, newer)


@pytest.mark.parametrize("release", ["0.rc4.20260101.1.fc46", "0.1.fc46"])
def test_a_build_from_before_a_version_is_not_that_version(guake, release):
    assert "upstream is newer" in upstream_of(guake, "3.10", release)


def test_versions_without_an_order_are_said_to_have_none(guake):
    assert "In Rawhide 20260101-1.fc46 cannot be compared" in upstream_of(guake, "20260101")


def test_a_letter_after_a_release_is_newer_than_the_release(guake):
    assert "3.5-1.fc46 upstream is newer" in upstream_of(guake, "3.5", versions=["3.5a", "3.5"], stable=["3.5a", "3.5"])


def test_a_version_before_a_release_is_said_to_be_one_and_is_not_the_newest(guake):
    assert re.search(r"Newest upstream 3.10 .*3.11-rc1 newer pre-release", upstream_of(guake))


def test_a_project_of_versions_before_releases_only_has_a_newest_one_all_the_same(guake):
    shown = upstream_of(guake, "262~rc2", latest="262-rc3", versions=["262-rc3", "262-rc2"], stable=[])
    assert ("Newest upstream 262-rc3" in shown, "262-rc2 newer" in shown) == (True, False)


def test_what_rawhide_has_is_none_or_not_known(guake, site):
    assert "In Rawhide none" in upstream_of(guake, rawhide=None)
    guake.know("koji.tagged", {"tags": {}}, "guake")
    assert "currently unknown" in guake.get("/guake/overview/upstream").text


def test_a_project_without_versions_says_so(guake):
    assert "none found by Anitya" in upstream_of(guake, latest=None, versions=[], stable=[])


def test_a_package_that_is_mapped_to_no_project_says_how_to_map_it(site):
    site.know("anitya.versions", {"found": False}, "guake")
    page = site.get("/guake/overview/upstream", 200)
    assert "guake is not mapped to a project in Anitya, so new versions are not tracked." in page.text
    assert {
        "https://release-monitoring.org/projects/search/?pattern=guake",
        "https://release-monitoring.org/project/new",
    } <= links(page)


def test_the_upstream_version_leads_to_the_project(guake):
    assert "https://release-monitoring.org/project/5311/" in links(guake.get("/guake"))


# The other panels of the overview.


def test_what_happened_lately_is_newest_first(guake):
    pipe = guake.service.client.pipeline()
    for number in (1, 2):
        event = Event(
            "org.fedoraproject.prod", "bugzilla.bug.new", f"2026-{number}", 1000.0 * number, {"bug": {"id": number}}
        )
        timeline.note(pipe, "guake", event)
    pipe.execute()
    page = guake.get("/guake").text
    assert page.index("<code>2026-2</code>") < page.index("<code>2026-1</code>")


def test_the_numbers_of_open_bugs_lead_to_the_tab(guake):
    page = guake.get("/guake/overview/reported")
    assert (">3 open</a>, 1 of them blocking others" in page.text, "/guake/bugs" in links(page)) == (True, True)


# Binaries, and packages that are retired.


def test_the_page_of_a_binary_shows_the_builds_of_its_source(site):
    site.know("koji.builds", VALUES["koji.builds"], "gcc")
    assert len(rows(site.get("/gcc-c++/builds", 200))) == 3


def test_the_page_of_a_binary_shows_its_own_files(site):
    site.know("mdapi.files", VALUES["mdapi.files"], "gcc-c++", "rawhide")
    assert "3 files and directories of gcc-c++ in rawhide" in site.get("/gcc-c%2B%2B/contents", 200).text


def test_a_retired_package_is_gone_and_says_why(site):
    why = {"reason": "Replaced by <valkey>", "when": None, "who": None}
    site.know("distgit.retirement", {"found": True, "heads": {}, "retired": {"rawhide": why}}, "gone")
    answer = site.get("/gone", 410)
    assert "Replaced by &lt;valkey&gt;" in answer.text


def test_a_reason_that_is_not_known_is_not_shown_as_none(silenced):
    page = silenced.get("/gone/overview/retirement", 410).text
    assert ("The reason is currently unknown" in page, "gives no reason" in page) == (True, False)


def test_a_retired_package_without_a_reason_says_so(site):
    site.know("distgit.retirement", {"found": True, "heads": {}, "retired": {}}, "gone")
    assert "dist-git has no reason." in site.get("/gone", 410).text


def test_the_builds_of_a_retired_package_are_still_shown(site):
    site.know("koji.builds", VALUES["koji.builds"], "gone")
    assert len(rows(site.get("/gone/builds", 410))) == 3


def test_a_retired_package_is_not_to_be_installed(site):
    assert "dnf install" not in site.get("/gone").text


# Problems.


def problems_of(site, *problems, **more):
    site.know("faf.problems", {"total": len(problems), "problems": list(problems), **more}, "guake")
    return site.get("/guake/problems", 200)


def test_a_problem_shows_what_crashes_how_often_and_since_when(guake):
    page = guake.get("/guake/problems", 200)
    assert rows(page)[0] == "g_log core NEW 1234 ongoing 2025-10-20 2025-11-24 2300001"
    assert {
        "https://retrace.fedoraproject.org/faf/problems/400001/",
        "https://retrace.fedoraproject.org/faf/problems/?component_names=guake",
        "https://bugzilla.redhat.com/show_bug.cgi?id=2300001",
    } <= links(page)


@pytest.mark.parametrize(
    ("recent", "before", "first", "trend"),
    [
        (True, True, 0, "ongoing"),
        (True, False, 1763900000, "new"),
        (True, False, 1000000000, "recurring"),
        (True, False, None, "recurring"),
        (False, True, 0, "none in two weeks"),
        (False, False, 0, "none in a month"),
        (None, True, 0, "unknown"),
    ],
)
def test_a_trend_is_told_in_words(site, recent, before, first, trend):
    page = problems_of(site, problem(1, recent=recent, before=before, first=first))
    assert rows(page)[0].startswith(f"g_log core NEW 1234 {trend} ")


def test_a_bug_is_called_by_its_number_its_site_or_as_faf_does(site):
    addresses = ["https://bugzilla.redhat.com/show_bug.cgi?id=7", "https://bugs.example/x", "javascript:alert(1)"]
    page = problems_of(site, problem(1, bugs=addresses, first=None, last=None))
    assert rows(page)[0].endswith("unknown unknown 7 bugs.example javascript:alert(1)")
    assert addresses[2] not in links(page)


def test_that_faf_knows_of_nothing_is_not_said_to_be_that_nothing_crashes(site):
    page = problems_of(site)
    assert "FAF has no reports of crashes" in page.text
    assert "may have no reports yet" in " ".join(page.text.split())


@pytest.mark.parametrize(
    ("tracked", "packages", "said", "unsaid"),
    [
        (["f45"], ["guake"], "in f45 in the last year. Not tracked by FAF: rawhide.", "Not tracked. "),
        (["rawhide", "f45"], ["guake"], "no reports of crashes of this package in rawhide, f45 in the last year.", "Not tracked"),
        (["f42"], ["guake"], "have this package. Not tracked by FAF: rawhide, f45.", "no reports"),
        (["f45"], ["gcc"], "Not tracked. FAF has never had a report of this package,", "no reports"),
        (None, None, "no reports of crashes of this package in the last year.", "Not tracked"),
    ],
)  # fmt: skip
def test_what_faf_does_not_track_is_not_said_to_have_no_problems(silenced, tracked, packages, said, unsaid):
    if tracked is not None:
        releases = [{"title": f"Fedora {branch}", "branch": branch} for branch in tracked]
        silenced.know("faf.tracked_releases", {"releases": releases})
        silenced.know("faf.tracked_packages", {"packages": packages})
    page = " ".join(re.sub(r"<[^>]*>", "", problems_of(silenced).text).split())
    assert (said in page, unsaid in page) == (True, False)


def test_beside_problems_the_releases_without_reports_are_named(guake):
    page = guake.get("/guake/problems", 200).text
    assert ("g_log" in page, "<p>Not tracked by FAF: rawhide.</p>" in page) == (True, True)


def test_no_problems_are_no_count(site):
    page = problems_of(site).text
    assert re.search(r'aria-current="page"\s*>Problems\s*</a>', page)


def test_of_many_problems_it_is_said_that_there_are_more(site):
    page = problems_of(site, *map(problem, range(60)), total=61)
    assert (len(rows(page)), "the 60 most frequent" in page.text, "?page=2" in links(page)) == (50, True, True)
