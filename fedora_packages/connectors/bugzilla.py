"""Bugzilla: the open bugs of a package, and how many there are.

Red Hat's server can return fewer bugs than were requested (20 for anonymous readers, at times).  Only ``total_matches`` shows
that, which other servers do not have.  The offset of the next page is therefore the number of bugs that were returned.
"""

import re
import time
from collections.abc import Iterator
from typing import Any

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.bugzilla_bugs import (
    MAX_BUGS,
    PRODUCTS,
    AnyBug,
    AnyBugs,
    Bug,
    History,
    MovedBugs,
    OpenBugs,
    SweptBug,
    SweptBugs,
    change_of,
    public,
)
from fedora_packages.connectors.bulk import in_bulk
from fedora_packages.connectors.http import Response
from fedora_packages.connectors.page_links import Site
from fedora_packages.connectors.query import query
from fedora_packages.connectors.sweep import Swept, digest_of, is_new, since, sweep
from fedora_packages.connectors.types import (
    Count,
    InvalidRows,
    ISOTime,
    M,
    Model,
    Rows,
    Sometimes,
    Timestamp,
    field,
)
from fedora_packages.messages.body import dig
from fedora_packages.messages.contents.bugzilla import bug_of

#: Requests that are sent for the open bugs of a package.
MAX_PAGES = 60

#: Bugs whose component is kept between sweeps, those listed last, and moved bugs whose history one step of a sweep reads.
MAX_COMPONENTS = 20_000
MAX_HISTORIES = 100

#: Seconds by which the time zone of a server can shift the dates in a search.
ONE_DAY = 86_400

#: Pages of the list of all open bugs, at most: some servers return 20 bugs a page.
MAX_BULK_PAGES = 10_000

#: Products whose bugs name a CVE: ours, and the one with a bug for each CVE.
CVE_PRODUCTS = (*PRODUCTS, "Security Response")

#: Bugs that name a CVE and are returned.
MAX_CARRIERS = 20

FIELDS = "id,summary,status,product,component,version,creation_time,last_change_time,keywords,alias,assigned_to,blocks,severity"

#: Error codes: an unknown bug (by number or alias), and a private one.
NO_SUCH_BUG, PRIVATE_BUG = (51, 100, 101), (102,)

CHANGE_TOPICS = ("bugzilla.bug.new", "bugzilla.bug.update")


class Bugs(Model):
    """What `BugzillaConnector.bugs` returns."""

    total: Count = field("open bugs; more than are listed if there are very many")
    bugs: Sometimes[Rows(Bug, MAX_BUGS, "bug")] = field("newest first")
    invalid_rows: InvalidRows = None


class Counts(Model):
    """What `BugzillaConnector.counts` returns."""

    open: Count = field("open bugs")
    blockers: Count = field("open bugs that block others")
    changed: Timestamp | None = field("when any of its bugs, open or not, last changed; null if there is no bug")


class _Page(Model):
    bugs: list[Any]
    total_matches: Sometimes[Count | None] = None


class _Change(Model):
    last_change_time: ISOTime


class _Changes(Model):
    bugs: Rows(_Change, MAX_BUGS)


def open_bugs(
    package: str, product: str | None = None, version: str | None = None, is_blocking: bool = False
) -> list[tuple[str, str]]:
    """Return the parameters of a search for a source package's open bugs.

    They mean the same to the REST service (``/rest/bug``) and to the list for people (``buglist.cgi``).  Both are requested with
    these parameters, so that the numbers on our pages are those of the linked list.
    """
    wanted = [("product", name) for name in PRODUCTS if product in (None, name)]
    wanted += [("component", package), ("bug_status", "__open__")]
    wanted += [("version", version)] if version else []
    return wanted + ([("f1", "blocked"), ("o1", "isnotempty")] if is_blocking else [])


class BugzillaSite(Site):
    """Bugzilla's web interface."""

    default = "https://bugzilla.redhat.com"

    def bug(self, number: int) -> str:
        """Return the page of a bug."""
        return self.link("show_bug.cgi", id=number)

    def bugs(self, package: str, product: str | None = None, version: str | None = None) -> str:
        """Return the list of a source package's open bugs, of a product and a version."""
        return self.listed("buglist.cgi", parameters=open_bugs(package, product, version))

    def blocking_bugs(self, package: str) -> str:
        """Return the list of a source package's open bugs that block others."""
        return self.listed("buglist.cgi", parameters=open_bugs(package, is_blocking=True))

    def cve(self, name: str) -> str:
        """Return the list of the bugs with a CVE's name as alias; it may be empty."""
        return self.link("buglist.cgi", f1="alias", o1="equals", v1=name)

    def new_bug(self, package: str, product: str = "Fedora", version: str | None = None) -> str:
        """Return the form for a new bug of a source package."""
        return self.link("enter_bug.cgi", product=product, version=version, component=package)


class BugzillaConnector(Connector):
    """Open bugs, from bugzilla's REST service."""

    name = "bugzilla"
    title = "Bugzilla"
    site = BugzillaSite()
    authorization = "Bearer"
    timeout = 60.0  # with many bugs it is slow

    @query(version=5, topics=CHANGE_TOPICS)
    def bugs(self, package) -> Bugs:
        """Return the open bugs of a source package, newest first.

        A value has at most `MAX_BUGS` bugs, without their reporters and assignees.

        Source: ``GET /rest/bug`` with ``bug_status=__open__``.  Neither a message nor a sweep finds a bug that became private:
        the audit of all open bugs does.
        """
        request = f"GET /rest/bug?component={package}"
        found, total = self._search(request, open_bugs(package), FIELDS, MAX_BUGS)
        return self.read(request, Bugs, {"total": total, "bugs": found})

    @bugs.expects
    def bugs_expect(event, package):
        announced = bug_of(event.body)
        if announced["id"] is None or not announced["status"]:
            return None
        is_open_here = announced["status"] != "CLOSED" and package in (announced["components"] or [package])
        # It must be there if it is new, has been opened again or has come from elsewhere.  Otherwise it may have been
        # closed, moved or made private since.
        is_new_here = event.topic == "bugzilla.bug.new" or announced["changed"] & {"status", "bug_status", "component"}
        return {
            # A later change of its severity, say, does not take back that the bug must be listed: only these can.
            "about": f"{'place' if is_new_here else 'state'} of bug {announced['id']}",
            "id": announced["id"],
            "sent": event.sent,
            "status": announced["status"][:64] if is_open_here else None,
            "must_be": bool(is_open_here and is_new_here),
        }

    @bugs.reflects
    def bugs_reflect(value, facts):
        shown = next((bug for bug in value["bugs"] if bug["id"] == facts["id"]), None)
        if shown is None:
            return len(value["bugs"]) >= MAX_BUGS or not facts["must_be"]
        return shown["status"] == facts["status"] or (shown["changed"] or 0) > facts["sent"]

    @query(version=2, topics=CHANGE_TOPICS)
    def counts(self, package) -> Counts:
        """Return the number of open bugs of a source package, and of those that block others.

        Source: ``GET /rest/bug``, with one bug a request.  Neither a message nor a sweep finds a bug that became private: the
        audit of all open bugs does.
        """
        request = f"GET /rest/bug?component={package} (counts)"
        # The newest change is read first: numbers that are newer than it do no harm, older ones would.
        changed = self._newest_change(request, package)
        _, total = self._search(request, open_bugs(package), "id", 1)
        _, blockers = self._search(request, open_bugs(package, is_blocking=True), "id", 1)
        return self.read(request, Counts, {"open": total, "blockers": blockers, "changed": changed})

    @counts.expects
    def counts_expect(event, package):
        announced = bug_of(event.body)
        if not announced["components"] or announced["timestamp"] is None:
            return None
        # Of a bug that has moved away nothing is left to see here, nor of what was said of it before.
        return {"about": "bugs", "changed": announced["timestamp"] if package in announced["components"] else 0}

    @counts.reflects
    def counts_reflect(value, facts):
        return (value["changed"] or 0) >= facts["changed"]

    @in_bulk(bugs, every=86400)
    def all_bugs(self) -> Iterator[tuple[str, dict[int, str]]]:
        """Yield each component with its open bugs: ``{number: digest}``.

        Source: ``GET /rest/bug`` with ``bug_status=__open__``, page by page.
        """
        request, components = "GET /rest/bug (all open bugs)", {}
        params = [("product", product) for product in PRODUCTS]
        params += [
            ("bug_status", "__open__"),
            ("include_fields", FIELDS),
            ("order", "bug_id"),
            ("limit", str(MAX_BUGS)),
        ]
        offset = 0
        for _ in range(MAX_BULK_PAGES):
            answer = self.json("rest", "bug", request=request, params=[*params, ("offset", str(offset))])
            self._refuse_errors(request, answer)
            for bug in self.read(request, OpenBugs, answer).bugs:
                row = bug.model_dump(mode="json", include=set(Bug.model_fields))
                components.setdefault(bug.component, {})[bug.id] = digest_of(row)
            if not answer["bugs"]:
                break
            offset += len(answer["bugs"])
        yield from components.items()

    @all_bugs.agrees
    def bugs_agree(value, fact):
        is_cut = value["total"] > len(value["bugs"])
        return is_cut or {bug["id"]: digest_of(bug) for bug in value["bugs"]} == (fact or {})

    @in_bulk(counts, every=86400)
    def all_counts(self) -> Iterator[tuple[str, int]]:
        """Yield each component with the number of its open bugs.  Source: as `all_bugs`."""
        yield from ((component, len(bugs)) for component, bugs in BugzillaConnector.all_bugs.fetch(self))

    @all_counts.agrees
    def counts_agree(value, fact):
        return value["open"] == (fact or 0)

    @sweep(every=600)
    def changes(self, position, now) -> Swept:
        """Return the bugs of Fedora and EPEL that changed since the previous sweep, the oldest change first.

        A bug that moved names its new component only; those before are known from earlier sweeps, and from the histories of the
        bugs that moved since.  A bug that became private is in no list.

        Source: ``GET /rest/bug`` with ``last_change_time``, and with a ``component`` changed since; ``GET /rest/bug/ID/history``.
        """
        request = "GET /rest/bug?last_change_time= (sweep)"
        first = int(since(position, now))
        start, offset = position.get("from", first), position.get("offset", 0)
        params = [("product", product) for product in PRODUCTS]
        params += [("last_change_time", _date(start))]
        params += [("include_fields", FIELDS), ("order", "changeddate,bug_id")]
        params += [("limit", str(MAX_BUGS)), ("offset", str(offset))]
        answer = self.json("rest", "bug", request=request, params=params)
        self._refuse_errors(request, answer)
        found, rows = self.read(request, SweptBugs, answer), len(answer["bugs"])
        components = position.get("components", {})
        # The overlap of two sweeps has bugs whose history is known.
        unseen = [bug for bug in found.bugs if is_new(position, bug.changed) or str(bug.id) not in components]
        moves = self._moves(unseen, first)
        changes = [
            change_of(
                bug, {*moves.get(bug.id, ()), components.get(str(bug.id), "")}, first, is_new(position, bug.changed)
            )
            for bug in found.bugs
        ]
        components = {**components, **{str(bug.id): bug.component for bug in found.bugs}}
        kept = {"components": dict(list(components.items())[-MAX_COMPONENTS:]), "until": position.get("until", now)}
        # Some servers return fewer rows than they are asked for: only an empty page is the last.
        if not rows:
            return Swept((), {"since": kept.pop("until"), **kept})
        # A bug that changes meanwhile moves to the end, and all that follow it up by one: the next page begins at a time.
        last = max((bug.changed for bug in found.bugs), default=start)
        place = {"from": last, "offset": 0} if last > start else {"from": start, "offset": offset + rows}
        return Swept(changes, {**position, **kept, **place}, is_complete=False, invalid_rows=found.invalid_rows)

    def _moves(self, bugs: list[SweptBug], start: float) -> dict[int, set[str]]:
        """Return the components in which those of some bugs that moved since a time have been since then."""
        if not bugs:
            return {}
        request = "GET /rest/bug?o1=changedafter (sweep)"
        params = [("product", product) for product in PRODUCTS]
        params += [
            ("f1", "component"),
            ("o1", "changedafter"),
            ("v1", _date(start - ONE_DAY)),
            ("include_fields", "id"),
        ]
        params += [("order", "changeddate DESC"), ("limit", str(MAX_BUGS))]
        moved = {bug.id for bug in self._found(request, params, MovedBugs).bugs}
        numbers = [bug.id for bug in bugs if bug.id in moved]
        return {number: self._components_since(number, start) for number in numbers[:MAX_HISTORIES]}

    def _components_since(self, number: int, start: float) -> set[str]:
        """Return the components that a bug was in and has left since a time."""
        answer = self.get("rest", "bug", str(number), "history", params={"new_since": _date(start)})
        if self._error_code(answer) in NO_SUCH_BUG + PRIVATE_BUG:
            return set()
        return {
            change.removed
            for one in self.parsed(answer, History).changes
            for change in one.changes
            if change.field == "component" and one.at >= start
        }

    def bug(self, number: int) -> dict[str, Any] | None:
        """Return a bug: its ``id``, ``is_private``, ``summary``, ``status``, ``product``, ``component`` and ``version``.

        A private bug has the first two only.  None for an unknown bug.

        Source: ``GET /rest/bug/ID``; a search does not tell a private bug from an unknown one.
        """
        answer = self.get("rest", "bug", str(number), params={"include_fields": FIELDS})
        code = self._error_code(answer)
        if code in NO_SUCH_BUG:
            return None
        if code in PRIVATE_BUG:
            return {"id": number, "is_private": True}
        rows = [row for row in self.parsed(answer, _Page).bugs if dig(row, "id") == number]
        if not rows:
            raise self.invalid(answer.request, f"no bug {number}")
        return public(self.read(answer.request, AnyBug, rows[0]))

    def carriers(self, cve: str) -> list[dict[str, Any]]:
        """Return the bugs with a CVE as alias or in their summary, each as `bug` returns it, newest first.

        At most `MAX_CARRIERS`, also closed ones: the bugs of Fedora, and the bug of the CVE itself.

        Source: ``GET /rest/bug``.
        """
        request = f"GET /rest/bug (bugs of {cve})"
        sought = [("product", name) for name in CVE_PRODUCTS]
        sought += [("j_top", "OR"), ("f1", "alias"), ("o1", "equals"), ("v1", cve)]
        sought += [("f2", "short_desc"), ("o2", "anywords"), ("v2", cve)]
        rows, _ = self._search(request, sought, FIELDS, MAX_CARRIERS)
        # Servers differ in what is a word: CVE-2026-1234 must not match CVE-2026-12345.
        is_named = re.compile(rf"(?<![\w-]){re.escape(cve)}(?![\w-])", re.IGNORECASE).search
        bugs = self.read(request, AnyBugs, {"bugs": rows}).bugs
        return [public(bug) for bug in bugs if cve in bug.alias or is_named(bug.summary)]

    def _newest_change(self, request: str, package: str) -> int | None:
        """Return the time of the last change of any bug of the package, or None without bugs."""
        params = [("product", product) for product in PRODUCTS]
        params += [("component", package), ("include_fields", "id,last_change_time")]
        params += [("order", "changeddate DESC"), ("limit", "1")]
        changes = self._found(request, params, _Changes).bugs
        return max((change.last_change_time for change in changes), default=None)

    def _search(self, request: str, sought: list[tuple[str, str]], fields: str, wanted: int) -> tuple[list[Any], int]:
        """Return at most ``wanted`` rows of a search, newest first, and the number of all matches."""
        base = [*sought, ("include_fields", fields), ("order", "bug_id DESC")]
        rows: dict[Any, Any] = {}
        total: int | None = None
        for _ in range(MAX_PAGES):
            # Without total_matches all bugs must be read to count them.
            limit = wanted - len(rows) if total is not None or not rows else MAX_BUGS
            params = [*base, ("limit", str(limit)), ("offset", str(len(rows)))]
            page = self._found(request, params, _Page)
            total = page.total_matches
            fresh = {_key(row, place): row for place, row in enumerate(page.bugs)}
            is_last = fresh.keys() <= rows.keys()
            rows.update(fresh)
            if is_last or (total is not None and len(rows) >= min(wanted, total)) or len(rows) >= MAX_BUGS:
                break
        self.check_rows(request, total or 0, rows)
        return list(rows.values())[:wanted], len(rows) if total is None else total

    def _found(self, request: str, params: list[tuple[str, str]], kind: type[M]) -> M:
        """Return the answer to one request of a search."""
        answer = self.json("rest", "bug", request=request, params=params)
        self._refuse_errors(request, answer)
        return self.read(request, kind, answer)

    def _error_code(self, answer: Response) -> int | None:
        """Return the code of an answer that no bug can be shown.  Raises `InvalidResponse` for any other error."""
        if answer.status not in (200, 400, 401, 403, 404):
            return None
        found = self.decoded(answer, status=answer.status)
        code = found.get("code") if isinstance(found, dict) and found.get("error") else None
        if code not in NO_SUCH_BUG + PRIVATE_BUG:
            self._refuse_errors(answer.request, found)
        return code

    def _refuse_errors(self, request: str, answer: Any) -> None:
        # Bugzilla can return an error with the status 200.
        if isinstance(answer, dict) and answer.get("error"):
            code, message = answer.get("code"), str(answer.get("message"))
            reason = f"error {code}" if isinstance(code, int) else "an error without a number"
            raise self.invalid(request, reason, message.encode("utf-8", "replace"))


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _key(row: Any, place: int) -> Any:
    """Return the id of a row, or the place of one that is left for validation."""
    number = dig(row, "id")
    return number if type(number) is int else f"row {place}"
