"""Bodhi: the updates of a package, and the active releases."""

import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ValidationError, model_validator

from fedora_packages.connectors import types
from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.bodhi_updates import (
    MAX_UPDATES,
    OPEN_STATUSES,
    STATUSES,
    Comment,
    Seen,
    SweptUpdate,
    Update,
    change_of,
    nvrs_in,
    own_builds_first,
)
from fedora_packages.connectors.page_links import Site
from fedora_packages.connectors.query import query
from fedora_packages.connectors.sweep import LeftOut, Swept, digest_of, since, sweep
from fedora_packages.connectors.types import (
    Count,
    Day,
    Integer,
    InvalidRows,
    M,
    Model,
    OptionalText,
    Own,
    ReadAs,
    Rows,
    Text,
    field,
)
from fedora_packages.messages.body import dig, objects, strings
from fedora_packages.messages.contents.bodhi import update_of
from fedora_packages.rpm.nvr import name_of

#: Rows that are requested at once, and releases that are read.
PAGE = 100
MAX_RELEASES = 2000

#: The families of releases of rpms by their prefix.  Releases of modules, containers and flatpaks have other prefixes.
RPM_PREFIXES = {"FEDORA": "fedora", "FEDORA-EPEL": "epel", "FEDORA-EPEL-NEXT": "epel"}

#: States of the releases that get updates, and of those that do not.
ACTIVE_STATES = ("pending", "frozen", "current")
INACTIVE_STATES = ("disabled", "archived")

#: Rows that one search of a sweep reads at most, and aliases that are asked for at once.
MAX_SWEPT = 20_000
ALIASES = 50

#: Accounts of Bodhi itself, whose comments no message announces.
SYSTEM_USERS = ("bodhi", "autoqa", "taskotron")


def _family(prefix: Any) -> str:
    if not isinstance(prefix, str) or prefix not in RPM_PREFIXES:
        raise ValueError(f"one of {', '.join(RPM_PREFIXES)}")
    return RPM_PREFIXES[prefix]


class Updates(Model):
    """What `BodhiConnector.updates` returns."""

    total: Count = field("updates that Bodhi has")
    testing: Own[Count] = field("listed updates that are in testing for a release that is active", default=0)
    updates: Rows(Update, MAX_UPDATES, "update") = field("newest first")
    invalid_rows: InvalidRows = None


class Release(Model):
    """An active release."""

    name: Text(64) = field("Bodhi's name: F45")
    title: Text(128) = field(alias="long_name")
    version: Text(16)
    branch: Text(64) = field("the branch in dist-git and mdapi, and the parameter release: f45")
    state: Literal[ACTIVE_STATES]
    family: Annotated[Literal["fedora", "epel", "eln"], BeforeValidator(_family)] = field(alias="id_prefix")
    dist_tag: Text(64)
    stable_tag: OptionalText = field("Koji tag; null if it has none")
    testing_tag: OptionalText = field("Koji tag; null if it has none")
    released_on: Day | None = field("null if it is not released, or Bodhi does not say", default=None)
    eol: Day | None = field("end of life; null if Bodhi does not say", default=None)
    # Of every update before a push to stable: karma or days, by whether it is on the critical path.
    min_karma: Integer | None = field("karma that a push to stable needs, if its days are too few", default=None)
    critpath_min_karma: Integer | None = field("as min_karma, on the critical path", default=None)
    mandatory_days_in_testing: Count | None = field(
        "days that a push to stable needs, if its karma is too low", default=None
    )
    critpath_mandatory_days_in_testing: Count | None = field(
        "as mandatory_days_in_testing, on the critical path", default=None
    )

    @model_validator(mode="after")
    def _is_eln(self):
        # ELN has Fedora's prefix but is neither a Fedora that people run nor an EPEL.
        self.family = "eln" if self.branch == "eln" else self.family
        return self


class Releases(Model):
    """What `BodhiConnector.releases` returns."""

    releases: Rows(Release, MAX_RELEASES, "release") = field("in the order in which people read them")
    invalid_rows: InvalidRows = None


class _UpdatesPage(Model):
    total: Count
    updates: list[Any]


class _CommentsPage(Model):
    comments: list[Any]


class _AnyRelease(Model):
    """A release of any kind, by what tells whether it is one of ours."""

    id_prefix: str
    state: str
    branch: str | None


class _ReleasesPage(Model):
    pages: Count
    releases: Annotated[list[Any], ReadAs(list[_AnyRelease])]


class _SingleUpdate(Model):
    update: Update


class BodhiSite(Site):
    """Bodhi's web interface."""

    default = "https://bodhi.fedoraproject.org"

    def update(self, alias: str) -> str:
        """Return the page of an update."""
        return self.link("updates", alias)

    def updates(
        self, package: str, release: str | None = None, status: str | None = None, kind: str | None = None
    ) -> str:
        """Return the list of a source package's updates, of a release (``F45``), a status and a type."""
        return self.link("updates", "", packages=package, releases=release, status=status, type=kind)

    def updates_of_build(self, nvr: str) -> str:
        """Return the list of the updates with a build."""
        return self.link("updates", "", builds=nvr)

    def submitter(self, name: str) -> str:
        """Return the page of an account, with its updates and comments."""
        return self.link("users", name)

    def new_update(self) -> str:
        """Return the form for a new update."""
        return self.link("updates", "new")


class BodhiConnector(Connector):
    """Updates and releases, from bodhi's REST service."""

    name = "bodhi"
    title = "Bodhi"
    site = BodhiSite()

    @query(version=8, topics=("bodhi.update.*", "bodhi.errata.publish"))
    def updates(self, package) -> Updates:
        """Return the updates of a source package, newest first.

        A value has at most `MAX_UPDATES` updates.  A package that is unknown to Bodhi has a total of 0.

        Source: ``GET /updates/?packages=``.  Email addresses of users are dropped.  Bodhi changes much without a message, such as
        gating results and whether an update has been in testing for long enough: its sweep finds that.
        """
        request = f"GET /updates/?packages={package}"
        found: list[Any] = []
        for number in range(1, MAX_UPDATES // PAGE + 1):
            params = {"packages": package, "page": number, "rows_per_page": PAGE}
            page = self.read(request, _UpdatesPage, self.json("updates", "", request=request, params=params))
            found += [own_builds_first(row, package) for row in page.updates[:PAGE]]
            if len(page.updates) < PAGE or len(found) >= page.total:
                break
        self.check_rows(request, page.total, found)
        value = self.read(request, Updates, {"total": page.total, "updates": found})
        # A new update moves the page boundary while we read: one update can come twice.
        value.updates = list({update.alias: update for update in value.updates}.values())
        value.testing = sum(_is_in_testing(update) for update in value.updates)
        return value

    @updates.expects
    def updates_expect(event, package):
        announced = update_of(event.body) or {}
        alias = announced.get("alias") or announced.get("updateid")
        if not isinstance(alias, str):
            return None
        builds = [name_of(build.get("nvr")) for build in objects(announced.get("builds"))]
        # A locked update is being pushed: its request is cleared at the end, without a message.
        lasting = ("status",) if announced.get("locked") is True else ("status", "request")
        return {
            "about": f"update {alias[:128]}",
            "alias": alias[:128],
            "sent": event.sent,
            # False: the builds of this package were taken out of the update.
            "has_package": not builds or package in builds,
            "state": {
                key: announced[key]
                for key in lasting
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
            return len(value["updates"]) >= MAX_UPDATES or not facts["has_package"]
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
    def updates_ignore(value):
        # Comments of the gating system are not announced, nor is what they bring about, nor that a day has passed.
        silent = ("gating", "modified", "meets_testing_requirements")
        kept = [{key: word for key, word in update.items() if key not in silent} for update in value["updates"]]
        return {**value, "updates": kept}

    @query(version=4, subject="nothing", every=900)
    def releases(self) -> Releases:
        """Return the active releases as people read them: Rawhide, Fedora, EPEL (each newest first), then ELN.

        Pending and frozen releases are active.  Releases of modules, containers and flatpaks are left out.

        Source: ``GET /releases/``.  No message announces a change: the query is read again on a schedule.
        """
        request = "GET /releases/"
        found: list[Any] = []
        for number in range(1, MAX_RELEASES // PAGE + 1):
            params = [("state", state) for state in ACTIVE_STATES]
            params += [("page", str(number)), ("rows_per_page", str(PAGE))]
            page = self.read(request, _ReleasesPage, self.json("releases", "", params=params))
            found += page.releases
            if number >= page.pages:
                break
        # An older server ignores `state`.
        value = self.read(request, Releases, {"releases": [row for row in found if not _is_other(row)]})
        if not value.releases:
            raise self.invalid(request, "no active release")
        value.releases.sort(key=_reading_order)
        return value

    @releases.misses
    def releases_miss(value, event):
        name = dig(update_of(event.body), "release", "name")
        prefix = dig(update_of(event.body), "release", "id_prefix")
        known = {release["name"] for release in value["releases"]}
        # Releases of modules and the like are not shown.  Old messages have no prefix.
        is_of_rpms = prefix is None or (isinstance(prefix, str) and prefix in RPM_PREFIXES)
        return isinstance(name, str) and name not in known and is_of_rpms

    @sweep(every=300)
    def changes(self, position, now) -> Swept:
        """Return the updates that differ from what the previous sweep has seen.

        Bodhi changes much in silence, and lists times of edits, submissions, pushes to stable and comments only.  So every update
        on its way to stable is read and compared by a digest.  One that is no longer among them has become final, and is read by
        its alias; so is a final one with a new comment, which can change its karma.  A change is returned by two sweeps, for a
        refill between them that an older replica answered.

        Source: ``GET /updates/`` with ``status``, ``modified_since``, ``submitted_since`` and ``pushed_since``, and
        ``GET /comments/`` with ``since``.
        """
        known = position.get("open", {})
        start = since(position, now)
        date = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(start))
        searches = [[("status", status) for status in OPEN_STATUSES]]
        searches += [[(f"{what}_since", date)] for what in ("modified", "submitted", "pushed")]
        invalid: list[str] = []
        rows = {row["alias"]: row for search in searches for row in self._swept_updates(search, invalid)}
        comments = self._newest_comments(date, invalid)
        final = [alias for alias in {**known, **comments} if alias not in rows]
        for first in range(0, len(final), ALIASES):
            search = [("alias", alias) for alias in final[first : first + ALIASES]]
            rows.update((row["alias"], row) for row in self._swept_updates(search, invalid))
        seen, changes = {}, []
        for alias, row in rows.items():
            digest = digest_of(row)
            # An update that only a comment has brought here had its status before.
            before = Seen(*known.get(alias, ("", row["status"] if alias in final else "")))
            is_changed = digest != before.digest
            if is_changed or before.is_changed:
                is_new = is_changed and bool(known)
                changes.append(change_of(row, digest, before, is_new, start, now, comments.get(alias)))
            if row["status"] in OPEN_STATUSES or is_changed:
                builds = dict.fromkeys([*strings(nvrs_in(row["builds"])), *(before.builds if is_changed else ())])
                seen[alias] = Seen(digest, row["status"], is_changed, [*builds])
        left_out = LeftOut(len(invalid), invalid[0]) if invalid else None
        return Swept(changes, {"since": now, "open": seen}, invalid_rows=left_out)

    def _swept_updates(self, search: list[tuple[str, str]], invalid: list[str]) -> Iterator[dict[str, Any]]:
        """Yield the updates of a search, without comments; ``invalid`` gets what is wrong with rows left out."""
        for row, update in self._swept_rows("updates", _UpdatesPage, SweptUpdate, search, invalid):
            yield {**row, "alias": update.alias, "comments": None}

    def _newest_comments(self, date: str, invalid: list[str]) -> dict[str, Comment | None]:
        """Return the aliases with a comment since a time, each with the newest comment that a message announces, if any."""
        newest: dict[str, Comment | None] = {}
        # Bodhi's own comments tell what it did in silence; the list leaves them out unless told not to.
        search = [("since", date), ("chrome", "false")]
        for _, comment in self._swept_rows("comments", _CommentsPage, Comment, search, invalid):
            if newest.get(comment.update) is None:
                newest[comment.update] = None if comment.user in SYSTEM_USERS else comment
        return newest

    def _swept_rows(
        self, name: str, page_of: type[Model], kind: type[M], search: list[tuple[str, str]], invalid: list[str]
    ) -> Iterator[tuple[dict[str, Any], M]]:
        """Yield each valid row of a search, and the row as a model."""
        request = f"GET /{name}/?{search[0][0]}= (sweep)"
        for number in range(1, MAX_SWEPT // PAGE + 1):
            params = [*search, ("page", str(number)), ("rows_per_page", str(PAGE))]
            page = self.read(request, page_of, self.json(name, "", request=request, params=params))
            rows = getattr(page, name)
            for row in rows[:PAGE]:
                try:
                    yield row, types.read(kind, row)
                except ValidationError as error:
                    invalid.append(types.sentence_of(error.errors(include_url=False)[0]))
            if len(rows) < PAGE:
                break

    def update(self, alias: str) -> dict[str, Any] | None:
        """Return an update, as in `updates`; None for an unknown alias.

        Source: ``GET /updates/ALIAS``.
        """
        answer = self.get("updates", alias)
        if answer.status == 404:
            # A proxy without a route to Bodhi returns 404 too, with another body.
            said = self.decoded(answer, status=404)
            if isinstance(said, Mapping) and said.get("status") == "error" and said.get("errors"):
                return None
        return self.parsed(answer, _SingleUpdate).update.model_dump(mode="json")


def _is_in_testing(update: Update) -> bool:
    return update.status == "testing" and update.release_state in (*ACTIVE_STATES, None)


def _is_other(row: Any) -> bool:
    """Whether a row is of a release without rpms or without updates; an invalid row is left for validation."""
    prefix, state, branch = (row.get(key) if isinstance(row, dict) else 0 for key in ("id_prefix", "state", "branch"))
    is_other = isinstance(prefix, str) and prefix not in RPM_PREFIXES
    return is_other or state in INACTIVE_STATES or branch in ("", None)


def _reading_order(release: Release) -> tuple[Any, ...]:
    family = ("fedora", "epel", "eln").index(release.family)
    # The version is a string ("45", "10.1", "eln"): its numbers count, the rest only settles ties.
    numbers = tuple(-int(part) for part in release.version.split(".") if part.isdecimal())
    return (family, release.branch != "rawhide", numbers or (0,), release.name)
