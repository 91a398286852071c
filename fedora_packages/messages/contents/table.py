"""The table of message families: everything the service knows about a kind of message is a row here.

To add a family, write its functions in the file of its sender and add a row.  A query that listens to a topic says so itself,
beside its declaration; a replay asks for the topics of all queries.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from fedora_packages.messages.body import matches
from fedora_packages.messages.contents import anitya, bodhi, bugzilla, composes, distgit, faf, koji, mdapi
from fedora_packages.messages.contents.base import (
    MAX_BUILDS,
    MAX_ID,
    MAX_ROWS,
    MAX_TEXT,
    Documents,
    Family,
    Links,
    Part,
    integer,
    line,
)

#: Bytes of details, written as JSON; larger ones are not kept.
MAX_DETAILS = 4096

#: The families of messages.  A topic belongs to the first that matches.
FAMILIES = (
    Family(
        "build", ("buildsys.build.state.change",), sources=koji.packages, details=koji.build_details,
        sentence=koji.build_sentence, documents=Documents.NEW,
    ),
    Family(
        "tag", ("buildsys.tag", "buildsys.untag"), sources=koji.packages, details=koji.tag_details, sentence=koji.tag_sentence,
    ),
    Family(
        "list", ("buildsys.package.list.change",), sources=koji.packages, details=koji.list_details,
        sentence=koji.list_sentence, documents=Documents.ALL,
    ),
    Family("signature", ("buildsys.rpm.sign",), sources=koji.signed_build, binaries=koji.signed_package),
    Family(
        "update", ("bodhi.update.*", "bodhi.errata.publish"), sources=bodhi.update_packages, details=bodhi.update_details,
        sentence=bodhi.update_sentence,
    ),
    Family("mash", ("bodhi.masher.start",), sources=bodhi.mash_packages),
    Family("override", ("bodhi.buildroot_override.*",), sources=bodhi.override_packages),
    Family(
        "bug", ("bugzilla.bug.new", "bugzilla.bug.update"), sources=bugzilla.packages, details=bugzilla.details,
        sentence=bugzilla.sentence,
    ),
    Family(
        # A body can have megabytes.
        "repository", ("mdapi.repo.update",), binaries=mdapi.packages, details=mdapi.details, sentence=mdapi.sentence,
        documents=Documents.KNOWN, rows=5,
    ),
    Family(
        "compose", (*composes.SYNCED, composes.COMPOSED), sources=composes.sources, binaries=composes.binaries,
        details=composes.details, sentence=composes.sentence, documents=Documents.ALL,
    ),
    Family(
        "push", distgit.COMMIT_TOPICS, sources=distgit.push_packages, details=distgit.push_details,
        sentence=distgit.push_sentence, proves_repository=True,
    ),
    Family(
        "push", distgit.BRANCH_TOPICS, sources=distgit.branch_packages, details=distgit.push_details,
        sentence=distgit.branch_sentence, proves_repository=True,
    ),
    Family(
        "push", ("pagure.git.branch.deletion",), sources=distgit.branch_packages, details=distgit.push_details,
        sentence=distgit.deleted_branch_sentence,
    ),
    # Nothing of them is on a timeline: dist-git has confirmed nothing yet.
    Family(
        "push", ("forgejo.*",), sources=distgit.forgejo_packages, is_listed=False, believed=distgit.forgejo_believed,
    ),
    Family(
        "file", ("git.lookaside.new",), sources=distgit.file_packages, details=distgit.file_details,
        sentence=distgit.file_sentence,
    ),
    Family(
        "project", ("pagure.project.new",), sources=distgit.project_packages, details=distgit.project_details,
        sentence=distgit.new_project_sentence, documents=Documents.ALL, proves_repository=True,
    ),
    Family(
        "project", ("pagure.project.deleted",), sources=distgit.project_packages, details=distgit.project_details,
        sentence=distgit.deleted_project_sentence, documents=Documents.ALL,
    ),
    Family(
        "project", ("pagure.project.*",), sources=distgit.project_packages, details=distgit.project_details,
        sentence=distgit.project_sentence, documents=Documents.ALL,
    ),
    Family("pkgdb", ("pkgdb.*",), sources=distgit.pkgdb_packages),
    Family(
        "crash", ("faf.report.threshold*", "faf.problem.threshold*"), sources=faf.packages, details=faf.details,
        sentence=faf.sentence,
    ),
    Family(
        "upstream", ("anitya.project.version.update*",), sources=anitya.packages, external_ids=anitya.external_ids,
        details=anitya.version_details, sentence=anitya.version_sentence,
    ),
    Family(
        "mapping", ("anitya.project.*",), sources=anitya.packages, external_ids=anitya.external_ids,
        sentence=anitya.project_sentence,
    ),
    Family(
        "hotness", ("hotness.update.*",), sources=anitya.hotness_packages, details=anitya.hotness_details,
        sentence=anitya.hotness_sentence, is_listed=True,
    ),
)  # fmt: skip

#: The family of all other topics.
OTHER = Family("", ("*",))


@lru_cache(maxsize=4096)
def family_of(topic: str) -> Family:
    """Return the family of a topic; `OTHER` if no row matches."""
    return next((family for family in FAMILIES if matches(topic, family.topics)), OTHER)


def details_of(topic: str, body: Mapping[str, Any], package: str) -> dict[str, Any]:
    """Return the fields of a message about a source package that are worth keeping, JSON-ready and small.

    ``kind`` is the kind of the family, which lists the other fields; any of them can be missing.  ``{}`` for a family without
    details, and if they have more than `MAX_DETAILS` bytes.
    """
    family = family_of(topic)
    fields = family.details(topic, body, package)
    if not fields:
        return {}
    details = {"kind": family.kind, **{key: value for key, value in fields.items() if value is not None}}
    return details if len(json.dumps(details)) <= MAX_DETAILS else {}


def sentence(entry: Mapping[str, Any], package: str, links: Links) -> tuple[Part, ...]:
    """Return what an entry of a source package's timeline says: the parts of a sentence without its full stop."""
    said = family_of(entry["topic"]).sentence(entry["topic"], entry["details"], package, links)
    parts = (said,) if isinstance(said, str) else said
    return tuple(Part(part) if isinstance(part, str) else part for part in parts)


def validated(details: Any) -> dict[str, Any]:
    """Return stored details without fields of another type than `details_of` returns: Redis can hold anything."""
    fields = {key: _valid(key, value) for key, value in details.items()} if isinstance(details, Mapping) else {}
    return {key: value for key, value in fields.items() if value is not None}


def archive_requests(topics: Iterable[str]) -> list[tuple[tuple[str, ...], int]]:
    """Return what to ask datagrepper for, to get messages of some topics and those that are always on timelines.

    Each is some categories, sorted, and the messages on a page.  datagrepper filters by category, the first part of a topic.
    """
    listed = (topic for family in FAMILIES if family.is_listed for topic in family.topics)
    categories = {_category(topic) for topic in (*topics, *listed)}
    by_rows: dict[int, list[str]] = {}
    for category in sorted(categories):
        rows = min((family.rows for family in FAMILIES if category in map(_category, family.topics)), default=MAX_ROWS)
        by_rows.setdefault(rows, []).append(category)
    return [(tuple(found), rows) for rows, found in sorted(by_rows.items(), reverse=True)]


def _category(topic: str) -> str:
    return topic.partition(".")[0]


def _valid(key: str, value: Any) -> Any:
    if key in ("build_id", "id", "commits", "count", "karma", "said"):
        return integer(value, -MAX_ID)
    if key == "builds":
        return [name for name in map(line, value) if name][:MAX_BUILDS] if isinstance(value, list) else None
    if key == "retires":
        return value is True or None
    return line(value, MAX_TEXT)
