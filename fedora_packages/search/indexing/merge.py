"""The union: one document of a source package from what several releases have of it.

A source is described by the first release that has it, in reading order, and each of its binaries by the first release that
has that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fedora_packages.search.document import (
    MAX_BINARIES,
    MAX_DESCRIPTION_LENGTH,
    MAX_SUMMARY_LENGTH,
    MAX_URL_LENGTH,
    Binary,
    Document,
)

#: Characters of a capability or a path; one that is longer is left out.
MAX_LINE_LENGTH = 2000


@dataclass(frozen=True)
class DocumentDraft:
    """A document, and the capabilities that its binaries require: what others' ``dependents`` are counted from."""

    document: Document
    requires: tuple[str, ...] = ()


def lines(texts: Iterable[str | None], most: int) -> str:
    """Return the first texts, each once and on a line of its own, without what no name of a capability or file can be."""
    found = list(dict.fromkeys(filter(None, texts)))
    text = "\n".join(found[:most])
    # Of ten million texts all but a few are as they should be, and need not be looked at one by one.
    if len(text) > MAX_LINE_LENGTH or text.count("\n") >= most or text.count("\n") > len(found) - 1:
        text = "\n".join([each for each in found if len(each) <= MAX_LINE_LENGTH and "\n" not in each][:most])
    return text


def bounded_lines(texts: Iterable[str | None], most: int) -> tuple[str, ...]:
    """Return what `lines` does, as a tuple."""
    return unlined(lines(texts, most))


def unlined(text: str | None) -> tuple[str, ...]:
    """Return the texts that `lines` put on lines."""
    return tuple(text.split("\n")) if text else ()


def merge(
    name: str, releases: Sequence[str], binaries: Iterable[tuple[Binary, Sequence[str]]], owner: str | None
) -> Document:
    """Return the document, as yet without texts, of a source that some releases have, in reading order.

    ``binaries`` come with the releases that have them.
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
    """Return a document with these texts, within bounds."""
    return replace(
        document,
        summary=summary[:MAX_SUMMARY_LENGTH],
        description=description[:MAX_DESCRIPTION_LENGTH],
        url=url[:MAX_URL_LENGTH] if url else None,
    )


def with_previous(document: Document, old: Document | None) -> Document:
    """Return a document with what only the one before it knows: its dependents, and what a retired package was."""
    if old is None:
        return document
    document = replace(document, dependents=old.dependents)
    if document.retired and not document.summary:
        document = with_texts(document, old.summary, old.description, old.url)
    return document
