"""Identifiers that people paste into the search field, told by their form: builds, updates, bugs, CVEs, addresses of theirs.

The one thing to know: nothing is looked up here.  What is recognised may be of nothing that there is, and a text that is a
package's name is a package first; both are for whoever asks.  The addresses are those that `fedora_packages.web.links` makes,
of the sites in the settings and of Fedora's own, and those of this site.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from fedora_packages.connectors.site import Site
from fedora_packages.errors import InvalidNVR
from fedora_packages.rpm.nvr import NEVRA, is_package_name, parse_nevra
from fedora_packages.search.match import MAX_QUERY_LENGTH
from fedora_packages.web.linkify import ADVISORY, CVE, advisory

#: Characters of a text that are looked at: what is searched for.
LOOKED_AT = MAX_QUERY_LENGTH


@dataclass(frozen=True)
class NumberedBuild:
    """A build by koji's number of it."""

    number: int


@dataclass(frozen=True)
class NumberedPackage:
    """A source package by koji's number of it."""

    number: int


@dataclass(frozen=True)
class Update:
    """An update, by its name as bodhi writes it."""

    alias: str


@dataclass(frozen=True)
class Bug:
    """A bug of bugzilla's."""

    number: int


@dataclass(frozen=True)
class Vulnerability:
    """What a CVE is about; ``name`` in capitals."""

    name: str


@dataclass(frozen=True)
class Project:
    """A project of Anitya's."""

    number: int


@dataclass(frozen=True)
class Named:
    """A package that an address is about: the first of ``names`` that is one."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Searched:
    """A text that was searched for on this site."""

    text: str


Pasted = NEVRA | NumberedBuild | NumberedPackage | Update | Bug | Vulnerability | Project | Named | Searched

#: What stands around what is copied out of a text, and what ends the sentence after it.
_AROUND, _AFTER = " \t\r\n<>()[]{}\"'`,;", ".:!?"

_ADVISORY = re.compile(ADVISORY, re.IGNORECASE)
_CVE = re.compile(CVE, re.IGNORECASE)

#: What stands before a bug's number: a word for it, or a hash.
_BUGS = r"(?:(?:rhbz|rhbug|bugzilla|bz|bug)s?[ ]{0,3}[#:]?[ ]{0,3}|#[ ]{0,3})"

#: A bug's number; without anything before it, it must be as long as those are that there are.
_BUG = re.compile(rf"{_BUGS}(?P<said>[1-9][0-9]{{0,8}})|(?P<bare>[1-9][0-9]{{4,8}})", re.IGNORECASE)

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")

#: What identifies something in any text: of builds those with a release of Fedora or EPEL, of bugs those after a word for it, or
#: first in the title of their page, with a dash behind.
_IDENTIFIER = re.compile(
    rf"(?<![\w./-])(?:(?P<update>{ADVISORY})|(?P<cve>{CVE})"
    rf"|{_BUGS}(?P<bug>[1-9][0-9]{{3,8}})"
    r"|(?P<build>[A-Za-z0-9_][\w.+~^:-]{0,200}-[\w.+~^]{1,100}-[0-9][\w.+~^]{0,50}\.(?:fc|el|eln)[0-9][\w.+~^]{0,30}))(?![\w/-])"
    r"|^(?P<first>[1-9][0-9]{4,8})(?=[ ]+[-\u2013\u2014][ ])",
    re.IGNORECASE,
)

#: The parameters of an address, of repeated ones the first.
Parameters = Mapping[str, str]

#: What the path of an address matches, from that of its site on, and what such an address is of.
_Rule = tuple[str, Callable[[re.Match[str], Parameters], "Pasted | None"]]


def recognised(text: str, sites: Mapping[str, Site], own: str = "") -> Pasted | None:
    """Return what a text identifies, or None.

    ``sites`` are those whose addresses are known beside Fedora's own, and ``own`` is the address of this site, as it was asked.
    """
    text = text.strip()[:LOOKED_AT].lstrip(_AROUND).rstrip(_AROUND + _AFTER)
    whole = _update(text) or _cve(text) or _bug(text) or _build(text) or _address(text, sites, own)
    return whole or _within(text)


def _within(text: str) -> Pasted | None:
    """Return what the first identifier in a text identifies, if it has several words: the title of a page, part of a sentence."""
    for found in _IDENTIFIER.finditer(text) if " " in text else ():
        pasted = (
            _update(found["update"])
            or _cve(found["cve"])
            or _numbered(Bug, found["bug"] or found["first"])
            or _build(found["build"])
        )
        if pasted:
            return pasted
    return None


def _update(text: str | None) -> Update | None:
    return Update(advisory(text)) if text and _ADVISORY.fullmatch(text) else None


def _cve(text: str | None) -> Vulnerability | None:
    return Vulnerability(text.upper()) if text and _CVE.fullmatch(text) else None


def _bug(text: str) -> Bug | None:
    found = _BUG.fullmatch(text)
    return Bug(int(found["said"] or found["bare"])) if found else None


def _build(text: str | None) -> NEVRA | None:
    """Return a build or a package of one: also of a path, where that ends in the name of an rpm file."""
    try:
        found = parse_nevra(text.rpartition("/")[2] if text and text.endswith(".rpm") else text or "")
    except InvalidNVR:
        return None
    # Names have dashes too (gnome-shell-extension-common); a version has a digit in it, and a release begins with one.
    is_one = any(letter.isdigit() for letter in found.nvr.version) and found.nvr.release[0].isdigit()
    return found if is_one else None


def _numbered(make: Callable[[int], Pasted], text: str | None) -> Pasted | None:
    return make(int(text)) if text and _NUMBER.fullmatch(text) else None


def _named(*names: str | None) -> Named | None:
    found = tuple(name for name in names if is_package_name(name))
    return Named(found) if found else None


def _searched(text: str | None) -> Searched | None:
    return Searched(text.strip()) if text and text.strip() else None


def _of_koji_package(text: str | None) -> Pasted | None:
    return _numbered(NumberedPackage, text) or _named(text)


def _of_koji_search(given: Parameters) -> Pasted | None:
    return _build(given.get("terms")) if given.get("type") == "build" else _named(given.get("terms"))


#: What is known of a repository in dist-git, however deep in it.
_REPOSITORY = r"/rpms/([^/]+?)(?:\.git)?(?:/.*)?"

#: Where all pages of this site are too, and have been since 2011.
PREFIX = "/packages"

#: What addresses of this site that are of no package begin with.
_NO_PACKAGES = r"(?:s|api|packages|status|metrics|images|fcomm_connector|opensearch(?:\.xml)?|_[^/]*)(?:/|$)"

#: Pages of this site: of a search, and of a package.
_OWN: tuple[_Rule, ...] = (
    (f"(?:{PREFIX})?/(?:s|api/v1/search)", lambda path, given: _searched(given.get("search") or given.get("q"))),
    (f"(?:{PREFIX})?/s/(.+)", lambda path, given: _searched(path[1])),
    (f"(?:{PREFIX})?(?:/api/v1/packages)?/(?!{_NO_PACKAGES})([^/]+)(?:/.*)?", lambda path, given: _named(path[1])),
)

#: By site: its name in the settings, or the address of one that no setting names.
_ADDRESSES: Mapping[str, tuple[_Rule, ...]] = {
    "koji": (
        (
            "/buildinfo",
            lambda path, given: _numbered(NumberedBuild, given.get("buildID")) or _build(given.get("buildID")),
        ),
        ("/packageinfo", lambda path, given: _of_koji_package(given.get("packageID"))),
        ("/search", lambda path, given: _of_koji_search(given)),
    ),
    "bodhi": (
        (
            "/updates",
            lambda path, given: _build(given.get("builds")) or _named(given.get("packages"), given.get("search")),
        ),
        ("/updates/([^/]+)", lambda path, given: _update(path[1])),
    ),
    "bugzilla": (
        ("/show_bug.cgi", lambda path, given: _numbered(Bug, given.get("id")) or _cve(given.get("id"))),
        ("/([0-9]+)", lambda path, given: _numbered(Bug, path[1])),
        ("/buglist.cgi", lambda path, given: _cve(given.get("v1")) or _named(given.get("component"))),
    ),
    "distgit": ((f"(?:/fork/[^/]+)?{_REPOSITORY}", lambda path, given: _named(path[1])),),
    "anitya": (("/project/([0-9]+)(?:/.*)?", lambda path, given: _numbered(Project, path[1])),),
    "faf": (("/problems", lambda path, given: _named(given.get("component_names"))),),
    # A binary's page there is below that of its source.
    "https://packages.fedoraproject.org": (
        ("/pkgs/([^/]+)(?:/([^/]+)(?:/.*)?)?", lambda path, given: _named(path[2], path[1])),
        ("/search", lambda path, given: _named(given.get("query"))),
    ),
    # Where packages had their pages from 2011 to 2020, and where they are cloned from.
    f"https://apps.fedoraproject.org{PREFIX}": _OWN,
    "https://pkgs.fedoraproject.org": ((f"(?:/git)?{_REPOSITORY}", lambda path, given: _named(path[1])),),
}


def _address(text: str, sites: Mapping[str, Site], own: str) -> Pasted | None:
    """Return what an address is of; browsers give it without ``https://`` too."""
    if "/" not in text or " " in text:
        return None
    parts = _split(text if "://" in text else f"https://{text}")
    if parts is None:
        return None
    path, given = unquote(parts.path).rstrip("/"), dict(reversed(parse_qsl(parts.query)))
    for home, rules in _homes(sites, own):
        if _host(home) == _host(parts) and path.startswith(home.path):
            for pattern, make in rules:
                match = re.fullmatch(pattern, path.removeprefix(home.path))
                if match and (found := make(match, given)):
                    return found
    # An rpm is one on any mirror, and a CVE on any site that has a page of it.
    last = path.rpartition("/")[2]
    return (_build(last) if last.endswith(".rpm") else None) or _cve(last)


def _homes(sites: Mapping[str, Site], own: str) -> Iterator[tuple[SplitResult, tuple[_Rule, ...]]]:
    for name, rules in _ADDRESSES.items():
        is_setting = "/" not in name
        for home in {sites[name].url, sites[name].default} if is_setting else {name}:
            yield urlsplit(home), rules
    # Last, since who asks may say anything of the host, and this site may have taken another's place whose addresses live on.
    here = _split(own.removesuffix(PREFIX))
    if here and here.netloc:
        yield here, _OWN


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2].lower()


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        # An unfinished IPv6 address, for one.
        return None
