"""Anitya (release-monitoring.org): the versions that a package's upstream project has published.

The one thing to know: Anitya sends its messages before it has written what they tell of, so that an answer which is read at once
can be the one from before.  And some of them name no package, only Anitya's project.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import query
from fedora_packages.connectors.schema import found_or, optional, record, rows, whole
from fedora_packages.connectors.schema import text as a_text
from fedora_packages.connectors.types import integer, items, optional_text, text
from fedora_packages.errors import InvalidResponse
from fedora_packages.messages.body import dig, strings
from fedora_packages.messages.event import Event

#: How many versions are kept of each list, newest first; of how many that come or go it is looked whether they have.
VERSIONS_KEPT = 40
VERSIONS_AWAITED = 20
LONGEST_VERSION = 128

#: Characters of what a project says of itself.
LONGEST = {"name": 200, "homepage": 1000, "backend": 200}

NOT_MAPPED = re.compile(r"No package .* found in distro .*", re.DOTALL)


#: What the query returns.
_VERSIONS = rows(a_text(most=128), VERSIONS_KEPT, "newest first")
VERSIONS = found_or(
    project=record(
        id=whole(),
        name=a_text(),
        homepage=a_text(),
        backend=a_text(),
        ecosystem=optional(a_text(), "null if Anitya does not say"),
    ),
    latest=optional(a_text("may be a version before a release"), "null if no version is known"),
    versions=_VERSIONS,
    stable=_VERSIONS,
)


class AnityaConnector(Connector):
    """Upstream projects and their versions, from Anitya's HTTP interface."""

    name = "anitya"
    is_optional = True

    @query(version=1, returns=VERSIONS)
    def versions(self, package):
        """Return the upstream project of a source package and its versions.

            {"found": True,
             "project": {"id": 5311, "name": "guake", "homepage": "https://guake.github.io/",
                         "backend": "GitHub",            # how Anitya looks for versions
                         "ecosystem": "pypi"},           # of a language; or the homepage; None if Anitya does not say
             "latest": "3.10.2b1",                       # may be a version before a release; None if no version is known
             "versions": ["3.10.2b1", "3.10.1"],         # newest first, as Anitya orders the project's versions
             "stable": ["3.10.1"]}                       # those that are released

        At most `VERSIONS_KEPT` of each list are kept.  A package that is mapped to no project is ``{"found": False}``.

        Source: ``GET /api/project/Fedora/NAME``.
        """
        asked = f"the upstream project of {package!r}"
        path = f"/api/project/Fedora/{quote(package, safe='')}"
        answer = self.request("GET", path, asked=asked, headers={"Accept": "application/json"})
        if answer.status == 404:
            # A proxy that has lost Anitya says 404 too, in other words.
            said = self.decoded(answer, asked, status=404)
            if isinstance(said, dict) and NOT_MAPPED.fullmatch(str(said.get("error"))):
                return {"found": False}
            raise InvalidResponse(
                self.name, asked, "it answered 404, and not that the package is not mapped", answer.body
            )
        project = self.decoded(answer, asked)
        return self.check(asked, lambda: _project(project))

    @versions.affected("anitya.project.version.update*", "anitya.project.map.*")
    def versions_affected(event):
        yield from event.source_packages

    @versions.external_id
    def versions_refer(value):
        return value["project"]["id"] if value.get("found") else None

    @versions.affected_by_external_id("anitya.project.map.*", "anitya.project.version.remove*", "anitya.project.edit",
                                    "anitya.project.remove")  # fmt: skip
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
            # Mapped to none, or to another: of which project it is, other messages say.
            return True
        if "gone" in facts:
            return not {*facts["gone"]} & {value["latest"], *value["versions"]}
        if "newest" in facts:
            # It may have moved on since.  Another that was found may be too old to be kept.
            shown = {value["latest"], *value["versions"]}
            are_all = len(value["versions"]) < VERSIONS_KEPT
            return {*facts["newest"]} <= shown and (not are_all or {*facts["found"]} <= shown)
        return all(value["project"][key] == said for key, said in facts["says"].items())


def _announced(event: Event, package: str) -> dict[str, Any]:
    """Return what a message says that the answer about a package must show; see `versions_reflect`."""
    kind = event.topic.removeprefix("anitya.project.")
    message, project = event.body.get("message"), event.body["project"]
    if kind.startswith("map."):
        # What is unmapped is not named.  Of several packages of one project all but one stay mapped, and are looked at in vain.
        is_named = package in event.source_packages
        return {"about": "mapping", "is_mapped": is_named and dig(message, "new") == package}
    if kind == "remove":
        return {"about": "mapping", "is_mapped": False}
    if kind.startswith("version.update"):
        # What was found need not be the newest; what a filter leaves out is no version of the project.
        kept = {*strings(dig(message, "versions"))}
        found = [version for version in strings(dig(message, "upstream_versions")) if version in kept]
        newest = project.get("version") or dig(message, "upstream_version") or event.body.get("upstream_version")
        return {"about": "versions", "newest": _awaited([newest]), "found": _awaited(found)}
    if kind.startswith("version.remove"):
        return {"about": "versions", "gone": _awaited([*strings(dig(message, "versions")), dig(message, "version")])}
    said = {key: project[key] for key in LONGEST if isinstance(project.get(key), str)}
    return {"about": "project", "says": {key: text(word, LONGEST[key]) for key, word in said.items()}}


def _awaited(versions: Iterable[Any]) -> list[str]:
    """Return the versions of a message that are looked for, as they are kept."""
    return [text(version, LONGEST_VERSION) for version in versions if isinstance(version, str)][:VERSIONS_AWAITED]


def _project(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "found": True,
        "project": {
            "id": integer(answer["id"]),
            **{key: text(answer[key], limit) for key, limit in LONGEST.items()},
            "ecosystem": optional_text(answer.get("ecosystem"), 1000),
        },
        "latest": optional_text(answer["version"], LONGEST_VERSION),
        "versions": _versions(answer["versions"]),
        "stable": _versions(answer["stable_versions"]),
    }


def _versions(found: Any) -> list[str]:
    return [text(version, LONGEST_VERSION) for version in items(found)[:VERSIONS_KEPT]]
