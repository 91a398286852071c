"""Hits of a search for pages, with the reasons in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fedora_packages.search.find import Hit
from fedora_packages.search.reasons import Reason

#: The label of each kind of reason (see `fedora_packages.search.reasons`); a matching name needs none.
LABELS = {
    "command": "command",
    "path": "file",
    "folder": "files in",
    "file": "file named",
    "capability": "provides",
    "obsoletes": "replaces",
    "foreign": "known elsewhere as",
    "maintainer": "maintained by",
    "summary": "summary contains",
    "description": "description contains",
}

RAWHIDE = "rawhide"


class ReasonRow(NamedTuple):
    """A reason: the label of its kind, the matching texts, and the binary packages that have them."""

    label: str
    texts: tuple[str, ...]
    binaries: tuple[str, ...]


@dataclass(frozen=True)
class HitRow:
    """A hit: the package, and the source package of a binary one.

    ``only_in`` are the branches with the package if Rawhide does not have it; ``replaced_by`` are the successors of a retired
    one.
    """

    name: str
    source: str | None
    summary: str
    is_retired: bool
    replaced_by: tuple[str, ...]
    only_in: tuple[str, ...]
    binaries: tuple[str, ...]
    reasons: tuple[ReasonRow, ...]


def hit_rows(hits: Sequence[Hit]) -> list[HitRow]:
    """Return hits for templates."""
    return [_row(hit) for hit in hits]


def _row(hit: Hit) -> HitRow:
    document = hit.document
    is_binary = hit.name != document.name
    own = next((binary.summary for binary in document.binaries if is_binary and binary.name == hit.name), "")
    releases = document.releases_of(hit.name)
    return HitRow(
        name=hit.name,
        source=document.name if is_binary else None,
        summary=own or document.summary,
        is_retired=document.retired,
        replaced_by=hit.replaced_by,
        only_in=() if RAWHIDE in releases else releases,
        # The package itself is not one of its binary packages here.
        binaries=tuple(name for name in hit.binaries if name not in (hit.name, document.name)),
        reasons=tuple(_reason(reason, hit) for reason in hit.reasons),
    )


def _reason(reason: Reason, hit: Hit) -> ReasonRow:
    # The words of a sentence need not be adjacent.
    texts = tuple(reason.text.split()) if reason.kind in ("summary", "description") else (reason.text,)
    # The binary packages are listed only if they are not the shown package.
    return ReasonRow(LABELS[reason.kind], texts, () if reason.binaries == (hit.name,) else reason.binaries)
