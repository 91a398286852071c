"""A batch of events: the packages they name, the entries they change, and whose timelines and documents they concern."""

import pytest

from fedora_packages.errors import SearchUnavailable
from fedora_packages.messages.event import Event
from fedora_packages.worker.batch import Batch

#: The index: binaries and sources, each with its source.
SOURCES = {"guake": "guake", "vim": "vim", "vim-enhanced": "vim"}


def event(topic, number=1, sent=1000.0, **body):
    return Event("org.fedoraproject.prod", topic, f"2026-{number}", sent, body)


def build(name, **more):
    return event("buildsys.build.state.change", name=name, **more)


def sources_of(names):
    return {name: SOURCES[name] for name in names if name in SOURCES}


@pytest.fixture
def batch_of(queries):
    def make(*events, named_by=lambda query, number: (), sources_of=sources_of):
        batch = Batch(events, queries)
        batch.find_names(named_by)
        batch.find_sources(sources_of)
        batch.find_changes()
        return batch

    return make


def changed(batch):
    return {(change.query.name, change.package) for change in batch.changes}


def test_a_build_changes_the_entry_of_its_package(batch_of):
    (change,) = batch_of(build("guake")).changes
    assert (change.query.name, change.package, change.is_wanted, change.is_coming) == (
        "koji.builds",
        "guake",
        True,
        False,
    )


def test_several_events_about_one_entry_are_one_change_because_of_the_newest(batch_of):
    events = [
        build("guake", number=number, sent=1000.0 + sent, build_id=number, new=1)
        for number, sent in ((1, 5), (2, 9), (3, 7))
    ]
    (change,) = batch_of(*events).changes
    assert (change.event.id, [expected["build_id"] for _, expected in change.expected]) == ("2026-2", [1, 2, 3])
    assert change.job == ("koji", "koji.builds", "guake", 1009.0)


def test_a_name_that_is_no_package_is_invalidated_only_if_it_is_cached(batch_of):
    (change,) = batch_of(event("buildsys.tag", name="Fedora-i3-Live", tag="f45")).changes
    assert (change.is_wanted, change.is_coming, change.is_due) == (False, False, False)
    change.is_cached = True
    assert (change.is_due, change.is_refilled, change.invalidation().make) == (True, True, False)


def test_the_entry_of_a_new_package_keeps_what_its_build_says_without_being_refilled(batch_of):
    batch = batch_of(build("brand-new"))
    (change,) = batch.changes
    assert (change.is_due, change.is_refilled, change.invalidation().make) == (True, False, True)
    assert (batch.dirty(), batch.known) == ({"brand-new"}, set())


def test_a_repository_changes_the_entries_of_its_binaries_and_of_their_sources(batch_of):
    batch = batch_of(event("mdapi.repo.update", name="f45", packages=["vim-enhanced", "libfdisk"]))
    assert {package for query, package in changed(batch) if query == "mdapi.package"} == {
        "vim-enhanced",
        "vim",
        "libfdisk",
    }
    assert {change.package for change in batch.changes if change.is_wanted} == {"vim-enhanced", "vim"}


def test_an_external_id_stands_for_the_packages_whose_value_is_about_it(batch_of):
    asked = []

    def named_by(query, number):
        asked.append((query, number))
        return ["guake"]

    batch = batch_of(event("anitya.project.edit", project={"id": 7}), named_by=named_by)
    assert (changed(batch), asked) == ({("anitya.versions", "guake")}, [("anitya.versions", 7)])


def test_an_event_that_affects_nothing_is_not_handled(batch_of):
    batch = batch_of(event("buildsys.repo.done", tag="f45"), build("guake"))
    assert [item.is_handled for item in batch.items] == [False, True]


@pytest.mark.parametrize(
    ("given", "packages"),
    [
        (build("guake"), {"guake"}),
        (build("unknown"), set()),
        (event("mdapi.repo.update", name="f45", packages=["vim-enhanced", "libfdisk"]), {"vim"}),
        (event("hotness.update.drop", package="guake"), {"guake"}),
        (event("pkgdb.package.new", package_name="guake"), set()),
    ],
)
def test_an_event_is_on_the_timelines_of_the_sources_that_it_is_about(batch_of, given, packages):
    batch = batch_of(given)
    assert batch.packages(batch.items[0]) == packages


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (build("guake"), set()),
        (build("unknown"), {"unknown"}),
        (event("buildsys.package.list.change", package="unknown", tag="f45"), {"unknown"}),
        (event("buildsys.tag", name="unknown", tag="f45"), set()),
        (event("mdapi.repo.update", name="f45", packages=["vim-enhanced", "libfdisk"]), {"vim-enhanced"}),
        (event("pagure.project.edit", project={"name": "unknown", "namespace": "rpms"}), {"unknown"}),
    ],
)
def test_an_event_makes_the_documents_dirty_that_its_family_says(batch_of, given, names):
    assert batch_of(given).dirty() == names


def test_without_an_index_every_name_counts_as_a_package(batch_of, caplog):
    def unavailable(names):
        raise SearchUnavailable("no index")

    (change,) = batch_of(build("anything"), sources_of=unavailable).changes
    assert (change.is_wanted, "no index" in caplog.text) == (True, True)


def test_without_names_the_index_is_not_read(batch_of):
    assert batch_of(event("buildsys.repo.done"), sources_of=lambda names: pytest.fail("read")).changes == []
