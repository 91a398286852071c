"""Parse spec files without rpm: what their tags say, the files that they name, and what rpmautospec makes of them.

A spec is a program, and anyone can write one.  Only simple macros are expanded.  Neither Lua nor a shell is ever run.
Size and work are bounded for the whole spec, and the result says whether a bound was hit.
"""

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple, TypeVar

T = TypeVar("T")

#: Characters that are read of a spec, of a description, and of any other text.
MAX_SPEC = 1 << 20
MAX_DESCRIPTION = 4000
MAX_TEXT = 1000

#: Characters of a file name: file systems allow 255 bytes.
MAX_NAME = 255

#: Sources, and patches, of a spec; and its binary packages.
MAX_FILES = 200
MAX_SUBPACKAGES = 2000

#: Macros that are replaced in one spec, and levels of macros in macros.  The largest specs of Fedora need some thousands.
MAX_SUBSTITUTIONS = 20_000
MAX_LEVELS = 5

# No pattern has two runs of spaces or any text side by side: a long line would take quadratic time.
_PATCH = re.compile(r"^Patch[0-9]*[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_SOURCE = re.compile(r"^Source([0-9]*)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_LIST = re.compile(r"^%(patch|source)list[ \t]*$", re.MULTILINE)
_LISTED = re.compile(r"^[ \t]*([^\s#]\S*)", re.MULTILINE)
_AUTORELEASE = re.compile(r"^Release[ \t]*:.*%\{?\??autorelease\b", re.IGNORECASE | re.MULTILINE)
_AUTOCHANGELOG = re.compile(r"^%\{?\??autochangelog\b", re.MULTILINE)
_MACRO = re.compile(r"%\{\??([A-Za-z_][A-Za-z0-9_]*)\}|%([A-Za-z_][A-Za-z0-9_]*)")
_DEFINITION = re.compile(r"^%(?:global|define)[ \t]+([A-Za-z_][A-Za-z0-9_]*)[ \t]+(\S.*)$", re.MULTILINE)
_TAG = re.compile(r"^(Name|Version|Release|Epoch)[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_SUMMARY = re.compile(r"^Summary[ \t]*:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_LICENSE = re.compile(r"^License[ \t]*:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_SECTION = re.compile(r"^%(?:description|prep|build|install|files|package)\b", re.MULTILINE)
_SUBPACKAGE = re.compile(r"^%package\b", re.MULTILINE)
_DESCRIPTION = re.compile(r"^%description[ \t]*$", re.MULTILINE)
_DIRECTIVE = re.compile(r"^%[a-z]", re.MULTILINE)


class SpecFile(NamedTuple):
    """What a spec file says.

    Summary, description and license are those of the source package; None if they are missing or cannot be expanded.
    ``licenses`` are those of binary packages that have their own, by whole name.  ``sources`` are (``Source0``, file name or URL)
    and ``patches`` file names, in order; what cannot be expanded there keeps its macros.  ``is_complete`` is False if a bound was
    hit: something that the spec says can be missing.
    """

    summary: str | None
    description: str | None
    license: str | None
    licenses: dict[str, str | None]
    sources: list[tuple[str, str]]
    patches: list[str]
    is_autorelease: bool
    is_autochangelog: bool
    is_complete: bool


def parse(text: str) -> SpecFile:
    """Return what a spec file says, however hostile: in tens of milliseconds."""
    return _Parser(text).parse()


class _Parser:
    """Parses one spec, with one bound of work for all of it."""

    def __init__(self, text: str):
        self._spec = text[:MAX_SPEC]
        self._main, *self._subpackages = _SUBPACKAGE.split(self._spec, MAX_SUBPACKAGES + 1)
        self._values = {name.lower(): value for name, value in _TAG.findall(self._main)}
        self._values |= {name: value.rstrip() for name, value in _DEFINITION.findall(self._spec)}
        self._left = MAX_SUBSTITUTIONS
        self._is_complete = len(text) <= MAX_SPEC

    def parse(self) -> SpecFile:
        # What most readers look for comes first, and what a spec can have most of comes last.
        return SpecFile(
            summary=self._tag(_SUMMARY, self._main),
            description=self._text(self._below(_DESCRIPTION.search(self._spec)), MAX_DESCRIPTION),
            license=self._tag(_LICENSE, self._main),
            sources=self._sources(),
            patches=self._patches(),
            licenses=self._licenses(),
            is_autorelease=_AUTORELEASE.search(self._spec) is not None,
            is_autochangelog=_AUTOCHANGELOG.search(self._spec) is not None,
            is_complete=self._is_complete,
        )

    def _sources(self) -> list[tuple[str, str]]:
        number, found = -1, []
        # Items of a %sourcelist get the next numbers.
        tagged = ((match[1], match[2]) for match in _SOURCE.finditer(self._spec))
        for given, text in self._first([*self._first(tagged, MAX_FILES), *self._listed("source")], MAX_FILES):
            number = int(given[:6]) if given else number + 1
            expanded = self._expanded(text, MAX_TEXT)
            if expanded is not None:
                found.append((f"Source{number}", expanded))
        return found

    def _patches(self) -> list[str]:
        tagged = (("", match[1]) for match in _PATCH.finditer(self._spec))
        found = []
        for _, text in self._first([*self._first(tagged, MAX_FILES), *self._listed("patch")], MAX_FILES):
            # The file of a URL is its last part.
            name = (self._expanded(text, MAX_TEXT) or "").rpartition("/")[2]
            if len(name) > MAX_NAME:
                self._is_complete = False
            elif name:
                found.append(name)
        return list(dict.fromkeys(found))

    def _listed(self, kind: str) -> list[tuple[str, str]]:
        """Return the items of the first ``%patchlist`` or ``%sourcelist``, without numbers."""
        text = self._below(next((found for found in _LIST.finditer(self._spec) if found[1] == kind), None))
        return self._first((("", match[1]) for match in _LISTED.finditer(text)), MAX_FILES)

    def _below(self, heading: re.Match[str] | None) -> str:
        """Return the text between a line and the next directive."""
        if heading is None:
            return ""
        end = _DIRECTIVE.search(self._spec, heading.end())
        return self._spec[heading.end() : end.start() if end else None]

    def _licenses(self) -> dict[str, str | None]:
        found = {}
        for section in self._first(self._subpackages, MAX_SUBPACKAGES):
            line, _, rest = section.partition("\n")
            # Its tags end at the next section, mostly %description.
            tags = _SECTION.split(rest, maxsplit=1)[0]
            binary = _LICENSE.search(tags) and self._expanded(self._binary(line), MAX_NAME)
            if binary:
                found[binary] = self._tag(_LICENSE, tags)
        return found

    def _binary(self, line: str) -> str:
        """Return the whole name of a binary package from the line after ``%package``, unexpanded."""
        words = line.split()
        if "-n" in words[:-1]:
            return words[words.index("-n") + 1]
        return f"{self._values.get('name', '')}-{words[0]}" if words else ""

    def _first(self, items: Iterable[T], most: int) -> list[T]:
        """Return the first items, and note whether there are more."""
        found = list(islice(items, most + 1))
        self._is_complete &= len(found) <= most
        return found[:most]

    def _tag(self, tag: re.Pattern[str], text: str) -> str | None:
        """Return the value of a tag, expanded; None if it is missing or cannot be expanded."""
        found = tag.search(text)
        return self._text(found[1], MAX_TEXT) if found else None

    def _text(self, text: str, most: int) -> str | None:
        """Return a text, expanded; None if it is empty or cannot be expanded."""
        expanded = self._expanded(text.strip()[:most], most)
        return None if not expanded or "%" in expanded.replace("%%", "") else expanded.replace("%%", "%")

    def _expanded(self, text: str, most: int) -> str | None:
        """Return a text with its macros expanded, as far as they are simple; None, and note it, beyond a bound."""
        for _ in range(MAX_LEVELS + 1):
            expanded = self._replaced(text, most)
            if expanded is None or expanded == text:
                break
            text = expanded
        else:
            expanded = None
        self._is_complete &= expanded is not None
        return expanded

    def _replaced(self, text: str, most: int) -> str | None:
        """Return a text of at most ``most`` characters with each of its macros replaced once."""
        parts, length, end = [], len(text), 0
        for found in _MACRO.finditer(text[: most + 1]):
            self._left -= 1
            value = self._values.get(found[1] or found[2], found[0])
            length += len(value) - len(found[0])
            if length > most or self._left < 0:
                return None
            parts += (text[end : found.start()], value)
            end = found.end()
        return "".join([*parts, text[end:]]) if length <= most else None
