"""Names of projects in URLs."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from fedora_packages.search.capabilities import MAX_TEXT_LENGTH

_URL = re.compile(r"(?:https?|git|ftp|ssh)://(?P<host>[^/?#\s]+)(?P<path>/[^?#\s]*)?\S*$", re.IGNORECASE)

#: Suffixes in URLs that are not part of a name.
_ENDING = re.compile(r"(?:\.git|\.html?|\.php|\.cgi)$", re.IGNORECASE)

#: Sites with a subdomain for each project.
_HOSTING = frozenset(
    ("codeberg.page", "github.io", "gitlab.io", "netlify.app", "pages.dev", "readthedocs.io", "readthedocs.org")
    + ("sourceforge.io", "sourceforge.net")
)

#: Parts of URLs that name a kind of page.
_PAGE_WORDS = frozenset(
    ("about", "archive", "blob", "browse", "crates", "dist", "doc", "docs", "download", "downloads", "en", "files")
    + ("gems", "home", "index", "issues", "latest", "main", "master", "news", "package", "packages", "project")
    + ("projects", "pull", "raw", "release", "releases", "rpms", "search", "simple", "software", "src", "stable")
    + ("tags", "tree", "user", "users", "wiki")
)


def is_url(text: str) -> bool:
    """Whether a text is a URL."""
    return _URL.match(text) is not None


def names_in_url(text: str) -> Iterator[str]:
    """Yield possible names in a URL, the likeliest first: the last part of its path, then its host.

    ``https://github.com/Guake/guake.git`` -> guake, Guake; ``https://guake.github.io/`` -> guake.
    """
    found = _URL.match(text[:MAX_TEXT_LENGTH])
    if found is None:
        return
    labels = found["host"].lower().rpartition("@")[2].partition(":")[0].split(".")
    for part in reversed(unquote(found["path"] or "").split("/")):
        name = _ENDING.sub("", part)
        # The name of the host itself is not a project: koji.fedoraproject.org/koji.
        if name and name.lower() not in _PAGE_WORDS and name.lower() != labels[0] and not name.isdigit():
            yield name
    place = -3 if ".".join(labels[-2:]) in _HOSTING else -2
    if len(labels) >= -place:
        yield labels[place]
