"""What Koji lists as changed: builds, tags of builds, and the package lists of tags, each as the event that announces it."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator

from fedora_packages.connectors.sweep import event_of
from fedora_packages.connectors.types import Count, InvalidRows, Model, Rows, Text, Timestamp, field
from fedora_packages.messages.event import Event

#: Rows of each list that one step of a sweep reads.
MAX_SWEPT = 2000


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and math.isfinite(value) else value


#: A time in seconds; the fraction is dropped.
Seconds = Annotated[Timestamp, BeforeValidator(_whole)]


class _Build(Model):
    """A build in a list of all packages' builds."""

    build_id: Count
    name: Text(256) = field(alias="package_name")
    version: Text(256)
    release: Text(256)
    epoch: Count | None
    state: Count
    owner: Text(256) | None = field(alias="owner_name")
    task_id: Count | None
    created: Seconds = field(alias="creation_ts")
    finished: Seconds | None = field(alias="completion_ts")


class _TagChange(Model):
    """A build that was tagged, and untagged since if it is not active."""

    build_id: Count
    name: Text(256)
    version: Text(256)
    release: Text(256)
    tag: Text(256) = field(alias="tag.name")
    created: Seconds = field(alias="create_ts")
    revoked: Seconds | None = field(alias="revoke_ts")


class _ListChange(Model):
    """A package that a tag's list got, blocked or not, and has lost since if the row is not active."""

    package: Text(256) = field(alias="package.name")
    tag: Text(256) = field(alias="tag.name")
    is_blocked: bool = field(alias="blocked")
    created: Seconds = field(alias="create_ts")
    revoked: Seconds | None = field(alias="revoke_ts")

    @property
    def action(self) -> str:
        return "remove" if self.revoked is not None else "block" if self.is_blocked else "add"


Row = TypeVar("Row", _TagChange, _ListChange)


class _LastEvent(Model):
    ts: Seconds


class History(Model):
    """The answers to one step of a sweep: where the hub stands, and its lists."""

    last: _LastEvent
    begun: Rows(_Build, MAX_SWEPT)
    ended: Rows(_Build, MAX_SWEPT)
    tagged: Rows(_TagChange, MAX_SWEPT)
    listed: Rows(_ListChange, MAX_SWEPT)
    invalid_rows: InvalidRows = None

    def events(self, tags: Iterable[str]) -> Iterator[Event]:
        """Yield the changes as events; those of tags only if they belong to a release, which has ``tags`` of its own."""
        families = {_family(tag) for tag in tags}
        yield from map(_of_build, (*self.begun, *self.ended))
        yield from map(_of_tag, _newest(self.tagged, lambda row: row.build_id, families))
        yield from map(_of_list, _newest(self.listed, lambda row: row.package, families))


def _family(tag: str) -> str:
    return tag.partition("-")[0]


def _newest(rows: Iterable[Row], item: Callable[[Row], Any], families: set[str]) -> Iterator[Row]:
    """Yield the row created last of each item in each tag of some families."""
    newest = {(row.tag, item(row)): row for row in sorted(rows, key=lambda row: row.created)}
    return (row for row in newest.values() if _family(row.tag) in families)


def _of_build(build: _Build) -> Event:
    sent = build.created if build.finished is None else build.finished
    body = {
        "name": build.name, "version": build.version, "release": build.release, "epoch": build.epoch,
        "build_id": build.build_id, "task_id": build.task_id, "owner": build.owner, "instance": "primary",
        "attribute": "state", "new": build.state,
    }  # fmt: skip
    return event_of("koji", "buildsys.build.state.change", f"{build.build_id}-{build.state}", sent, body)


def _of_tag(row: _TagChange) -> Event:
    topic, sent = ("buildsys.tag", row.created) if row.revoked is None else ("buildsys.untag", row.revoked)
    body = {
        "name": row.name, "version": row.version, "release": row.release, "build_id": row.build_id, "tag": row.tag,
        "instance": "primary",
    }  # fmt: skip
    return event_of("koji", topic, f"{row.tag}-{row.build_id}-{sent}", sent, body)


def _of_list(row: _ListChange) -> Event:
    sent = row.created if row.revoked is None else row.revoked
    body = {"package": row.package, "tag": row.tag, "action": row.action, "instance": "primary"}
    return event_of("koji", "buildsys.package.list.change", f"{row.tag}-{row.package}-{sent}", sent, body)
