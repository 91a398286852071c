"""Merge what several releases have of a source package into one document.

The first release that has a source describes it, in reading order, and the first that has a binary describes that.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from fedora_packages.messages.text import line
from fedora_packages.search.document import (
    MAX_BINARIES,
    MAX_DESCRIPTION_LENGTH,
    MAX_SUMMARY_LENGTH,
    MAX_URL_LENGTH,
    Binary,
    Document,
)

#: Characters of a capability or a path; a longer one is skipped.
MAX_LINE_LENGTH = 2000


def lines(texts: Iterable[str | None], most: int) -> str:
    """Return the first strings, each once and on a line of its own, without those too long or with characters that act."""
    found = list(dict.fromkeys(filter(None, texts)))
    whole = "".join(found)
    # Nearly all of ten million strings are valid, and need no check of their own.
    if not whole.isprintable():
        found = [each for each in found if line(each) == each]
    if len(whole) > MAX_LINE_LENGTH:
        found = [each for each in found if len(each) <= MAX_LINE_LENGTH]
    return "\n".join(found[:most])


def bounded_lines(texts: Iterable[str | None], most: int) -> tuple[str, ...]:
    """Return the strings of `lines` as a tuple."""
    return unlined(lines(texts, most))


def unlined(text: str | None) -> tuple[str, ...]:
    """Return the strings that `lines` has joined."""
    return tuple(text.split("\n")) if text else ()


def merge(
    name: str, releases: Sequence[str], binaries: Iterable[tuple[Binary, Sequence[str]]], owner: str | None
) -> Document:
    """Return the document of a source package in some releases, in reading order, as yet without summary and description.

    ``binaries`` are pairs of a binary and the releases that have it.
    """
    releases = tuple(releases)
    found = sorted(binaries, key=lambda pair: pair[0].name)[:MAX_BINARIES]
    return Document(
        name,
        owner=owner,
        branch=releases[0],
        releases=releases,
        binaries=tuple(
            binary._replace(releases=() if tuple(having) == releases else tuple(having)) for binary, having in found
        ),
    )


def with_texts(document: Document, summary: str, description: str, url: str | None) -> Document:
    """Return a document with this summary, description and URL, cut to their maximum lengths."""
    return replace(
        document,
        summary=summary[:MAX_SUMMARY_LENGTH],
        description=description[:MAX_DESCRIPTION_LENGTH],
        url=url[:MAX_URL_LENGTH] if url else None,
    )


def with_previous(document: Document, previous: Document | None) -> Document:
    """Return a document with the dependents of the previous one, and the summary and description of a retired package."""
    if previous is None:
        return document
    document = replace(document, dependents=previous.dependents)
    if document.retired and not document.summary:
        document = with_texts(document, previous.summary, previous.description, previous.url)
    return document


def part_of(document: Document, branches: Collection[str]) -> Document | None:
    """Return what a document has of some releases: their binaries, without texts; None if it has none of them."""
    releases = tuple(branch for branch in document.releases if branch in branches)
    if not releases:
        return None
    having = {binary: [*document.releases_of(binary.name)] for binary in document.binaries}
    kept = ((binary, [branch for branch in of if branch in branches]) for binary, of in having.items())
    binaries = tuple(binary._replace(releases=tuple(of)) for binary, of in kept if of)
    return Document(document.name, releases=releases, binaries=binaries)


def with_part(document: Document, part: Document, order: Sequence[str]) -> Document:
    """Return a document with the releases of `part_of` another.  ``order`` has all branches, in reading order."""
    having = {binary.name: (binary, {*document.releases_of(binary.name)}) for binary in document.binaries}
    for binary in part.binaries:
        having.setdefault(binary.name, (binary, set()))[1].update(binary.releases)
    releases = sorted({*document.releases, *part.releases}, key=order.index)
    binaries = [(binary, sorted(of, key=order.index)) for binary, of in having.values()]
    merged = merge(document.name, releases, binaries, document.owner)
    return replace(document, branch=merged.branch, releases=merged.releases, binaries=merged.binaries)
