"""Read spec files without rpm: summary, description, license, sources and patches.

A spec is a program.  Only simple macros are expanded; a value that still has one is left out.  Every size is bounded: anyone can
write a spec.
"""

import re
from collections.abc import Iterator

#: Characters that are read: of a spec, of a macro's value, and of a text.
MAX_SPEC = 1 << 20
MAX_VALUE = 255
MAX_TEXT = 4000

#: Macros that are replaced for one answer.  The largest specs of Fedora need some thousands.
MAX_SUBSTITUTIONS = 50_000

_PATCH = re.compile(r"^Patch[0-9]*\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_SOURCE = re.compile(r"^Source([0-9]*)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_LIST = re.compile(r"^%(patch|source)list\s*$\n((?:[^%\n].*\n?|\n)*)", re.MULTILINE)
_AUTORELEASE = re.compile(r"^Release[ \t]*:.*%\{?\??autorelease\b", re.IGNORECASE | re.MULTILINE)
_AUTOCHANGELOG = re.compile(r"^%\{?\??autochangelog\b", re.MULTILINE)
_MACRO = re.compile(r"%\{\??([A-Za-z_][A-Za-z0-9_]*)\}|%([A-Za-z_][A-Za-z0-9_]*)")
_DEFINITION = re.compile(r"^%(?:global|define)\s+([A-Za-z_][A-Za-z0-9_]*)\s+(\S.*)$", re.MULTILINE)
_TAG = re.compile(r"^(Name|Version|Release|Epoch)\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_SUMMARY = re.compile(r"^Summary\s*:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_LICENSE = re.compile(r"^License\s*:[ \t]*(\S.*?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_SECTION = re.compile(r"^%(?:description|prep|build|install|files|package)\b", re.MULTILINE)
_SUBPACKAGE = re.compile(r"^%package\b", re.MULTILINE)
_DESCRIPTION = re.compile(r"^%description[ \t]*\n((?:(?!%[a-z]).*\n?)*)", re.MULTILINE)


def patch_names(spec: str) -> Iterator[str]:
    """Yield the file names of a spec's patches, in order, with simple macros expanded.  Of a URL that is the last part."""
    spec = spec[:MAX_SPEC]
    expand = _Macros(spec).expand
    for name in [*_PATCH.findall(spec), *(line.strip() for line in _listed("patch", spec))]:
        expanded = expand(name).rpartition("/")[2]
        if expanded and not expanded.startswith("#") and len(expanded) <= 255:
            yield expanded


def _listed(kind: str, spec: str) -> list[str]:
    """Return the lines of the first ``%patchlist`` or ``%sourcelist``."""
    return next((found[2].splitlines() for found in _LIST.finditer(spec) if found[1] == kind), [])


def source_files(spec: str) -> Iterator[tuple[str, str]]:
    """Yield (``Source0``, file name or URL) of a spec's sources, in order, with simple macros expanded.

    Items of a ``%sourcelist`` get the next numbers.
    """
    spec = spec[:MAX_SPEC]
    expand = _Macros(spec).expand
    number = -1
    for given, text in _SOURCE.findall(spec):
        number = int(given[:6]) if given else number + 1
        yield f"Source{number}", expand(text)
    for line in _listed("source", spec):
        if line.strip() and not line.lstrip().startswith("#"):
            number += 1
            yield f"Source{number}", expand(line.split()[0])


def is_autorelease(spec: str) -> bool:
    """Whether rpmautospec counts the release from the commits (``%autorelease``)."""
    return _AUTORELEASE.search(spec[:MAX_SPEC]) is not None


def is_autochangelog(spec: str) -> bool:
    """Whether rpmautospec writes the changelog from the commits (``%autochangelog``)."""
    return _AUTOCHANGELOG.search(spec[:MAX_SPEC]) is not None


def summary(spec: str) -> str | None:
    """Return the summary of the source package, or None if it is missing or cannot be expanded."""
    spec = spec[:MAX_SPEC]
    return _readable(_SUMMARY.search(_SUBPACKAGE.split(spec, maxsplit=1)[0]), spec)


def description(spec: str) -> str | None:
    """Return the description of the source package, or None if it is missing or cannot be expanded."""
    spec = spec[:MAX_SPEC]
    return _readable(_DESCRIPTION.search(spec), spec)


def license_of(spec: str, binary: str = "") -> str | None:
    """Return the license of the source package or of one of its binaries; None if it is missing or cannot be expanded.

    ``binary`` is the whole name of a binary package.  Without a license of its own it has the source's.
    """
    spec = spec[:MAX_SPEC]
    macros = _Macros(spec)
    main, *others = _SUBPACKAGE.split(spec)
    for section in others if binary else ():
        line, _, rest = section.partition("\n")
        if macros.expand(_subpackage(line, macros.name)) == binary:
            # Its tags end at the next section, mostly %description.
            found = _LICENSE.search(_SECTION.split(rest, maxsplit=1)[0])
            if found:
                return _readable(found, spec)
    return _readable(_LICENSE.search(main), spec)


def _subpackage(line: str, name: str) -> str:
    """Return the whole name of a binary package from the line after ``%package``."""
    words = line.split()
    if "-n" in words[:-1]:
        return words[words.index("-n") + 1]
    return f"{name}-{words[0]}" if words else ""


def _readable(found: re.Match[str] | None, spec: str) -> str | None:
    """Return what a pattern has found, expanded; None if it found nothing or cannot be expanded."""
    expanded = _Macros(spec).expand(found[1].strip(), MAX_TEXT) if found else ""
    return None if "%" in expanded.replace("%%", "") else expanded.replace("%%", "%") or None


class _Macros:
    """The simple macros of a spec.  Replaces at most `MAX_SUBSTITUTIONS` of them: macros of macros grow without limit."""

    def __init__(self, spec: str):
        self._values = {name.lower(): value for name, value in _TAG.findall(spec)}
        self._values.update(_DEFINITION.findall(spec))
        self._left = MAX_SUBSTITUTIONS

    @property
    def name(self) -> str:
        """The name of the source package, unexpanded."""
        return self._values.get("name", "")

    def expand(self, text: str, most: int = 1000) -> str:
        """Return at most ``most`` characters of a text with its macros expanded, as far as that is possible."""
        # A macro can expand to another; no spec needs more than five levels.
        for _ in range(5):
            expanded = self._replaced(text[:most], most)
            if expanded == text:
                break
            text = expanded
        return text

    def _replaced(self, text: str, most: int) -> str:
        parts, length, end = [], 0, 0
        for found in _MACRO.finditer(text):
            if length >= most or self._left <= 0:
                break
            self._left -= 1
            part = text[end : found.start()] + self._values.get(found[1] or found[2], found[0])[:MAX_VALUE]
            parts.append(part)
            length, end = length + len(part), found.end()
        return "".join([*parts, text[end:]])[:most]
