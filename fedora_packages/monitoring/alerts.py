"""Alerts: what is wrong with the service, since when, what it means for pages and what to do.

All alerts are derived from a `fedora_packages.monitoring.health.Health`; nothing here reads Redis.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from fedora_packages.monitoring.health import CircuitHealth, Gap, Health, QueryHealth, UpstreamHealth, WorkerHealth
from fedora_packages.search.corruption import Corruption

#: The severity of what makes pages wrong or keeps them from being shown, and of everything else.
CRITICAL, WARNING = "critical", "warning"

#: Seconds that an entry may wait for its refill before that is an alert.
MAX_WAIT = 60.0


@dataclass(frozen=True)
class Alert:
    """Something that is wrong.

    ``summary`` is a sentence without its period, because ", since ..." may follow.  ``description`` says what it means for pages
    and what to do.
    """

    summary: str
    since: float | None
    description: str
    severity: str = WARNING


def alerts(state: Health) -> list[Alert]:
    """Return the current alerts, critical ones first and of those the oldest; empty while all is well."""
    current = dict.fromkeys(
        (
            *_of_workers(state),
            *_of_upstreams(state),
            *_of_values(state),
            *_of_messages(state),
            *_of_index(state),
        )
    )
    return sorted(current, key=lambda alert: (alert.severity != CRITICAL, alert.since or 0.0))


def _of_workers(state: Health) -> Iterator[Alert]:
    if not state.workers:
        yield Alert(
            "No worker has ever run",
            None,
            "Changes in Fedora do not reach the pages.  Each page says that it may be out of date.  "
            "Start fedora-packages-worker.  With fedmsg-hub, see in its log why our consumer is not loaded.",
            CRITICAL,
        )
    elif not state.alive:
        waiting = sum(query.waiting.entries for query in state.queries)
        yield Alert(
            "No worker is running",
            max(worker.at for worker in state.workers),
            "Pages do not show later changes, and say so.  "
            f"Refills waiting for a worker: {waiting}.  "
            "Start fedora-packages-worker.  It handles the missed messages first.",
            CRITICAL,
        )
    else:
        current = [alert for worker in state.alive for alert in _of_worker(worker, state.is_behind)]
        yield from current
        if state.is_behind and not any(alert.severity == CRITICAL for alert in current):
            yield Alert(
                "The workers are behind with their messages",
                state.caught_up_to,
                "Pages may not show later changes yet, and say so.  The workers usually catch up by themselves.  "
                "If the delay grows, start one more worker.",
                CRITICAL,
            )


def _of_worker(worker: WorkerHealth, is_behind: bool) -> Iterator[Alert]:
    gap = worker.gap
    is_replaced = bool(gap and gap.archive and not gap.archive_error)
    severity = WARNING if is_replaced else CRITICAL
    meanwhile = (
        "The worker polls the message archive every few seconds instead, so changes reach pages a little later."
        if is_replaced
        else "The message archive is not available either.  Pages do not show later changes, and say so."
    )
    for address, is_connected in worker.endpoints.items():
        if not is_connected:
            yield Alert(
                f"{worker.name} has no connection to the bus at {address}",
                gap.cut_since if gap else None,
                f"{meanwhile}  Check whether that address can be reached.",
                severity,
            )
    if worker.hub_moves is False:
        yield Alert(
            f"The hub of {worker.name} hangs",
            worker.hub_seen,
            f"It passes on no messages.  {meanwhile}  See its log, then restart it.",
            severity,
        )
    if worker.dead:
        yield Alert(
            f"{worker.name} has dead threads: {', '.join(worker.dead)}",
            None,
            "Their work is not done, so no page relies on this worker.  "
            "This is a bug in fedora_packages.  See the worker's log for the error, then restart the worker.",
            CRITICAL,
        )
    if gap is not None:
        yield from _of_gap(worker, gap, is_behind)


def _of_gap(worker: WorkerHealth, gap: Gap, is_behind: bool) -> Iterator[Alert]:
    if gap.archive_error:
        consequence = (
            "The worker cannot look for lost messages.  It handles all messages that arrive."
            if gap.closed
            else f"Messages may be missing ({gap.reason}).  Their changes are not shown until datagrepper responds."
        )
        yield Alert(
            f"{worker.name} cannot read the message archive",
            gap.archive_error_since,
            f"{_sentence(gap.archive_error)}  {consequence}  Check connectors.datagrepper.url if this lasts.",
            WARNING if gap.closed else CRITICAL,
        )
    elif not gap.closed and is_behind:
        yield Alert(
            f"{worker.name} is still replaying missed messages: {gap.reason}",
            worker.caught_up_to,
            "Pages may not show later changes yet, and say so.  The alert ends with the replay.  No action is needed.",
            CRITICAL,
        )
    if not gap.archive:
        yield Alert(
            "datagrepper is not configured",
            None,
            "Missed messages cannot be replayed.  After every gap all cached entries are fetched again.  "
            "Set connectors.datagrepper.url.",
        )


def _of_upstreams(state: Health) -> Iterator[Alert]:
    for upstream in state.upstreams:
        failing = _failing_circuits(upstream)
        late = [query for query in state.queries if query.upstream == upstream.name and _is_late(query, state.at)]
        if failing:
            yield _of_failing(upstream, failing, late)
        elif state.alive:
            yield from (_of_refills(upstream, query) for query in late)


def _of_failing(upstream: UpstreamHealth, failing: list[CircuitHealth], late: list[QueryHealth]) -> Alert:
    processes = " and ".join(circuit.process for circuit in failing)
    pause = "Only an occasional request is sent.  " if any(circuit.is_open for circuit in failing) else ""
    waiting = " and ".join(f"{_entries(query)} of {query.name}" for query in late)
    return Alert(
        f"{upstream.title} is not responding",
        min(circuit.failing_since for circuit in failing if circuit.failing_since),
        f"Error of {processes}: {_sentence(failing[0].reason)}  {pause}"
        + (f"Waiting for a refill: {waiting}.  " if waiting else "")
        + "Pages show the last known values with their age.  All refills follow once it responds.  "
        "If it is up, check its URL and timeout in the settings.",
    )


def _failing_circuits(upstream: UpstreamHealth) -> list[CircuitHealth]:
    """Return the circuits that fail.

    A circuit whose pause has ended does not count if another process has had a response since: it fails only for want of
    requests.
    """

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


def _of_refills(upstream: UpstreamHealth, query: QueryHealth) -> Alert:
    is_one = query.waiting.entries == 1
    which = f"({query.waiting.package})" if is_one else f"(longest: {query.waiting.package})"
    return Alert(
        f"{_entries(query)} of {query.name} {_verb(query.waiting.entries, 'waits', 'wait')} for a refill {which}",
        query.waiting.since,
        "Pages show the last known values, and say so.  "
        f"Either {upstream.title} is slow or returns invalid responses (see Upstreams below), or the workers are too busy.  "
        "If the workers are too busy, start one more.",
    )


def _entries(query: QueryHealth) -> str:
    return _many(query.waiting.entries, "entry", "entries")


def _of_values(state: Health) -> Iterator[Alert]:
    lost, drifts, forgotten = state.sum("drift"), state.lost, state.sum("forgotten")
    if lost:
        latest = f"The latest changed {drifts[0]['query']} of {drifts[0]['package']}.  " if drifts else ""
        yield Alert(
            f"{_many(lost, 'lost message', 'lost messages')} in the last hour",
            min((drift["found"] for drift in drifts), default=None),
            f"{latest}The values that were found wrong are corrected.  "
            "Other pages may be wrong in the same way until the audit reaches them.  "
            "See below on which topics the messages were due, and report them to their publisher.",
            CRITICAL,
        )
    if forgotten:
        yield Alert(
            f"The refill queue lost {_many(forgotten, 'entry', 'entries')} in the last hour",
            None,
            "The audit has found and queued them, so pages are up to date again.  "
            "This is a bug in fedora_packages.  Report it with the worker's log.",
        )


def _of_messages(state: Health) -> Iterator[Alert]:
    failed = state.failed_lately
    if failed:
        yield Alert(
            f"{_many(failed, 'message', 'messages')} failed in the last hour",
            None,
            "Pages do not show what they changed until the audit reaches it.  "
            "This is a bug in fedora_packages.  Report it with the worker's log, which has each message.",
        )


def _of_index(state: Health) -> Iterator[Alert]:
    if state.corruption is not None:
        is_readable = state.packages is not None
        meanwhile = (
            "Searches use the copy made at its last build and miss later packages."
            if is_readable
            else "Packages have no pages and searches find nothing until then."
        )
        yield Alert(
            "The search index is corrupt",
            state.corruption.at,
            f"A worker rebuilds it.  {meanwhile}  Error: {_sentence(state.corruption.error)}{_last_rebuild(state.corruption)}",
            WARNING if is_readable else CRITICAL,
        )
    elif state.packages is None:
        yield Alert(
            "The search index is missing or unreadable",
            None,
            "Packages have no pages and searches find nothing.  Build the index with fedora-packages-index.",
            CRITICAL,
        )
    if state.skipped_releases:
        yield Alert(
            f"The search index lacks {', '.join(state.skipped_releases)}",
            None,
            "Their repositories could not be read during the build.  "
            "Packages that only they have are as in the previous index, or little more than a name.  "
            "Run fedora-packages-index again once search.mirror has them.",
        )


def _last_rebuild(corruption: Corruption) -> str:
    """Return why the last rebuild of a corrupt index failed, if one has."""
    if corruption.failed is None:
        return ""
    at = datetime.fromtimestamp(corruption.failed, UTC)
    failure = _sentence(str(corruption.failure))
    return f"  The last rebuild failed at {at:%Y-%m-%d %H:%M} UTC: {failure}  The next one starts within minutes."


def _sentence(text: str) -> str:
    """Return an error with one period at its end."""
    return f"{text.rstrip('. ')}."


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {_verb(count, one, more)}"


def _verb(count: int, one: str, more: str) -> str:
    return one if count == 1 else more
