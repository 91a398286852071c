"""mdapi's messages: a repository was refreshed."""

from collections.abc import Iterator, Mapping
from typing import Any

from fedora_packages.messages.body import dig, strings
from fedora_packages.messages.contents.base import Links, Sentence, line

#: Tables in which the first column of a changed row is the package; in all others it is the last.
_FIRST_COLUMN = ("packages", "filelist", "changelog")


def packages(topic: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the binary packages that changed, mixed with names of capabilities.

    The old form lists changed rows of tables in place of names.
    """
    yield from strings(body.get("packages"))
    differences = body.get("differences")
    for table, changes in differences.items() if isinstance(differences, Mapping) else ():
        column = 0 if table in _FIRST_COLUMN else -1
        for side in ("added", "removed"):
            rows = dig(changes, side)
            yield from (row[column] for row in rows if isinstance(row, list) and row) if isinstance(rows, list) else ()


def repository_release(body: Mapping[str, Any]) -> str | None:
    """Return the branch of the release of a repository: ``f45-updates-testing`` -> ``f45``.

    None for repositories of sources (``src_f45``) and for Koji's own, which no page shows.
    """
    name = dig(body, "name")
    if not isinstance(name, str) or name.startswith("src_") or name == "koji":
        return None
    for suffix in ("-updates-testing", "-updates", "-testing"):
        name = name.removesuffix(suffix)
    return name or None


def details(topic: str, body: Mapping[str, Any], package: str) -> Mapping[str, Any]:
    """Return ``{"repository", "release"}``."""
    return {"repository": line(body.get("name")), "release": line(repository_release(body))}


def sentence(topic: str, details: Mapping[str, Any], package: str, links: Links) -> Sentence:
    """Return "The repository f45-updates was refreshed"."""
    repository = f"The repository {details['repository']}" if "repository" in details else "A repository"
    return f"{repository} was refreshed"
