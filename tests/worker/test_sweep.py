"""Sweeps: what an upstream lists as changed is compared with the cache, and treated like a message where that is wrong."""

import threading
import time
from types import SimpleNamespace

import pytest

from fedora_packages.cache import keys
from fedora_packages.cache.fill_types import Policy
from fedora_packages.cache.queue import Claim
from fedora_packages.connectors.query import QueryCall
from fedora_packages.connectors.sweep import MARGIN, Change, Sweep, Swept, event_of
from fedora_packages.errors import CacheUnavailable
from fedora_packages.messages import timeline
from fedora_packages.monitoring.checks import check
from fedora_packages.monitoring.metrics import MetricName, total
from fedora_packages.worker.sweep import Sweeper, SweepHandler
from tests.filling import put
from tests.worker.parts import make_handler, read

BEGAN = 2000.0

#: When the upstream has listed the changes: later than tests fill the cache.
LISTED = 4e9

#: The body of a message of an update, which touches ``bodhi.updates`` and ``koji.tagged``.
BODY = {"update": {"builds": [{"nvr": "guake-1-1"}]}}


def build(number=7, state=1, package="guake", sent=LISTED - 10, **more):
    body = {"name": package, "version": "1", "release": "1", "build_id": number, "new": state, "instance": "primary"}
    return Change(event_of("koji", "buildsys.build.state.change", f"{number}-{state}", sent, body), **more)


def builds(*numbers, state="complete"):
    return {"total": len(numbers), "builds": [{"build_id": number, "state": state} for number in numbers]}


@pytest.fixture
def handler(service):
    return SweepHandler(
        service.client,
        service.cache,
        service.index,
        service.queries,
        service.metrics,
        make_handler(service).invalidate,
    )


def fill(service, query, value, package="guake"):
    put(service.cache, service.queries[query].entry(package), value)


def counted(service):
    service.metrics.flush()
    counts = total(service.client)
    names = (MetricName.SWEPT_TOLD, MetricName.SWEPT_UNTOLD, MetricName.SWEPT_SILENT)
    return tuple(counts.count(name, "koji.builds") for name in names)


def queued(service, upstream="koji"):
    claim = service.queue.claim(upstream, 60, 10_000)
    return (claim.query, claim.package) if isinstance(claim, Claim) else None


def test_a_change_that_a_value_shows_costs_nothing_and_counts_as_told(service, handler):
    fill(service, "koji.builds", builds(7))
    assert handler.handle([build()], BEGAN, LISTED) == 0
    assert read(service, "koji.builds", "guake").is_fresh
    assert (queued(service), counted(service)) == (None, (1, 0, 0))


def test_a_change_that_a_value_does_not_show_is_treated_like_a_message(service, handler):
    fill(service, "koji.builds", builds(6))
    assert handler.handle([build()], BEGAN, LISTED) == 1
    cached = read(service, "koji.builds", "guake")
    assert (cached.state, cached.because["event"]["topic"]) == ("refreshing", "buildsys.build.state.change")
    assert cached.because["event"]["swept"] == BEGAN
    assert (queued(service), counted(service)) == (("koji.builds", "guake"), (0, 1, 0))
    assert total(service.client).count(MetricName.UNTOLD, "buildsys.build.state.change") == 1


def test_a_refill_after_a_sweep_waits_for_an_answer_that_shows_the_change(service, handler):
    fill(service, "koji.builds", builds(6))
    now = time.time()
    handler.handle([build(sent=now)], now, now + 60)
    opened = service.cache.open(service.queries["koji.builds"].entry("guake"))
    assert [state["build_id"] for state in opened.expected] == [7]


def test_a_change_that_no_message_told_is_on_the_timeline_with_its_sweep(service, handler):
    fill(service, "koji.builds", builds(6))
    handler.handle([build()], BEGAN, LISTED)
    assert [entry["details"]["state"] for entry in timeline.read(service.client, "guake")] == ["complete"]


def test_a_silent_change_is_no_lost_message_and_not_on_the_timeline(service, handler):
    fill(service, "koji.builds", builds(6))
    handler.handle([build(is_silent=True)], BEGAN, LISTED)
    assert (counted(service), timeline.read(service.client, "guake")) == ((0, 0, 1), [])
    assert read(service, "koji.builds", "guake").state == "refreshing"


@pytest.mark.parametrize(("is_silent", "suspected"), [(True, 0), (False, 1)])
def test_a_silent_change_explains_what_a_check_has_found_before(service, handler, upstream, is_silent, suspected):
    """The check has corrected the value, which then shows the change."""
    query = service.queries["koji.builds"]
    row = {
        "build_id": 7, "nvr": "guake-1-1", "version": "1", "release": "1", "epoch": None, "state": 1, "owner_name": "x",
        "task_id": None, "start_ts": 1.0, "creation_ts": 1.0, "completion_ts": 2.0,
    }  # fmt: skip
    fill(service, "koji.builds", builds(6))
    upstream.koji_says([[1], [[row]]])
    check(service.cache, service.metrics, QueryCall(query, "guake"), "reader")
    assert service.client.zcard(keys.SUSPECTED_DRIFT) == 1
    assert handler.handle([build(is_silent=is_silent)], BEGAN, LISTED) == 0
    assert service.client.zcard(keys.SUSPECTED_DRIFT) == suspected


def test_a_change_that_is_only_compared_is_not_counted_where_it_is_shown(service, handler):
    fill(service, "koji.builds", builds(7))
    handler.handle([build(is_new=False)], BEGAN, LISTED)
    assert counted(service) == (0, 0, 0)


def test_a_value_that_is_newer_than_the_list_is_left_alone(service, handler):
    fill(service, "koji.builds", builds(6))
    assert handler.handle([build()], BEGAN, time.time() - 60) == 0
    assert read(service, "koji.builds", "guake").is_fresh


def test_a_change_that_another_one_hides_is_not_looked_for_for_ever(service, handler):
    fill(service, "koji.builds", builds(6))
    assert handler.handle([build(sent=time.time() - MARGIN - 10)], BEGAN, LISTED) == 0
    assert handler.handle([build(sent=time.time() - MARGIN + 60)], BEGAN, LISTED) == 1


def test_an_entry_that_was_never_fetched_is_left_to_its_first_fetch(service, handler):
    assert handler.handle([build()], BEGAN, LISTED) == 0
    assert queued(service) is None


def test_an_entry_that_is_being_refilled_is_invalidated_again(service, handler):
    """The fetch of the refill may have begun before the change."""
    fill(service, "koji.builds", builds(6))
    make_handler(service).handle(
        {
            "topic": "org.fedoraproject.prod.buildsys.build.state.change", "msg_id": "2026-1", "timestamp": 1980,
            "msg": {"name": "guake", "build_id": 6, "new": 1, "instance": "primary"},
        }
    )  # fmt: skip
    entry = service.queries["koji.builds"].entry("guake")
    before = service.cache.generation(entry)
    handler.handle([build()], BEGAN, LISTED)
    assert service.cache.generation(entry) != before


def test_an_entry_whose_refill_waits_for_the_change_is_not_invalidated_again(service, handler):
    """Otherwise frequent sweeps would never let its rechecks come to an end."""
    fill(service, "koji.builds", builds(6))
    handler.handle([build()], BEGAN, LISTED)
    entry = service.queries["koji.builds"].entry("guake")
    before = service.cache.generation(entry)
    handler.handle([build()], BEGAN, LISTED)
    assert service.cache.generation(entry) == before
    handler.handle([build(number=8)], BEGAN, LISTED)
    assert service.cache.generation(entry) != before


def test_an_entry_that_is_being_refilled_is_compared_by_the_next_sweep(service, handler):
    """Otherwise a list of all things, such as Anitya's, would begin each late refill anew."""
    fill(service, "koji.tagged", {"tags": {}})
    handler.handle([Change(event_of("bodhi", "bodhi.update.edit", "a", time.time() + 60, BODY))], BEGAN, LISTED)
    entry = service.queries["koji.tagged"].entry("guake")
    before = service.cache.generation(entry)
    compared = Change(event_of("bodhi", "bodhi.update.edit", "b", LISTED, BODY), is_new=False)
    assert handler.handle([compared], BEGAN, LISTED) == 0
    assert service.cache.generation(entry) == before


@pytest.mark.parametrize(("age", "is_again"), [(1, True), (60, False)])
def test_an_entry_that_was_invalidated_after_a_change_is_not_invalidated_again(service, handler, age, is_again):
    """Its refill can be late for long, and each sweep that lists the change would begin it anew."""
    fill(service, "koji.tagged", {"tags": {}})
    handler.handle([Change(event_of("bodhi", "bodhi.update.edit", "a", time.time() + 60, BODY))], BEGAN, LISTED)
    entry = service.queries["koji.tagged"].entry("guake")
    before = service.cache.generation(entry)
    handler.handle([Change(event_of("bodhi", "bodhi.update.edit", "b", time.time() - age, BODY))], BEGAN, LISTED)
    assert (service.cache.generation(entry) != before) == is_again


def edit(shows=None):
    """An edit of an update."""
    return Change(event_of("bodhi", "bodhi.update.edit", "a", time.time() + 60, BODY), shows or {})


def test_only_the_queries_are_compared_that_a_change_says_how_to_compare(service, handler):
    fill(service, "bodhi.updates", {"updates": []})
    fill(service, "koji.tagged", {"tags": {}})
    assert handler.handle([edit({"bodhi.updates": lambda package, value: False})], BEGAN, LISTED) == 1
    states = [read(service, query, "guake").state for query in ("bodhi.updates", "koji.tagged")]
    assert states == ["refreshing", "fresh"]


def test_an_entry_that_shows_a_change_stays_although_another_does_not(service, handler):
    fill(service, "bodhi.updates", {"updates": []})
    fill(service, "koji.tagged", {"tags": {}})
    shows = {"bodhi.updates": lambda package, value: True, "koji.tagged": lambda package, value: False}
    handler.handle([edit(shows)], BEGAN, LISTED)
    states = [read(service, query, "guake").state for query in ("bodhi.updates", "koji.tagged")]
    assert states == ["fresh", "refreshing"]


def wrong_for(service):
    service.metrics.flush()
    return total(service.client).durations(MetricName.WRONG_FOR, "koji.builds|sweep")


@pytest.mark.parametrize(
    ("fetched", "sent", "previous", "is_silent", "age"),
    [
        (1000, 1500, 1200, False, 500),  # since the change
        (1550, 1500, 1200, False, 450),  # since it was fetched, from a replica that lagged
        (1000, 2000, 1400, True, 600),  # nothing says when: since the previous sweep
        (1000, 2000, None, True, 1000),  # or since it was fetched
    ],
)
def test_a_wrong_value_is_as_old_as_it_can_be(service, handler, fetched, sent, previous, is_silent, age):
    service.cache.clock = lambda: fetched
    fill(service, "koji.builds", builds(6))
    service.cache.clock = time.time
    handler.handle([build(sent=sent, is_silent=is_silent)], BEGAN, 2000.0, previous)
    ages = wrong_for(service)
    assert (ages.count, ages.sum) == (1, age)


def test_a_value_that_shows_a_change_is_not_wrong(service, handler):
    fill(service, "koji.builds", builds(7))
    handler.handle([build()], BEGAN, LISTED)
    assert wrong_for(service).count == 0


def test_what_an_earlier_sweep_found_was_not_told_by_a_message(service, handler):
    fill(service, "koji.builds", builds(6))
    handler.handle([build()], BEGAN, LISTED)
    put(service.cache, service.queries["koji.builds"].entry("guake"), builds(6), policy=Policy.LAST_REFILL)
    handler.handle([build(number=8)], BEGAN, LISTED)
    assert counted(service) == (0, 2, 0)


def test_how_a_change_is_seen_comes_before_the_expected_state(service, handler):
    fill(service, "koji.builds", builds(6))
    seen = []

    def shows(package, value):
        seen.append((package, value["total"]))
        return True

    assert handler.handle([build(shows={"koji.builds": shows})], BEGAN, LISTED) == 0
    assert seen == [("guake", 1)]


def test_without_an_expected_state_the_time_of_the_fetch_decides(service, handler):
    fill(service, "koji.tagged", {"tags": {}})
    old = Change(event_of("bodhi", "bodhi.update.edit", "a", time.time() - 60, BODY))
    new = Change(event_of("bodhi", "bodhi.update.edit", "b", time.time() + 60, BODY))
    assert handler.handle([old], BEGAN, LISTED) == 0
    assert handler.handle([new], BEGAN, LISTED) == 1


def test_a_change_in_a_package_that_nobody_knows_is_passed_over(service, handler):
    assert handler.handle([build(package="no-such-package")], BEGAN, LISTED) == 0


def test_a_new_package_whose_build_no_message_told_comes_into_the_index(service, handler):
    handler.handle([build(package="brand-new")], BEGAN, LISTED)
    assert service.client.zrange(keys.DIRTY, 0, -1) == [b"brand-new"]


class Work:
    """A turn as a sweeper sees it."""

    def __init__(self, position=None):
        self.began, self.done, self.position, self.counts, self.woken = BEGAN, BEGAN - 300, position, {}, []

    def wake(self, seconds):
        self.woken.append(seconds)

    def advance(self, position, **counts):
        self.position, self.counts = position, counts


def run(fetch, position=None, handle=lambda changes, began, listed, previous: len(changes), **arguments):
    turn = Work(position)
    sweeper = Sweeper(Sweep("koji", 300.0, fetch), handle, threading.Event(), lambda: LISTED, **arguments)
    turn.is_whole = sweeper.run(turn)
    return turn


def test_a_sweep_starts_where_the_previous_one_ended():
    turn = run(lambda position, now: Swept([build()], {"from": position.get("since"), "since": now}), {"since": 5.0})
    assert (turn.position, turn.counts) == ({"from": 5.0, "since": BEGAN}, {"changes": 1, "invalid": 0})


def test_changes_are_handled_with_the_times_of_this_sweep_and_of_the_one_before():
    calls = []
    run(lambda position, now: Swept([], {}), handle=lambda *arguments: calls.append(arguments) or 0)
    assert calls == [([], BEGAN, LISTED, BEGAN - 300)]


def test_a_sweep_that_is_not_complete_goes_on_step_by_step():
    def fetch(position, now):
        page = position.get("page", 1)
        return Swept([build()], {"page": page + 1}, is_complete=page == 3)

    assert (run(fetch).position, run(fetch).counts) == ({"page": 4}, {"changes": 3, "invalid": 0})
    assert run(fetch).is_whole


def test_the_steps_of_a_sweep_are_bounded_and_the_next_one_goes_on():
    def fetch(position, now):
        return Swept([], {"page": position.get("page", 1) + 1}, is_complete=False)

    first = run(fetch, max_steps=2)
    assert run(fetch, first.position, max_steps=2).position == {"page": 5}
    # What the rest would have shown is not known yet.
    assert not first.is_whole


def test_the_position_is_kept_after_the_changes_are_handled():
    def fail(changes, began, listed, previous):
        raise CacheUnavailable("Redis is away")

    turn = Work()
    with pytest.raises(CacheUnavailable):
        Sweeper(
            Sweep("koji", 300.0, lambda position, now: Swept([build()], {"since": now})), fail, threading.Event()
        ).run(turn)
    assert turn.position is None


def test_rows_that_were_left_out_are_counted_and_told(caplog):
    invalid = SimpleNamespace(count=2, error="updates[3].alias: expected a string, got null")
    turn = run(lambda position, now: Swept([], {}, invalid_rows=invalid))
    assert turn.counts == {"changes": 0, "invalid": 2}
    assert "sweep:koji: 2 invalid rows left out; the first: updates[3].alias" in caplog.text


def test_a_change_of_which_a_message_told_without_its_packages_is_not_lost(service, handler):
    fill(service, "koji.builds", builds(6))
    assert handler.handle([build(is_announced=True)], BEGAN, LISTED) == 1
    assert counted(service) == (0, 0, 0)
    assert read(service, "koji.builds", "guake").state == "refreshing"


def test_after_a_gap_all_older_values_are_fetched_again():
    calls = []
    run(lambda position, now: Swept([], {}, is_gap=True), invalidate_older=calls.append)
    run(lambda position, now: Swept([], {}), invalidate_older=calls.append)
    assert calls == [LISTED]


def test_a_sweep_can_ask_to_be_repeated_before_its_interval_ends():
    assert run(lambda position, now: Swept([], {}, again=30.0)).woken == [30.0]
    assert run(lambda position, now: Swept([], {})).woken == []
