"""Bugzilla: the open bugs of a package, and how many there are.

The one thing to know: Red Hat's server gives fewer bugs than were asked for (20 to anonymous readers, at times) and says so
nowhere but in ``total_matches``, which other servers do not have.  So pages are counted by what came.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import query
from fedora_packages.connectors.schema import count, flag, moment, optional, record, rows, whole, word
from fedora_packages.connectors.schema import text as a_text
from fedora_packages.connectors.types import integer, items, text
from fedora_packages.errors import InvalidResponse
from fedora_packages.messages.families.bugzilla import bug_of

PRODUCTS = ("Fedora", "Fedora EPEL")

#: How many open bugs are kept for a package, newest first.
BUGS_KEPT = 1000
MAX_PAGES = 60

#: Products whose bugs name a CVE: ours, and the one that has a bug of each CVE.
CVE_PRODUCTS = (*PRODUCTS, "Security Response")

#: How many bugs that name a CVE are given.
CARRIERS_KEPT = 20

FIELDS = "id,summary,status,product,component,version,last_change_time,keywords,alias,assigned_to,blocks,severity"

#: Codes of errors: there is no such bug, by number or by alias; it is not for everybody.
NO_SUCH_BUG, PRIVATE_BUG = (51, 100, 101), (102,)

SECURITY_TEAM = "security-response-team@redhat.com"

#: What a bug can be marked as.  A tracker stands for other bugs; bugzilla has a keyword for it.
SECURITY, BLOCKER, TRACKER = MARKS = ("security", "blocker", "tracker")
TRACKING = "Tracking"

#: The statuses that an open bug usually has.
OPEN_STATUSES = ("NEW", "ASSIGNED", "POST", "MODIFIED", "ON_DEV", "ON_QA", "VERIFIED", "RELEASE_PENDING")

#: What `BugzillaConnector.bugs` and `BugzillaConnector.counts` return.
BUGS = record(
    total=count("open bugs; more than are listed if there are very many"),
    bugs=rows(
        record(
            id=whole(),
            summary=a_text(most=1000),
            status=word(*OPEN_STATUSES),
            severity=word("unspecified", "low", "medium", "high", "urgent"),
            product=word(*PRODUCTS),
            version=a_text("empty if bugzilla has none"),
            changed=optional(moment("its last change"), "null if bugzilla does not say"),
            security=flag(),
            blocks=rows(whole("bug that it blocks"), 200),
            keywords=rows(a_text(most=64), 20),
            alias=rows(a_text("CVE-2026-12345", most=64), 20),
        ),
        BUGS_KEPT,
        "newest first",
        as_="bug",
    ),
)
COUNTS = record(
    open=count("open bugs"),
    blockers=count("open bugs that block others"),
    changed=optional(moment("when any of its bugs, open or not, last changed"), "null if there is no bug"),
)


def open_bugs(
    package: str, product: str | None = None, version: str | None = None, is_blocking: bool = False
) -> list[tuple[str, str]]:
    """Return the parameters that ask bugzilla for a source package's open bugs: of a product and a version, that block others.

    They mean the same to the service for programs (``/rest/bug``) and to the list for people (``buglist.cgi``).  Both are asked
    with what is made here, so that the numbers on our pages are those of the list behind the link.
    """
    wanted = [("product", name) for name in PRODUCTS if product in (None, name)]
    wanted += [("component", package), ("bug_status", "__open__")]
    wanted += [("version", version)] if version else []
    return wanted + ([("f1", "blocked"), ("o1", "isnotempty")] if is_blocking else [])


def marks_of(bug: Mapping[str, Any]) -> list[str]:
    """Return what a bug, as `BugzillaConnector.bugs` has it, is marked as."""
    signs = {SECURITY: bug["security"], BLOCKER: bug["blocks"], TRACKER: TRACKING in bug["keywords"]}
    return [mark for mark, is_so in signs.items() if is_so]


class BugzillaConnector(Connector):
    """Open bugs, from bugzilla's REST service."""

    name = "bugzilla"

    @query(version=2, every="bugs_every", returns=BUGS)
    def bugs(self, package):
        """Return the open bugs of a source package, newest first.

            {"total": 31,                              # open bugs; more than are listed if there are over BUGS_KEPT
             "bugs": [{"id": 2345678, "summary": "guake does not drop down",
                       "status": "ASSIGNED", "severity": "medium",
                       "product": "Fedora", "version": "45",     # "" if bugzilla has none
                       "changed": 1667385600,          # UTC, seconds since 1970; None if bugzilla does not say
                       "security": False, "blocks": [2345600],
                       "keywords": ["FutureFeature"], "alias": ["CVE-2026-12345"]}]}

        Source: ``GET /rest/bug`` with ``bug_status=__open__``.  Who reported a bug and whom it is assigned to is not kept.
        Bugs that become private are announced by no message: it is read again on a schedule.
        """
        asked = f"open bugs of {package!r}"
        rows, total = self._search(asked, open_bugs(package), FIELDS, BUGS_KEPT)
        return self.check(asked, lambda: {"total": total, "bugs": [_bug(row) for row in rows]})

    @bugs.affected("bugzilla.bug.new", "bugzilla.bug.update")
    def bugs_affected(event):
        yield from event.source_packages

    @bugs.expects
    def bugs_expect(event, package):
        announced = bug_of(event.body)
        if announced["id"] is None or not announced["status"]:
            return None
        is_open_here = announced["status"] != "CLOSED" and announced["component"] in (package, None)
        # It must be there if it is new, has been opened again or has come from elsewhere.  Otherwise it may have been
        # closed, moved or made private since.
        is_new_here = event.topic == "bugzilla.bug.new" or announced["changed"] & {"status", "bug_status", "component"}
        return {
            "about": f"bug {announced['id']}",
            "id": announced["id"],
            "sent": event.sent,
            "status": announced["status"][:64] if is_open_here else None,
            "must_be": bool(is_open_here and is_new_here),
        }

    @bugs.reflects
    def bugs_reflect(value, facts):
        shown = next((bug for bug in value["bugs"] if bug["id"] == facts["id"]), None)
        if shown is None:
            return len(value["bugs"]) >= BUGS_KEPT or not facts["must_be"]
        return shown["status"] == facts["status"] or (shown["changed"] or 0) > facts["sent"]

    @query(version=2, every="bugs_every", returns=COUNTS)
    def counts(self, package):
        """Return how many open bugs a source package has, and how many of them block others.

            {"open": 31, "blockers": 2,
             "changed": 1667385600}       # UTC, seconds since 1970: when any of its bugs, open or not, last changed; None: no bug

        Source: ``GET /rest/bug``, asked for numbers only.  Bugs that become private are announced by no message: it is read
        again on a schedule.
        """
        asked = f"numbers of open bugs of {package!r}"
        # First what is newest: numbers that are newer than that are no harm, older ones would be.
        changed = self._newest_change(asked, package)
        _, total = self._search(asked, open_bugs(package), "id", 1)
        _, blockers = self._search(asked, open_bugs(package, is_blocking=True), "id", 1)
        return {"open": total, "blockers": blockers, "changed": changed}

    @counts.affected("bugzilla.bug.new", "bugzilla.bug.update")
    def counts_affected(event):
        yield from event.source_packages

    @counts.expects
    def counts_expect(event, package):
        announced = bug_of(event.body)
        if announced["component"] is None or announced["timestamp"] is None:
            return None
        # Of a bug that has moved away nothing is left to see here, nor of what was said of it before.
        return {"about": "bugs", "changed": announced["timestamp"] if announced["component"] == package else 0}

    @counts.reflects
    def counts_reflect(value, facts):
        return (value["changed"] or 0) >= facts["changed"]

    def bug(self, number: int) -> dict[str, Any] | None:
        """Return a bug, or None if there is none.

            {"id": 2345678, "is_private": False,
             "summary": "guake does not drop down", "status": "ASSIGNED",
             "product": "Fedora", "component": "guake", "version": "45"}      # "" where bugzilla has none

        Of one that is private there is no more than the first two.

        Source: ``GET /rest/bug/ID``; a search would not tell what is private from what is not there.
        """
        asked = f"bug {number}"
        params = {"include_fields": FIELDS}
        answer = self.request(
            "GET", f"/rest/bug/{number}", asked=asked, params=params, headers={"Accept": "application/json"}
        )
        if answer.status in (200, 400, 401, 403, 404):
            found = self.decoded(answer, asked, status=answer.status)
            code = found.get("code") if isinstance(found, dict) and found.get("error") else None
            if code in NO_SUCH_BUG:
                return None
            if code in PRIVATE_BUG:
                return {"id": number, "is_private": True}
            self._refuse_errors(asked, found)
        found = self.decoded(answer, asked)
        return self.check(asked, lambda: [_told(row) for row in items(found["bugs"]) if row["id"] == number][0])

    def carriers(self, cve: str) -> list[dict[str, Any]]:
        """Return the bugs, each as `bug` has it, that have a CVE for an alias or name it in their summary, newest first.

        At most `CARRIERS_KEPT`, closed ones too.  Those of Fedora, and the one that the CVE itself has.

        Source: ``GET /rest/bug``.
        """
        asked = f"bugs that name {cve!r}"
        sought = [("product", name) for name in CVE_PRODUCTS]
        sought += [("j_top", "OR"), ("f1", "alias"), ("o1", "equals"), ("v1", cve)]
        sought += [("f2", "short_desc"), ("o2", "anywords"), ("v2", cve)]
        rows, _ = self._search(asked, sought, FIELDS, CARRIERS_KEPT)
        # What a word is, servers see differently: CVE-2026-1234 is none of CVE-2026-12345.
        is_named = re.compile(rf"(?<![\w-]){re.escape(cve)}(?![\w-])", re.IGNORECASE).search
        return self.check(
            asked,
            lambda: [_told(row) for row in rows if cve in _many(row.get("alias")) or is_named(text(row["summary"]))],
        )

    def _newest_change(self, asked: str, package: str) -> int | None:
        """Return when a bug of the package last changed, or None if it has none."""
        params = [("product", product) for product in PRODUCTS]
        params += [("component", package), ("include_fields", "id,last_change_time")]
        params += [("order", "changeddate DESC"), ("limit", "1")]
        answer = self.json("/rest/bug", asked=asked, params=params)
        self._refuse_errors(asked, answer)
        return self.check(
            asked, lambda: max((_time(row["last_change_time"]) for row in items(answer["bugs"])), default=None)
        )

    def _search(self, asked: str, sought: list[tuple[str, str]], fields: str, wanted: int) -> tuple[list[Any], int]:
        """Return at most ``wanted`` rows of what is sought, newest first, and how many bugs that matches."""
        base = [*sought, ("include_fields", fields), ("order", "bug_id DESC")]
        rows: dict[int, Any] = {}
        total: int | None = None
        for _ in range(MAX_PAGES):
            # Without total_matches the only way to count is to read them all.
            limit = wanted - len(rows) if total is not None or not rows else BUGS_KEPT
            params = [*base, ("limit", str(limit)), ("offset", str(len(rows)))]
            answer = self.json("/rest/bug", asked=asked, params=params)
            self._refuse_errors(asked, answer)
            page = self.check(asked, lambda answer=answer: {integer(row["id"]): row for row in items(answer["bugs"])})
            total = self.check(
                asked, lambda answer=answer: integer(answer["total_matches"]) if "total_matches" in answer else None
            )
            fresh = page.keys() - rows.keys()
            rows.update(page)
            if not fresh or (total is not None and len(rows) >= min(wanted, total)) or len(rows) >= BUGS_KEPT:
                break
        return list(rows.values())[:wanted], len(rows) if total is None else total

    def _refuse_errors(self, asked: str, answer: Any) -> None:
        # Bugzilla may say "error" with a status of 200.
        if isinstance(answer, dict) and answer.get("error"):
            raise InvalidResponse(self.name, asked, f"error {answer.get('code')!r:.20}: {answer.get('message')!r:.200}")


def _first(value: Any) -> str:
    # Red Hat's bugzilla gives component and version as lists, others as texts.
    if isinstance(value, list):
        return text(value[0], 256) if value else ""
    return text(value, 256)


def _time(value: Any) -> int:
    found = datetime.fromisoformat(text(value, 40))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _bug(row: Any) -> dict[str, Any]:
    # Beside these three, a field may be missing where the reader is not allowed to see it.
    changed = row.get("last_change_time")
    return {
        "id": integer(row["id"]),
        "summary": text(row["summary"], 1000),
        "status": text(row["status"], 64),
        "severity": text(row.get("severity", ""), 64),
        "product": text(row.get("product", ""), 128),
        "version": _first(row.get("version", "")),
        "changed": None if changed is None else _time(changed),
        "security": _is_security(row),
        "blocks": [integer(number) for number in items(row.get("blocks", []))[:200]],
        "keywords": _words(row.get("keywords")),
        "alias": _words(row.get("alias")),
    }


def _told(row: Any) -> dict[str, Any]:
    bug = _bug(row)
    return {
        "id": bug["id"],
        "is_private": False,
        **{key: bug[key] for key in ("summary", "status", "product", "version")},
        "component": _first(row.get("component", "")),
    }


def _is_security(row: Any) -> bool:
    return (
        row.get("assigned_to") == SECURITY_TEAM
        or "vulnerability" in _many(row.get("component"))
        or "Security" in _many(row.get("keywords"))
        or any(text(alias).startswith("CVE") for alias in _many(row.get("alias")))
    )


def _words(value: Any) -> list[str]:
    return [text(word, 64) for word in _many(value)[:20] if word]


def _many(value: Any) -> list[Any]:
    # Red Hat's bugzilla gives lists where others give a text, or nothing.
    return value if isinstance(value, list) else [value or ""]
