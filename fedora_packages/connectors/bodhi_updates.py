"""Updates, as Bodhi returns them: what is read of one, and what a sweep makes of one that changed."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import AliasPath, BeforeValidator, ConfigDict, model_validator

from fedora_packages.connectors import types
from fedora_packages.connectors.sweep import Change, event_of
from fedora_packages.connectors.types import (
    OF_A_RELEASE,
    Count,
    Integer,
    ISOTime,
    Known,
    Model,
    Parts,
    ReadAs,
    Text,
    default_for_null,
    field,
)
from fedora_packages.messages.body import dig, strings
from fedora_packages.rpm.nvr import name_of

#: Updates that are kept of a package, newest first, and builds and bugs of one.
MAX_UPDATES = 300
MAX_BUILDS = MAX_BUGS = 1000

#: The statuses of an update, each with its place on the way to the users.
STATUSES = {"pending": 0, "testing": 1, "stable": 2, "unpushed": 2, "obsolete": 2}

#: The statuses of updates on their way, and the message and the time of a push; the messages of updates that were withdrawn.
OPEN_STATUSES = ("pending", "testing")
PUSHED = {
    "testing": ("bodhi.update.complete.testing", "testing"),
    "stable": ("bodhi.update.complete.stable", "stable"),
}
WITHDRAWN = {"obsolete": "bodhi.update.request.obsolete", "unpushed": "bodhi.update.request.unpush"}

#: The types of updates.
TYPES = ("security", "bugfix", "enhancement", "newpackage", "unspecified")


def nvrs_in(builds: Any) -> Any:
    """Return the NVRs of an update's builds."""
    if not isinstance(builds, list):
        return builds
    return [build.get("nvr") if isinstance(build, dict) else build for build in builds]


def _epochs(builds: Any) -> Any:
    """Return the epochs of an update's builds that are not 0, by NVR; builds without an NVR are left for `nvrs_in`."""
    rows = [build for build in builds if isinstance(build, dict)] if isinstance(builds, list) else []
    return {
        row["nvr"]: row["epoch"] for row in rows[:MAX_BUILDS] if row.get("epoch") and isinstance(row.get("nvr"), str)
    }


class Bug(Model):
    """A bug that an update is for."""

    id: Count = field(alias="bug_id")
    title: Text(500) | None
    security: bool


class _UpdateBuild(Model):
    """A build of an update, as Bodhi returns it."""

    nvr: Text(512)
    epoch: Count | None


class Update(Model):
    """An update."""

    model_config = ConfigDict(json_schema_extra={OF_A_RELEASE: "update"})

    alias: Text(128)
    title: Text(2000)
    release: Text(64) | None = field(
        "Bodhi's name of the release; null for very old updates", default=None, alias=AliasPath("release", "name")
    )
    release_state: Text(32) | None = field(default=None, alias=AliasPath("release", "state"), exclude=True)
    status: Known(*STATUSES)
    request: Known("testing", "stable", "unpush", "obsolete", "revoke") | None = None
    type: Annotated[Known(*TYPES), default_for_null("unspecified")]
    severity: Annotated[Known("unspecified", "low", "medium", "high", "urgent"), default_for_null("unspecified")]
    karma: Integer
    critpath: bool = field("whether a build is on the critical path")
    submitter: Text(256) | None = field("null if Bodhi does not say", default=None, alias=AliasPath("user", "name"))
    submitted: ISOTime | None = field(alias="date_submitted")
    modified: ISOTime | None = field("null if it never was", alias="date_modified")
    pushed: ISOTime | None = field("null until it is in a repository", alias="date_pushed")
    testing: ISOTime | None = field("when it came to testing", alias="date_testing")
    stable: ISOTime | None = field("when it came to stable", alias="date_stable")
    # Servers before 26.4 may not return what follows.
    stable_karma: Integer | None = field("karma at which it is pushed to stable, if autokarma", default=None)
    unstable_karma: Integer | None = field("karma at which it is withdrawn, if autokarma", default=None)
    stable_days: Count | None = field("days in testing after which it is pushed to stable, if autotime", default=None)
    autokarma: bool | None = field("whether karma pushes or withdraws it", default=None)
    autotime: bool | None = field("whether days in testing push it", default=None)
    require_bugs: bool | None = field("whether karma needs feedback on its bugs", default=None)
    require_testcases: bool | None = field("whether karma needs feedback on its test cases", default=None)
    meets_testing_requirements: bool | None = field(
        "whether karma or days in testing, and gating, allow a push to stable; null if it is not on its way there",
        default=None,
    )
    gating: Known("ignored", "queued", "running", "passed", "failed", "waiting", "greenwave_failed") | None = field(
        default=None, alias="test_gating_status"
    )
    builds: Annotated[Parts(Text(512), MAX_BUILDS, "build"), BeforeValidator(nvrs_in), ReadAs(list[_UpdateBuild])] = (
        field("NVRs")
    )
    epochs: Annotated[dict[Text(512), Count], BeforeValidator(_epochs)] = field(
        "of those builds that have one which is not 0, by NVR", alias="builds"
    )
    bugs: Parts(Bug, MAX_BUGS, "bug")

    @model_validator(mode="after")
    def _is_open_request(self):
        # Bodhi keeps the request of a push until the push has ended, and clears it then without a message.
        self.request = None if self.request == self.status else self.request
        return self

    @model_validator(mode="after")
    def _is_on_its_way(self):
        # Days go on for an update that was pushed long ago, and no list shows that it has changed.
        if self.status not in OPEN_STATUSES:
            self.meets_testing_requirements = None
        return self


class SweptUpdate(Update):
    """An update in a list of all, with what a sweep needs beside what is shown of it."""

    is_composed: bool | None = field(default=None, alias=AliasPath("release", "composed_by_bodhi"))


class Comment(Model):
    """A comment in a list of all."""

    update: Text(128) = field(alias="update_alias")
    at: ISOTime = field(alias="timestamp")
    user: Text(256) = field(alias=AliasPath("user", "name"))
    karma: Annotated[Integer, default_for_null(0)]


class Seen(NamedTuple):
    """What a sweep's position has of an update; ``builds`` are its NVRs, and those that a change has taken out."""

    digest: str = ""
    status: str = ""
    is_changed: bool = False
    builds: Sequence[str] = ()


def change_of(
    row: Mapping[str, Any], digest: str, before: Seen, is_new: bool, start: float, now: float, comment: Comment | None
) -> Change:
    """Return the change of an update, which got a comment or none; ``start`` is from when the sweep asks for changes."""
    update, builds = types.read(SweptUpdate, row), strings(nvrs_in(row["builds"]))
    body: dict[str, Any] = {"update": row, "removed_builds": [nvr for nvr in before.builds if nvr not in builds]}
    modified = update.modified or 0
    is_silent = modified < start
    # When a silent change happened, nothing says.
    topic, sent = "bodhi.update.edit", now if is_silent else modified
    if not before.status and update.status == "pending":
        topic, sent, is_silent = "bodhi.update.request.testing", update.submitted or now, False
    elif update.status != before.status and update.status in PUSHED:
        topic, pushed = PUSHED[update.status]
        # Releases that Bodhi does not compose are pushed without a message.
        sent, is_silent = getattr(update, pushed) or now, update.is_composed is False
    elif update.status != before.status and update.status in WITHDRAWN:
        topic, sent, is_silent = WITHDRAWN[update.status], now, update.status == "obsolete"
    elif is_silent and comment is not None:
        topic, sent, is_silent = "bodhi.update.comment", comment.at, False
        body = {"comment": {"user": {"name": comment.user}, "karma": comment.karma, "update": row}}

    def shows(package: str, value: Any) -> bool:
        shown = next((shown for shown in value["updates"] if shown["alias"] == update.alias), None)
        if package not in map(name_of, builds):
            return shown is None
        own = types.read(Update, own_builds_first(row, package)).model_dump(mode="json")
        return shown == own if shown else len(value["updates"]) >= MAX_UPDATES

    event = event_of("bodhi", topic, f"{update.alias}-{digest}", sent, body)
    return Change(event, {"bodhi.updates": shows}, is_silent, is_new)


def own_builds_first(row: Any, package: str) -> Any:
    """Return an update's row, where builds will be cut with those of the package before the others."""
    builds = row.get("builds") if isinstance(row, dict) else None
    if not isinstance(builds, list) or len(builds) <= MAX_BUILDS:
        return row
    return {**row, "builds": sorted(builds, key=lambda build: name_of(dig(build, "nvr")) != package)}
