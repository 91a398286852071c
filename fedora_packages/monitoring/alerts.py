"""Alerts: what is wrong with the service, since when, what it means for pages and what to do.

All alerts are derived from a `fedora_packages.monitoring.health.Health`; nothing here reads Redis.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from fedora_packages.monitoring.health import CircuitHealth, Gap, Health, QueryHealth, UpstreamHealth, WorkerHealth
from fedora_packages.monitoring.probe import Probe
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
    description: str
    severity: str = WARNING
    since: float | None = None


def alerts(state: Health) -> list[Alert]:
    """Return the current alerts, critical ones first and of those the oldest; empty while all is well."""
    current = dict.fromkeys(
        (*_of_workers(state), *_of_upstreams(state), *_of_values(state), *_of_turns(state), *_of_index(state))
    )
    return sorted(current, key=lambda alert: (alert.severity != CRITICAL, alert.since or 0.0))


def _of_workers(state: Health) -> Iterator[Alert]:
    if not state.workers:
        yield Alert(
            "No worker has ever run",
            "Changes in Fedora do not reach the pages.  Each page says that it may be out of date.  "
            "Start fedora-packages-worker.  With fedmsg-hub, see in its log why our consumer is not loaded.",
            CRITICAL,
        )
    elif not state.alive:
        waiting = sum(query.waiting.entries for query in state.queries)
        yield Alert(
            "No worker is running",
            "Pages do not show later changes, and say so.  "
            f"Refills waiting for a worker: {waiting}.  "
            "Start fedora-packages-worker.  It handles the missed messages first.",
            CRITICAL,
            since=max(worker.at for worker in state.workers),
        )
    else:
        current = [alert for worker in state.alive for alert in _of_worker(worker, state.is_behind)]
        yield from current
        if state.is_behind and not any(alert.severity == CRITICAL for alert in current):
            yield Alert(
                "The workers are behind with their messages",
                "Pages may not show later changes yet, and say so.  The workers usually catch up by themselves.  "
                "If the delay grows, start one more worker.",
                CRITICAL,
                since=state.caught_up_to,
            )


def _of_worker(worker: WorkerHealth, is_behind: bool) -> Iterator[Alert]:
    gap = worker.gap
    severity = CRITICAL
    meanwhile = "The message archive is not available either.  Pages do not show later changes, and say so."
    if gap and gap.archive and not gap.archive_error:
        severity = WARNING
        meanwhile = (
            "The worker polls the message archive every few seconds instead, so changes reach pages a little later."
        )
    for address, is_connected in worker.endpoints.items():
        if not is_connected:
            yield Alert(
                f"{worker.name} has no connection to the bus at {address}",
                f"{meanwhile}  Check whether that address can be reached.",
                severity,
                since=gap.cut_since if gap else None,
            )
    if worker.hub_moves is False:
        yield Alert(
            f"The hub of {worker.name} hangs",
            f"It passes on no messages.  {meanwhile}  See its log, then restart it.",
            severity,
            since=worker.hub_seen,
        )
    if worker.dead:
        yield Alert(
            f"{worker.name} has dead threads: {', '.join(worker.dead)}",
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
            f"{_sentence(gap.archive_error)}  {consequence}  Check connectors.datagrepper.url if this lasts.",
            WARNING if gap.closed else CRITICAL,
            since=gap.archive_error_since,
        )
    elif not gap.closed and is_behind:
        yield Alert(
            f"{worker.name} is still replaying missed messages: {gap.reason}",
            "Pages may not show later changes yet, and say so.  The alert ends with the replay.  No action is needed.",
            CRITICAL,
            since=worker.caught_up_to,
        )
    if not gap.archive:
        yield Alert(
            "datagrepper is not configured",
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
        names = {query.name for query in state.queries if query.upstream == upstream.name}
        if changed := [probe for probe in state.probes if probe.query in names and probe.findings]:
            yield _of_changed(upstream, changed)


def _of_failing(upstream: UpstreamHealth, failing: list[CircuitHealth], late: list[QueryHealth]) -> Alert:
    processes = " and ".join(circuit.process for circuit in failing)
    pause = "Only an occasional request is sent.  " if any(circuit.is_open for circuit in failing) else ""
    waiting = " and ".join(f"{_entries(query)} of {query.name}" for query in late)
    return Alert(
        f"{upstream.title} is not responding",
        f"Error of {processes}: {_sentence(failing[0].reason)}  {pause}"
        + (f"Waiting for a refill: {waiting}.  " if waiting else "")
        + "Pages show the last known values with their age.  All refills follow once it responds.  "
        "If it is up, check its URL and timeout in the settings.",
        since=min(circuit.failing_since for circuit in failing if circuit.failing_since),
    )


def _of_changed(upstream: UpstreamHealth, changed: list[Probe]) -> Alert:
    first, *more = (f"{probe.query}: {finding}" for probe in changed for finding in probe.findings)
    return Alert(
        f"{upstream.title}'s answers have changed: {first}",
        (f"Also {_sentence('; '.join(more))}  " if more else "")
        + "Values can lack what changed, or their refills fail and pages show the last known values.  "
        "If its URL in the settings is right, the connector must follow.  "
        "fedora-packages-worker --check asks again, and so does each start of a worker.",
        since=min((probe.since for probe in changed if probe.since is not None), default=None),
    )


def _failing_circuits(upstream: UpstreamHealth) -> list[CircuitHealth]:
    """Return the circuits that fail.

    A circuit whose pause has ended does not count if another process has had a response since: it fails only for want of
    requests.
    """
    answered = max((circuit.answered or 0.0 for circuit in upstream.circuits), default=0.0)
    failing = (circuit for circuit in upstream.circuits if circuit.failures and circuit.failing_since is not None)
    return [circuit for circuit in failing if circuit.reset_pause > 0 or answered <= circuit.failing_since]


def _is_late(query: QueryHealth, now: float) -> bool:
    return query.waiting.since is not None and now - query.waiting.since > MAX_WAIT


def _of_refills(upstream: UpstreamHealth, query: QueryHealth) -> Alert:
    is_one = query.waiting.entries == 1
    return Alert(
        f"{_entries(query)} of {query.name} {'waits' if is_one else 'wait'} for a refill "
        f"({'' if is_one else 'longest: '}{query.waiting.package})",
        "Pages show the last known values, and say so.  "
        f"Either {upstream.title} is slow or returns invalid responses (see Upstreams below), or the workers are too busy.  "
        "If the workers are too busy, start one more.",
        since=query.waiting.since,
    )


def _entries(query: QueryHealth) -> str:
    return _many(query.waiting.entries, "entry", "entries")


def _of_values(state: Health) -> Iterator[Alert]:
    lost, forgotten = state.sum("drift"), state.sum("forgotten")
    if lost:
        latest = f"The latest changed {state.lost[0]['query']} of {state.lost[0]['package']}.  " if state.lost else ""
        yield Alert(
            f"{_many(lost, 'lost message', 'lost messages')} in the last hour",
            f"{latest}The values that were found wrong are corrected.  "
            "Other pages may be wrong in the same way until the audit reaches them.  "
            "See below on which topics the messages were due, and report them to their publisher.",
            CRITICAL,
            since=min((drift["found"] for drift in state.lost), default=None),
        )
    if state.budget is not None and state.load > state.budget:
        yield Alert(
            "The schedules exceed the budget",
            f"At the present number of entries they ask for {state.load:.2f} reads a second; "
            f"the workers do {state.budget:g} (worker.audit_rate).  "
            "Values that no message and no sweep covers are read again later than planned.  Raise worker.audit_rate.",
        )
    if forgotten:
        yield Alert(
            f"The refill queue lost {_many(forgotten, 'entry', 'entries')} in the last hour",
            "The audit has found and queued them, so pages are up to date again.  "
            "This is a bug in fedora_packages.  Report it with the worker's log.",
        )

    if state.failed_lately:
        yield Alert(
            f"{_many(state.failed_lately, 'message', 'messages')} failed in the last hour",
            "Pages do not show what they changed until the audit reaches it.  "
            "This is a bug in fedora_packages.  Report it with the worker's log, which has each message.",
        )


def _of_turns(state: Health) -> Iterator[Alert]:
    for topic in state.topics:
        if topic.is_silent(state.at):
            yield Alert(
                f"No messages arrive on {topic.topic}",
                f"Sweeps have found {topic.untold} of its changes in the last hour, so pages show them one sweep late.  "
                "Its publisher has stopped, or the worker's subscription lacks the topic.",
                since=topic.handled,
            )
    for turn in state.turns if state.alive else ():
        if turn.is_late(state.at):
            yield Alert(
                f"{turn.name} is late",
                f"{_sentence(turn.error)}  "
                * bool(turn.error)
                + "Changes are shown after their messages.  One whose message is lost is shown only once the upstream lists it.  "
                "See the worker's log if this lasts.",
                since=turn.finished or turn.began,
            )


def _of_index(state: Health) -> Iterator[Alert]:
    if state.corruption is not None:
        severity, meanwhile = CRITICAL, "Packages have no pages and searches find nothing until then."
        if state.packages is not None:
            severity, meanwhile = WARNING, "Searches use the copy made at its last build and miss later packages."
        yield Alert(
            "The search index is corrupt",
            f"A worker rebuilds it.  {meanwhile}  Error: {_sentence(state.corruption.error)}{_last_rebuild(state.corruption)}",
            severity,
            since=state.corruption.at,
        )
    elif state.packages is None:
        yield Alert(
            "The search index is missing or unreadable",
            "Packages have no pages and searches find nothing.  Build the index with fedora-packages-index.",
            CRITICAL,
        )
    if state.skipped_releases:
        yield Alert(
            f"The search index lacks {', '.join(state.skipped_releases)}",
            "Their repositories could not be read during the build.  "
            "Packages have there what the previous index had, and new ones in them alone little more than a name.  "
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
    return f"{count} {one if count == 1 else more}"
