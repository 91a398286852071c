"""From a message to what it changes: invalidated, queued, noted, in this order."""

import time
from dataclasses import replace

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.queue import Claim
from fedora_packages.cache.redis import script_digest
from fedora_packages.cache.values import CachedValue, Invalidation
from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages import timeline
from tests.filling import put
from tests.worker.parts import make_handler


@pytest.fixture
def handler(service):
    return make_handler(service)


def message(topic, prefix="org.fedoraproject.prod", timestamp=1000, msg_id="2026-1", **msg):
    return {"topic": f"{prefix}.{topic}", "msg": msg, "msg_id": msg_id, "timestamp": timestamp}


BUILD = message("buildsys.build.state.change", name="guake", build_id=7, new=1, instance="primary")


def fill(service, query, package, value, variant="") -> None:
    found = service.queries[query]
    put(service.cache, found.entry(package), value, variant)


def read(service, query, package, variant="") -> CachedValue:
    (cached,) = service.cache.read([(service.queries[query].entry(package), variant)])
    return cached


def queued(service) -> set[tuple[str, str]]:
    """Claim everything that is due and return (query, package) of each."""
    found = set()
    for upstream in service.connectors:
        while isinstance(claim := service.queue.claim(upstream, 60, 10_000), Claim):
            found.add((claim.query, claim.package))
    return found


def test_a_build_invalidates_the_list_of_builds_and_nothing_else(service, handler):
    fill(service, "koji.builds", "guake", {"builds": []})
    fill(service, "bodhi.updates", "guake", {"updates": []})
    handler.handle(BUILD)
    assert (read(service, "koji.builds", "guake").state, read(service, "bodhi.updates", "guake").state) == (
        "refreshing",
        "fresh",
    )


def test_a_build_leaves_other_packages_alone(service, handler):
    fill(service, "koji.builds", "vim", {"builds": []})
    handler.handle(BUILD)
    assert read(service, "koji.builds", "vim").is_fresh


def test_what_was_invalidated_is_queued_with_its_event(service, handler):
    handler.handle(BUILD)
    claim = service.queue.claim("koji", 60, 1)
    assert (claim.query, claim.package, claim.sent) == ("koji.builds", "guake", 1000.0)


def test_a_package_that_nobody_knows_is_not_queued(service, handler):
    handler.handle(message("buildsys.build.state.change", name="Fedora-i3-Live"))
    assert queued(service) == set()


def test_what_is_fetched_of_a_package_that_was_new_must_show_its_first_build(service, handler):
    body = {"name": "brand-new", "build_id": 7, "new": 1}
    handler.handle({**message("buildsys.build.state.change", **body), "timestamp": time.time()})
    query = service.queries["koji.builds"]
    opened = service.cache.open(query.entry("brand-new"))
    assert not query.reflects({"total": 0, "builds": []}, opened.expected)
    assert opened.cause["topic"] == "buildsys.build.state.change"


def test_what_is_cached_is_queued_although_the_index_does_not_know_it_yet(service, handler):
    fill(service, "koji.builds", "brand-new", {"builds": []})
    handler.handle(message("buildsys.build.state.change", name="brand-new"))
    assert queued(service) == {("koji.builds", "brand-new")}


def test_all_variants_of_an_entry_fall_together(service, handler):
    for branch in ("f45", "rawhide"):
        fill(service, "distgit.spec", "guake", {"found": False}, branch)
    handler.handle(message("git.receive", commit={"repo": "guake", "namespace": "rpms"}))
    assert [read(service, "distgit.spec", "guake", branch).state for branch in ("f45", "rawhide")] == ["refreshing"] * 2


def test_what_is_costly_is_fetched_again_only_where_somebody_has_looked_at_it(service, handler):
    fill(service, "mdapi.required_by", "guake", {"found": False}, "rawhide")
    handler.handle(message("mdapi.repo.update", name="rawhide", packages=["guake", "gcc"]))
    found = queued(service)
    assert {package for query, package in found if query == "mdapi.required_by"} == {"guake"}
    assert {package for query, package in found if query == "mdapi.relations"} == {"guake", "gcc"}


def test_a_repository_touches_the_source_of_the_binaries_it_names(service, handler):
    handler.handle(message("mdapi.repo.update", name="rawhide", packages=["vim-enhanced", "libfdisk"]))
    assert {package for query, package in queued(service) if query == "mdapi.package"} == {"vim-enhanced", "vim"}


def test_an_update_touches_every_package_in_it(service, handler):
    update = {"builds": [{"nvr": "guake-1-1"}, {"nvr": "vim-1-1"}]}
    handler.handle(message("bodhi.update.request.testing", update=update))
    assert {package for query, package in queued(service) if query == "bodhi.updates"} == {"guake", "vim"}


def test_a_message_that_came_twice_makes_one_job(service, handler):
    handler.handle(BUILD)
    handler.handle(BUILD)
    assert service.queue.depth("koji") == 1


def test_a_message_that_is_noted_as_handled_touches_nothing_again(service, handler):
    handler.handle(BUILD)
    fill(service, "koji.builds", "guake", {"builds": []})
    assert handler.handle(BUILD) == "repeated"
    assert read(service, "koji.builds", "guake").is_fresh


def test_an_entry_of_an_unknown_package_is_queued_although_its_values_were_taken_before(service, handler):
    fill(service, "koji.builds", "brand-new", {"builds": []})
    service.cache.invalidate([Invalidation(service.queries["koji.builds"].entry("brand-new"))])
    handler.handle(message("buildsys.build.state.change", name="brand-new"))
    assert queued(service) == {("koji.builds", "brand-new")}


class Restarting:
    """A client of a Redis that restarts after it has said which messages are handled."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def evalsha(self, digest, *arguments):
        result = self._client.evalsha(digest, *arguments)
        return [b"the run before", *result[1:]] if digest == script_digest("unhandled") else result


def test_what_was_done_in_a_redis_that_is_gone_is_not_noted_in_the_next(service, handler):
    handler.handle({**BUILD, "msg_id": "2026-0"})
    with pytest.raises(CacheUnavailable, match="restarted"):
        make_handler(service, client=Restarting(service.client)).handle(BUILD)
    assert service.client.zscore(keys.HANDLED, "2026-1") is None


def test_a_handled_message_is_on_the_packages_timeline_once(service, handler):
    handler.handle(BUILD)
    handler.handle(BUILD)
    found = [
        (entry["id"], entry["topic"], entry["sent"], entry["details"]["kind"])
        for entry in timeline.read(service.client, "guake")
    ]
    assert found == [("2026-1", "buildsys.build.state.change", 1000.0, "build")]


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("buildsys.build.state.change", {"name": "Fedora-i3-Live", "build_id": 8, "new": 1}),
        ("mdapi.repo.update", {"name": "rawhide", "packages": ["libfdisk"]}),
        ("hotness.update.bug.file", {"package": "Fedora-i3-Live", "bug": {"bug_id": 7}, "trigger": {}}),
    ],
)
def test_no_timeline_is_kept_of_a_name_that_is_no_package(service, handler, topic, body):
    # Also not of one that is cached, such as a page's that was open when the package left the index.
    fill(service, "koji.builds", "Fedora-i3-Live", {"builds": []})
    handler.handle(message(topic, **body))
    assert list(service.client.scan_iter(keys.timeline("*"))) == []


def test_a_repository_is_on_the_timeline_of_the_sources_of_its_binaries(service, handler):
    handler.handle(message("mdapi.repo.update", name="rawhide", packages=["vim-enhanced", "libfdisk"]))
    assert [cause["topic"] for cause in timeline.read(service.client, "vim")] == ["mdapi.repo.update"]


def test_what_is_costly_is_renewed_only_where_somebody_has_read_it(service, handler):
    update = message("mdapi.repo.update", name="rawhide", packages=["guake"])
    handler.handle(update)
    assert ("mdapi.obsoleters", "guake") not in queued(service)
    fill(service, "mdapi.obsoleters", "guake", {"is_known": True, "packages": []}, "rawhide")
    handler.handle({**update, "msg_id": "2026-2"})
    assert ("mdapi.obsoleters", "guake") in queued(service)


def test_a_handled_message_is_noted_so_that_no_replay_handles_it_again(service, handler):
    handler.handle(BUILD)
    assert service.client.zscore(keys.HANDLED, "2026-1") == 1000


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (BUILD, "handled"),
        (message("buildsys.repo.done", tag="f45-build"), "untouched"),
        (message("buildsys.tag", prefix="org.fedoraproject.stg", name="guake"), "foreign"),
        (message("pagure.git.receive", prefix="io.pagure.prod", repo={}), "foreign"),
        ("not even a message", "not-understood"),
        ({"topic": "org.fedoraproject.prod.buildsys.tag"}, "not-understood"),
        (message("buildsys.tag"), "untouched"),
    ],
)
def test_what_became_of_a_message_is_counted(service, handler, given, outcome):
    assert handler.handle(given) == outcome
    assert service.client.hgetall(keys.OUTCOMES) == {outcome.encode(): b"1"}


def test_a_message_of_another_environment_touches_nothing(service, handler):
    fill(service, "koji.builds", "guake", {"builds": []})
    handler.handle({**BUILD, "topic": BUILD["topic"].replace("prod", "stg")})
    assert read(service, "koji.builds", "guake").is_fresh


def test_what_is_not_understood_is_logged_with_its_id(handler, caplog):
    handler.handle({"topic": "org.fedoraproject.prod.x", "msg": None, "msg_id": "2026-odd"})
    assert "2026-odd" in caplog.text


def test_a_huge_message_is_refused_and_counted(service, handler, caplog):
    handler.refuse("org.fedoraproject.prod.mdapi.repo.update", 99_999_999)
    assert "99999999 bytes" in caplog.text
    assert service.client.hgetall(keys.OUTCOMES) == {b"not-understood": b"1"}


def test_thousands_of_names_are_one_message(service, handler):
    names = [f"package-{number}" for number in range(5000)]
    fill(service, "mdapi.package", "package-4999", {"found": False}, "rawhide")
    handler.handle(message("mdapi.repo.update", name="rawhide", packages=names))
    assert read(service, "mdapi.package", "package-4999", "rawhide").state == "refreshing"


class Killing:
    """A part of the service that a kill ends when one of its methods is called."""

    def __init__(self, part, method):
        self._part = part
        self._method = method

    def __getattr__(self, name):
        if name == self._method:
            raise CacheUnavailable("killed in between")
        return getattr(self._part, name)


def test_nothing_is_queued_or_noted_before_all_is_invalidated(service):
    killed = replace(service, cache=Killing(service.cache, "add_invalidations"))
    with pytest.raises(CacheUnavailable):
        make_handler(killed).handle(BUILD)
    assert (queued(service), service.client.exists(keys.HANDLED)) == (set(), 0)


def test_an_entry_is_invalidated_and_queued_in_one_step_or_not_at_all(service):
    fill(service, "koji.builds", "guake", {"builds": []})
    killed = replace(service, queue=Killing(service.queue, "add_all"))
    with pytest.raises(CacheUnavailable):
        make_handler(killed).handle(BUILD)
    assert (read(service, "koji.builds", "guake").is_fresh, queued(service)) == (True, set())


def test_without_an_index_nothing_is_taken_for_unknown(service, handler, strings, tmp_path):
    (tmp_path / "index").rename(tmp_path / "elsewhere")
    handler.handle(message("buildsys.build.state.change", name="guake"))
    assert queued(service) == {("koji.builds", "guake")}


def test_an_event_is_told_to_who_listens_before_it_is_acted_upon(service):
    heard = []
    make_handler(service, on_event=heard.append).handle(BUILD)
    assert [event.id for event in heard] == ["2026-1"]


def test_messages_that_come_together_invalidate_an_entry_once(service, handler):
    fill(service, "koji.builds", "guake", {"builds": []})
    before = service.cache.revision("guake")
    outcomes = handler.handle_batch([{**BUILD, "msg_id": f"2026-{number}"} for number in range(5)] + ["nonsense"])
    assert (outcomes, service.cache.revision("guake") - before) == (["handled"] * 5 + ["not-understood"], 1)


def test_what_each_of_them_says_is_to_be_seen(service, handler):
    now = round(time.time())
    messages = [
        message(
            "buildsys.build.state.change", timestamp=now, msg_id=f"2026-{number}", name="guake", build_id=number, new=1
        )
        for number in range(3)
    ]
    handler.handle_batch(messages)
    opened = service.cache.open(service.queries["koji.builds"].entry("guake"))
    assert sorted(facts["build_id"] for facts in opened.expected) == [0, 1, 2]
    assert len(timeline.read(service.client, "guake")) == 3


def test_the_newest_message_of_a_topic_is_remembered(service, handler):
    for sent in (2000, 3000, 1000):
        handler.handle({**BUILD, "timestamp": sent, "msg_id": f"at-{sent}"})
        handler.handle(message("buildsys.repo.done", timestamp=sent, msg_id=f"done-{sent}"))
    kept = service.client.hgetall(keys.TOPICS)
    assert [*kept] == [b"buildsys.build.state.change"]


def test_the_topics_that_are_remembered_are_bounded(service):
    handler = make_handler(service, max_topics=3)
    for number in range(6):
        handler.handle(message(f"bodhi.update.made-up-{number}", msg_id=f"2026-{number}", update={}))
    assert service.client.hlen(keys.TOPICS) == 3


def of_project(topic, project=7, **message):
    """Return a message of Anitya's that names a project and no package."""
    body = {"project": {"id": project}, "distro": None, "message": message}
    return {
        "topic": f"org.release-monitoring.prod.anitya.project.{topic}", "msg": body, "msg_id": f"2026-{topic}",
        "timestamp": round(time.time()),
    }  # fmt: skip


def versions(number):
    project = {"id": number, "name": "a", "homepage": "", "backend": "", "ecosystem": None}
    return {"found": True, "project": project, "latest": "1.1", "versions": ["1.1", "1.0"], "stable": ["1.0"]}


def test_a_message_about_a_project_touches_the_packages_that_are_mapped_to_it(service, handler):
    for name, number in (("guake", 7), ("vim", 7), ("gcc", 8)):
        fill(service, "anitya.versions", name, versions(number))
    outcomes = handler.handle_batch([of_project("version.remove.v2", versions=["1.1"]), of_project("edit", project=9)])
    states = [read(service, "anitya.versions", name).state for name in ("guake", "vim", "gcc")]
    assert (outcomes, states) == (["handled", "untouched"], ["refreshing", "refreshing", "fresh"])
    assert queued(service) == {("anitya.versions", "guake"), ("anitya.versions", "vim")}
    facts = service.cache.open(service.queries["anitya.versions"].entry("guake")).expected
    assert [fact["gone"] for fact in facts] == [["1.1"]]


def test_a_message_about_a_project_is_on_the_timeline_of_its_packages(service, handler):
    fill(service, "anitya.versions", "guake", versions(7))
    handler.handle(of_project("map.remove", distro="Fedora"))
    assert [cause["topic"] for cause in timeline.read(service.client, "guake")] == ["anitya.project.map.remove"]


def test_what_is_done_about_a_new_version_is_on_the_timeline_and_changes_nothing(service, handler):
    fill(service, "anitya.versions", "guake", versions(7))
    outcome = handler.handle(message("hotness.update.bug.file", package="guake", bug={"bug_id": 7}, trigger={}))
    assert [cause["topic"] for cause in timeline.read(service.client, "guake")] == ["hotness.update.bug.file"]
    assert (outcome, queued(service), read(service, "anitya.versions", "guake").is_fresh) == ("untouched", set(), True)


def test_without_an_archive_no_message_is_noted_as_handled(service):
    handler = make_handler(service, is_replayed=False)
    assert [handler.handle(BUILD), handler.handle(BUILD)] == ["handled", "handled"]
    assert service.client.exists(keys.HANDLED) == 0


def test_a_name_that_is_no_package_gets_no_timeline(service, handler):
    handler.handle(message("buildsys.build.state.change", name="Fedora-i3-Live"))
    handler.handle(message("hotness.update.drop", msg_id="2026-2", package="nothing-like-it"))
    assert [*service.client.scan_iter(keys.timeline("*"))] == []
