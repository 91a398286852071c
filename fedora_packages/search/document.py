"""The document of a source package: what the index stores of it and its binary packages.

Documents are JSON and outlive the code that wrote them, until the index is built again.  A new field needs a default.
"""

import json
from dataclasses import dataclass, fields
from functools import cached_property
from typing import NamedTuple

from fedora_packages.errors import SearchUnavailable

#: Limits of one package, in characters and binaries.
MAX_SUMMARY_LENGTH = 500
MAX_DESCRIPTION_LENGTH = 4000
MAX_URL_LENGTH = 1000
MAX_BINARIES = 2000

#: Limits of one binary: capabilities that it provides or obsoletes, and files.
MAX_CAPABILITIES = 5000
MAX_FILES = 20_000

#: Suffixes of binaries that accompany a package and do not represent it.
ACCESSORIES = ("-common", "-data", "-devel", "-doc", "-docs", "-filesystem", "-libs", "-static", "-tests")


class Binary(NamedTuple):
    """A binary package of a source.

    ``releases`` are the branches that have it, in reading order; empty means all those of the source.  ``provides`` and
    ``obsoletes`` are capabilities without versions, and ``files`` are paths of files and directories.  These three make terms,
    and are empty in a document from the index.
    """

    name: str
    summary: str = ""
    releases: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    obsoletes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A source package.

    ``releases`` are the branches that have it, in reading order, and ``branch`` is the first of them, or None.  A ``retired``
    package is in no active release.  ``binaries`` are those of all releases, by name.  ``dependents`` is the number of other
    source packages that require one of its binaries, to run or to be built.
    """

    name: str
    summary: str = ""
    description: str = ""
    url: str | None = None
    owner: str | None = None
    branch: str | None = None
    releases: tuple[str, ...] = ()
    retired: bool = False
    binaries: tuple[Binary, ...] = ()
    dependents: int = 0

    @cached_property
    def binary_names(self) -> tuple[str, ...]:
        return tuple(binary.name for binary in self.binaries)

    def releases_of(self, binary: str) -> tuple[str, ...]:
        """Return the branches that have a binary of the source, in reading order."""
        return next((found.releases for found in self.binaries if found.name == binary), ()) or self.releases

    @property
    def main_binary(self) -> str | None:
        """The binary that represents the source: that of its name, else the main one by its name (see `_strangeness`)."""
        return min(self.binary_names, key=lambda binary: _strangeness(self.name, binary), default=None)

    def to_json(self) -> str:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["binaries"] = [(binary.name, binary.summary, binary.releases) for binary in self.binaries]
        return json.dumps(values, separators=(",", ":"))


def _strangeness(source: str, binary: str) -> tuple[bool, bool, bool, bool, int, str]:
    """Return a sort key, the least for the binary that represents a source, such as ``python3-foo`` for ``python-foo``."""
    as_python = source.startswith("python-") and binary == source.replace("python-", "python3-", 1)
    return (
        binary != source,
        not as_python,
        binary.endswith(ACCESSORIES),
        binary not in (f"{source}-enhanced", f"{source}-core"),
        len(binary),
        binary,
    )


def from_json(data: bytes) -> Document:
    """Return the document that `Document.to_json` made; raises `SearchUnavailable` for anything else."""
    try:
        stored = json.loads(data)
        stored["releases"] = tuple(stored["releases"])
        stored["binaries"] = tuple(
            Binary(name, summary, tuple(releases)) for name, summary, releases in stored["binaries"]
        )
        return Document(**stored)
    except (ValueError, KeyError, TypeError) as error:
        raise SearchUnavailable(f"the index has an invalid document {data[:80]!r}: build it again") from error
