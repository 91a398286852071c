"""Bodhi: updates of a package, and the releases there are."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import query
from fedora_packages.connectors.schema import count, flag, moment, one_of, optional, record, rows, table, whole, word
from fedora_packages.connectors.schema import text as a_text
from fedora_packages.connectors.types import boolean, integer, items, optional_text, text
from fedora_packages.errors import InvalidResponse
from fedora_packages.messages.body import dig, objects, strings
from fedora_packages.messages.families.bodhi import update_of
from fedora_packages.rpm.nvr import name_of

#: How many updates are kept for a package, newest first.
UPDATES_KEPT = 300
PAGE = 100

#: Bodhi's releases of other content (modules, containers, flatpaks) have prefixes of their own.
RPM_PREFIXES = frozenset({"FEDORA", "FEDORA-EPEL", "FEDORA-EPEL-NEXT"})

#: ``disabled`` and ``archived`` releases get no updates any more.
ACTIVE_STATES = ("pending", "frozen", "current")

#: What an update's status can be, and how far on its way it then is.
STATUSES = {"pending": 0, "testing": 1, "stable": 2, "unpushed": 2, "obsolete": 2}

#: What an update can be for.
TYPES = ("security", "bugfix", "enhancement", "newpackage", "unspecified")


#: What `BodhiConnector.updates` and `BodhiConnector.releases` return.
UPDATES = record(
    total=count("updates that bodhi knows of"),
    testing=count("of those that are kept, how many are in testing"),
    updates=rows(
        record(
            alias=a_text(most=128),
            title=a_text(most=2000),
            release=optional(a_text("bodhi's name of the release"), "null of very old updates"),
            status=word(*STATUSES),
            request=optional(word("testing", "stable", "unpush", "obsolete", "revoke")),
            type=word(*TYPES),
            severity=word("unspecified", "low", "medium", "high", "urgent"),
            karma=whole(),
            critpath=flag("whether the build is on the critical path"),
            submitter=optional(a_text(), "null if bodhi does not say"),
            submitted=optional(moment()),
            modified=optional(moment(), "null if it never was"),
            pushed=optional(moment(), "null until it is in a repository"),
            testing=optional(moment("when it came to testing"), "null until then"),
            stable=optional(moment("when it came to stable"), "null until then"),
            gating=optional(word("ignored", "queued", "running", "passed", "failed", "waiting", "greenwave_failed")),
            builds=rows(a_text("NVR"), 1000),
            epochs=table(whole(), "of those builds that have one which is not 0, by NVR"),
            bugs=rows(record(id=whole(), title=optional(a_text(most=500)), security=flag()), 1000),
        ),
        UPDATES_KEPT,
        "newest first",
        as_="update",
    ),
)
RELEASES = record(
    releases=rows(
        record(
            name=a_text("bodhi's name: F45"),
            title=a_text(),
            version=a_text(),
            branch=a_text("what dist-git and mdapi call it, and the parameter release: f45"),
            state=one_of(*ACTIVE_STATES),
            family=one_of("fedora", "epel", "eln"),
            dist_tag=a_text(),
            stable_tag=optional(a_text("koji tag"), "null if it has none"),
            testing_tag=optional(a_text("koji tag"), "null if it has none"),
        ),
        meaning="in the order in which people read them",
    )
)


class BodhiConnector(Connector):
    """Updates and releases, from bodhi's REST service."""

    name = "bodhi"

    @query(version=3, every="updates_every", returns=UPDATES)
    def updates(self, package):
        """Return the updates of a source package, newest first.

            {"total": 131,                                  # updates bodhi knows of
             "testing": 2,                                  # of those that are listed, how many are in testing
             "updates": [{"alias": "FEDORA-2026-0a1b2c3d4e",
                          "title": "guake-3.9.0-1.fc45",
                          "release": "F45",                 # bodhi's name of the release, None in very old ones
                          "status": "testing",              # pending testing stable unpushed obsolete
                          "request": None,                  # testing stable unpush obsolete revoke, or None
                          "type": "bugfix", "severity": "unspecified",
                          "karma": 2, "critpath": False,
                          "submitter": "pingou",            # None if bodhi does not say
                          "submitted": 1667385600,          # UTC, seconds since 1970
                          "modified": None,                 # None if it never was
                          "pushed": None,                   # None until it is in a repository
                          "testing": None, "stable": None,  # when it came to testing, and to stable; None until then
                          "gating": "passed",               # None if bodhi does not say
                          "builds": ["guake-3.9.0-1.fc45"],
                          "epochs": {"guake-3.9.0-1.fc45": 1},    # of builds that have one which is not 0
                          "bugs": [{"id": 1234567, "title": "...", "security": False}]}]}

        At most `UPDATES_KEPT` are listed.  A package that bodhi does not know has a total of 0.

        Source: ``GET /updates/?packages=``.  Users' addresses that bodhi gives along are dropped.  What gating says is announced
        by no message: it is read again on a schedule.
        """
        asked = f"updates of {package!r}"
        updates: list[Any] = []
        total = 0
        for page in range(1, UPDATES_KEPT // PAGE + 1):
            answer = self.json(
                "/updates/", asked=asked, params={"packages": package, "page": page, "rows_per_page": PAGE}
            )
            rows = self.check(asked, lambda answer=answer: items(answer["updates"]))
            total = self.check(asked, lambda answer=answer: integer(answer["total"]))
            updates += self.check(asked, lambda rows=rows: [_update(row) for row in rows[:PAGE]])
            if len(rows) < PAGE or len(updates) >= total:
                break
        # A page boundary moves while we read if an update is submitted meanwhile: one may come twice.
        kept = list({update["alias"]: update for update in updates}.values())
        return {"total": total, "testing": sum(update["status"] == "testing" for update in kept), "updates": kept}

    @updates.affected("bodhi.update.*", "bodhi.errata.publish")
    def updates_affected(event):
        yield from event.source_packages

    @updates.expects
    def updates_expect(event, package):
        announced = update_of(event.body) or {}
        alias = announced.get("alias") or announced.get("updateid")
        if not isinstance(alias, str):
            return None
        builds = [name_of(build.get("nvr")) for build in objects(announced.get("builds"))]
        return {
            "about": f"update {alias[:128]}",
            "alias": alias[:128],
            "sent": event.sent,
            # False: the builds of this package were taken out of the update.
            "has_package": not builds or package in builds,
            "state": {
                key: announced[key]
                for key in ("status", "request")
                if key in announced and (announced[key] is None or isinstance(announced[key], str))
            },
            "karma": announced["karma"] if isinstance(announced.get("karma"), int) else None,
            "come": [nvr for nvr in strings(event.body.get("new_builds")) if name_of(nvr) == package],
            "gone": [nvr for nvr in strings(event.body.get("removed_builds")) if name_of(nvr) == package],
        }

    @updates.reflects
    def updates_reflect(value, facts):
        shown = next((update for update in value["updates"] if update["alias"] == facts["alias"]), None)
        if shown is None:
            return len(value["updates"]) >= UPDATES_KEPT or not facts["has_package"]
        if (shown["modified"] or 0) > facts["sent"]:
            return True
        status = facts["state"].get("status")
        if status is not None and STATUSES.get(shown["status"], 0) > STATUSES.get(status, len(STATUSES)):
            # It has moved on since.
            return True
        if not {*facts["come"]} <= {*shown["builds"]} or {*facts["gone"]} & {*shown["builds"]}:
            return False
        if facts["karma"] not in (shown["karma"], None):
            return False
        return all(shown[key] == word for key, word in facts["state"].items())

    @updates.ignores
    def updates_announced(value):
        # Comments of the gating system are not announced, nor is what they bring about.
        kept = [
            {key: word for key, word in update.items() if key not in ("gating", "modified")}
            for update in value["updates"]
        ]
        return {**value, "updates": kept}

    @query(version=1, subject="nothing", every="releases_every", returns=RELEASES)
    def releases(self):
        """Return the active releases, as people read them: rawhide, then Fedora newest first, then EPEL newest first, then ELN.

            {"releases": [{"name": "F45", "title": "Fedora 45", "version": "45",
                           "branch": "f45",                     # what dist-git and mdapi call it
                           "state": "current",                  # one of ACTIVE_STATES
                           "family": "fedora",                  # fedora, epel or eln
                           "dist_tag": "f45",
                           "stable_tag": "f45-updates", "testing_tag": "f45-updates-testing"}]}   # None if it has none

        Pending and frozen ones are there too; releases of modules, containers and flatpaks are not.

        Source: ``GET /releases/``.  No message announces a change: it is read again on a schedule.
        """
        asked = "the releases"
        rows: list[Any] = []
        for page in range(1, 21):
            params = [("state", state) for state in ACTIVE_STATES]
            params += [("page", str(page)), ("rows_per_page", str(PAGE))]
            answer = self.json("/releases/", asked=asked, params=params)
            rows += self.check(asked, lambda answer=answer: items(answer["releases"]))
            if page >= self.check(asked, lambda answer=answer: integer(answer["pages"])):
                break
        # An older server ignores `state`, and a newer one may know more of them.
        found = self.check(asked, lambda: sorted(map(_release, filter(_is_active, rows)), key=_reading_order))
        if not found:
            raise InvalidResponse(self.name, asked, "none that is active")
        return {"releases": found}

    @releases.misses
    def releases_overtaken(value, event):
        name = dig(update_of(event.body), "release", "name")
        prefix = dig(update_of(event.body), "release", "id_prefix")
        known = {release["name"] for release in value["releases"]}
        # Of modules and the like we want to know nothing; old messages do not say what they are of.
        is_of_rpms = prefix is None or (isinstance(prefix, str) and prefix in RPM_PREFIXES)
        return isinstance(name, str) and name not in known and is_of_rpms

    def update(self, alias: str) -> dict[str, Any] | None:
        """Return an update, as `updates` has it, or None if there is none of that name.

        Source: ``GET /updates/ALIAS``.
        """
        asked = f"update {alias!r}"
        path = f"/updates/{quote(alias, safe='')}"
        answer = self.request("GET", path, asked=asked, headers={"Accept": "application/json"})
        if answer.status == 404:
            # A proxy that has lost bodhi says 404 too, in other words.
            said = self.decoded(answer, asked, status=404)
            if isinstance(said, Mapping) and said.get("status") == "error" and said.get("errors"):
                return None
        found = self.decoded(answer, asked)
        return self.check(asked, lambda: _update(found["update"]))


def _time(value: Any) -> int | None:
    # Bodhi's times are UTC and do not say so.
    if value is None:
        return None
    return int(datetime.strptime(text(value, 40), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


def _update(row: Any) -> dict[str, Any]:
    release, user, builds = row.get("release"), row.get("user"), items(row["builds"])[:1000]
    return {
        "alias": text(row["alias"], 128),
        "title": text(row["title"], 2000),
        "release": text(release["name"], 64) if isinstance(release, Mapping) else None,
        "status": text(row["status"], 32),
        "request": optional_text(row["request"], 32),
        "type": text(row["type"], 32),
        "severity": text(row["severity"], 32),
        "karma": integer(row["karma"]),
        "critpath": boolean(row["critpath"]),
        "submitter": optional_text(user.get("name"), 256) if isinstance(user, Mapping) else None,
        "submitted": _time(row["date_submitted"]),
        "modified": _time(row["date_modified"]),
        "pushed": _time(row["date_pushed"]),
        "testing": _time(row["date_testing"]),
        "stable": _time(row["date_stable"]),
        "gating": optional_text(row.get("test_gating_status"), 32),
        "builds": [text(build["nvr"], 512) for build in builds],
        "epochs": {build["nvr"]: integer(build["epoch"]) for build in builds if build.get("epoch")},
        "bugs": [
            {
                "id": integer(bug["bug_id"]),
                "title": optional_text(bug["title"], 500),
                "security": boolean(bug["security"]),
            }
            for bug in items(row["bugs"])[:1000]
        ],
    }


def _is_active(row: Any) -> bool:
    return row["id_prefix"] in RPM_PREFIXES and row["state"] in ACTIVE_STATES and bool(row["branch"])


def _release(row: Any) -> dict[str, Any]:
    prefix, branch = text(row["id_prefix"], 64), text(row["branch"], 64)
    return {
        "name": text(row["name"], 64),
        "title": text(row["long_name"], 128),
        "version": text(row["version"], 16),
        "branch": branch,
        "state": text(row["state"], 16),
        # ELN has Fedora's prefix but is neither a Fedora that people run nor an EPEL.
        "family": "eln" if branch == "eln" else "fedora" if prefix == "FEDORA" else "epel",
        "dist_tag": text(row["dist_tag"], 64),
        "stable_tag": optional_text(row["stable_tag"], 64) or None,
        "testing_tag": optional_text(row["testing_tag"], 64) or None,
    }


def _reading_order(release: Mapping[str, Any]) -> tuple[Any, ...]:
    family = ("fedora", "epel", "eln").index(release["family"])
    # The version is a text ("45", "10.1", "eln"): its numbers count, the rest only settles ties.
    numbers = tuple(-int(part) for part in release["version"].split(".") if part.isdecimal())
    return (family, release["branch"] != "rawhide", numbers or (0,), release["name"])
