"""Reasons: why a package was found, for people to see and programs to read."""

from dataclasses import dataclass

KINDS = (
    "command", "path", "folder", "file", "capability", "obsoletes", "foreign", "maintainer", "summary", "description",
)  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """Why a package was found.

    ``kind`` says by what: a ``command``, a ``path``, the ``folder`` that a path is in, a ``file`` of that name, a
    ``capability`` that it provides, what it ``obsoletes``, its ``foreign`` name in another ecosystem, its ``maintainer``,
    words of its ``summary`` or ``description``, which may stand apart there.  ``text`` is what was found, and ``binaries``
    have it, where it is a binary's.
    """

    kind: str
    text: str
    binaries: tuple[str, ...] = ()
