"""Hits as pages show them: what was found, and why, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from fedora_packages.search.find import Hit
from fedora_packages.search.reasons import Reason

#: What each kind of reason is called (see `fedora_packages.search.reasons`); a name says by itself why it was found.
WORDS = {
    "command": "has the command",
    "path": "has the file",
    "folder": "has files in",
    "file": "has a file called",
    "capability": "provides",
    "obsoletes": "replaces",
    "foreign": "is known elsewhere as",
    "maintainer": "is maintained by",
    "summary": "its summary says",
    "description": "its description says",
}


RAWHIDE = "rawhide"


@dataclass(frozen=True)
class Why:
    """A reason: ``words`` for its kind, the ``texts`` that were found, and the ``binaries`` that have them."""

    words: str
    texts: tuple[str, ...]
    binaries: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A hit: the package that was found, and where its name is a binary's, the source that builds it.

    ``only_in`` are the branches that have it where rawhide, of which most people think, has not; ``replaced_by`` what
    has replaced a package that is retired.
    """

    name: str
    source: str | None
    summary: str
    is_retired: bool
    replaced_by: tuple[str, ...]
    only_in: tuple[str, ...]
    binaries: tuple[str, ...]
    why: tuple[Why, ...]


def shown(hits: Sequence[Hit]) -> list[Shown]:
    """Return hits as templates show them."""
    return [_shown(hit) for hit in hits]


def _shown(hit: Hit) -> Shown:
    of = hit.document
    is_binary = hit.name != of.name
    own = next((binary.summary for binary in of.binaries if is_binary and binary.name == hit.name), "")
    return Shown(
        name=hit.name,
        source=of.name if is_binary else None,
        summary=own or of.summary,
        is_retired=of.retired,
        replaced_by=hit.replaced_by,
        only_in=() if RAWHIDE in (releases := of.releases_of(hit.name)) else releases,
        # The package itself is no part of it.
        binaries=tuple(name for name in hit.binaries if name not in (hit.name, of.name)),
        why=tuple(_why(reason, hit) for reason in hit.reasons),
    )


def _why(reason: Reason, hit: Hit) -> Why:
    # Who has it is told where that is another than the package that is shown.
    others = () if reason.binaries == (hit.name,) else reason.binaries
    # Words of prose may stand apart.
    texts = tuple(reason.text.split()) if reason.kind in ("summary", "description") else (reason.text,)
    return Why(WORDS[reason.kind], texts, others)
