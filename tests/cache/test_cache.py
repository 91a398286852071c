"""The cache protocol over a real Redis: read, store, invalidate, and what each of them must never do."""

import itertools
import sys
import threading
import traceback

import pytest
import redis

from fedora_packages.cache import keys
from fedora_packages.cache.cache import Cache
from fedora_packages.cache.dogpile import NO_VALUE
from fedora_packages.cache.fill_types import Outcome, Policy
from fedora_packages.cache.redis import connect
from fedora_packages.cache.values import LAG_LIMIT, Entry, Invalidation
from fedora_packages.errors import CacheUnavailable, FillInProgress, UpstreamUnavailable
from tests.filling import put, source

ENTRY = Entry("koji.builds", "guake", 1)
EVENT = {"id": "2026-1", "topic": "buildsys.tag", "sent": 1764012345.0}


@pytest.fixture
def cache(client):
    return Cache(client, "web", wait=0.2)


def fill(cache, value, entry=ENTRY, variant="", **more):
    return put(cache, entry, value, variant, **more)


def read(cache, entry=ENTRY, variant=""):
    (cached,) = cache.read([(entry, variant)])
    return cached


def down():
    raise UpstreamUnavailable("koji", "listBuilds of 'guake'", "no answer within 10 s")


def test_a_variant_without_a_fill_is_unknown(cache):
    assert read(cache).state == "unknown"


def test_a_filled_value_is_fresh(cache):
    fill(cache, {"total": 3})
    assert (read(cache).state, read(cache).value) == ("fresh", {"total": 3})


def test_a_value_that_comes_between_the_trips_of_a_read_is_read(cache, monkeypatch):
    """A fill takes the last known value away as it stores the current one: between two trips there would be neither."""
    fill(cache, {"total": 3})
    cache.invalidate([Invalidation(ENTRY)])

    def miss(names):
        fill(Cache(cache.client, "worker"), {"total": 4}, policy=Policy.REFILL)
        return [NO_VALUE]

    monkeypatch.setattr(cache.region, "get_multi", miss)
    assert (read(cache).state, read(cache).value) == ("fresh", {"total": 4})


def test_an_empty_answer_is_a_value(cache):
    fill(cache, [])
    assert read(cache).is_fresh


def test_a_filled_value_is_not_fetched_again(cache):
    fill(cache, 1)
    assert fill(cache, 2).value == 1


def test_variants_are_values_of_their_own(cache):
    fill(cache, 1, variant="f44")
    fill(cache, 2, variant="f45")
    assert [read(cache, variant=branch).value for branch in ("f44", "f45")] == [1, 2]


def test_a_value_of_another_schema_version_is_unknown(cache):
    fill(cache, 1)
    assert read(cache, Entry("koji.builds", "guake", 2)).state == "unknown"


def test_a_stamp_has_process_upstream_and_event(cache):
    cache.invalidate([Invalidation(ENTRY, EVENT, make=True)])
    stamp = fill(cache, 1).stamp
    assert (stamp.by, stamp.upstream, stamp.event) == ("web", "koji", EVENT)


def test_an_invalidated_value_is_the_last_known_one_with_its_cause(cache):
    fill(cache, 1)
    cache.invalidate([Invalidation(ENTRY, EVENT)])
    cached = read(cache)
    assert (cached.state, cached.value, cached.because["event"]) == ("refreshing", 1, EVENT)


def test_an_invalidation_returns_the_number_of_values(cache):
    fill(cache, 1, variant="f44")
    fill(cache, 2, variant="f45")
    assert cache.invalidate([Invalidation(ENTRY), Invalidation(Entry("koji.builds", "vim", 1))]) == [2, -1]


def test_an_invalidation_of_a_missing_entry_leaves_nothing_behind(cache, client):
    cache.invalidate([Invalidation(ENTRY)])
    assert client.dbsize() == 0


def test_an_invalidation_may_make_the_entry_for_a_fill_to_come(cache):
    cache.invalidate([Invalidation(ENTRY, EVENT, make=True)])
    assert (read(cache).state, cache.open(ENTRY).cause) == ("unknown", EVENT)


def test_the_cause_is_the_newest_event_whatever_the_order(cache):
    for sent in (2000.0, 3000.0, 1000.0):
        cache.invalidate([Invalidation(ENTRY, {**EVENT, "sent": sent}, make=True)])
    assert cache.open(ENTRY).cause["sent"] == 3000.0


def test_an_invalidation_for_a_recheck_leaves_the_cause(cache):
    cache.invalidate([Invalidation(ENTRY, EVENT, make=True)])
    cache.invalidate([Invalidation(ENTRY, again=True)])
    assert cache.open(ENTRY).cause == EVENT


def facts(about, **more):
    return {"about": about, **more}


def test_the_newest_expected_state_of_each_subject_is_kept(client):
    cache = Cache(client, "web", clock=lambda: 1000.0)
    expected = [
        (900.0, facts("build 7", state=0)),
        (950.0, facts("build 7", state=1)),
        (940.0, facts("build 8", state=0)),
    ]
    cache.invalidate([Invalidation(ENTRY, EVENT, expected, make=True)])
    cache.invalidate([Invalidation(ENTRY, EVENT, [(920.0, facts("build 7", state=3))])])
    found = {fact["about"]: fact["state"] for fact in cache.open(ENTRY).expected}
    assert found == {"build 7": 1, "build 8": 0}


def test_expected_states_of_old_events_are_ignored(client):
    cache = Cache(client, "web", clock=lambda: 1000.0)
    expected = [(1000.0 - LAG_LIMIT - 1, facts("old")), (990.0, facts("new"))]
    cache.invalidate([Invalidation(ENTRY, {**EVENT, "sent": 990.0}, expected, make=True)])
    opened = cache.open(ENTRY)
    assert (opened.expected, opened.is_recent) == ((facts("new"),), True)


def test_expected_states_are_bounded(client):
    cache = Cache(client, "web", clock=lambda: 1000.0)
    expected = [(900.0 + number, facts(f"build {number}")) for number in range(20)]
    cache.invalidate([Invalidation(ENTRY, EVENT, expected, make=True)])
    assert {fact["about"] for fact in cache.open(ENTRY).expected} == {f"build {number}" for number in range(12, 20)}


def test_a_lagging_answer_is_returned_and_not_stored(client):
    queued = []
    cache = Cache(client, "web", queue_refill=queued.append, clock=lambda: 1000.0)
    cache.invalidate([Invalidation(ENTRY, EVENT, [(990.0, facts("build 7"))], make=True)])
    cached = fill(cache, "old", reflects=lambda value, expected: not expected)
    assert (cached.state, cached.value, read(cache).is_known, queued) == ("refreshing", "old", False, [ENTRY])


def test_a_redis_that_has_lost_the_scripts_gets_them_again(cache, client):
    fill(cache, 1)
    client.script_flush()
    cache.invalidate([Invalidation(ENTRY, EVENT)])
    client.script_flush()
    fill(cache, 2)
    assert (read(cache).state, read(cache).value) == ("fresh", 2)


def test_the_time_of_an_entrys_oldest_value(client):
    now = [100.0]
    cache = Cache(client, "web", clock=lambda: now[0])
    for now[0], variant in ((100.0, "f44"), (200.0, "f45")):
        fill(cache, 1, variant=variant)
    assert cache.oldest([ENTRY, Entry("koji.builds", "vim", 1)]) == [100.0, float("inf")]


def test_a_fill_after_an_invalidation_is_fresh_again(cache):
    fill(cache, 1)
    cache.invalidate([Invalidation(ENTRY)])
    fill(cache, 2)
    assert (read(cache).state, read(cache).value) == ("fresh", 2)


def test_a_superseded_fill_is_dropped(cache):
    def superseded():
        cache.invalidate([Invalidation(ENTRY)])
        return "old"

    cached = fill(cache, superseded)
    assert (cached.state, cached.value, read(cache).is_known) == ("refreshing", "old", False)


def test_a_superseded_fill_queues_the_entry(client):
    queued = []
    cache = Cache(client, "web", queue_refill=queued.append)
    fill(cache, lambda: cache.invalidate([Invalidation(ENTRY)]))
    assert queued == [ENTRY]


def test_a_fill_that_began_before_redis_lost_its_data_is_dropped(cache, client):
    opened = cache.open(ENTRY)
    client.flushall()
    cache.open(ENTRY)
    assert cache.fill(source(ENTRY, "old"), Policy.REFILL, opened).outcome is Outcome.SUPERSEDED


def test_a_generation_is_never_handed_out_twice(cache, client):
    before = cache.open(ENTRY).generation
    dump = client.dump(ENTRY.key)
    cache.invalidate([Invalidation(ENTRY)])
    lost = cache.open(ENTRY).generation
    client.restore(ENTRY.key, 0, dump, replace=True)
    cache.invalidate([Invalidation(ENTRY)])
    assert len({before, lost, cache.open(ENTRY).generation}) == 3


def test_a_failure_is_noted_and_never_stored_as_a_value(cache):
    with pytest.raises(UpstreamUnavailable):
        fill(cache, down)
    cached = read(cache)
    assert (cached.state, cached.is_known) == ("failing", False)
    assert (cached.error_state.upstream, cached.error_state.kind) == ("koji", "unavailable")


@pytest.mark.parametrize(("stored", "kind"), [("silent", "unavailable"), ("unusable", "invalid")])
def test_a_failure_of_an_earlier_version_is_read_with_its_present_kind(cache, client, stored, kind):
    with pytest.raises(UpstreamUnavailable):
        fill(cache, down)
    failure = client.hget(ENTRY.key, "x:").replace(b"unavailable", stored.encode())
    client.hset(ENTRY.key, "x:", failure)
    assert read(cache).error_state.kind == kind


def test_a_failure_leaves_the_last_known_value(cache):
    fill(cache, 1)
    cache.invalidate([Invalidation(ENTRY, EVENT)])
    with pytest.raises(UpstreamUnavailable):
        fill(cache, down)
    assert (read(cache).state, read(cache).value) == ("failing", 1)


def test_an_error_state_keeps_since_when_fills_fail(client):
    now = [100.0]
    cache = Cache(client, "web", clock=lambda: now[0])
    for moment in (100.0, 160.0):
        now[0] = moment
        with pytest.raises(UpstreamUnavailable):
            fill(cache, down)
    assert (read(cache).error_state.since, read(cache).error_state.at) == (100.0, 160.0)


def test_a_fill_ends_a_failure(cache):
    with pytest.raises(UpstreamUnavailable):
        fill(cache, down)
    fill(cache, 1)
    assert read(cache).error_state is None


@pytest.mark.parametrize("change", ["fill", "invalidate", "fail"])
def test_a_packages_revision_differs_after_every_change(cache, change):
    fill(cache, 1, variant="f44")
    before = cache.revision("guake")
    if change == "fill":
        fill(cache, 2, variant="f45")
    elif change == "invalidate":
        cache.invalidate([Invalidation(ENTRY)])
    else:
        cache.fail(ENTRY, "f43", UpstreamUnavailable("koji", "x", "y"))
    assert cache.revision("guake") != before


def test_a_revision_is_the_packages_own(cache):
    before = cache.revision("vim")
    fill(cache, 1)
    assert cache.revision("vim") == before


def stacks(threads):
    """Return the names of the functions that each thread is in."""
    frames = sys._current_frames()
    return [
        {frame.name for frame in traceback.extract_stack(frames[thread.ident])}
        for thread in threads
        if thread.ident in frames
    ]


def test_one_fetches_while_others_wait_for_it(client, wait_until):
    cache = Cache(client, "web", wait=5)
    asked, answers, release = [], [], threading.Event()

    def slow():
        asked.append(1)
        release.wait(5)
        return "answer"

    def reader():
        answers.append(fill(cache, slow).value)

    threads = [threading.Thread(target=reader) for _ in range(3)]
    for thread in threads:
        thread.start()
    # The one that asks, and two that have found the lock taken.
    wait_until(lambda: asked and sum("acquire" in stack for stack in stacks(threads)) == 2)
    release.set()
    for thread in threads:
        thread.join()
    assert (asked, answers) == ([1], ["answer"] * 3)


def test_waiting_for_another_fill_has_a_limit(cache):
    begun, release = threading.Event(), threading.Event()

    def slow():
        begun.set()
        release.wait(5)
        return 1

    thread = threading.Thread(target=fill, args=(cache, slow))
    thread.start()
    begun.wait(5)
    with pytest.raises(FillInProgress):
        fill(cache, 2)
    release.set()
    thread.join()


def test_many_entries_are_read_in_order(cache):
    entries = [Entry("koji.builds", name, 1) for name in ("a", "b", "c")]
    fill(cache, "B", entries[1])
    assert [cached.value for cached in cache.read([(entry, "") for entry in entries])] == [None, "B", None]


def test_a_pages_fill_never_replaces_a_value_that_came_meanwhile(cache):
    def superseded():
        fill(cache, "trusted", policy=Policy.REFILL)
        return "from a lagging replica"

    fill(cache, superseded)
    assert read(cache).value == "trusted"


def test_a_failure_beside_a_value_leaves_no_note(cache):
    fill(cache, 1)
    cache.fail(ENTRY, "", UpstreamUnavailable("koji", "x", "y"))
    cache.invalidate([Invalidation(ENTRY)])
    assert read(cache).error_state is None


def test_the_time_of_the_first_fill_is_kept(cache, client):
    fill(cache, 1)
    assert float(client.get(keys.BEGUN)) > 0


def test_values_are_json(cache, client):
    fill(cache, {"total": 1})
    assert client.hget(ENTRY.key, "v:").startswith(b'{"value":{"total":1}')


def test_an_unreachable_redis_is_raised_as_cache_unavailable():
    cache = Cache(connect("redis://127.0.0.1:1/0", timeout=0.2), "web")
    with pytest.raises(CacheUnavailable, match="Redis does not answer"):
        cache.read([(ENTRY, "")])


def test_packages_with_signs_in_their_names_have_their_own_keys(cache, client):
    for name in ("gcc-c++", "python3.14", "0ad", "*"):
        fill(cache, name, Entry("koji.builds", name, 1))
    assert [read(cache, Entry("koji.builds", name, 1)).value for name in ("gcc-c++", "*")] == ["gcc-c++", "*"]


def test_all_entries_of_a_package_are_in_one_cluster_slot():
    slots = {redis.cluster.key_slot(key.encode()) for key in (ENTRY.key, ENTRY.revision_key)}
    assert len(slots) == 1


def test_a_summary_is_that_of_the_current_value(cache):
    fill(cache, {"total": 412, "testing": 0, "found": True, "builds": [1], "huge": 10**30, "text": "x"})
    other = Entry("koji.builds", "vim", 1)
    assert cache.summaries([(ENTRY, ""), (other, "")]) == [{"total": 412, "testing": 0}, None]
    cache.invalidate([Invalidation(ENTRY)])
    assert cache.summaries([(ENTRY, "")]) == [None]


def test_a_lagging_value_has_no_summary(cache):
    fill(cache, {"total": 1})
    cache.drop(ENTRY, "")
    fill(cache, {"total": 2}, policy=Policy.LAST_REFILL, reflects=lambda value, expected: False)
    assert read(cache).value == {"total": 2}
    assert cache.summaries([(ENTRY, "")]) == [None]


# External ids, which messages name instead of packages.


@pytest.fixture
def referring(client):
    """A cache whose values say what they are about."""
    return Cache(client, "web", wait=0.2, external_id=lambda query, value: value)


def entry_of(package):
    return Entry("anitya.versions", package, 1)


def test_packages_are_found_by_the_external_ids_of_their_values(referring):
    for package, number in (("guake", 7), ("guake-doc", 7), ("vim", 8), ("gone", None)):
        fill(referring, number, entry_of(package))
    assert [sorted(referring.packages_named_by("anitya.versions", number)) for number in (7, 8, 9)] == [
        ["guake", "guake-doc"], ["vim"], [],
    ]  # fmt: skip


def test_a_new_external_id_replaces_the_old_one(referring):
    fill(referring, 7, entry_of("guake"))
    referring.invalidate([Invalidation(entry_of("guake"))])
    fill(referring, 8, entry_of("guake"))
    assert [referring.packages_named_by("anitya.versions", number) for number in (7, 8)] == [[], ["guake"]]


def test_a_package_is_found_while_its_value_is_being_fetched_again(referring):
    fill(referring, 7, entry_of("guake"))
    referring.invalidate([Invalidation(entry_of("guake"))])
    assert referring.packages_named_by("anitya.versions", 7) == ["guake"]


def test_a_fill_that_a_message_did_not_find_is_not_stored_and_the_next_one_is(client):
    lost = []
    cache = Cache(client, "web", wait=0.2, queue_refill=lost.append, external_id=lambda query, value: value)

    def fetch():
        # The message comes when upstream has answered already, and nobody knows of the entry yet.
        assert cache.packages_named_by("anitya.versions", 7) == []
        return 7

    cached = fill(cache, fetch, entry_of("guake"))
    assert (cached.state, lost, read(cache, entry_of("guake")).state) == ("refreshing", [entry_of("guake")], "unknown")
    assert fill(cache, 7, entry_of("guake")).is_fresh


def test_a_message_about_another_external_id_does_not_affect_a_fill(referring):
    def fetch():
        referring.packages_named_by("anitya.versions", 8)
        return 7

    assert fill(referring, fetch, entry_of("guake")).is_fresh


def merged(first, second):
    """Yield every order of two rows of steps that leaves each row in its own."""
    for places in itertools.combinations(range(len(first) + len(second)), len(first)):
        one, other = iter(first), iter(second)
        yield [next(one) if place in places else next(other) for place in range(len(first) + len(second))]


@pytest.mark.parametrize("known", [None, 7, 8], ids=["cold", "about the same", "about another"])
def test_in_any_order_no_fill_hides_the_change_of_a_message_with_an_external_id(client, known):
    message, fill_steps = ("change", "find", "take"), ("open", "fetch", "store")
    for order in merged(message, fill_steps):
        client.flushall()
        queued, found, upstream = [], [], {"number": 7, "is_new": False}
        cache = Cache(client, "worker", queue_refill=queued.append, external_id=lambda query, value: value["number"])
        entry = entry_of("guake")
        if known:
            fill(cache, {"number": known, "is_new": False}, entry)
            cache.invalidate([Invalidation(entry)])
        steps = iter(order)

        def message_until(end, steps=steps, upstream=upstream, found=found, cache=cache):
            """Do what the message does before a step of the fill, or to the end."""
            for step in steps:
                if step == end:
                    return
                if step == "change":
                    upstream["is_new"] = True
                elif step == "find":
                    found += cache.packages_named_by("anitya.versions", 7)
                else:
                    cache.invalidate([Invalidation(entry_of(name)) for name in found])

        def fetch(message_until=message_until, upstream=upstream):
            message_until("fetch")
            answer = dict(upstream)
            message_until("store")
            return answer

        message_until("open")
        cache.fill(source(entry, fetch), Policy.RECHECK, cache.open(entry))
        message_until("the end")
        cached = read(cache, entry)
        assert not cached.is_fresh or cached.value["is_new"], order
        # What is not fresh is queued: by who lost the race, or by who took it out of use.
        assert cached.is_fresh or queued or found, order
        assert fill(cache, dict(upstream), entry).is_fresh
