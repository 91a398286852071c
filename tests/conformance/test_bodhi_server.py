"""The site beside the published Bodhi server: what that changes with a message, late or in silence, the site shows.

Each change is made by the server's own code: its web services, tasks, composer and consumers.  The worker's own parts hear its
messages and ask it over HTTP.  What must be right is right after one sweep.
"""

import threading
import time
from dataclasses import dataclass
from datetime import date
from itertools import count

import pytest

from fedora_packages.connectors.query import QueryCall
from fedora_packages.connectors.sweep import sweeps_of
from fedora_packages.monitoring.alerts import CRITICAL, alerts
from fedora_packages.monitoring.checks import GRACE, SAME, check, confirm, drifts
from fedora_packages.monitoring.metrics import MetricName, total
from fedora_packages.service import Service
from fedora_packages.settings import Pace
from fedora_packages.worker.refill import Refiller
from fedora_packages.worker.shared_work import SharedWork
from fedora_packages.worker.sweep import Sweeper, SweepHandler
from tests.conftest import watched
from tests.monitoring.state import state_of
from tests.worker.parts import make_handler

from .published_bodhi import PublishedBodhi

#: No waiting: what the server does not show at once, it does not show.
AT_ONCE = Pace(retry=0, retry_limit=0, recheck_delay=0, lagging_recheck_delay=0)

#: Refills that one change may cause, rechecks included.
MAX_REFILLS = 60

#: The number of a release that tests create and archive.
PASSING = 43


@dataclass
class Follower:
    """The parts of a worker that follow the server, driven step by step, and the packages that they are held to."""

    server: PublishedBodhi
    service: Service
    packages: tuple[str, ...] = ("guake", "vim")

    def __post_init__(self):
        service = self.service
        self.handler = make_handler(service)
        self.refiller = Refiller(
            service.cache, service.queue, service.connectors, service.queries, service.index, service.releases,
            service.metrics, AT_ONCE,
        )  # fmt: skip
        swept = SweepHandler(
            service.client, service.cache, service.index, service.queries, service.metrics, self.handler.invalidate
        )
        (sweep,) = sweeps_of([service.connectors["bodhi"]])
        sweeper = Sweeper(sweep, swept.handle, threading.Event())
        # An interval of 0 is always over.  Messages have whole seconds, and here all happens within one or two.
        self.turn = SharedWork(service.client, sweep.name, 0, sweeper.run, lambda: int(time.time()))

    def begin(self) -> None:
        """Fetch all values and run the first sweep, as a worker has long done before a change."""
        self.server.messages()
        for call in self.calls():
            check(self.service.cache, self.service.metrics, call, "reader")
        self.turn.take()
        self.refill()

    def calls(self) -> list[QueryCall]:
        queries = self.service.queries
        return [QueryCall(queries["bodhi.updates"], package) for package in self.packages]

    def hear(self) -> list[str]:
        """Handle the messages that were published meanwhile, fetch what they touch, and return their topics."""
        messages = self.server.messages()
        self.handler.handle_batch(messages)
        self.refill()
        return [message["topic"] for message in messages]

    def refill(self) -> None:
        """Do all refills that are due."""
        for _ in range(MAX_REFILLS):
            if self.refiller.work("bodhi") is not None:
                return
        pytest.fail("the server never shows what its messages say")

    def sweep(self) -> None:
        """Run one sweep, and the refills that follow from it."""
        watched(self.service.client)
        assert self.turn.take()
        self.refill()

    def shown(self, alias: str) -> dict:
        """Return an update as pages show it."""
        values = [value for call in self.calls() if (value := self.read(call).value)]
        return next(update for value in values for update in value["updates"] if update["alias"] == alias)

    def read(self, call: QueryCall):
        (cached,) = self.service.cache.read([(call.entry, call.variant)])
        return cached

    def untold(self) -> int:
        """Return how many changes the sweeps found whose message should have come."""
        self.service.metrics.flush()
        return total(self.service.client).count(MetricName.SWEPT_UNTOLD, "bodhi.updates")

    def assert_right(self) -> None:
        """All values are what the server says, by every measure that the site has."""
        service = self.service
        for call in self.calls():
            cached = self.read(call)
            assert (cached.state, cached.value) == ("fresh", call.query.fetch(call.package))
            checked = check(service.cache, service.metrics, call, "reader")
            assert (checked.outcome, checked.differences) == (SAME, ())
        assert confirm(service.cache, service.queries, service.metrics, service.cache.clock() + 2 * GRACE) == []
        assert drifts(service.client) == []
        assert [alert.summary for alert in alerts(state_of(service)) if alert.severity == CRITICAL] == []


@pytest.fixture
def strings(strings, published_bodhi):
    """Settings with the published server at the other end of Bodhi's connector."""
    return {**strings, "connectors.bodhi.url": published_bodhi.url, "connectors.bodhi.timeout": "20"}


@pytest.fixture
def server(published_bodhi) -> PublishedBodhi:
    """The server, with a release of each kind and no update."""
    published_bodhi.control("begin")
    published_bodhi.save_release(44, "f44", "current")
    published_bodhi.save_release(46, "rawhide", "pending", composed_by_bodhi=False, create_automatic_updates=True)
    return published_bodhi


@pytest.fixture
def follower(server, service) -> Follower:
    """A worker that has been following the server."""
    found = Follower(server, service)
    found.begin()
    return found


@pytest.fixture
def nvr():
    """A function that returns a build of a package that is newer than those before."""

    versions = count(1)

    def make(package: str = "guake", release: int = 44) -> str:
        return f"{package}-{next(versions)}-1.fc{release}"

    return make


@pytest.fixture(params=["heard", "unheard"])
def follow(request, follower):
    """A function that brings the site up to date: by messages and one sweep, or by the sweep alone."""

    def bring() -> None:
        if request.param == "heard":
            follower.hear()
        else:
            follower.server.messages()
        follower.sweep()
        follower.assert_right()
        # The next sweep compares the same changes, and finds them.
        follower.sweep()
        assert {follower.read(call).state for call in follower.calls()} == {"fresh"}
        if request.param == "heard":
            assert follower.untold() == 0

    return bring


def open_update(server, nvr, **fields) -> str:
    """Return the alias of an update that has come to testing."""
    build = nvr()
    alias = server.submit(build, **fields)
    server.sign(build)
    server.push(alias)
    return alias


def test_an_update_is_shown_from_its_creation_to_stable(server, follower, follow, nvr):
    build = nvr()
    alias = server.submit(build)
    follow()
    assert follower.shown(alias)["status"] == "pending"
    server.sign(build)
    follow()
    server.push(alias)
    follow()
    assert follower.shown(alias)["status"] == "testing"
    server.request(alias, "stable")
    follow()
    assert follower.shown(alias)["request"] == "stable"
    server.push(alias)
    follow()
    assert (follower.shown(alias)["status"], follower.shown(alias)["request"]) == ("stable", None)


@pytest.mark.parametrize("status", ["testing", "stable"])
def test_the_end_of_a_push_comes_in_silence(server, follower, follow, nvr, status):
    if status == "testing":
        alias = server.submit(nvr())
    else:
        alias = open_update(server, nvr)
        server.request(alias, "stable")
    follow()
    server.control("start_push", alias=alias)
    under_way = server.update(alias)
    assert (under_way["status"], under_way["request"], under_way["locked"]) == (status, status, True)
    follow()
    assert (follower.shown(alias)["status"], follower.shown(alias)["request"]) == (status, None)
    server.control("finish_push")
    ended = server.update(alias)
    assert (ended["request"], ended["locked"]) == (None, False)
    follow()


def test_a_push_makes_older_updates_obsolete_in_silence(server, follower, follow, nvr):
    older, newer = nvr(), nvr()
    # The newer one first: the other way round, the older one would be obsolete at once.
    alias, left_over = server.submit(newer), server.submit(older)
    follow()
    server.control("start_push", alias=alias)
    follow()
    assert follower.shown(left_over)["status"] == "pending"
    server.control("finish_push")
    follow()
    assert follower.shown(left_over)["status"] == "obsolete"


def test_what_a_push_leaves_to_a_final_update_is_shown_however_long_the_push_took(server, follower, nvr):
    """It inherits the bugs and the type of the update that it makes obsolete."""
    server.control("file_bug", number=700, title="It is insecure", keywords=["Security"])
    older = nvr()
    # Another package of the same update: its page has nothing of the older one.
    alias = server.submit(nvr(), nvr("vim"))
    server.push(alias)
    server.request(alias, "stable")
    server.submit(older, bugs="700", type="security", severity="high")
    server.control("start_push", alias=alias)
    server.control("backdate", alias=alias, seconds=3600)
    for _ in range(4):
        follower.hear()
        follower.sweep()
    follower.assert_right()
    server.control("finish_push")
    follower.hear()
    follower.sweep()
    follower.assert_right()
    assert [bug["id"] for bug in follower.shown(alias)["bugs"]] == [700]


def test_a_new_update_makes_older_ones_obsolete_in_silence(server, follower, follow, nvr):
    older = server.submit(nvr())
    follow()
    server.submit(nvr())
    follow()
    assert follower.shown(older)["status"] == "obsolete"


def test_an_update_that_is_ejected_from_a_push_stays_where_it_was(server, follower, follow, nvr):
    alias = open_update(server, nvr)
    server.request(alias, "stable")
    follow()
    server.control("decide", satisfied=False)
    server.control("check_policies")
    follow()
    server.push(alias)
    assert server.update(alias)["status"] == "testing"
    follow()
    assert (follower.shown(alias)["status"], follower.shown(alias)["request"]) == ("testing", None)


def test_titles_of_bugs_and_what_follows_from_them_come_late(server, follower, follow, nvr):
    server.control("file_bug", number=701, title="It does not start", keywords=[])
    server.control("file_bug", number=702, title="It starts for everyone", keywords=["Security"])
    build = nvr()
    alias = server.submit(build, bugs="701")
    follow()
    assert [(bug["id"], bug["title"]) for bug in follower.shown(alias)["bugs"]] == [(701, None)]
    server.control("run_tasks")
    follow()
    assert [bug["title"] for bug in follower.shown(alias)["bugs"]] == ["It does not start"]
    server.submit(build, bugs="701 702", edited=alias)
    follow()
    server.control("run_tasks")
    follow()
    assert follower.shown(alias)["type"] == "security"
    assert [bug["security"] for bug in follower.shown(alias)["bugs"]] == [False, True]


@pytest.mark.parametrize("is_announced", [True, False])
def test_an_automatic_update_goes_to_stable_without_a_message(server, follower, follow, nvr, is_announced):
    build = nvr(release=46)
    server.build(build)
    alias = server.alias_of(build)
    follow()
    assert follower.shown(alias)["status"] == "pending"
    server.sign(build)
    follow()
    assert follower.shown(alias)["status"] == "testing"
    server.control("check_policies")
    if not is_announced:
        # The server says only once that an update may go to stable, and remembers it by this comment.
        server.control(
            "comment_as_bodhi", alias=alias, text="This update can be pushed to stable now if the maintainer wishes"
        )
    server.control("approve_testing")
    follow()
    assert follower.shown(alias)["status"] == "stable"


def test_signed_builds_are_no_news(server, follower, follow, nvr):
    build = nvr()
    alias = server.submit(build)
    follow()
    server.sign(build)
    assert [one["signed"] for one in server.update(alias)["builds"]] == [True]
    follow()


def test_the_result_of_gating_comes_in_silence(server, follower, follow, nvr):
    alias = server.submit(nvr())
    follow()
    for satisfied, gating in ((False, "failed"), (True, "passed")):
        server.control("decide", satisfied=satisfied)
        server.control("check_policies")
        follow()
        assert follower.shown(alias)["gating"] == gating


@pytest.mark.parametrize("is_final", [False, True])
def test_comments_are_counted(server, follower, follow, nvr, is_final):
    alias = open_update(server, nvr)
    if is_final:
        server.request(alias, "stable")
        server.push(alias)
    follow()
    server.comment(alias)
    server.comment(alias, karma=1)
    follow()
    assert follower.shown(alias)["karma"] == 1


@pytest.mark.parametrize(("karma", "status", "request_"), [(1, "testing", "stable"), (-1, "obsolete", None)])
def test_karma_moves_an_update(server, follower, follow, nvr, karma, status, request_):
    alias = open_update(server, nvr, autokarma=True, stable_karma=1, unstable_karma=-1)
    follow()
    server.comment(alias, karma=karma)
    follow()
    assert (follower.shown(alias)["status"], follower.shown(alias)["request"]) == (status, request_)


def test_what_the_packager_takes_back_is_taken_back(server, follower, follow, nvr):
    alias = open_update(server, nvr)
    follow()
    for action in ("stable", "revoke", "unpush"):
        server.request(alias, action)
        follow()
    assert follower.shown(alias)["status"] == "unpushed"


def test_an_edit_takes_builds_out_and_in(server, follower, follow, nvr):
    ours, theirs = nvr("guake"), nvr("vim")
    alias = server.submit(ours, theirs)
    follow()
    newer = nvr("vim")
    server.submit(newer, edited=alias)
    follow()
    assert follower.shown(alias)["builds"] == [newer]


def test_open_updates_of_an_archived_release_become_obsolete_in_silence(server, follower, follow, nvr):
    server.save_release(PASSING, "f43", "current")
    alias = server.submit(nvr(release=PASSING))
    follow()
    # No list of new updates has it any more.
    server.control("backdate", alias=alias, seconds=3600)
    follow()
    server.save_release(PASSING, "f43", "archived", edited=True)
    follow()
    assert follower.shown(alias)["status"] == "obsolete"


def test_updates_in_testing_are_counted_anew_after_their_release_is_archived(server, follower, follow, nvr):
    server.save_release(PASSING, "f43", "current")
    build = nvr(release=PASSING)
    alias = server.submit(build)
    server.push(alias)
    follow()
    for state in ("frozen", "archived"):
        server.save_release(PASSING, "f43", state, edited=True)
        follow()


def test_a_release_is_created_frozen_and_archived_in_silence(server, follower, follow):
    query = follower.service.queries["bodhi.releases"]

    def shown() -> dict[str, str]:
        # What a worker does on the schedule of this query.
        after = check(follower.service.cache, follower.service.metrics, QueryCall(query), "schedule", grace=0).after
        return {release["name"]: release["state"] for release in after.value["releases"]}

    assert "F43" not in shown()
    for state, expected in (("pending", "pending"), ("frozen", "frozen"), ("current", "current"), ("archived", None)):
        server.save_release(PASSING, "f43", state, edited=state != "pending", eol=date(2030, 1, 1).isoformat())
        assert shown().get("F43") == expected
        follow()
