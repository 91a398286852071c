"""Koji's events: each change of builds, of tags and of tags' package lists has a number, which grows.

What is tagged and listed has two of them, as in Koji's versioned tables: the event that created an entry, and the one that
revoked it.  An entry of the generated history has numbers below `FIRST_EVENT`, which follow from its build or package.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from fedora_packages.sandbox.world.models import Listing, Package

#: The number of the event of the sandbox's start, above those of all builds in the generated history.
FIRST_EVENT = 60_000_000

#: The base of the numbers of generated events, two for each build: it began, it was tagged.
FIRST_BUILD_EVENT = 40_000_000

#: The maximum number of entries in the log of one table, besides the newest, and of events.
MAX_ENTRIES = 200_000

#: Koji's tables with a log.
TABLES = ("tag_listing", "tag_packages", "tag_package_owners")


#: A created or revoked entry: table, tag, item.
Change = tuple[str, str, Any]


class Event(NamedTuple):
    """An event: its number, its time in UTC seconds."""

    number: int
    time: float


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a versioned table.

    ``item`` is the id of a tagged build, whether a listed package is blocked, or its owner.
    """

    package: str
    tag: str
    item: Any
    created: Event
    creator: str
    revoked: Event | None = None
    revoker: str | None = None

    def before(self, time: float) -> "Entry | None":
        """Return the entry as it was at a time, or None."""
        if self.created.time > time:
            return None
        is_active = self.revoked is None or self.revoked.time > time
        return replace(self, revoked=None, revoker=None) if is_active else self


def build_event(build_id: int) -> int:
    """Return the number of the event with which a build of the generated history began."""
    return FIRST_BUILD_EVENT + 2 * build_id


def generated_taggings(package: Package) -> Iterator[Entry]:
    """Yield the entries of tagged builds of a package of the generated history."""
    for tag, held in package.tags.items():
        for build_id in held:
            yield _generated_tagging(package, tag, build_id)


def generated_lists(package: Package, listing: Listing, table: str) -> Iterator[Entry]:
    """Yield the entries of a package of the generated history in ``tag_packages`` or ``tag_package_owners``."""
    for tag in sorted(listing.tags):
        yield _generated_list(package, tag, _item(listing, tag, table))


def _generated_tagging(package: Package, tag: str, build_id: int) -> Entry:
    build = package.build(build_id)
    time = (build.finished or build.started) + 60 if build else package.created
    return Entry(
        package.name, tag, build_id, Event(build_event(build_id) + 1, time), build.owner if build else "releng"
    )


def _generated_list(package: Package, tag: str, item: bool | str) -> Entry:
    return Entry(package.name, tag, item, Event(package.number + 1, package.created), "releng")


def _item(listing: Listing, tag: str, table: str) -> bool | str:
    return tag in listing.blocked if table == "tag_packages" else listing.owner


class EventLog:
    """The events since the start, and the entries that they created or revoked."""

    def __init__(self, started: float):
        self._events = [Event(FIRST_EVENT, started)]
        self._entries: dict[str, dict[int, Entry]] = {table: {} for table in TABLES}
        self._active: dict[tuple[str, str, str, Any], int] = {}
        self._of_builds: dict[int, int] = {}
        self._serial = 0

    def last(self, time: float) -> Event:
        """Return the last event up to a time."""
        return self._events[max(bisect_right(self._events, time, key=lambda event: event.time) - 1, 0)]

    def numbered(self, number: int) -> Event | None:
        """Return the last event up to a number, or None if it was before the start."""
        place = bisect_right(self._events, number, key=lambda event: event.number)
        return self._events[place - 1] if place else None

    def of_build(self, build_id: int) -> int:
        """Return the number of the event with which a build began."""
        return self._of_builds.get(build_id, build_event(build_id))

    def entries(self, table: str, time: float) -> Iterator[Entry]:
        """Yield the entries that an event created or revoked, as they were at a time."""
        for entry in list(self._entries[table].values()):
            known = entry.before(time)
            if known is not None:
                yield known

    def of_tagging(self, package: str, tag: str, build_id: int) -> int:
        """Return the number of the event with which a tagged build was tagged."""
        serial = self._active.get(("tag_listing", package, tag, build_id))
        entry = self._entries["tag_listing"].get(serial) if serial is not None else None
        return entry.created.number if entry else build_event(build_id) + 1

    def note(
        self,
        before: Package | None,
        after: Package,
        lists: tuple[Listing | None, Listing | None],
        time: float,
        user: str,
    ) -> None:
        """Note a change of a package and of its part in the package lists, if Koji has an event of it."""
        known = {build.build_id for build in before.builds} if before else set()
        begun = [build.build_id for build in after.builds if build.build_id not in known]
        revoked, created = _tagging_changes(before, after)
        for table in TABLES[1:]:
            old, new = (_listed(listing, table) for listing in lists)
            revoked += [(table, tag, item) for tag, item in old.items() if new.get(tag) != item]
            created += [(table, tag, item) for tag, item in new.items() if old.get(tag) != item]
        if not (begun or revoked or created):
            return
        event = Event(self._events[-1].number + 1, time)
        self._events.append(event)
        self._of_builds.update(dict.fromkeys(begun, event.number))
        for table, tag, item in revoked:
            assert before is not None, "what is revoked was there"
            serial = self._active.pop((table, after.name, tag, item), None)
            entry = self._entries[table].get(serial) if serial is not None else None
            if entry is None or serial is None:
                is_tagging = table == "tag_listing"
                entry = _generated_tagging(before, tag, item) if is_tagging else _generated_list(before, tag, item)
                serial = self._next()
            self._entries[table][serial] = replace(entry, revoked=event, revoker=user)
        for table, tag, item in created:
            serial = self._next()
            self._active[table, after.name, tag, item] = serial
            self._entries[table][serial] = Entry(after.name, tag, item, event, user)
        self._trim()

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _trim(self) -> None:
        for entries in self._entries.values():
            for serial in list(islice(entries, max(len(entries) - MAX_ENTRIES, 0))):
                del entries[serial]
        del self._events[1 : max(len(self._events) - MAX_ENTRIES, 1)]


def _tagging_changes(before: Package | None, after: Package) -> tuple[list[Change], list[Change]]:
    """Return what was untagged and tagged; a build that was tagged again is in both."""
    revoked: list[Change] = []
    created: list[Change] = []
    old = before.tags if before else {}
    for tag in dict.fromkeys((*old, *after.tags)):
        was, now = old.get(tag, ()), after.tags.get(tag, ())
        if was == now:
            continue
        left = [build_id for build_id in was if build_id in now]
        again = now[:1] if left and now[0] in left and now[0] != left[0] else ()
        revoked += [("tag_listing", tag, build_id) for build_id in was if build_id not in now or build_id in again]
        created += [
            ("tag_listing", tag, build_id) for build_id in reversed(now) if build_id not in was or build_id in again
        ]
    return revoked, created


def _listed(listing: Listing | None, table: str) -> dict[str, bool | str]:
    return {tag: _item(listing, tag, table) for tag in sorted(listing.tags)} if listing else {}
