"""The reasons for which a package matches a search, for pages and the API."""

from dataclasses import dataclass

KINDS = (
    "command", "path", "folder", "file", "capability", "obsoletes", "foreign", "maintainer", "summary", "description",
)  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """Why a package matches.

    ``kind`` is a ``command``, a ``path``, the ``folder`` of a path, a ``file`` of that name, a provided ``capability``, a name
    that it ``obsoletes``, a ``foreign`` name in another ecosystem, the ``maintainer``, or words of the ``summary`` or
    ``description``, not necessarily adjacent.  ``text`` is what matches, and ``binaries`` are those with it.
    """

    kind: str
    text: str
    binaries: tuple[str, ...] = ()
