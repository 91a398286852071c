"""Anitya (release-monitoring.org): the versions that a package's upstream project has published.

Anitya sends a message before it has stored the change: an answer that is read at once can be from before.  Some messages name no
package, only Anitya's project.
"""

import re
from collections.abc import Iterable
from typing import Any

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.page_links import Site
from fedora_packages.connectors.query import query
from fedora_packages.connectors.sweep import Change, Swept, event_of, sweep
from fedora_packages.connectors.types import Count, Found, InvalidRows, Model, NotFound, Rows, Text, clip, field
from fedora_packages.messages.body import dig, strings
from fedora_packages.messages.event import Event

#: Versions that are kept of each list, newest first, that are expected after one message, and characters of one.
MAX_VERSIONS = 40
MAX_AWAITED = 20
MAX_VERSION = 128

#: Packages on a page of the list of all, and pages that a sweep reads at most.
PAGE = 250
MAX_PAGES = 400

#: Characters of the fields of a project.
MAX_LENGTHS = {"name": 200, "homepage": 1000, "backend": 200}

NOT_MAPPED = re.compile(r"No package .* found in distro .*", re.DOTALL)


class Project(Model):
    """A project of Anitya's."""

    id: Count
    name: Text(MAX_LENGTHS["name"])
    homepage: Text(MAX_LENGTHS["homepage"]) | None = field("null if Anitya has none")
    backend: Text(MAX_LENGTHS["backend"]) | None = field("where Anitya looks for versions; null if it does not say")
    ecosystem: Text(1000) | None = field("of a language, or the homepage; null if Anitya does not say", default=None)


Versions = Rows(Text(MAX_VERSION), MAX_VERSIONS, "version")


class ProjectVersions(Model):
    """The project and the versions of a package."""

    found: Found = True
    project: Project
    latest: Text(MAX_VERSION) | None = field("can be a pre-release; null if no version is known", alias="version")
    versions: Versions = field("newest first, as Anitya orders them")
    stable: Versions = field("those that are released, newest first", alias="stable_versions")
    invalid_rows: InvalidRows = None


class _Item(Model):
    """A package in the list of all."""

    distribution: Text(200)
    name: Text(256)
    project: Text(200)
    version: Text(MAX_VERSION) | None
    stable_version: Text(MAX_VERSION) | None


class _PackagesPage(Model):
    items: Rows(_Item, PAGE)
    invalid_rows: InvalidRows = None


class AnityaSite(Site):
    """Anitya's web interface."""

    default = "https://release-monitoring.org"

    def project(self, project_id: int) -> str:
        """Return the page of a project."""
        return self.link("project", str(project_id), "")

    def projects(self, name: str) -> str:
        """Return the list of the projects with a string in their name."""
        return self.link("projects", "search", "", pattern=name)

    def new_project(self) -> str:
        """Return the form for a new project."""
        return self.link("project", "new")


class AnityaConnector(Connector):
    """Upstream projects and their versions, from Anitya's HTTP interface."""

    name = "anitya"
    title = "Anitya"
    site = AnityaSite()
    is_optional = True

    @query(version=4, topics=("anitya.project.version.update*", "anitya.project.map.*"))
    def versions(self, package) -> ProjectVersions | NotFound:
        """Return the upstream project of a source package and its versions.

        Each list has at most `MAX_VERSIONS` versions.

        Source: ``GET /api/project/Fedora/NAME``.
        """
        answer = self.get("api", "project", "Fedora", package)
        if answer.status == 404:
            # A proxy without a route to Anitya returns 404 too, with another body.
            said = self.decoded(answer, status=404)
            if isinstance(said, dict) and NOT_MAPPED.fullmatch(str(said.get("error"))):
                return NotFound()
            raise self.invalid(
                answer.request, "HTTP 404: expected that the package is not mapped, got another error", answer.body
            )
        project = self.decoded(answer)
        about = project if isinstance(project, dict) else {}
        return self.read(answer.request, ProjectVersions, {**about, "project": project})

    @sweep(every=3600)
    def changes(self, position, now) -> Swept:
        """Return the newest versions of all packages of Fedora, to be compared: Anitya corrects them in silence.

        A package that the previous sweep has listed and this one does not is mapped no more.

        Source: ``GET /api/v2/packages/``, a page a step.
        """
        number, known, seen = position.get("page", 1), position.get("known", []), position.get("seen", [])
        params = {"distribution": "Fedora", "items_per_page": PAGE, "page": number}
        page = self.parsed(self.get("api", "v2", "packages", "", params=params), _PackagesPage)
        items = [item for item in page.items if item.distribution == "Fedora"]
        changes, seen = [_version_change(item, now) for item in items], [*seen, *(item.name for item in items)]
        invalid = page.invalid_rows
        if len(page.items) + (invalid.count if invalid else 0) >= PAGE and number < MAX_PAGES:
            return Swept(changes, {"page": number + 1, "known": known, "seen": seen}, False, invalid)
        # A package whose row is invalid may be listed all the same: its own answer tells.
        gone = sorted({*known} - {*seen})
        return Swept([*changes, *(_unmapped(name, now) for name in gone)], {"known": seen}, invalid_rows=invalid)

    @versions.external_id
    def versions_external_id(value):
        return value["project"]["id"] if value.get("found") else None

    @versions.affected("anitya.project.map.*", "anitya.project.version.remove*", "anitya.project.edit",
                       "anitya.project.remove", by_external_id=True)  # fmt: skip
    def versions_affected_by_project(event):
        yield from event.external_ids

    @versions.expects
    def versions_expect(event, package):
        number = dig(event.body, "project", "id")
        if not isinstance(number, int):
            return None
        return {**_announced(event, package), "project": number}

    @versions.reflects
    def versions_reflect(value, facts):
        is_of_it = value["found"] and value["project"]["id"] == facts["project"]
        if "is_mapped" in facts:
            return is_of_it == facts["is_mapped"]
        if not is_of_it:
            # It is mapped to no project, or to another: other messages announce that.
            return True
        if "gone" in facts:
            return not {*facts["gone"]} & {value["latest"], *value["versions"]}
        if "newest" in facts:
            # A newer version may have come since.  Other new versions can be too old to be kept.
            shown = {value["latest"], *value["versions"]}
            are_all = len(value["versions"]) < MAX_VERSIONS
            return {*facts["newest"]} <= shown and (not are_all or {*facts["found"]} <= shown)
        return all(value["project"][key] == said for key, said in facts["says"].items())


def _version_change(item: _Item, now: float) -> Change:
    def shows(package: str, value: Any) -> bool:
        # The list and the answer about one package order versions alike, so that the first stable one is the newest.
        return package != item.name or (
            value["found"]
            and value["project"]["name"] == clip(item.project, MAX_LENGTHS["name"])
            and value["latest"] == item.version
            and next(iter(value["stable"]), None) == item.stable_version
        )

    body = {
        "message": {"packages": [{"distro": "Fedora", "package_name": item.name}], "upstream_versions": [item.version]}
    }
    event = event_of("anitya", "anitya.project.version.update.v2", f"{item.name}-{item.version}", now, body)
    return Change(event, {"anitya.versions": shows}, is_new=False)


def _unmapped(name: str, now: float) -> Change:
    body = {"message": {"packages": [{"distro": "Fedora", "package_name": name}]}}
    event = event_of("anitya", "anitya.project.map.remove", f"{name}-unmapped", now, body)
    return Change(event, {"anitya.versions": lambda package, value: package != name or not value["found"]})


def _announced(event: Event, package: str) -> dict[str, Any]:
    """Return the expected state of a package after a message; see `versions_reflect`."""
    kind = event.topic.removeprefix("anitya.project.")
    message, project = event.body.get("message"), event.body["project"]
    if kind.startswith("map."):
        # The unmapped package is not named.  Other packages of the project stay mapped, and are rechecked in vain.
        is_named = package in event.source_packages
        return {"about": "mapping", "is_mapped": is_named and dig(message, "new") == package}
    if kind == "remove":
        return {"about": "mapping", "is_mapped": False}
    if kind.startswith("version.update"):
        # The versions that were found need not be the newest; those that a filter drops are none of the project.
        kept = {*strings(dig(message, "versions"))}
        found = [version for version in strings(dig(message, "upstream_versions")) if version in kept]
        newest = project.get("version") or dig(message, "upstream_version") or event.body.get("upstream_version")
        return {"about": "versions", "newest": _awaited([newest]), "found": _awaited(found)}
    if kind.startswith("version.remove"):
        gone = [*strings(dig(message, "versions")), *strings([dig(message, "version")])]
        return {"about": "versions", "gone": _awaited(dict.fromkeys([*gone, *map(_without_prefix, gone)]))}
    said = {key: project[key] for key in MAX_LENGTHS if isinstance(project.get(key), str)}
    return {"about": "project", "says": {key: clip(word, MAX_LENGTHS[key]) for key, word in said.items()}}


def _without_prefix(version: str) -> str:
    """Return a version without the project's prefix (``v1.0``, ``release-1.0``), which messages can have and lists have not."""
    return re.sub(r"^[A-Za-z._-]+(?=[0-9])", "", version)


def _awaited(versions: Iterable[Any]) -> list[str]:
    """Return the versions of a message that a value must show, clipped as in the value."""
    return [clip(version, MAX_VERSION) for version in versions if isinstance(version, str)][:MAX_AWAITED]
