"""Actions on bugs: filed, changed, moved to another component."""

import time
from dataclasses import fields, replace

from fedora_packages.sandbox.actions import messages
from fedora_packages.sandbox.actions.publisher import NotPossible, Options, Publisher
from fedora_packages.sandbox.world.models import Bug, BugChange, Package

STATUSES = ("NEW", "ASSIGNED", "POST", "MODIFIED", "ON_DEV", "ON_QA", "VERIFIED", "RELEASE_PENDING", "CLOSED")
SEVERITIES = ("unspecified", "low", "medium", "high", "urgent")

#: The relay's names of a bug's fields, where they differ.
ANNOUNCED = {"severity": "bug_severity", "status": "bug_status"}


#: The maximum number of bugs of a package, and of changes of a bug, besides the newest.
MAX_BUGS, MAX_CHANGES = 1000, 100


class Bugs:
    """The action ``bug``."""

    def __init__(self, publisher: Publisher):
        self.publisher = publisher

    def run(self, package: Package, options: Options) -> None:
        """File a bug, or change the bug ``id``.

        Options: id, summary, status, resolution, severity, version (``44``, ``rawhide``, ``epel9``), component (another
        package), security, alias, blocks (a bug's id), private, user.  Changes of a private bug are not published, nor is the
        change that makes it private.
        """
        bug_id, user = options.integer("id", None), options.account("user", "tester@example.com")
        component = options.string("component", None)
        changes = self._changes(options)
        if bug_id is None:
            self.file(package, changes, user)
            return
        bug = next((one for one in package.bugs if one.bug_id == bug_id), None)
        if bug is None:
            known = ", ".join(str(one.bug_id) for one in package.bugs) or "none"
            raise NotPossible(f"{package.name} has no bug {bug_id}; there are {known}")
        if component is not None and component != package.name:
            changes["component"] = self.publisher.known(component).name
        self.change(package, bug, changes, user)

    def _changes(self, options: Options) -> dict[str, object]:
        found: dict[str, object] = {
            "summary": options.string("summary", None),
            "status": options.choice("status", STATUSES, None),
            "resolution": options.string("resolution", None),
            "severity": options.choice("severity", SEVERITIES, None),
        }
        version = options.string("version", None)
        if version is not None:
            known = {one.bug_version: one for one in self.publisher.world.releases if one.holds_packages}
            if version not in known:
                raise NotPossible(f"unknown version {version!r}; use one of {', '.join(known)}")
            found |= {"version": version, "product": known[version].bug_product}
        if options.flag("private"):
            found["is_private"] = True
        if options.flag("security"):
            found["keywords"] = ("Security", "SecurityTracking")
        alias, blocks = options.string("alias", None), options.integer("blocks", None)
        if alias is not None:
            found["alias"] = (alias,)
        if blocks is not None:
            found["blocks"] = (blocks,)
        return {name: value for name, value in found.items() if value is not None}

    def file(self, package: Package, changes: dict[str, object], user: str) -> None:
        """File a bug."""
        now = int(time.time())
        bug = Bug(
            bug_id=self.publisher.world.new_id("bug"), component=package.name, product="Fedora", version="rawhide",
            summary=f"{package.name} does something odd", status="NEW", resolution="", severity="unspecified",
            priority="unspecified", assigned_to=f"{self.publisher.agent(package)}@fedoraproject.org", creator=user,
            created=now, changed=now,
        )  # fmt: skip
        bug = replace(bug, **changes)  # type: ignore[arg-type]
        self.publisher.put(replace(package, bugs=(*package.bugs[-MAX_BUGS:], bug)))
        self._announce(bug, None, user)

    def change(self, package: Package, bug: Bug, changes: dict[str, object], user: str) -> None:
        """Change a bug; a new component moves it to another package."""
        if changes.get("status") == "CLOSED":
            changes.setdefault("resolution", "ERRATA")
        elif "status" in changes:
            changes["resolution"] = ""
        after = replace(bug, changed=max(int(time.time()), bug.changed + 1), **changes)  # type: ignore[arg-type]
        names = [field.name for field in fields(Bug) if field.name not in ("changed", "changes")]
        differing = tuple(
            (name, _text(getattr(bug, name)), _text(getattr(after, name)))
            for name in names
            if getattr(bug, name) != getattr(after, name)
        )
        if not differing:
            raise NotPossible(f"no field of bug {bug.bug_id} would change; give another value")
        after = replace(after, changes=(*bug.changes[-MAX_CHANGES:], BugChange(after.changed, user, differing)))
        differences = [
            {"field": ANNOUNCED.get(name, name), "removed": removed, "added": added}
            for name, removed, added in differing
        ]
        if after.component != package.name:
            self.publisher.put(replace(package, bugs=tuple(one for one in package.bugs if one is not bug)))
            other = self.publisher.known(after.component)
            self.publisher.put(replace(other, bugs=(*other.bugs, after)))
        else:
            self.publisher.put(replace(package, bugs=tuple(after if one is bug else one for one in package.bugs)))
        self._announce(after, differences, user)

    def _announce(self, bug: Bug, changes: list[dict[str, str]] | None, user: str) -> None:
        if not bug.is_private:
            self.publisher.publish(messages.bug_message(bug, changes, user))


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
