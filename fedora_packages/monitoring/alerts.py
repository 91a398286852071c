"""Troubles: what is wrong with the service, in sentences for people, each with what it means and what to do.

All of it follows from what `fedora_packages.monitoring.health` has read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from fedora_packages.monitoring.health import Breaker, Health, QueryHealth, UpstreamHealth, WorkerHealth
from fedora_packages.search.corruption import Corruption

#: Seconds that an entry may wait to be read again before that is a trouble.
PATIENCE = 60.0


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong.

    ``what`` is a sentence without its full stop, since "since ..." may follow; ``meaning`` says, in sentences, what it means for
    the pages and what to do.  Grave is what makes pages wrong, or keeps them from being shown.
    """

    what: str
    since: float | None
    meaning: str
    is_grave: bool = False


def troubles(found: Health) -> list[Trouble]:
    """Return what is wrong, the gravest first and of those the oldest; empty while all is well."""
    every = dict.fromkeys(
        (
            *_of_workers(found),
            *_of_upstreams(found),
            *_of_values(found),
            *_of_messages(found),
            *_of_index(found),
        )
    )
    return sorted(every, key=lambda trouble: (not trouble.is_grave, trouble.since or 0.0))


def _of_workers(found: Health) -> Iterator[Trouble]:
    waiting = sum(query.waiting.entries for query in found.queries)
    if not found.workers:
        yield Trouble(
            "No worker was ever seen",
            None,
            "Nobody listens to the bus: what changes in Fedora does not reach the pages, and each says that it may be old.  "
            "Start fedora-packages-worker, or see in fedmsg-hub's log why it does not load ours.",
            is_grave=True,
        )
    elif not found.alive:
        yield Trouble(
            "No worker is alive: the last one has been silent",
            max(worker.at for worker in found.workers),
            "Everything that has changed since is not shown; each page says so.  Start fedora-packages-worker: what was "
            f"missed it reads first.  Entries that wait for it to be fetched again: {waiting}.",
            is_grave=True,
        )
    else:
        told = [trouble for worker in found.alive for trouble in _of_worker(worker, found.is_behind)]
        yield from told
        if found.is_behind and not any(trouble.is_grave for trouble in told):
            yield Trouble(
                "The workers are behind: messages that have come are not handled yet",
                found.until,
                "What has changed since may not be shown yet; each page says so.  It passes by itself, unless more messages come "
                "than can be handled: then start one more worker.",
                is_grave=True,
            )


def _of_worker(worker: WorkerHealth, is_behind: bool) -> Iterator[Trouble]:
    gap = worker.gap
    is_replaced = bool(gap and gap.archive and not gap.trouble)
    instead = (
        "Until it is back the archive is read in its place, every few seconds: pages are that much later."
        if is_replaced
        else "Nothing tells what changes meanwhile, and the archive does not either: it is not shown, and each page says so."
    )
    for address, is_connected in worker.endpoints.items():
        if not is_connected:
            yield Trouble(
                f"The bus is cut: {worker.name} has no connection to {address}",
                gap.cut_since if gap else None,
                f"{instead}  See whether that address answers.",
                is_grave=not is_replaced,
            )
    if worker.hub_moves is False:
        yield Trouble(
            f"The hub of {worker.name} does not move",
            worker.hub_seen,
            f"It hands on no messages.  {instead}  Restart it; what holds it up is in its log.",
            is_grave=not is_replaced,
        )
    if worker.dead:
        yield Trouble(
            f"A part of {worker.name} has died: {', '.join(worker.dead)}",
            None,
            "What that part did nobody does any more, so that no page relies on this worker.  That is a bug of ours: its "
            "log says what happened.  Restart it.",
            is_grave=True,
        )
    if gap is None:
        return
    if gap.trouble:
        yield Trouble(
            f"The archive of messages does not answer {worker.name}",
            gap.troubled_since,
            f"{gap.trouble}.  "
            + (
                "Whether messages were lost meanwhile cannot be seen; those that come are handled."
                if gap.closed
                else f"Messages may be missing ({gap.reason}), and what they changed is not shown until it answers."
            ),
            is_grave=not gap.closed,
        )
    elif not gap.closed and is_behind:
        yield Trouble(
            f"{worker.name} is still reading what it may have missed: {gap.reason}",
            worker.until,
            "What has changed since may not be shown yet; each page says so.  It passes by itself.",
            is_grave=True,
        )
    if not gap.archive:
        yield Trouble(
            "datagrepper is not configured",
            None,
            "Messages that are missed can never be read again: after every gap all that was cached before has to be "
            "fetched anew.  Set worker.datagrepper.",
        )


def _of_upstreams(found: Health) -> Iterator[Trouble]:
    for upstream in found.upstreams:
        failing = _failing(upstream)
        late = [query for query in found.queries if query.upstream == upstream.name and _is_late(query, found.at)]
        if failing:
            who = " and ".join(breaker.process for breaker in failing)
            is_left_alone = any(breaker.is_open for breaker in failing)
            waiting = " and ".join(f"{_entries(query)} of {query.name}" for query in late)
            yield Trouble(
                f"{upstream.name} does not answer",
                min(breaker.failing_since for breaker in failing if breaker.failing_since),
                f"What came instead: {failing[0].reason} (asked by {who}).  "
                + ("It is left alone, but for one request now and then.  " if is_left_alone else "")
                + (f"Waiting for it: {waiting}.  " if waiting else "")
                + "Panels show what it said before, with its age.  Once it answers, all is read again by itself.",
            )
        elif found.alive:
            yield from (_of_refills(query) for query in late)


def _failing(upstream: UpstreamHealth) -> list[Breaker]:
    """Return the processes that an upstream fails, and has not answered any other since: what nobody asks again stays failed."""

    def is_failing(breaker: Breaker) -> bool:
        since = breaker.failing_since
        if since is None or not breaker.failures:
            return False
        return breaker.rests > 0 or not any(other.answered and other.answered > since for other in upstream.breakers)

    return [breaker for breaker in upstream.breakers if is_failing(breaker)]


def _is_late(query: QueryHealth, now: float) -> bool:
    return query.waiting.since is not None and now - query.waiting.since > PATIENCE


def _of_refills(query: QueryHealth) -> Trouble:
    is_one = query.waiting.entries == 1
    return Trouble(
        f"{_entries(query)} of {query.name} {'waits' if is_one else 'wait'} to be fetched again, "
        + (f"that of {query.waiting.package}" if is_one else f"that of {query.waiting.package} for the longest"),
        query.waiting.since,
        f"Panels show what was known before, and say so.  {query.upstream} answers, but slowly or with what cannot be used (see "
        "below); or no worker has time for it: then start one more.",
    )


def _entries(query: QueryHealth) -> str:
    return _many(query.waiting.entries, "entry", "entries")


def _of_values(found: Health) -> Iterator[Trouble]:
    lost, known, forgotten = found.sum("drift"), found.lost, found.sum("forgotten")
    if lost:
        about = f": {known[0]['query']} of {known[0]['package']} was the latest" if known else ""
        yield Trouble(
            f"{_many(lost, 'lost message', 'lost messages')} in the last hour{about}",
            min((drift["found"] for drift in known), default=None),
            "What was found wrong is right again.  Other pages may be wrong in the same way until the audit comes to "
            "them.  See below which messages should have come, and ask whoever sends them.",
            is_grave=True,
        )
    if forgotten:
        yield Trouble(
            f"{_many(forgotten, 'entry', 'entries')} {_verb(forgotten, 'was', 'were')} forgotten by the queue in the last hour",
            None,
            "Nobody would have fetched what was invalidated; the audit has found and queued it.  That is a bug of ours: "
            "the worker's log has more of it.",
        )


def _of_messages(found: Health) -> Iterator[Trouble]:
    failed = found.failed_lately
    if failed:
        yield Trouble(
            f"{_many(failed, 'message', 'messages')} could not be handled in the last hour",
            None,
            "What they changed is shown as it was, until the audit comes by.  That is a bug of ours: the worker's log has "
            "each of them.",
        )


def _of_index(found: Health) -> Iterator[Trouble]:
    if found.corruption is not None:
        is_read = found.packages is not None
        meanwhile = (
            "until then the copy that was made when it was built is read, and what is new since is not found"
            if is_read
            else "until then no package has a page, and nothing is found"
        )
        yield Trouble(
            "The search index is corrupt",
            found.corruption.at,
            f"A worker builds it anew; {meanwhile}.  Wrong was: {found.corruption.error}.{_of_build(found.corruption)}",
            is_grave=not is_read,
        )
    elif found.packages is None:
        yield Trouble(
            "There is no search index, or it cannot be read",
            None,
            "No package has a page, and nothing is found.  Build it with fedora-packages-index.",
            is_grave=True,
        )
    if found.skipped_releases:
        yield Trouble(
            f"The search index knows nothing of {', '.join(found.skipped_releases)}",
            None,
            "They could not be read when it was built: packages that only these releases have are as they were before, or "
            "named and little more.  Build it with fedora-packages-index again once search.mirror has them.",
            is_grave=False,
        )


def _of_build(corruption: Corruption) -> str:
    """Return why the last build in place of a corrupt index failed, if one has."""
    if corruption.failed is None:
        return ""
    at = datetime.fromtimestamp(corruption.failed, UTC)
    return f"  The last build failed, at {at:%Y-%m-%d %H:%M} UTC: {corruption.failure}.  Another one follows within minutes."


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {_verb(count, one, more)}"


def _verb(count: int, one: str, more: str) -> str:
    return one if count == 1 else more
