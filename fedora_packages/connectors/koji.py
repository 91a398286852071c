"""Koji: builds, and what is tagged for each release."""

import re
import string
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, ConfigDict, model_validator

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.bulk import in_bulk
from fedora_packages.connectors.koji_history import MAX_SWEPT, History, Seconds
from fedora_packages.connectors.page_links import Site
from fedora_packages.connectors.query import query
from fedora_packages.connectors.sweep import Change, Swept, is_new, since, sweep
from fedora_packages.connectors.types import (
    OF_A_RELEASE,
    Count,
    InvalidRows,
    Known,
    M,
    Model,
    Own,
    Parts,
    ReadAs,
    Rows,
    Sometimes,
    Text,
    field,
)
from fedora_packages.connectors.xmlrpc import XMLRPCClient, call
from fedora_packages.messages.body import dig
from fedora_packages.messages.contents.koji import BUILD_STATES, koji_tag

BUILDING, DELETED = BUILD_STATES.index("building"), BUILD_STATES.index("deleted")

#: Builds that are kept of a package, newest first; Koji has thousands of some (kernel).
MAX_BUILDS = 300

#: Packages that are read of one list: Koji has some 60,000.
MAX_PACKAGES = 500_000

#: Seconds that one step of a sweep spans at most: a hub may refuse a range of days.
MAX_SPAN = 6 * 3600.0

#: First letters of packages; the hub's filter ignores case.
FIRST_LETTERS = string.ascii_lowercase + string.digits

#: Tags that no release shows: side tags, and steps on the way into a release.
PASSING_TAG = re.compile(r".*(-build-side-[0-9]+|-pending|-candidate|-override|-build|-gate)$")

#: What a build is.  Only the first is an RPM build for a release; the others share the name of the source package.
RPM = "rpm"
BUILD_TYPES = (RPM, "draft", "module", "flatpak", "image")

#: The release of an RPM that is built for a flatpak.
FLATPAK_RELEASE = re.compile(r".*\.f[0-9]+(?:app|runtime)(?![a-z]).*")

#: Builds that are read of a tag: drafts can be tagged last.
MAX_LATEST = 10


def _state(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < len(BUILD_STATES):
        raise ValueError(f"a build state from 0 to {len(BUILD_STATES) - 1}")
    return BUILD_STATES[value]


def is_draft(build: Any) -> bool:
    """Whether a build of Koji's, or the body of its message, is a draft.  Hubs before 1.34 have none."""
    return dig(build, "draft") is True or ",draft_" in str(dig(build, "release"))


def _type(row: Mapping[str, Any]) -> str:
    """Return the type of a build; builds of content generators have theirs in ``extra``."""
    types, image = dig(row, "extra", "typeinfo"), dig(row, "extra", "image")
    if is_draft(row):
        return "draft"
    if dig(image, "flatpak") or FLATPAK_RELEASE.fullmatch(str(row.get("release"))):
        return "flatpak"
    if isinstance(types, Mapping) and "module" in types:
        return "module"
    is_image = image is not None or dig(row, "extra", "osbs_build") is not None
    return "image" if is_image or (isinstance(types, Mapping) and "image" in types) else RPM


class _Tagged(Model):
    """A build by its NVR."""

    build_id: Count
    nvr: Text(512)
    version: Text(256)
    release: Text(256)
    epoch: Count | None
    owner: Text(256) | None = field("null for some imported builds", alias="owner_name")


class Build(_Tagged):
    """A build of a source package."""

    model_config = ConfigDict(json_schema_extra={OF_A_RELEASE: "build"})

    state: Annotated[Literal[BUILD_STATES], BeforeValidator(_state)]
    type: Own[Known(*BUILD_TYPES)] = field("rpm, or what else has the name of the package")
    # Numbers that only programs ask for: an older or newer hub may not return them.
    package_id: Count | None = field("Koji's number of the package", default=None)
    owner_id: Count | None = field("Koji's number of the owner", default=None)
    task_id: Count | None = field("null for imported builds")
    creation_event: Count | None = field(
        "Koji's number of the change that created it", default=None, alias="creation_event_id"
    )
    volume: Text(256) | None = field("where Koji keeps its files", default=None, alias="volume_name")
    volume_id: Count | None = None
    created: Seconds | None = field(alias="creation_ts")
    started: Seconds | None = field("before it was created for imported builds", default=None, alias="start_ts")
    finished: Seconds | None = field("null while it builds", alias="completion_ts")

    # `_type` reads them, whatever they are.
    extra: Annotated[Any, ReadAs(dict[str, Any] | None)] = field(default=None, exclude=True)
    draft: Sometimes[Annotated[Any, ReadAs(bool | None)]] = field(default=None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _has_type(cls, row: Any) -> Any:
        return {**row, "type": _type(row)} if isinstance(row, Mapping) else row

    @model_validator(mode="after")
    def _has_started(self):
        # Hubs of long ago returned no start.
        self.started = self.created if self.started is None else self.started
        return self


class Builds(Model):
    """What `KojiConnector.builds` returns."""

    # For an unknown package the hub returns an empty list, also in place of a number.
    total: Annotated[Count, BeforeValidator(lambda value: 0 if value == [] else value)] = field("builds that Koji has")
    builds: Rows(Build, MAX_BUILDS, "build") = field("newest first")
    invalid_rows: InvalidRows = None


class TaggedBuild(_Tagged):
    """The build that a release has."""

    package: Text(256) = field(alias="package_name", exclude=True)
    tag: Text(256) = field("the tag that the build has itself: f45-updates inherits f45", alias="tag_name")


class Tagged(Model):
    """What `KojiConnector.tagged` returns."""

    tags: dict[Text(256), TaggedBuild | None] = field(
        "by Koji tag: the stable and the testing tag of each active release; null: no build has the tag; "
        "without a tag whose build is invalid"
    )
    invalid_rows: InvalidRows = None


class _OfTag(Model):
    builds: Parts(TaggedBuild, 1, "build")
    invalid_rows: InvalidRows = None


class _TaggedBuilds(Model):
    builds: Rows(TaggedBuild, MAX_PACKAGES)
    invalid_rows: InvalidRows = None


class _FoundBuild(Build):
    name: Text(256) = field(alias="package_name")


class _PackageOf(Model):
    package_name: Text(256)
    release: Text(256)


class _Named(Model):
    name: Text(256) = field(alias=AliasChoices("package_name", "name"))


class _Packages(Model):
    packages: Rows(_Named, MAX_PACKAGES)


class KojiSite(Site):
    """Koji's web interface."""

    default = "https://koji.fedoraproject.org/koji"

    def build(self, build_id: int) -> str:
        """Return the page of a build."""
        return self.link("buildinfo", buildID=build_id)

    def build_of(self, nvr: str) -> str:
        """Return the page of a build by its NVR.

        The page itself takes numbers only; a search that finds one build redirects to it.
        """
        return self.link("search", match="exact", type="build", terms=nvr)

    def task(self, task_id: int) -> str:
        """Return the page of a task."""
        return self.link("taskinfo", taskID=task_id)

    def builder(self, name: str) -> str:
        """Return the page of an account, with its builds."""
        return self.link("userinfo", userID=name)

    def builds(self, package: str) -> str:
        """Return the page of a source package."""
        return self.link("packageinfo", packageID=package)


class KojiConnector(XMLRPCClient, Connector):
    """Builds and tags, from the koji hub over XML-RPC."""

    name = "koji"
    title = "Koji"
    site = KojiSite()

    # Secondary hubs publish on the same topics; their builds are not ours to show (the event then names no package).
    @query(version=5, topics=("buildsys.build.state.change",))
    def builds(self, package) -> Builds:
        """Return the newest builds of a source package, newest first.

        A value has at most `MAX_BUILDS` builds.  A package that is unknown to Koji has a total of 0.

        Source: ``listBuilds``.  The package is given by name: the hub reads a missing package ID as "all builds".
        """
        request = f"listBuilds({package!r})"
        options = {"order": "-build_id", "limit": MAX_BUILDS}
        total, builds = self.multicall(
            request,
            call("listBuilds", package, queryOpts={"countOnly": True}),
            call("listBuilds", package, queryOpts=options),
        )
        value = self.read(request, Builds, {"total": total, "builds": builds})
        self.check_rows(request, value.total, value.builds)
        return value

    @builds.expects
    def builds_expect(event, package):
        build_id, state = event.body.get("build_id"), event.body.get("new")
        if isinstance(build_id, int) and isinstance(state, int):
            return {"about": f"build {build_id}", "build_id": build_id, "state": state}
        return None

    @builds.reflects
    def builds_reflect(value, facts):
        build_id, announced = facts["build_id"], facts["state"]
        states = {build["build_id"]: build["state"] for build in value["builds"]}
        if build_id not in states:
            # Deleted, or too old to be kept: then there is nothing to wait for.
            return announced == DELETED or (len(states) >= MAX_BUILDS and build_id < min(states))
        if announced == DELETED:
            return states[build_id] == "deleted"
        # A message may come late, after the build has moved on; only "still building" can be older than the message.
        return announced == BUILDING or states[build_id] != "building"

    # Tags move before Bodhi announces it: its messages catch a tag message that was lost.
    @query(version=3, topics=("bodhi.update.*", "bodhi.errata.publish"), follows="bodhi.releases")
    def tagged(self, package) -> Tagged:
        """Return the build of a source package that each active release has, by Koji tag.

        The tags are the stable tag (with what it inherits) and the testing tag of every active release.  The build is the one
        tagged last, which is what users of the release get.  It need not be the highest version.  Drafts are left out.

        Source: ``listTagged``, one call for each tag in one request.
        """
        request = f"listTagged({package!r})"
        wanted = self._release_tags()
        answers = self.multicall(
            request,
            *(
                # A release's tag need not exist in koji yet: not strict, it then has no builds.
                call("listTagged", tag, package=package, latest=MAX_LATEST, inherit=inherit, strict=False)
                for tag, inherit in wanted
            ),
        )
        found = {
            tag: self.read(request, _OfTag, {"builds": _newest(rows, package)})
            for (tag, _), rows in zip(wanted, answers, strict=True)
        }
        # An older build in place of an invalid one would be wrong.
        tags = {tag: next(iter(of.builds), None) for tag, of in found.items() if not of.invalid_rows}
        self.check_rows(request, len(wanted), tags)
        return self.read(request, Tagged, {"tags": tags}, *found.values())

    @tagged.affected("buildsys.tag", "buildsys.untag", "buildsys.package.list.change")
    def tagged_affected(event):
        # Secondary hubs publish on the same topics; their messages name no package.
        if not PASSING_TAG.match(koji_tag(event.body) or ""):
            yield from event.source_packages

    @tagged.expects
    def tagged_expect(event, package):
        build_id, tag = event.body.get("build_id"), koji_tag(event.body)
        if is_draft(event.body):
            return None
        if event.topic in ("buildsys.tag", "buildsys.untag") and isinstance(build_id, int) and tag:
            is_tagged = event.topic == "buildsys.tag"
            return {"about": f"{tag[:128]} {build_id}", "tag": tag[:128], "build_id": build_id, "is_tagged": is_tagged}
        return None

    @tagged.reflects
    def tagged_reflect(value, facts):
        shown = {build["build_id"] for build in value["tags"].values() if build and build["tag"] == facts["tag"]}
        if not facts["is_tagged"]:
            return facts["build_id"] not in shown
        # Of a tag only the build tagged last is shown: a newer one hides it.  What a tag holds that no release shows by itself is
        # hidden where the tag that inherits it has a build of its own.
        is_hidden = not shown and facts["tag"] not in value["tags"] and "invalid_rows" not in value
        return max(shown, default=0) >= facts["build_id"] or is_hidden

    @in_bulk(tagged, every=86400)
    def all_tagged(self) -> Iterator[tuple[str, dict[str, int]]]:
        """Yield each package with the builds of all tags of the active releases: ``{tag: build id}``.

        Source: ``listTagged``, for each tag and each first letter of a package: one answer for a tag has some 15 MB.
        """
        for package, builds, _ in self._all_tagged():
            yield package, {tag: build.build_id for tag, build in builds.items() if build}

    @all_tagged.values
    def all_tagged_values(self) -> Iterator[tuple[str, Any]]:
        """Yield each package with the value of `tagged`, without those that have an invalid build or a draft.

        What has no build in any tag is in no answer.  Source: as `all_tagged`.
        """
        for package, builds, is_complete in self._all_tagged():
            if is_complete:
                yield package, Tagged(tags=builds).model_dump(mode="json")

    def _all_tagged(self) -> Iterator[tuple[str, dict[str, TaggedBuild | None], bool]]:
        """Yield each package with the build of each tag, and whether these are what `tagged` has."""
        wanted = self._release_tags()
        for letter in FIRST_LETTERS:
            found: dict[str, dict[str, TaggedBuild | None]] = {}
            is_valid, drafts = True, set()
            for tag, inherit in wanted:
                request = f"listTagged({tag!r}, prefix={letter!r})"
                options = {"prefix": letter, "latest": True, "inherit": inherit, "strict": False}
                (rows,) = self.multicall(request, call("listTagged", tag, **options))
                read = self.read(request, _TaggedBuilds, {"builds": rows})
                is_valid = is_valid and read.invalid_rows is None
                drafts |= {str(dig(row, "package_name")) for row in rows if is_draft(row)}
                for build in read.builds:
                    builds = found.setdefault(build.package, dict.fromkeys(tag for tag, _ in wanted))
                    builds[tag] = builds[tag] or build
            for package, builds in found.items():
                yield package, builds, is_valid and package not in drafts

    @all_tagged.agrees
    def tagged_agrees(value, fact):
        shown = {tag: build["build_id"] for tag, build in value["tags"].items() if build}
        return shown == {tag: number for tag, number in (fact or {}).items() if tag in value["tags"]}

    def _release_tags(self) -> list[tuple[str, bool]]:
        """Return the Koji tags of the active releases, and whether what they inherit counts."""
        return [
            (tag, inherit)
            for release in self.releases()
            for tag, inherit in ((release["stable_tag"], True), (release["testing_tag"], False))
            if tag
        ]

    @sweep(every=300)
    def changes(self, position, now) -> Swept:
        """Return the builds that began, ended, were tagged or untagged since the previous sweep, and the packages whose place in
        the list of a tag changed.

        Source: ``listBuilds`` and ``queryHistory``, by the hub's clock (``getLastEvent``), in one request a step.  Deleted builds
        are in no list.
        """
        request = "listBuilds, queryHistory (sweep)"
        start, offset = position.get("from", since(position, now)), position.get("offset", 0)
        end = start + MAX_SPAN

        def options(order: str) -> dict[str, Any]:
            return {"order": order, "limit": MAX_SWEPT, "offset": offset}

        def history(table: str, order: str) -> Any:
            return call("queryHistory", tables=[table], after=start, before=end, queryOpts=options(order))

        last, *lists = self.multicall(
            request,
            call("getLastEvent"),
            call("listBuilds", createdAfter=start, createdBefore=end, queryOpts=options("build_id")),
            call("listBuilds", completeAfter=start, completeBefore=end, queryOpts=options("completion_time,build_id")),
            history("tag_listing", "create_event,build_id"),
            history("tag_packages", "create_event,package_id"),
        )
        begun, ended, tagged, listed = lists = [*lists[:2], dig(lists[2], "tag_listing"), dig(lists[3], "tag_packages")]
        rows = {"last": last, "begun": begun, "ended": ended, "tagged": tagged, "listed": listed}
        found = self.read(request, History, rows)
        events = found.events(tag for tag, _ in self._release_tags())
        changes = [Change(event, is_new=is_new(position, event.sent)) for event in events]
        if any(isinstance(list_, list) and len(list_) >= MAX_SWEPT for list_ in lists):
            place = {"from": start, "offset": offset + MAX_SWEPT}
            return Swept(changes, {**position, **place}, is_complete=False, invalid_rows=found.invalid_rows)
        return Swept(changes, {"since": min(end, found.last.ts)}, end >= found.last.ts, found.invalid_rows)

    def package_of(self, build_id: int) -> tuple[str, str] | None:
        """Return the source package and the release of a build, which never change; None for an unknown build.

        Source: ``getBuild``.
        """
        found = self._get_build(build_id, _PackageOf)
        return found and (found.package_name, found.release)

    def build(self, which: int | str) -> dict[str, Any] | None:
        """Return a build by number or NVR, as in `builds`, with the ``name`` of its source package; None for an unknown build.

        Source: ``getBuild``.
        """
        found = self._get_build(which, _FoundBuild)
        return found and found.model_dump(mode="json")

    def package(self, package_id: int) -> str | None:
        """Return the name of a source package by its number; None for an unknown package.

        Source: ``getPackage``.
        """
        request = f"getPackage({package_id})"
        (package,) = self.multicall(request, call("getPackage", package_id))
        return None if package is None else self.read(request, _Named, package).name

    def packages(self, tag: str | None = None) -> list[str]:
        """Return the names of all packages (with a tag: of its packages that are not blocked), for the search index.

        Source: ``listPackages``.  Tens of thousands of names in one answer.
        """
        request = f"listPackages({tag or ''})"
        options: dict[str, Any] = {"tagID": tag, "inherited": True, "with_blocked": False} if tag else {}
        (packages,) = self.multicall(request, call("listPackages", **options))
        return sorted({package.name for package in self.read(request, _Packages, {"packages": packages}).packages})

    def _get_build(self, which: int | str, kind: type[M]) -> M | None:
        """Return a build by number or NVR, or None."""
        request = f"getBuild({which})"
        (build,) = self.multicall(request, call("getBuild", which))
        return None if build is None else self.read(request, kind, build)


def _newest(rows: Any, package: str) -> Any:
    """Return the first row that is neither a draft nor of another package, in a list, which is empty if there is none.

    Invalid rows are left for validation.
    """
    if not isinstance(rows, list):
        return rows
    for row in rows:
        name = dig(row, "package_name")
        if (name == package or not isinstance(name, str)) and not is_draft(row):
            return [row]
    return []
