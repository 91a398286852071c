"""The sweep of repositories: what has changed is read and told once, whatever happens meanwhile."""

import os
import shutil
import time

import pytest

from fedora_packages.connectors.repository_files import Mirror
from fedora_packages.connectors.repository_store import Stores
from fedora_packages.connectors.repository_sweep import MAX_NAMES, POLL, RepositorySweep
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from fedora_packages.messages.contents.composes import reading_of
from fedora_packages.messages.event import Event
from tests.connectors.repositories import LISTS
from tests.search.indexing.repos import place, rewrite, rpm, write
from tests.upstream import Answer

NOW = 1_800_000_000.0

RELEASES = ({"branch": "f45", "state": "current"}, {"branch": "epel9", "state": "current"})


class Site:
    """A mirror, stores, and the sweep between them; ``serve`` puts the mirror's files behind a URL."""

    def __init__(self, folder, releases=RELEASES):
        self.mirror, self.stores = folder / "pub", Stores(folder / "stores")
        self.now, self.position, self.releases, self.base = NOW, {}, releases, str(self.mirror)
        self.downloads = folder / "downloads"
        self.restart()

    def restart(self):
        """Start another worker."""
        mirror = Mirror(self.base, self.downloads, "test", timeout=2)
        self.sweep = RepositorySweep(
            "repodata", "Repositories", mirror, self.stores, 300.0, lambda: self.releases, lambda: self.now
        )

    def publish(self, *packages, branch="f45", kind="release", revision=1):
        """Write a repository."""
        return write(place(self.mirror, branch, kind), packages, kinds=LISTS, revision=revision)

    def run(self, steps=100):
        """Sweep, as the worker does; return the changes."""
        changes, self.steps, self.last = [], [], None
        for _ in range(steps):
            self.last = self.sweep.step(self.position, self.now)
            self.steps.append(self.last)
            changes += self.last.changes
            self.position = self.last.position
            if self.last.is_complete:
                break
        return changes

    def later(self, seconds=300.0):
        """Sweep some seconds later, and return what was read, by list and repository."""
        self.now += seconds
        return told(self.run())


def told(changes):
    found = {}
    for change in changes:
        reading = reading_of(change.event.body)
        found.setdefault((reading.repository, *reading.lists), []).extend(reading.names)
    return {key: sorted(names) for key, names in found.items()}


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    site.publish(rpm("bash", provides=["bash"]), rpm("gone"))
    site.publish(rpm("guake"), kind="updates")
    site.publish(rpm("epel-release"), branch="epel9")
    site.run()
    return site


def names(site, name):
    store = site.stores.get(name)
    return store and list(store.names())


def test_the_first_sweep_reads_all_and_says_that_what_has_changed_is_unknown(tmp_path):
    site = Site(tmp_path)
    site.publish(rpm("bash"))
    assert site.run() == []
    assert [names(site, name) for name in ("f45", "f45-updates", "f45-updates-testing")] == [["bash"], [], []]
    # Once, when all are read.
    assert [step.is_gap for step in site.steps] == [False] * (len(site.steps) - 2) + [True, False]


def test_an_unchanged_repository_is_not_read_again(site):
    before = {name: os.stat(site.stores.path(name)).st_mtime_ns for name in ("f45", "f45-updates")}
    assert site.later() == {}
    assert before == {name: os.stat(site.stores.path(name)).st_mtime_ns for name in before}
    assert not any(step.is_gap for step in site.steps)


def test_what_differs_is_told_with_what_others_require_of_whom(site):
    site.publish(
        rpm("guake", evr=("0", "2.0", "1"), requires=["bash", "vte"], obsoletes=["yakuake"]), kind="updates", revision=2
    )
    site.publish(rpm("bash", provides=["bash"]), rpm("vte", provides=["vte"]), revision=2)
    assert site.later() == {
        ("f45-updates", "primary"): ["guake"],
        ("f45-updates", "obsoletes"): ["yakuake"],
        # The updates are read before vte is in the other repository.
        ("f45-updates", "requires"): ["bash"],
        ("f45", "primary"): ["gone", "vte"],
    }
    site.publish(
        rpm("guake", evr=("0", "2.0", "1"), requires=["bash"], obsoletes=["yakuake"]), kind="updates", revision=3
    )
    assert site.later()["f45-updates", "requires"] == ["vte"]


def test_an_update_touches_what_the_package_related_to_that_it_hides(site):
    stable = rpm("tool", requires=["bash", "(bash if x)"], obsoletes=["old-tool"])
    site.publish(rpm("bash", provides=["bash"]), stable, revision=2)
    site.later()
    touched = {("f45-updates", "obsoletes"): ["old-tool"], ("f45-updates", "requires"): ["bash"]}
    site.publish(rpm("guake"), rpm("tool", evr=("0", "2.0", "1")), kind="updates", revision=2)
    assert site.later() == {("f45-updates", "primary"): ["tool"], **touched}
    # Another update hides nothing more; without one the package in the release counts again.
    site.publish(rpm("guake"), rpm("tool", evr=("0", "3.0", "1")), kind="updates", revision=3)
    assert site.later() == {("f45-updates", "primary"): ["tool"]}
    site.publish(rpm("guake"), kind="updates", revision=4)
    assert site.later() == {("f45-updates", "primary"): ["tool"], **touched}


def test_a_source_that_loses_a_package_was_not_removed_and_is_told_once(site):
    site.publish(
        rpm("guake", sourcerpm="guake-1.0-1.src.rpm"), rpm("guake-old", sourcerpm="guake-1.0-1.src.rpm"),
        kind="updates", revision=2,
    )  # fmt: skip
    site.later()
    new = {"evr": ("0", "2.0", "1"), "sourcerpm": "guake-2.0-1.src.rpm", "files": ["/usr/bin/guake"]}
    site.publish(rpm("guake", **new), kind="updates", revision=3)
    site.now += 300
    readings = [reading_of(change.event.body) for change in site.run()]
    assert {tuple(reading.lists) for reading in readings} == {("primary",), ("primary", "filelists")}
    assert [reading.sources for reading in readings if reading.sources] == [{"guake": "2.0-1"}]


def test_a_change_is_an_event_of_the_message_that_announces_it(site):
    site.publish(rpm("guake", evr=("0", "2.0", "1"), sourcerpm="guake-2.0-1.src.rpm"), kind="updates", revision=2)
    site.publish(rpm("bash"), branch="epel9", revision=2)
    site.publish(rpm("bash", provides=["bash"]), revision=2)
    site.now += 300
    events = {reading_of(change.event.body).repository: change.event for change in site.run()}
    assert {name: event.topic for name, event in events.items()} == {
        "f45": "pungi.compose.status.change", "f45-updates": "bodhi.updates.fedora.sync", "epel9": "bodhi.updates.epel.sync",
    }  # fmt: skip
    assert events["f45-updates"].details("guake") == {
        "kind": "compose",
        "repository": "f45-updates",
        "version": "2.0-1",
    }
    assert events["f45"].details("gone") == {"kind": "compose", "repository": "f45", "action": "removed"}
    assert abs(events["f45"].sent - time.time()) < 60


def test_many_packages_are_told_in_parts(site):
    site.publish(*(rpm(f"p{number}") for number in range(MAX_NAMES + 1)), branch="epel9", revision=2)
    site.now += 300
    assert sorted(len(reading_of(change.event.body).names) for change in site.run()) == [2, MAX_NAMES]


def test_a_worker_that_is_killed_after_the_store_is_written_tells_it_later(site):
    site.publish(rpm("guake"), rpm("new"), kind="updates", revision=2)
    site.now += 300
    before, found = site.position, site.run()
    assert told(found)["f45-updates", "primary"] == ["new"]
    # The position was not stored.
    site.position = before
    site.restart()
    again = site.run()
    assert (told(again), [change.event.sent for change in again]) == (
        told(found),
        [change.event.sent for change in found],
    )
    assert site.later() == {}


def test_a_store_that_has_changed_twice_since_it_was_told_is_a_gap(site):
    before = site.position
    for revision in (2, 3):
        site.publish(rpm(f"guake{revision}"), kind="updates", revision=revision)
        site.later()
    site.position = before
    site.now += 300
    assert site.run() == []
    assert any(step.is_gap for step in site.steps)


def test_an_older_copy_on_another_host_is_ignored_and_named(site):
    site.publish(rpm("older"), kind="updates", revision=0)
    site.now += 300
    with pytest.raises(InvalidResponse, match="f45-updates returned .*revision 0, older than 1"):
        site.run()
    assert names(site, "f45-updates") == ["guake"]
    site.publish(rpm("newer"), kind="updates", revision=2)
    assert site.later()["f45-updates", "primary"] == ["guake", "newer"]


def test_a_repository_that_disappears_keeps_its_store_and_is_named_until_it_is_back(site):
    moved = shutil.move(place(site.mirror, "f45"), site.mirror / "moved")
    for _ in range(2):
        site.now += 300
        with pytest.raises(InvalidResponse, match="Repositories: f45 returned .*no repository, which it had before"):
            site.run()
    assert names(site, "f45") == ["bash", "gone"]
    shutil.move(moved, place(site.mirror, "f45"))
    assert site.later() == {}


def test_a_release_that_ends_is_not_looked_at_any_more(site):
    shutil.rmtree(place(site.mirror, "f45"))
    site.releases = RELEASES[1:]
    assert site.later() == {}
    assert {path.stem for path in site.stores.folder.glob("*.sqlite")} == {"epel9", "epel9-testing"}


def test_without_any_release_no_store_is_removed(site):
    site.releases = ()
    site.now += 300
    with pytest.raises(InvalidResponse, match="no active release"):
        site.run()
    assert names(site, "f45") == ["bash", "gone"]


def test_the_repository_of_a_new_release_is_read(site):
    site.releases = (*RELEASES, {"branch": "f46", "state": "frozen"})
    site.publish(rpm("bash"), branch="f46")
    assert site.later() == {}
    assert names(site, "f46") == ["bash"]
    assert any(step.is_gap for step in site.steps)


BROKEN = {
    "cut": lambda content: content[: len(content) // 2],
    "html": lambda content: b"<html><body>Welcome</body></html>",
    "empty": lambda content: b"",
    "fewer": lambda content: content.replace(b'packages="1"', b'packages="2"'),
}


@pytest.mark.parametrize("damage", BROKEN)
@pytest.mark.parametrize("kind", LISTS)
def test_a_broken_list_leaves_the_store_and_the_others_are_read(site, kind, damage):
    folder = site.publish(rpm("broken"), kind="updates", revision=2)
    write(folder, [rpm("broken")], ending="", kinds=LISTS, revision=2)
    (path,) = (folder / "repodata").glob(f"*-{kind}.xml")
    rewrite(folder, kind, BROKEN[damage](path.read_bytes()))
    site.publish(rpm("bash"), rpm("new"), revision=2)
    site.now += 300
    with pytest.raises(InvalidResponse, match="f45-updates"):
        site.run()
    assert (names(site, "f45-updates"), names(site, "f45")) == (["guake"], ["bash", "new"])
    site.publish(rpm("whole"), kind="updates", revision=3)
    assert site.later()["f45-updates", "primary"] == ["guake", "whole"]


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"<repomd/>", b"\0" * 100])
def test_a_broken_repomd_leaves_the_store(site, content):
    (place(site.mirror, "f45", "updates") / "repodata/repomd.xml").write_bytes(content)
    site.now += 300
    with pytest.raises(InvalidResponse, match="f45-updates"):
        site.run()
    assert names(site, "f45-updates") == ["guake"]


def test_a_repository_without_one_of_its_lists_is_broken(site):
    write(place(site.mirror, "f45", "updates"), [rpm("x")], kinds=("primary", "filelists"), revision=2)
    site.now += 300
    with pytest.raises(InvalidResponse, match="no readable list other"):
        site.run()


def test_invalid_packages_cost_themselves_and_are_counted(site):
    site.publish(rpm("good"), rpm("../bad"), kind="updates", revision=2)
    assert site.later()["f45-updates", "primary"] == ["good", "guake"]
    (left_out,) = [step.invalid_rows for step in site.steps if step.invalid_rows]
    assert (left_out.count, "../bad" in left_out.error) == (1, True)


def test_a_sweep_that_was_cut_short_goes_on_with_the_repositories_that_are_left(tmp_path):
    site = Site(tmp_path)
    site.publish(rpm("bash"))
    site.run(steps=2)
    left = site.position["waiting"]
    assert len(left) > 1
    site.restart()
    site.later(1)
    assert all(names(site, name) is not None for name in left)


# Messages.


def sync(repository="updates", release="45"):
    body = {"repo": repository, "release": release}
    return Event("org.fedoraproject.prod", "bodhi.updates.fedora.sync", "1", NOW, body)


def compose(version="45"):
    body = {"status": "FINISHED", "compose_type": "nightly", "release_short": "Fedora", "release_version": version}
    return Event("org.fedoraproject.prod", "pungi.compose.status.change", "1", NOW, body)


def test_only_what_is_awaited_is_looked_at_between_two_sweeps(site):
    site.publish(rpm("new"), kind="updates", revision=2)
    site.publish(rpm("other"), branch="epel9", revision=2)
    assert site.later(10) == {}
    assert site.sweep.hear(sync())
    assert list(site.later(10)) == [("f45-updates", "primary")]
    assert list(site.later(300)) == [("epel9", "primary")]


def test_what_a_message_announced_is_no_lost_message(site):
    site.publish(rpm("new"), kind="updates", revision=2)
    site.publish(rpm("other"), branch="epel9", revision=2)
    site.sweep.hear(sync())
    site.now += 300
    announced = {reading_of(change.event.body).repository: change.is_announced for change in site.run()}
    assert announced == {"f45-updates": True, "epel9": False}


def test_a_compose_is_awaited_until_the_mirror_has_it(site):
    assert site.sweep.hear(compose())
    assert site.later(10) == {}
    assert site.last.again == POLL
    site.publish(rpm("new"), revision=2)
    assert list(site.later(POLL)) == [("f45", "primary")]
    assert site.last.again is None


def test_a_compose_that_never_comes_is_awaited_for_hours_at_most(site):
    site.sweep.hear(compose())
    site.later(5 * 3600)
    assert site.last.again is None


def test_a_message_about_nothing_that_we_have_changes_nothing(site):
    assert site.sweep.hear(sync(release="12"))
    assert not site.sweep.hear(sync("atomic"))
    assert site.later(10) == {}
    assert site.last.again is None


# Over HTTP.


@pytest.fixture
def served(site, upstream):
    """The site, whose mirror is behind a URL; ``answers`` can be changed by the test."""

    def serve():
        for path in site.mirror.rglob("*"):
            if path.is_file():
                upstream.answers[f"/pub/{path.relative_to(site.mirror)}"] = Answer(path.read_bytes())

    site.base = f"{upstream.url}/pub"
    site.restart()
    site.serve = serve
    serve()
    return site


def href(site, kind):
    (path,) = (place(site.mirror, "f45", "updates") / "repodata").glob(f"*-{kind}.xml.zst")
    return f"/pub/{path.relative_to(site.mirror)}"


def test_each_download_is_a_step_and_is_removed_after_the_last(served):
    served.publish(rpm("new"), kind="updates", revision=2)
    served.serve()
    assert served.later() == {("f45-updates", "primary"): ["guake", "new"]}
    # Three downloads, and the end.
    assert len(served.steps) == len(LISTS) + 5 + 1
    assert list(served.downloads.iterdir()) == []


def test_a_worker_that_goes_on_after_a_kill_downloads_nothing_twice(served, upstream):
    served.publish(rpm("new"), kind="updates", revision=2)
    served.serve()
    served.now += 300
    served.run(steps=3)
    before = [asked.path for asked in upstream.asked if asked.path.endswith(".zst")]
    served.restart()
    served.now += 1
    assert told(served.run()) == {("f45-updates", "primary"): ["guake", "new"]}
    after = [asked.path for asked in upstream.asked if asked.path.endswith(".zst")]
    assert 0 < len(before) < len(after) == len(set(after)) == len(LISTS)


def test_a_repository_that_changes_while_it_is_read_is_read_again(served, upstream):
    served.publish(rpm("first"), kind="updates", revision=2)
    served.serve()
    old = href(served, "filelists")
    served.publish(rpm("second"), kind="updates", revision=3)
    repomd = f"/pub/{place(served.mirror, 'f45', 'updates').relative_to(served.mirror)}/repodata/repomd.xml"
    first = upstream.answers[repomd]
    served.serve()
    # The mirror has removed one of the files that the first list names.
    upstream.answers[repomd] = [first, first, upstream.answers[repomd]]
    upstream.answers[old] = Answer(b"", 404)
    assert served.later() == {("f45-updates", "primary"): ["guake", "second"]}
    # The download of the first list was of no use.
    assert list(served.downloads.iterdir()) == []


def test_a_mirror_that_is_down_is_named_and_old_facts_stay(served, upstream):
    for path in list(upstream.answers):
        upstream.answers[path] = Answer(b"", 503)
    served.now += 300
    with pytest.raises(InvalidResponse, match="f45.*HTTP 503"):
        served.run()
    assert names(served, "f45") == ["bash", "gone"]
    served.serve()
    assert served.later() == {}


def test_unknown_releases_end_the_sweep(site):
    def fail():
        raise UpstreamUnavailable("bodhi", "GET /releases/", "HTTP 503")

    site.sweep._releases = fail
    with pytest.raises(UpstreamUnavailable, match="releases"):
        site.run()
