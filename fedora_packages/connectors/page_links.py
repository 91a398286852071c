"""Links to the pages that an upstream has for people.

Each connector has a `Site` of its own, whose methods return URLs.  Strings from upstreams are quoted before they become part of
a URL.  A URL that an upstream returns becomes a link only if `web_address` accepts it: ``javascript:`` would run as ours.
"""

from urllib.parse import quote, urlencode, urlsplit

#: Characters of the longest URL that becomes a link.
MAX_URL = 1000


class Site:
    """The pages of one upstream for people.  Subclasses have ``default`` and a method for each kind of page.

    The name of a method is unique among all sites: pages and messages call it on `fedora_packages.web.links.Links`.
    """

    #: The URL of Fedora's own instance.
    default: str

    def __init__(self, url: str | None = None):
        self.url = url or self.default

    def link(self, *path: str, **parameters: object) -> str:
        """Return the URL of a path, whose segments are quoted here, and of the parameters that are neither None nor empty."""
        return self.listed(
            *path, parameters=[(name, value) for name, value in parameters.items() if value not in (None, "")]
        )

    def listed(self, *path: str, parameters: list[tuple[str, object]]) -> str:
        """Return the URL of a path and parameters, which may repeat."""
        url = "/".join((self.url, *map(segment, path)))
        return f"{url}?{urlencode(parameters)}" if parameters else url


def segment(name: str) -> str:
    """Return a name quoted as one segment of a path."""
    # Quoting leaves dots alone, and a browser takes ".." for the parent directory, and "%2E%2E" too.  Quoted twice it is a name
    # that does not exist.
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%252E")


def web_address(url: str | None) -> str | None:
    """Return a URL from an upstream if it is one of the web (http or https), else None."""
    if not url or len(url) > MAX_URL or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        # An unfinished IPv6 address, for one.
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None
