"""Messages that announce another content of a repository: Bodhi's syncs, and composes of pungi.

None of them names a package.  A worker reads the repository, and adds to the event what it has found there, as a `Reading`: a
type that no message can have, since JSON has none.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fedora_packages.messages.contents.base import Links, Sentence, line

#: Bodhi has put a repository on the mirror; a compose of a whole release has changed its state.
SYNCED = ("bodhi.updates.fedora.sync", "bodhi.updates.epel.sync")
COMPOSED = "pungi.compose.status.change"

#: The key of a `Reading` in the body of an event.
READING = "reading"

#: The lists of a repository in which packages differ.
LISTS = ("primary", "filelists", "other")

_VERSION = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")


@dataclass(frozen=True)
class Reading:
    """What a worker has found in a repository: some binary packages (``names``) that differ from before in the same ``lists``.

    In place of a list, ``requires`` says that other packages require something of them now and did not before, or the reverse;
    ``obsoletes`` likewise.  ``sources`` are the source packages of another version, with that and the release (None: removed).
    """

    repository: str
    lists: Sequence[str]
    names: Sequence[str]
    sources: Mapping[str, str | None] = field(default_factory=dict)


def reading_of(body: Mapping[str, Any]) -> Reading | None:
    """Return what a worker has added to an event; None for every message of a bus."""
    found = body.get(READING)
    return found if isinstance(found, Reading) else None


def repositories(topic: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the repositories that a message says have changed, such as ``f44-updates``.

    A sync of EPEL can be that of the next minor release, or of the leading one, whose repository has two names.  Not all have to
    exist.
    """
    if topic == COMPOSED:
        return _composed(body)
    return _synced(body) if topic in SYNCED else ()


def _synced(body: Mapping[str, Any]) -> tuple[str, ...]:
    repository, release = body.get("repo"), body.get("release")
    if not isinstance(repository, str) or not isinstance(release, str) or not _VERSION.fullmatch(release):
        return ()
    if repository in ("updates", "updates-testing"):
        return (f"f{release}-{repository}",)
    if repository in ("epel", "epel-testing"):
        suffix = repository.removeprefix("epel")
        branches = dict.fromkeys((f"epel{release}", f"epel{release}-next", f"epel{release.partition('.')[0]}"))
        return tuple(f"{branch}{suffix}" for branch in branches)
    return ()


def _composed(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the repository of a nightly compose that has ended well; candidates, images and Bodhi's own composes change none."""
    is_finished = body.get("status") in ("FINISHED", "FINISHED_INCOMPLETE")
    is_nightly = body.get("compose_type") == "nightly" and not body.get("compose_label")
    release = body.get("release_version")
    if not is_finished or not is_nightly or body.get("release_short") != "Fedora" or not isinstance(release, str):
        return ()
    if release.lower() in ("rawhide", "eln"):
        return (release.lower(),)
    return (f"f{release}",) if re.fullmatch("[0-9]{1,3}", release) else ()


def sources(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the source packages that a worker has found changed."""
    reading = reading_of(body)
    yield from reading.sources if reading else ()


def binaries(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the binary packages that a worker has found changed."""
    reading = reading_of(body)
    yield from reading.names if reading and not set(LISTS).isdisjoint(reading.lists) else ()


def details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"repository", "version", "action"}``; ``action`` is ``removed`` for a package that is no longer there."""
    reading = reading_of(body)
    if reading is None:
        return {}
    version = reading.sources.get(package)
    is_removed = package in reading.sources and version is None
    return {"repository": reading.repository, "version": line(version), "action": "removed" if is_removed else None}


def sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "3.10.1-4 is in f45-updates"."""
    if "repository" not in details:
        return "A repository changed"
    if "version" in details:
        return f"{details['version']} is in {details['repository']}"
    verb = "was removed from" if details.get("action") == "removed" else "changed in"
    return f"The package {verb} {details['repository']}"
