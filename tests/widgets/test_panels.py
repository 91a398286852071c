"""What single panels make of values."""

import re

from fedora_packages import timeline, watch
from fedora_packages.events import Event
from fedora_packages.widgets.activity import told
from tests.views.values import NO_RELATIONS, RELEASES, VALUES, relation, tagged, update
from tests.views.website import CAUSE, Elements, website


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
    assert re.search(r"because of <span class=\"event\">buildsys.build.state.change <code>2026-0a1b2c3d</code>", page)


def test_a_stamp_names_who_asked(guake):
    assert "from koji, asked by the worker." in guake.get("/guake/builds").text


def test_times_are_absolute_and_machines_can_read_them(guake):
    assert '<time datetime="2025-11-24T13:13:29Z">2025-11-24 13:13 UTC</time>' in guake.get("/guake/builds").text


def test_a_value_that_is_being_read_again_is_shown_with_the_event_that_made_it_old(silenced):
    silenced.know("koji.builds", VALUES["koji.builds"], "guake")
    silenced.invalidate("koji.builds", "guake", CAUSE)
    page = silenced.get("/guake/builds", 200).text
    changed = re.search(r"Something has changed since\s+\(<span class=\"event\">buildsys.build.state.change", page)
    assert ("guake-3.8-1.fc46" in page, bool(changed)) == (True, True)


def test_a_value_whose_changes_nobody_has_followed_is_shown_as_old(guake, client):
    client.delete(watch.BEATS_KEY)
    page = guake.get("/guake/builds", 200).text
    said = re.search(
        r"nobody has followed what changes since <time[^>]*>[^<]*</time>: this is what we knew at\s+<time", page
    )
    assert (bool(said), "stamp-unwatched" in page, "guake-3.8-1.fc46" in page) == (True, True, True)


def test_a_panel_that_may_be_old_says_so_before_what_it_shows(guake, client):
    assert "This may have changed" not in guake.get("/guake/builds").text
    client.delete(watch.BEATS_KEY)
    guake.app.app.registry.reads._watch._looked = 0.0
    page = guake.get("/guake/builds").text
    assert page.index('href="#stamps-builds"') < page.index("<table") < page.index('id="stamps-builds"')


def test_a_value_of_an_upstream_that_fails_says_since_when_and_what_it_said(service, strings):
    away = {key: "http://127.0.0.1:9" for key in strings if key.startswith("connectors.") and key.endswith(".url")}
    with website(service, {**strings, **away}) as site:
        site.know("koji.builds", VALUES["koji.builds"], "guake")
        site.invalidate("koji.builds", "guake")
        page = " ".join(re.sub(r"<[^>]*>", "", site.get("/guake/builds", 200).text).split())
    assert re.search(
        r"koji does not answer: this is what we knew at [0-9: -]+ UTC. It has been so since [0-9: -]+ UTC \(koji was asked",
        page,
    )


def test_a_panel_of_which_nothing_is_known_offers_to_look_again(site):
    page = site.get("/guake/builds", 200)
    assert "Look again" in page.text
    assert [link for link in Elements(page.text).of("a") if link["href"] == ""]


# Overview.


def test_the_overview_shows_what_to_install(guake):
    assert "<code>sudo dnf install guake</code>" in guake.get("/guake").text


def test_what_to_install_is_not_said_of_a_source_with_many_binaries_and_none_of_its_name(site):
    assert "sudo dnf install" not in site.get("/vim").text


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
    assert releases(guake)[1].startswith("Fedora 45 f45 3.6-1.fc46 3.7-1.fc46 update , karma 2")


def test_an_epoch_of_a_build_is_shown(guake):
    epoch = {"tags": {"f46": {**tagged(8, "f46"), "epoch": 2}}}
    assert "2:3.8-1.fc46" in releases(guake, **{"koji.tagged": epoch})[0]


def test_updates_that_are_no_longer_under_way_are_not_in_the_table(guake):
    done = {"total": 1, "updates": [update(99, status="stable")]}
    assert "FEDORA" not in " ".join(releases(guake, **{"bodhi.updates": done}))


def test_builds_that_are_not_known_are_not_shown_as_none(site):
    site.know("bodhi.releases", RELEASES)
    shown = rows(site.get("/guake/overview/releases", 200))
    assert shown == ["Fedora 46 rawhide not known not known not known", "Fedora 45 f45 not known not known not known"]


def test_a_release_that_koji_has_not_been_asked_about_is_not_shown_as_empty(guake):
    shown = releases(guake, **{"koji.tagged": {"tags": {"f46": None}}})
    assert [row.split(" ", 3)[3][:20] for row in shown] == ["none none", "not known not known "]


def test_an_update_that_is_not_known_is_not_shown_as_missing(site):
    site.know("bodhi.releases", RELEASES)
    site.know("koji.tagged", VALUES["koji.tagged"], "guake")
    assert "3.7-1.fc46 update not known" in rows(site.get("/guake/overview/releases", 200))[1]


# The other panels of the overview.


def test_what_happened_lately_is_newest_first(guake):
    pipe = guake.service.client.pipeline()
    for number in (1, 2):
        event = Event("org.fedoraproject.prod", "bugzilla.bug.new", f"2026-{number}", 1000.0 * number, {})
        timeline.note(pipe, "guake", event)
    pipe.execute()
    page = guake.get("/guake").text
    assert page.index("<code>2026-2</code>") < page.index("<code>2026-1</code>")


def test_every_topic_has_words():
    assert (told("bodhi.update.request.testing"), told("something.else")) == (
        "An update was asked to move on",
        "Something changed",
    )


def test_the_numbers_of_open_bugs_lead_to_the_tab(guake):
    page = guake.get("/guake/overview/reported")
    assert (">3 open</a>, 1 of them in the way of others" in page.text, "/guake/bugs" in links(page)) == (True, True)


# Contents, changelog, dependencies, sources.


def test_files_are_shown_by_directory(guake):
    page = guake.get("/guake/contents").text
    assert re.findall(r"<h3>(.*?)</h3>", page) == ["/usr/bin/", "/usr/share/"]


def test_the_contents_of_another_release_are_another_value(guake):
    other = {"found": True, "total": 0, "repository": "updates", "directories": []}
    guake.know("mdapi.files", other, "guake", "f45")
    assert "guake has no files in f45 (updates)." in guake.get("/guake/contents?release=f45").text


def test_the_contents_of_a_sibling_are_its_own(site):
    site.know("mdapi.files", VALUES["mdapi.files"], "vim-enhanced", "rawhide")
    assert "3 files of vim-enhanced in rawhide" in site.get("/vim/contents?package=vim-enhanced").text


def test_a_sibling_is_reached_with_the_release_that_is_shown(guake):
    assert "?release=rawhide&package=vim-enhanced" in links(guake.get("/vim/contents?release=rawhide"))


def test_many_binaries_are_a_list_to_choose_from(site, monkeypatch):
    monkeypatch.setattr("fedora_packages.widgets.base.FEW_OPTIONS", 1)
    page = Elements(site.get("/vim/contents").text)
    assert [option["value"] for option in page.of("option")] == ["vim-common", "vim-enhanced"]


def test_more_files_than_fit_come_in_pages(site):
    files = [[f"file{number}", "file"] for number in range(1500)]
    value = {"found": True, "total": 1500, "repository": "release", "directories": [{"path": "/a", "files": files}]}
    site.know("mdapi.files", value, "guake", "rawhide")
    assert ("file1499" in site.get("/guake/contents").text, "file1499" in site.get("/guake/contents?page=2").text) == (
        False,
        True,
    )


def test_a_changelog_shows_no_mail_addresses(guake):
    page = guake.get("/guake/changelog").text
    assert ("A. Packager" in page, "example.org" in page) == (True, False)


def test_a_required_package_leads_to_its_page_and_a_capability_nowhere(guake):
    page = guake.get("/guake/dependencies")
    assert ("/vim-common" in links(page), "libc.so.6(GLIBC_2.4)(64bit)</span>" in page.text) == (True, True)


def test_a_relation_shows_operator_and_version(guake):
    page = guake.get("/guake/dependencies").text
    assert re.search(r">vim-common</a>\s*≥ 1:2.0</li>", page)


def test_many_relations_of_a_kind_have_a_page_of_their_own(site):
    many = [relation(f"capability({number})") for number in range(700)]
    site.know("mdapi.relations", {"found": True, **NO_RELATIONS, "provides": many}, "guake", "rawhide")
    pages = ["/guake/dependencies", "/guake/dependencies?kind=provides", "/guake/dependencies?kind=provides&page=2"]
    assert [site.get(page).text.count('<li><span class="capability"') for page in pages] == [100, 500, 200]


def test_the_spec_file_is_text(guake):
    assert "%description\n&lt;b&gt;\n</pre>" in guake.get("/guake/sources/spec").text


def test_the_release_is_chosen_once_for_both_panels_of_the_sources(guake):
    switches = [
        found for found in Elements(guake.get("/guake/sources").text).of("nav") if found["aria-label"] == "Release"
    ]
    assert len(switches) == 1


def test_a_patch_says_how_much_it_changes(guake):
    assert rows(guake.get("/guake/sources/sources")) == [
        "guake-tray.patch 2 +14 −3",
        "guake-%{x}.patch no file of this name",
    ]


# Binaries, and packages that are retired.


def test_the_page_of_a_binary_shows_the_builds_of_its_source(site):
    site.know("koji.builds", VALUES["koji.builds"], "gcc")
    assert len(rows(site.get("/gcc-c++/builds", 200))) == 3


def test_the_page_of_a_binary_shows_its_own_files(site):
    site.know("mdapi.files", VALUES["mdapi.files"], "gcc-c++", "rawhide")
    assert "3 files of gcc-c++ in rawhide" in site.get("/gcc-c%2B%2B/contents", 200).text


def test_a_retired_package_is_gone_and_says_why(site):
    site.know("distgit.spec", {"found": False, "dead": "Replaced by <valkey>"}, "gone", "rawhide")
    answer = site.get("/gone", 410)
    assert "Replaced by &lt;valkey&gt;" in answer.text


def test_a_reason_that_is_not_known_is_not_shown_as_none(silenced):
    page = silenced.get("/gone/overview/retirement", 410).text
    assert ("Why is not known at the moment" in page, "gives no reason" in page) == (True, False)


def test_a_retired_package_without_a_reason_says_so(site):
    site.know("distgit.spec", {"found": False, "dead": None, "commit": None}, "gone", "rawhide")
    assert "dist-git gives no reason on rawhide." in site.get("/gone", 410).text


def test_the_builds_of_a_retired_package_are_still_shown(site):
    site.know("koji.builds", VALUES["koji.builds"], "gone")
    assert len(rows(site.get("/gone/builds", 410))) == 3


def test_a_retired_package_is_not_to_be_installed(site):
    assert "dnf install" not in site.get("/gone").text
