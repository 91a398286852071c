"""Recognize the identifiers that people paste into the search field: builds, updates, bugs, CVEs, and URLs of their pages.

Recognition goes by form and looks nothing up: what an identifier refers to may not exist, and the name of a package is a
package first.  Both are left to the caller.  The URLs are those of the upstreams' sites in the settings, of Fedora's own, and
of this site.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from fedora_packages.connectors.page_links import Site
from fedora_packages.errors import InvalidNVR
from fedora_packages.rpm.nvr import NEVRA, is_package_name, parse_nevra
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.linkify import ADVISORY, CVE, advisory
from fedora_packages.web.routes import PREFIX


@dataclass(frozen=True)
class _Identifier:
    """An identifier that is one number or string; two of different classes are never equal."""

    value: Any


class BuildNumber(_Identifier):
    """A build, by its number in Koji."""


class PackageNumber(_Identifier):
    """A source package, by its number in Koji."""


class Update(_Identifier):
    """An update, by its alias as Bodhi writes it."""


class Bug(_Identifier):
    """A bug, by its number in Bugzilla."""


class Vulnerability(_Identifier):
    """A CVE, by its name in capitals."""


class Project(_Identifier):
    """A project, by its number in Anitya."""


class SearchPage(_Identifier):
    """A URL of a search on this site, by the text of the search."""


@dataclass(frozen=True)
class PackagePage:
    """A URL of a package's page: the first of ``names`` that is a package."""

    names: tuple[str, ...]


Identifier = NEVRA | PackagePage | _Identifier

#: Characters around an identifier that is copied out of a text, and the punctuation after it.
_AROUND, _AFTER = " \t\r\n<>()[]{}\"'`,;", ".:!?"

_ADVISORY = re.compile(ADVISORY, re.IGNORECASE)
_CVE = re.compile(CVE, re.IGNORECASE)

#: The prefix of a bug number: a word for it, or a hash.
_BUGS = r"(?:(?:rhbz|rhbug|bugzilla|bz|bug)s?[ ]{0,3}[#:]?[ ]{0,3}|#[ ]{0,3})"

#: A bug number; without a prefix it must be as long as those of existing bugs.
_BUG = re.compile(rf"{_BUGS}(?P<prefixed>[1-9][0-9]{{0,8}})|(?P<bare>[1-9][0-9]{{4,8}})", re.IGNORECASE)

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")

#: An identifier within a text: a build with a dist tag of Fedora or EPEL, a bug number with a prefix, or one that begins the
#: title of its page, with a dash behind.
_IDENTIFIER = re.compile(
    rf"(?<![\w./-])(?:{ADVISORY}|{CVE}|{_BUGS}[1-9][0-9]{{3,8}}"
    r"|[A-Za-z0-9_][\w.+~^:-]{0,200}-[\w.+~^]{1,100}-[0-9][\w.+~^]{0,50}\.(?:fc|el|eln)[0-9][\w.+~^]{0,30})(?![\w/-])"
    r"|^[1-9][0-9]{4,8}(?=[ ]+[-\u2013\u2014][ ])",
    re.IGNORECASE,
)

#: A pattern of the path below a site's own, the function that makes the identifier, and its arguments: groups of the pattern by
#: number, and query parameters by name (the first of repeated ones).  An argument that the URL lacks is None.
_Rule = tuple[str, Callable[..., "Identifier | None"], *tuple[int | str, ...]]


def recognize(text: str, sites: Mapping[str, Site], own: str = "") -> Identifier | None:
    """Return the identifier that a text is or contains, or None.

    ``sites`` are the upstreams' sites in the settings, ``own`` is the URL of this site in the request.
    """
    text = text.strip()[:MAX_QUERY_LENGTH].lstrip(_AROUND).rstrip(_AROUND + _AFTER)
    return _whole(text) or _url(text, sites, own) or _within(text)


def _whole(text: str) -> Identifier | None:
    return _update(text) or _cve(text) or _bug(text) or _build(text)


def _within(text: str) -> Identifier | None:
    """Return the first identifier in a text of several words: the title of a page, part of a sentence."""
    matches = _IDENTIFIER.finditer(text) if " " in text else ()
    return next(filter(None, (_whole(match[0]) for match in matches)), None)


def _update(text: str | None) -> Update | None:
    return Update(advisory(text)) if text and _ADVISORY.fullmatch(text) else None


def _cve(text: str | None) -> Vulnerability | None:
    return Vulnerability(text.upper()) if text and _CVE.fullmatch(text) else None


def _bug(text: str) -> Bug | None:
    match = _BUG.fullmatch(text)
    return Bug(int(match["prefixed"] or match["bare"])) if match else None


def _build(text: str | None) -> NEVRA | None:
    """Return a build or a binary package of one; of a path that ends in the name of an rpm file too."""
    try:
        nevra = parse_nevra(text.rpartition("/")[2] if text and text.endswith(".rpm") else text or "")
    except InvalidNVR:
        return None
    # Names have dashes too (gnome-shell-extension-common); a version has a digit in it, and a release begins with one.
    is_build = any(letter.isdigit() for letter in nevra.nvr.version) and nevra.nvr.release[0].isdigit()
    return nevra if is_build else None


def _numbered(make: Callable[[int], Identifier], text: str | None) -> Identifier | None:
    return make(int(text)) if text and _NUMBER.fullmatch(text) else None


def _named(*names: str | None) -> PackagePage | None:
    valid = tuple(name for name in names if is_package_name(name))
    return PackagePage(valid) if valid else None


def _searched(text: str | None, other: str | None = None) -> SearchPage | None:
    text = (text or other or "").strip()
    return SearchPage(text) if text else None


def _searched_in_koji(kind: str | None, text: str | None) -> Identifier | None:
    return _build(text) if kind == "build" else _named(text)


#: The path of a repository in dist-git, or of anything in it.
_REPOSITORY = r"/rpms/([^/]+?)(?:\.git)?(?:/.*)?"

#: The first segments of this site's URLs that belong to no package.
_NO_PACKAGES = r"(?:s|api|packages|status|metrics|images|fcomm_connector|opensearch(?:\.xml)?|_[^/]*)(?:/|$)"

#: Pages of this site: a search, and a package.
_OWN: tuple[_Rule, ...] = (
    (f"(?:{PREFIX})?/(?:s|api/v1/search)", _searched, "search", "q"),
    (f"(?:{PREFIX})?/s/(.+)", _searched, 1),
    (f"(?:{PREFIX})?(?:/api/v1/packages)?/(?!{_NO_PACKAGES})([^/]+)(?:/.*)?", _named, 1),
)

#: The rules of each site, tried in order: its name in the settings, or its URL if no setting has it.
_SITES: Mapping[str, tuple[_Rule, ...]] = {
    "koji": (
        ("/buildinfo", partial(_numbered, BuildNumber), "buildID"),
        ("/buildinfo", _build, "buildID"),
        ("/packageinfo", partial(_numbered, PackageNumber), "packageID"),
        ("/packageinfo", _named, "packageID"),
        ("/search", _searched_in_koji, "type", "terms"),
    ),
    "bodhi": (
        ("/updates", _build, "builds"),
        ("/updates", _named, "packages", "search"),
        ("/updates/([^/]+)", _update, 1),
    ),
    "bugzilla": (
        ("/show_bug.cgi", partial(_numbered, Bug), "id"),
        ("/show_bug.cgi", _cve, "id"),
        ("/([0-9]+)", partial(_numbered, Bug), 1),
        ("/buglist.cgi", _cve, "v1"),
        ("/buglist.cgi", _named, "component"),
    ),
    "distgit": ((f"(?:/fork/[^/]+)?{_REPOSITORY}", _named, 1),),
    "anitya": (("/project/([0-9]+)(?:/.*)?", partial(_numbered, Project), 1),),
    "faf": (("/problems", _named, "component_names"),),
    # The page of a binary package is below that of its source package.
    "https://packages.fedoraproject.org": (
        ("/pkgs/([^/]+)(?:/([^/]+)(?:/.*)?)?", _named, 2, 1),
        ("/search", _named, "query"),
    ),
    # The home of package pages from 2011 to 2020, and the site to clone packages from.
    f"https://apps.fedoraproject.org{PREFIX}": _OWN,
    "https://pkgs.fedoraproject.org": ((f"(?:/git)?{_REPOSITORY}", _named, 1),),
}


def _url(text: str, sites: Mapping[str, Site], own: str) -> Identifier | None:
    """Return the identifier in a URL; browsers copy it without ``https://`` too."""
    if "/" not in text or " " in text:
        return None
    parts = _split(text if "://" in text else f"https://{text}")
    if parts is None:
        return None
    path, query = unquote(parts.path).rstrip("/"), dict(reversed(parse_qsl(parts.query)))
    for home, rules in _homes(sites, own):
        if _host(home) == _host(parts) and path.startswith(home.path):
            for pattern, make, *names in rules:
                match = re.fullmatch(pattern, path.removeprefix(home.path))
                if match is None:
                    continue
                arguments = (match[name] if isinstance(name, int) else query.get(name) for name in names)
                if identifier := make(*arguments):
                    return identifier
    # An rpm file may be on any mirror, a CVE on any site.
    last = path.rpartition("/")[2]
    return (_build(last) if last.endswith(".rpm") else None) or _cve(last)


def _homes(sites: Mapping[str, Site], own: str) -> Iterator[tuple[SplitResult, tuple[_Rule, ...]]]:
    for name, rules in _SITES.items():
        is_setting = "/" not in name
        for home in {sites[name].url, sites[name].default} if is_setting else {name}:
            yield urlsplit(home), rules
    # Last, since a client can send any host, and this site may have replaced another one whose URLs live on.
    here = _split(own.removesuffix(PREFIX))
    if here and here.netloc:
        yield here, _OWN


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2].lower()


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        # For example an unfinished IPv6 address.
        return None
