"""Reasons: why a package was found, for people to see and programs to read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """Why a package was found.

    ``kind`` says by what: ``command``, ``path``, ``folder`` (which a path that was asked for is in), ``capability`` (that it
    provides), ``obsoletes``, ``foreign`` (its name in another ecosystem), ``maintainer``, ``summary``, ``description`` (words
    of it).  ``text`` is what was found, and ``binaries`` has it, where it is a binary's.
    """

    kind: str
    text: str
    binaries: tuple[str, ...] = ()
