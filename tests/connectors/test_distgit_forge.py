"""Which software serves dist-git: asked, asked again, and never concluded from what is missing."""

import threading

import pytest

from fedora_packages.connectors.distgit_forge import EVERY, PAUSE, Forge, Kind, KnownForge, Server
from fedora_packages.errors import CacheUnavailable, InvalidResponse, UpstreamUnavailable
from tests.clock import Clock
from tests.filling import put
from tests.upstream import FORGEJO_MISSING, PAGURE_MISSING, PAGURE_NO_FILE, Answer

PAGURE, FORGEJO = "/api/0/version", "/api/v1/version"
PAGE = Answer(b"<!DOCTYPE html><title>Are you human?</title>", content_type="text/html")


class Reader(Server):
    """A server of dist-git of which nothing is read."""

    head = heads = file = patch_names = commit = maintainers = lambda self, *arguments: None


@pytest.fixture
def upstream(upstream):
    """dist-git, which is Pagure."""
    become(upstream, Kind.PAGURE)
    return upstream


def become(upstream, kind):
    """Let dist-git be one software, or neither."""
    found = {Kind.PAGURE: b'{"version": "0.31"}', Kind.FORGEJO: b'{"version": "15.0.2+gitea-1.22.0"}'}
    missing = FORGEJO_MISSING if kind is Kind.FORGEJO else PAGURE_NO_FILE
    for path, its in ((PAGURE, Kind.PAGURE), (FORGEJO, Kind.FORGEJO)):
        upstream.answers[path] = Answer(found[kind]) if its is kind else missing


@pytest.fixture
def clock():
    return Clock(1000.0)


@pytest.fixture
def changes():
    return []


@pytest.fixture
def forge(clock, changes):
    servers = {kind: type(kind.name, (Reader,), {"kind": kind}) for kind in Kind}
    return Forge(servers, lambda: changes.append(1), clock)


@pytest.fixture
def ask(forge, connectors):
    """A function that asks which of them it is, always anew."""
    return lambda: forge.ask(connectors["distgit"], float("inf"))


def kind_of(server):
    return server.kind


@pytest.mark.parametrize("kind", Kind)
def test_the_software_with_a_version_serves_dist_git(ask, upstream, kind):
    become(upstream, kind)
    assert ask() is kind


def test_one_request_confirms_what_is_known(ask, upstream):
    become(upstream, Kind.FORGEJO)
    assert (ask(), ask()) == (Kind.FORGEJO,) * 2
    assert [asked.path for asked in upstream.asked] == [PAGURE, FORGEJO, FORGEJO]


#: What is no version of either.
NEITHER = {
    "404": PAGURE_NO_FILE,
    "a redirect": Answer(b"", 302, headers={"Location": "https://src.example/"}),
    "a page": PAGE,
    "other JSON": Answer(b'{"openapi": "3.1.0"}'),
    "no number": Answer(b'{"version": "latest"}'),
    "another type": Answer(b'{"version": 7}'),
    "nothing": Answer(b""),
}


@pytest.mark.parametrize("neither", NEITHER)
@pytest.mark.parametrize("kind", Kind)
def test_what_was_known_stays_known_while_it_is_neither(ask, forge, connectors, upstream, clock, kind, neither):
    become(upstream, kind)
    ask()
    upstream.answers[PAGURE] = upstream.answers[FORGEJO] = NEITHER[neither]
    with pytest.raises(InvalidResponse, match="neither Pagure nor Forgejo"):
        ask()
    clock.now += EVERY
    assert forge.read(connectors["distgit"], kind_of) is kind


def test_what_was_known_stays_known_while_it_does_not_respond(ask, forge, connectors, upstream):
    ask()
    upstream.answers[PAGURE] = Answer(b"", 503)
    with pytest.raises(UpstreamUnavailable):
        ask()
    assert FORGEJO not in [asked.path for asked in upstream.asked]
    assert forge.read(connectors["distgit"], kind_of) is Kind.PAGURE


def test_a_process_that_starts_while_it_is_neither_reads_nothing(forge, connectors, upstream):
    upstream.answers[PAGURE] = PAGE
    with pytest.raises(InvalidResponse):
        forge.read(connectors["distgit"], kind_of)


def test_it_is_asked_again_from_time_to_time(forge, connectors, upstream, clock):
    read = lambda: forge.read(connectors["distgit"], kind_of)  # noqa: E731
    assert (read(), read()) == (Kind.PAGURE,) * 2
    assert len(upstream.asked) == 1
    become(upstream, Kind.FORGEJO)
    clock.now += EVERY
    assert read() is Kind.FORGEJO


def test_an_answer_without_sense_makes_it_ask_and_the_other_software_is_read(forge, connectors, upstream, clock):
    distgit = connectors["distgit"]
    forge.read(distgit, kind_of)
    become(upstream, Kind.FORGEJO)
    clock.now += PAUSE

    def read(server):
        if server.kind is Kind.PAGURE:
            raise distgit.invalid("GET /rpms/guake", "HTTP 404")
        return server.kind

    assert forge.read(distgit, read) is Kind.FORGEJO


def test_answers_without_sense_cause_no_storm_of_questions(forge, connectors, upstream, clock):
    distgit = connectors["distgit"]

    def read(server):
        raise distgit.invalid("GET /rpms/guake", "HTTP 404")

    for _ in range(20):
        with pytest.raises(InvalidResponse, match="GET /rpms/guake"):
            forge.read(distgit, read)
        clock.now += PAUSE / 10
    assert len(upstream.asked) <= 3


def missed(server):
    server.missed()
    return {"found": False, "by": server.kind}


@pytest.fixture
def now_forge(changes):
    """By the clock of the machine, as misses are."""
    return Forge({kind: type(kind.name, (Reader,), {"kind": kind}) for kind in Kind}, lambda: changes.append(1))


def test_that_there_is_none_counts_if_dist_git_is_of_that_kind_afterwards(now_forge, connectors, upstream):
    assert now_forge.read(connectors["distgit"], missed) == {"found": False, "by": Kind.PAGURE}
    assert [asked.path for asked in upstream.asked] == [PAGURE, PAGURE]


def test_that_there_is_none_is_no_fact_while_dist_git_is_neither(now_forge, connectors, upstream):
    now_forge.read(connectors["distgit"], kind_of)
    become(upstream, None)
    with pytest.raises(InvalidResponse, match="neither"):
        now_forge.read(connectors["distgit"], missed)


def test_that_there_is_none_is_asked_of_the_software_that_has_come_meanwhile(now_forge, connectors, upstream):
    now_forge.read(connectors["distgit"], kind_of)
    become(upstream, Kind.FORGEJO)
    assert now_forge.read(connectors["distgit"], missed)["by"] is Kind.FORGEJO


def test_readers_that_miss_at_a_time_share_a_question(now_forge, connectors, upstream):
    distgit, barrier = connectors["distgit"], threading.Barrier(2)
    now_forge.read(distgit, kind_of)

    def read(server):
        server.missed()
        barrier.wait(5)
        return None

    threads = [threading.Thread(target=now_forge.read, args=(distgit, read)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(upstream.asked) in (2, 3)


def test_a_change_is_told_and_so_is_an_end_of_neither(ask, upstream, changes):
    ask()
    assert changes == []
    become(upstream, Kind.FORGEJO)
    ask()
    assert changes == [1]
    become(upstream, None)
    for _ in range(2):
        with pytest.raises(InvalidResponse):
            ask()
    become(upstream, Kind.FORGEJO)
    ask()
    assert changes == [1, 1]


def test_that_it_did_not_respond_for_once_is_no_change(ask, upstream, changes):
    ask()
    upstream.answers[PAGURE] = Answer(b"", 503)
    with pytest.raises(UpstreamUnavailable):
        ask()
    become(upstream, Kind.PAGURE)
    ask()
    assert changes == []


def test_jobs_that_failed_are_due_at_once_when_dist_git_has_switched(service, upstream):
    query, queue = service.queries["distgit.forge"], service.queue
    query.fetch("*")
    queue.add("distgit", "distgit.spec", "guake")
    queue.requeue(queue.claim("distgit", 30, 10), 300, attempts=5)
    assert queue.claim("distgit", 30, 10) > 100
    become(upstream, Kind.FORGEJO)
    assert query.fetch("*") == {"kind": "forgejo"}
    assert queue.claim("distgit", 30, 10).package == "guake"


def test_404s_of_another_software_leave_the_last_known_value(queries, upstream):
    """Pagure's own words, for all that there is: nothing disappears."""
    queries["distgit.forge"].fetch("*")
    upstream.answer = lambda asked: PAGURE_MISSING if asked.path.startswith("/api/0/rpms") else PAGURE_NO_FILE
    for name in ("spec", "patches", "retirement", "maintainers"):
        with pytest.raises(InvalidResponse):
            queries[f"distgit.{name}"].fetch("guake", "f45" if queries[f"distgit.{name}"].by_release else "")


@pytest.fixture
def known(service, clock):
    return KnownForge(service.cache, service.queries["distgit.forge"], clock)


def test_links_follow_what_the_cache_says_and_keep_it(service, client, known, clock):
    assert known() is Kind.PAGURE
    put(service.cache, service.queries["distgit.forge"].entry(), {"kind": "forgejo"})
    assert known() is Kind.PAGURE
    clock.now += 10
    assert known() is Kind.FORGEJO
    client.flushall()
    clock.now += 10
    assert known() is Kind.FORGEJO


@pytest.mark.parametrize("kind", ["gitlab", ""])
def test_a_software_of_another_version_of_this_service_is_ignored(service, known, kind):
    put(service.cache, service.queries["distgit.forge"].entry(), {"kind": kind})
    assert known() is Kind.PAGURE


def test_links_are_made_without_redis(queries):
    class Cache:
        def read(self, pairs):
            raise CacheUnavailable("Redis is away")

    assert KnownForge(Cache(), queries["distgit.forge"])() is Kind.PAGURE
