"""Troubles: what is wrong with the service, in sentences for people, each with what it means and what to do.

All of it follows from what `fedora_packages.monitoring.health` has read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from fedora_packages.monitoring.health import CircuitHealth, Health, QueryHealth, UpstreamHealth, WorkerHealth
from fedora_packages.search.corruption import Corruption

#: What makes pages wrong, or keeps them from being shown; and everything else.
CRITICAL, WARNING = "critical", "warning"

#: Seconds that an entry may wait to be refilled before that is an alert.
MAX_WAIT = 60.0


@dataclass(frozen=True)
class Alert:
    """Something that is wrong.

    ``what`` is a sentence without its full stop, since "since ..." may follow; ``meaning`` says, in sentences, what it means for
    the pages and what to do.  Grave is what makes pages wrong, or keeps them from being shown.
    """

    summary: str
    since: float | None
    description: str
    severity: str = WARNING


def alerts(found: Health) -> list[Alert]:
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
    return sorted(every, key=lambda alert: (alert.severity != CRITICAL, alert.since or 0.0))


def _of_workers(found: Health) -> Iterator[Alert]:
    waiting = sum(query.waiting.entries for query in found.queries)
    if not found.workers:
        yield Alert(
            "No worker was ever seen",
            None,
            "Nobody listens to the bus: what changes in Fedora does not reach the pages, and each says that it may be old.  "
            "Start fedora-packages-worker, or see in fedmsg-hub's log why it does not load ours.",
            CRITICAL,
        )
    elif not found.alive:
        yield Alert(
            "No worker is alive: the last one has been silent",
            max(worker.at for worker in found.workers),
            "Everything that has changed since is not shown; each page says so.  Start fedora-packages-worker: what was "
            f"missed it reads first.  Entries that wait for it to be fetched again: {waiting}.",
            CRITICAL,
        )
    else:
        told = [alert for worker in found.alive for alert in _of_worker(worker, found.is_behind)]
        yield from told
        if found.is_behind and not any(alert.severity == CRITICAL for alert in told):
            yield Alert(
                "The workers are behind: messages that have come are not handled yet",
                found.caught_up_to,
                "What has changed since may not be shown yet; each page says so.  It passes by itself, unless more messages come "
                "than can be handled: then start one more worker.",
                CRITICAL,
            )


def _of_worker(worker: WorkerHealth, is_behind: bool) -> Iterator[Alert]:
    gap = worker.gap
    is_replaced = bool(gap and gap.archive and not gap.archive_error)
    instead = (
        "Until it is back the archive is read in its place, every few seconds: pages are that much later."
        if is_replaced
        else "Nothing tells what changes meanwhile, and the archive does not either: it is not shown, and each page says so."
    )
    for address, is_connected in worker.endpoints.items():
        if not is_connected:
            yield Alert(
                f"The bus is cut: {worker.name} has no connection to {address}",
                gap.cut_since if gap else None,
                f"{instead}  See whether that address answers.",
                WARNING if is_replaced else CRITICAL,
            )
    if worker.hub_moves is False:
        yield Alert(
            f"The hub of {worker.name} does not move",
            worker.hub_seen,
            f"It hands on no messages.  {instead}  Restart it; what holds it up is in its log.",
            WARNING if is_replaced else CRITICAL,
        )
    if worker.dead:
        yield Alert(
            f"A part of {worker.name} has died: {', '.join(worker.dead)}",
            None,
            "What that part did nobody does any more, so that no page relies on this worker.  That is a bug of ours: its "
            "log says what happened.  Restart it.",
            CRITICAL,
        )
    if gap is None:
        return
    if gap.archive_error:
        yield Alert(
            f"The archive of messages does not answer {worker.name}",
            gap.archive_error_since,
            f"{gap.archive_error}.  "
            + (
                "Whether messages were lost meanwhile cannot be seen; those that come are handled."
                if gap.closed
                else f"Messages may be missing ({gap.reason}), and what they changed is not shown until it answers."
            ),
            WARNING if gap.closed else CRITICAL,
        )
    elif not gap.closed and is_behind:
        yield Alert(
            f"{worker.name} is still reading what it may have missed: {gap.reason}",
            worker.caught_up_to,
            "What has changed since may not be shown yet; each page says so.  It passes by itself.",
            CRITICAL,
        )
    if not gap.archive:
        yield Alert(
            "datagrepper is not configured",
            None,
            "Messages that are missed can never be read again: after every gap all that was cached before has to be "
            "fetched anew.  Set worker.datagrepper.",
        )


def _of_upstreams(found: Health) -> Iterator[Alert]:
    for upstream in found.upstreams:
        failing = _failing_circuits(upstream)
        late = [query for query in found.queries if query.upstream == upstream.name and _is_late(query, found.at)]
        if failing:
            who = " and ".join(circuit.process for circuit in failing)
            is_left_alone = any(circuit.is_open for circuit in failing)
            waiting = " and ".join(f"{_entries(query)} of {query.name}" for query in late)
            yield Alert(
                f"{upstream.name} does not answer",
                min(circuit.failing_since for circuit in failing if circuit.failing_since),
                f"What came instead: {failing[0].reason} (asked by {who}).  "
                + ("It is left alone, but for one request now and then.  " if is_left_alone else "")
                + (f"Waiting for it: {waiting}.  " if waiting else "")
                + "Panels show what it said before, with its age.  Once it answers, all is read again by itself.",
            )
        elif found.alive:
            yield from (_of_refills(query) for query in late)


def _failing_circuits(upstream: UpstreamHealth) -> list[CircuitHealth]:
    """Return the processes that an upstream fails, and has not answered any other since: what nobody asks again stays failed."""

    def is_failing(circuit: CircuitHealth) -> bool:
        since = circuit.failing_since
        if since is None or not circuit.failures:
            return False
        return circuit.reset_pause > 0 or not any(
            other.answered and other.answered > since for other in upstream.circuits
        )

    return [circuit for circuit in upstream.circuits if is_failing(circuit)]


def _is_late(query: QueryHealth, now: float) -> bool:
    return query.waiting.since is not None and now - query.waiting.since > MAX_WAIT


def _of_refills(query: QueryHealth) -> Alert:
    is_one = query.waiting.entries == 1
    return Alert(
        f"{_entries(query)} of {query.name} {'waits' if is_one else 'wait'} to be fetched again, "
        + (f"that of {query.waiting.package}" if is_one else f"that of {query.waiting.package} for the longest"),
        query.waiting.since,
        f"Panels show what was known before, and say so.  {query.upstream} answers, but slowly or with what cannot be used (see "
        "below); or no worker has time for it: then start one more.",
    )


def _entries(query: QueryHealth) -> str:
    return _many(query.waiting.entries, "entry", "entries")


def _of_values(found: Health) -> Iterator[Alert]:
    lost, known, forgotten = found.sum("drift"), found.lost, found.sum("forgotten")
    if lost:
        about = f": {known[0]['query']} of {known[0]['package']} was the latest" if known else ""
        yield Alert(
            f"{_many(lost, 'lost message', 'lost messages')} in the last hour{about}",
            min((drift["found"] for drift in known), default=None),
            "What was found wrong is right again.  Other pages may be wrong in the same way until the audit comes to "
            "them.  See below which messages should have come, and ask whoever sends them.",
            CRITICAL,
        )
    if forgotten:
        yield Alert(
            f"{_many(forgotten, 'entry', 'entries')} {_verb(forgotten, 'was', 'were')} forgotten by the queue in the last hour",
            None,
            "Nobody would have fetched what was invalidated; the audit has found and queued it.  That is a bug of ours: "
            "the worker's log has more of it.",
        )


def _of_messages(found: Health) -> Iterator[Alert]:
    failed = found.failed_lately
    if failed:
        yield Alert(
            f"{_many(failed, 'message', 'messages')} could not be handled in the last hour",
            None,
            "What they changed is shown as it was, until the audit comes by.  That is a bug of ours: the worker's log has "
            "each of them.",
        )


def _of_index(found: Health) -> Iterator[Alert]:
    if found.corruption is not None:
        is_read = found.packages is not None
        meanwhile = (
            "until then the copy that was made when it was built is read, and what is new since is not found"
            if is_read
            else "until then no package has a page, and nothing is found"
        )
        yield Alert(
            "The search index is corrupt",
            found.corruption.at,
            f"A worker builds it anew; {meanwhile}.  Wrong was: {found.corruption.error}.{_of_build(found.corruption)}",
            WARNING if is_read else CRITICAL,
        )
    elif found.packages is None:
        yield Alert(
            "There is no search index, or it cannot be read",
            None,
            "No package has a page, and nothing is found.  Build it with fedora-packages-index.",
            CRITICAL,
        )
    if found.skipped_releases:
        yield Alert(
            f"The search index knows nothing of {', '.join(found.skipped_releases)}",
            None,
            "They could not be read when it was built: packages that only these releases have are as they were before, or "
            "named and little more.  Build it with fedora-packages-index again once search.mirror has them.",
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
