"""Bugs, as Bugzilla returns them: what is read of one, of its history, and what a sweep makes of one that changed."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasPath, BeforeValidator, ConfigDict, model_validator

from fedora_packages.connectors.sweep import Change, event_of
from fedora_packages.connectors.types import (
    OF_A_RELEASE,
    Count,
    InvalidRows,
    ISOTime,
    Known,
    Model,
    Own,
    Parts,
    ReadAs,
    Rows,
    Text,
    default_for_null,
    field,
)

PRODUCTS = ("Fedora", "Fedora EPEL")

#: Open bugs that are kept of a package, newest first, and bugs that are read at once.
MAX_BUGS = 1000

SECURITY_TEAM = "security-response-team@redhat.com"

#: Flags of a bug.  A tracker stands for other bugs; Bugzilla has a keyword for it.
SECURITY, BLOCKER, TRACKER = MARKS = ("security", "blocker", "tracker")
TRACKING = "Tracking"

#: The usual statuses of an open bug.
OPEN_STATUSES = ("NEW", "ASSIGNED", "POST", "MODIFIED", "ON_DEV", "ON_QA", "VERIFIED", "RELEASE_PENDING")


def _first(value: Any) -> Any:
    # Red Hat's Bugzilla returns component and version as lists, others as strings.
    return next(iter(value), "") if isinstance(value, list) else "" if value is None else value


def _many(value: Any) -> Any:
    # Red Hat's Bugzilla returns lists where others return a string, or nothing.
    return [word for word in (value if isinstance(value, list) else [value]) if word not in ("", None)]


_First = Annotated[Text(256), BeforeValidator(_first)]
_Strings = Annotated[list[str], BeforeValidator(_many)]


def _Many(kind: str) -> Any:
    return Annotated[Parts(Text(64), 20, kind), BeforeValidator(_many)]


class Bug(Model):
    """An open bug.  Beside id, summary and status, a field can be missing that the reader is not allowed to see."""

    model_config = ConfigDict(json_schema_extra={OF_A_RELEASE: "bug"})

    id: Count
    summary: Text(1000)
    status: Known(*OPEN_STATUSES)
    severity: Annotated[Known("unspecified", "low", "medium", "high", "urgent"), default_for_null("unspecified")] = ""
    product: Annotated[Known(*PRODUCTS, limit=128), default_for_null("")] = ""
    version: _First = field("empty if Bugzilla has none", default="")
    created: ISOTime | None = field("null if Bugzilla does not say", default=None, alias="creation_time")
    changed: ISOTime | None = field(
        "its last change; null if Bugzilla does not say", default=None, alias="last_change_time"
    )
    security: Own[bool] = False
    blocks: Parts(Count, 200, "blocked bug") = field("bugs that it blocks", default=[])
    keywords: _Many("keyword") = []
    alias: _Many("alias") = field("CVE-2026-12345", default=[])

    assignee: Annotated[Any, ReadAs(str | None)] = field(default=None, alias="assigned_to", exclude=True)
    components: Annotated[_Many("component"), ReadAs(_Strings)] = field(default=[], alias="component", exclude=True)

    @model_validator(mode="after")
    def _is_security(self):
        self.security = (
            self.assignee == SECURITY_TEAM
            or "vulnerability" in self.components
            or "Security" in self.keywords
            or any(alias.startswith("CVE") for alias in self.alias)
        )
        return self


class AnyBug(Bug):
    """A bug in a list that is not of one component."""

    component: _First = ""


class SweptBug(AnyBug):
    """A bug in the list of changed ones."""

    changed: ISOTime = field(alias="last_change_time")
    created: ISOTime = field(alias="creation_time")


class OpenBugs(Model):
    """A page of the list of all open bugs."""

    bugs: Rows(AnyBug, MAX_BUGS)
    invalid_rows: InvalidRows = None


class SweptBugs(Model):
    """A page of the list of changed bugs."""

    bugs: Rows(SweptBug, MAX_BUGS)
    invalid_rows: InvalidRows = None


class AnyBugs(Model):
    """Bugs of any component; an invalid one is an error."""

    bugs: Rows(AnyBug, MAX_BUGS)


class _Identified(Model):
    id: Count


class MovedBugs(Model):
    """The numbers of bugs whose component changed."""

    bugs: Rows(_Identified, MAX_BUGS)


class _FieldChange(Model):
    field: Text(64) = field(alias="field_name")
    removed: Text(1000)


class _BugChange(Model):
    at: ISOTime = field(alias="when")
    changes: Parts(_FieldChange, 100)


class History(Model):
    """The changes of a bug."""

    changes: Rows(_BugChange, 1000) = field(alias=AliasPath("bugs", 0, "history"))


def marks_of(bug: Mapping[str, Any]) -> list[str]:
    """Return the flags of a bug of `BugzillaConnector.bugs`."""
    signs = {SECURITY: bug["security"], BLOCKER: bug["blocks"], TRACKER: TRACKING in bug["keywords"]}
    return [mark for mark, is_so in signs.items() if is_so]


def change_of(bug: SweptBug, before: set[str], start: float, is_new: bool) -> Change:
    """Return the change of a bug that was in some components ``before``."""
    row = bug.model_dump(mode="json", include=set(Bug.model_fields))
    body = {
        "bug": {
            "id": bug.id, "summary": bug.summary, "status": {"name": bug.status}, "component": {"name": bug.component},
            "last_change_time": bug.changed,
        },
        "event": {"changes": [{"field": "component", "removed": name} for name in sorted(before - {"", bug.component})]},
    }  # fmt: skip

    def lists(package: str, value: Any) -> bool:
        shown = next((shown for shown in value["bugs"] if shown["id"] == bug.id), None)
        if bug.status == "CLOSED" or bug.component != package:
            return shown is None
        return shown == row if shown else len(value["bugs"]) >= MAX_BUGS

    def counts(package: str, value: Any) -> bool:
        # Of a bug that has moved away nothing is left to see: a value that is not newer is read again.
        return bug.component == package and (value["changed"] or 0) >= bug.changed

    topic = "bugzilla.bug.new" if bug.created >= start else "bugzilla.bug.update"
    event = event_of("bugzilla", topic, f"{bug.id}-{bug.changed}", bug.changed, body)
    return Change(event, {"bugzilla.bugs": lists, "bugzilla.counts": counts}, is_new=is_new)


def public(bug: AnyBug) -> dict[str, Any]:
    """Return what `BugzillaConnector.bug` returns of a bug that anyone can see."""
    kept = {"id", "summary", "status", "product", "version", "component"}
    return {"is_private": False, **bug.model_dump(mode="json", include=kept)}
