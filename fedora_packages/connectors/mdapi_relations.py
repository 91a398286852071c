"""What mdapi's rows say of relations: what a package requires and so on, who requires it, and of whom a row is that does not say.

No connector: ``mdapi.py`` asks, and reads its answers with this.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fedora_packages.connectors.types import items, optional_text, text

#: How many relations of each kind are kept of one package.
RELATIONS_KEPT = 5000

#: Capabilities of a package that it is asked of who requires them, its own name first: each is a request, of whose answer so many
#: bytes are read.  mdapi describes every package that it finds in full; what requires glibc would be hundreds of megabytes.
CAPABILITIES_ASKED = 8
REQUIRERS_READ = 6 << 20

#: Packages that require another which are kept, and the requirements of each.
REQUIRERS_KEPT = 2000
REASONS_KEPT = 8

#: Capabilities that others require, in the order in which they are asked for.
_TELLING = (
    re.compile(r"[^()]+\.so[^()]*\(\)(?:\(64bit\))?"),
    re.compile(r"python[0-9.]*dist\(.*\)"),
    re.compile(r"(?:pkgconfig|cmake|perl|rubygem|npm|golang|crate|php-composer|mvn|tex|ocaml|ghc-devel|R)\(.*\)"),
    re.compile(r"[^()]+"),
)

#: Capabilities that nothing requires: they say what a package is, or what was copied into it.
_SILENT = re.compile(r"(?:application|bundled|config|metainfo|appdata|mimehandler|font|user|group)\(.*")

#: What stands between two members of a JSON list.
_BETWEEN = re.compile(r"[\s,]*")

RELATION_KEYS = ("name", "flags", "epoch", "version", "release")


def relations_of(rows: Any) -> list[dict[str, str | None]]:
    # mdapi repeats some (guake requires /bin/sh twice, once for each scriptlet).
    found = dict.fromkeys(relation_of(row) for row in items(rows))
    return [dict(zip(RELATION_KEYS, values, strict=True)) for values in list(found)[:RELATIONS_KEPT]]


def names_of(rows: Any) -> list[str]:
    """Return the names of the capabilities in a list of relations, each once."""
    found = dict.fromkeys(text(row["name"], 1000) for row in items(rows))
    return list(found)[:RELATIONS_KEPT]


def relation_of(row: Mapping[str, Any]) -> tuple[str | None, ...]:
    return tuple(optional_text(row[key], 1000) for key in RELATION_KEYS)


class Requirers:
    """What requires a package, as answers about its capabilities tell it."""

    def __init__(self) -> None:
        self._packages: dict[tuple[str, str], dict[tuple[str | None, ...], None]] = {}
        self._repositories: dict[str, None] = {}
        self._is_cut = False

    def add(self, rows: Iterable[Any], capability: str, is_cut: bool = False) -> None:
        """Add the packages that were found to require a capability."""
        self._is_cut = self._is_cut or is_cut
        for row in rows:
            self._repositories[text(row["repo"], 64)] = None
            key = (text(row["basename"], 256), named_by(row) or "")
            if key not in self._packages and len(self._packages) >= REQUIRERS_KEPT:
                self._is_cut = True
                continue
            reasons = self._packages.setdefault(key, {})
            for item in items(row["requires"]):
                if item["name"] == capability and len(reasons) < REASONS_KEPT:
                    reasons[relation_of(item)] = None

    def value(self) -> dict[str, Any]:
        """Return them as the query does."""
        return {
            "repositories": list(self._repositories),
            "total": len(self._packages),
            "packages": [
                {
                    "name": name or None,
                    "source": source,
                    "relations": [dict(zip(RELATION_KEYS, reason, strict=True)) for reason in reasons],
                }
                for (source, name), reasons in sorted(self._packages.items())
            ],
            "is_cut": self._is_cut,
        }


def named_by(row: Mapping[str, Any]) -> str | None:
    """Return the name of a package that mdapi describes without naming it: the one of its source's binaries that it provides.

    None where that is none, or several without a word of the architecture, which rpm adds to a package's own name.
    """
    evr = ("EQ", row["epoch"], row["version"], row["release"])
    siblings = {text(name, 256) for name in items(row["co-packages"])}
    if len(siblings) == 1:
        return next(iter(siblings))
    provided = {
        item["name"]: (item["flags"], item["epoch"], item["version"], item["release"]) == evr
        for item in items(row["provides"])
    }
    own = [name for name in siblings if provided.get(name)]
    if len(own) > 1:
        own = [name for name in own if any(f"{name}({arch})" in provided for arch in ("x86-64", "x86-32"))]
    return own[0] if len(own) == 1 else None


def capabilities(package: str, provides: Iterable[Mapping[str, Any]]) -> tuple[list[str], int]:
    """Return the capabilities of a package to ask for, its name first, and how many others that may be required it has."""
    names = dict.fromkeys(text(row["name"], 300) for row in provides)
    # Paths cannot be asked for: mdapi takes a slash for the end of a name.
    others = [name for name in names if name != package and "/" not in name and not _SILENT.fullmatch(name)]
    # rpm gives every package its name once more, with the architecture.
    others.sort(key=lambda name: 0 if name.startswith(f"{package}(") else 1 + _rank(name))
    chosen = [package, *others[: CAPABILITIES_ASKED - 1]]
    return chosen, len(others) - len(chosen) + 1


def _rank(name: str) -> int:
    return next((place for place, form in enumerate(_TELLING) if form.fullmatch(name)), len(_TELLING))


def whole_rows(body: bytes) -> Iterator[Any]:
    """Yield the members of a JSON list that was cut, as far as they came whole.  Raises `ValueError` for what is no list."""
    found = body.decode("utf-8", "replace")
    decoder, place = json.JSONDecoder(), _BETWEEN.match(found, 0).end()
    if not found.startswith("[", place):
        raise ValueError(f"{found[:40]!r} begins no list")
    place = _BETWEEN.match(found, place + 1).end()
    while True:
        try:
            row, place = decoder.raw_decode(found, place)
        except ValueError:
            return
        yield row
        place = _BETWEEN.match(found, place).end()
