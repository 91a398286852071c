"""The terms of a package.  Writer and reader both split texts here, so that a search finds what was written.

An index holds the terms of the code that built it.  After a change here, build it again.

Names are terms as a whole, with case and special characters (``gcc-c++``, ``0ad``), and in folded parts: between separators
(``vim-X11``: ``vim``, ``x11``), runs of letters and of digits (``x``, ``11``), and all of it together (``vimx11``).  Prose is
stemmed; names are not.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from math import log2

import xapian

from fedora_packages.search.capabilities import bounded, capabilities_of, commands
from fedora_packages.search.document import Document

#: Prefixes of terms.  By Xapian's convention Q marks a term of one document alone, and X a prefix of our own.
SOURCE = "Q"  # the source package's name
BINARY = "XB"  # a binary package's name
SOURCE_FOLDED = "XL"  # the same, case folded
BINARY_FOLDED = "XC"
SPOKEN = "XG"  # the source's name without separators
UNVERSIONED = "X7"  # the same without its version
UNPREFIXED = "XW"  # the same without its language
START = "XF"  # the first letters and digits of the source's name, case folded: one term for each length
PART = "XN"  # a part of the source's name
PART_START = "XP"  # the first letters of such a part, up to START_LETTERS of them: one term for each length
BINARY_PART = "XM"  # the same of a binary's name
BINARY_PART_START = "XO"
SUMMARY = "XS"  # a stemmed word of the source's summary
PROSE = "XD"  # a stemmed word of the description, or of a binary's summary
SUMMARY_WORD = "X8"  # a word of the source's summary as it is
SUMMARY_HEAD = "X9"  # a stemmed word of the summary's head, see `_WHAT_FOR`
SUMMARY_LENGTH = "XQ"  # the number of words in a short summary, without stop words
PAIR = "X3"  # two words of the description that follow each other, stemmed
LIVING = "XA"  # in an active release; stands alone
PROGRAM = "X4"  # has a command; stands alone
APPLICATION = "X5"  # has an entry in menus; stands alone
LIBRARY = "X6"  # a library by its name; stands alone
DOCUMENT = "XZ"  # a source package, not a record of a name; stands alone
OWNER = "XU"  # the owner, case folded

#: Prefixes of terms of a binary.  A position is the number of the binary: the first, by name, is 1.
COMMAND = "XE"  # a command
PATH = "XT"  # a path of a file or a folder
CAPABILITY = "XR"  # a capability that it provides, without a version
OBSOLETED = "XV"  # a name that it obsoletes
FOREIGN = "XY"  # its name in another ecosystem, case folded
FILE_NAME = "XH"  # the name of a unit, a configuration file or a library

#: The same by the kind of a reason, see `Reason`.
PREFIXES = {
    "command": COMMAND,
    "path": PATH,
    "capability": CAPABILITY,
    "obsoletes": OBSOLETED,
    "foreign": FOREIGN,
    "file": FILE_NAME,
}

#: Value slots: the order of packages of equal weight, two fields that are faster to read here than in the document, and the
#: package's `importance`.
ORDER_SLOT, NAME_SLOT, RETIRED_SLOT, IMPORTANCE_SLOT = 0, 1, 2, 3

#: The keys of the database's metadata with the skipped releases (branches with spaces between), and with the number of packages
#: that were skipped.
SKIPPED_RELEASES_KEY = "skipped_releases"
SKIPPED_PACKAGES_KEY = "skipped_packages"

#: Letters up to which prefixes are terms of their own.  All names with the prefix "py" take 20 ms to find, one term a quarter of
#: a millisecond.  Longer prefixes match few names.
START_LETTERS = 10

#: Letters of a word that count.  Xapian's own limit is 245 bytes a term.
MAX_WORD_LENGTH = 40

#: Letters of a whole name, as many as `nvr.is_package_name` allows.
MAX_NAME_LENGTH = 200

#: Letters of a word that can be corrected.  There are too many shorter words, and the trigrams of longer ones take tens of
#: milliseconds to compare.  A longer name is corrected in its parts.
MIN_SPELLING_LENGTH, MAX_SPELLING_LENGTH = 4, 20

#: Prefixes of names for a language: "requests" means python-requests.
LANGUAGE = re.compile(r"(?:ghc|golang|nodejs|ocaml|perl|php|python3?|R|rubygem|rust)-")

#: The prefix of libraries in C.
LIB = re.compile(r"lib(?!re)(?=[A-Za-z])")

#: Suffixes of names for a version: "mariadb" means mariadb11.8.
VERSION = re.compile(r"(?<=[A-Za-z])[-_]?\d+(?:\.\d+)*$")

#: Where the head of a summary ends and its purpose begins: ``File manager`` of ``File manager for GNOME``.
_WHAT_FOR = re.compile(
    r"[,;:(]|\s-\s|\b(?:for|with|that|which|to|in|of|on|from|by|based|written|using|supporting|like)\b", re.IGNORECASE
)

#: Words of a short summary, at most.
SHORT_SUMMARY = 6

#: Words of a description of which pairs are terms.
MAX_PAIRED_WORDS = 100

#: Words that carry no meaning in a search.
STOP_WORDS = frozenset(
    ("a", "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "in", "is", "it", "its", "of", "on")
    + ("or", "that", "the", "this", "to", "with", "you", "your")
)

#: A word, of prose or between the separators of a name.  C++ and C# are words.
_WORD = re.compile(r"[^\W_]+(?:\++|#)?")

#: All but letters and digits; the same without plus signs.
_SEPARATORS, _SEPARATORS_BUT_PLUS = re.compile(r"[\W_]+"), re.compile(r"(?:[^\w+]|_)+")

#: Within a word of a name: capitals, a capitalized or small word, digits.
_RUN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def fold(text: str) -> str:
    """Return a text in lower case, without accents and differences of width."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def split(text: str) -> list[str]:
    """Return the words of a text, folded and cut, in order, without control characters, operators and quotes."""
    return [word[:MAX_WORD_LENGTH] for word in _WORD.findall(fold(text))]


@lru_cache(maxsize=1 << 17)
def name_parts(name: str) -> frozenset[str]:
    """Return the parts of a package's name, folded: ``vim-X11`` -> vim, x11, x, 11, vimx11."""
    runs = (fold(run) for run in _RUN.findall(name))
    return frozenset(part[:MAX_WORD_LENGTH] for part in (*split(name), *runs, together(name)) if part)


@lru_cache(maxsize=1 << 17)
def _listed_parts(name: str) -> str:
    return " " + " ".join(name_parts(name))


def has_part(name: str, beginning: str) -> bool:
    """Whether a part of a name begins with a word."""
    return f" {beginning}" in _listed_parts(name)


def with_parts(names: Iterable[str], beginnings: Iterable[str]) -> list[str]:
    """Return the names with a part that begins with each word; some packages have thousands of names to filter."""
    for beginning in beginnings:
        start = f" {beginning}"
        names = [name for name in names if start in _listed_parts(name)]
    return list(names)


def together(text: str) -> str:
    """Return the letters and digits of a text without separators: ``vim-X11`` -> vimx11."""
    return _SEPARATORS.sub("", fold(text))


def spoken(text: str) -> str:
    """Return a text without separators, as `together` does, but with plus signs: mysql++ is not mysql."""
    return _SEPARATORS_BUT_PLUS.sub("", fold(text))[:MAX_NAME_LENGTH]


def stems(text: str) -> list[str]:
    """Return the stems of a text's words, without stop words, in order."""
    return [stem(word) for word in split(text) if word not in STOP_WORDS]


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return the stem of an English word: ``terminals`` -> ``termin``.  Other words are their own stems."""
    # Threads cannot share a stemmer, and a new one costs less than one for each thread.
    return xapian.Stem("english")(word).decode() if word.isascii() and word.isalpha() else word


def beginnings(word: str, letters: int = START_LETTERS) -> Iterator[str]:
    """Yield the prefixes of a word, from one letter to so many."""
    for length in range(1, min(letters, len(word)) + 1):
        yield word[:length]


def pairs(text: str) -> Iterator[str]:
    """Yield the stems of each two words of a text that follow each other, without stop words."""
    found = stems(text)
    return (bounded(f"{one} {next_one}") for one, next_one in zip(found, found[1:], strict=False))


def order(name: str) -> str:
    """Return the sort key of packages of equal weight: short names first, so that vim precedes its plugins."""
    return f"{len(name):03}{name}"


def importance(dependents: int) -> float:
    """Return the importance of a package with so many dependents: their order of magnitude."""
    return log2(1 + max(dependents, 0))


def terms_of(document: Document) -> Iterator[str]:
    """Yield each term of a document; some repeat."""
    yield DOCUMENT
    yield SOURCE + document.name
    yield SOURCE_FOLDED + fold(document.name)
    if not document.retired:
        yield LIVING
    if document.owner:
        yield OWNER + bounded(fold(document.owner))
    yield SPOKEN + spoken(document.name)
    for prefix, pattern in ((UNVERSIONED, VERSION), (UNPREFIXED, LANGUAGE), (UNPREFIXED, LIB)):
        short = pattern.sub("", document.name, count=1)
        if short != document.name:
            yield prefix + spoken(short)
    yield from _standing(document)
    parts, words = name_parts(document.name), stems(document.summary)
    binary_parts = frozenset().union(*map(name_parts, document.binary_names))
    prose = [document.description, *(binary.summary for binary in document.binaries)]
    if 0 < len(words) <= SHORT_SUMMARY:
        yield f"{SUMMARY_LENGTH}{len(words)}"
    many = (
        (START, beginnings(together(document.name))),
        (PART, parts),
        (PART_START, _beginnings_of(parts)),
        (BINARY, document.binary_names),
        (BINARY_FOLDED, map(fold, document.binary_names)),
        (BINARY_PART, binary_parts),
        (BINARY_PART_START, _beginnings_of(binary_parts)),
        (SUMMARY, words),
        (SUMMARY_WORD, split(document.summary)),
        (SUMMARY_HEAD, stems(_WHAT_FOR.split(document.summary, maxsplit=1)[0])),
        (PAIR, islice(pairs(document.description), MAX_PAIRED_WORDS)),
        (PROSE, (word for text in prose for word in stems(text))),
    )
    for prefix, texts in many:
        for text in texts:
            yield prefix + text


def _standing(document: Document) -> Iterator[str]:
    """Yield terms of the package's kind: a search by purpose means a program rather than a library."""
    files = [path for binary in document.binaries for path in binary.files]
    if any(path.startswith("/usr/share/applications/") for path in files):
        yield APPLICATION
    if any(commands(binary) for binary in document.binaries):
        yield PROGRAM
    if LANGUAGE.match(document.name) or LIB.match(document.name):
        yield LIBRARY


def capability_terms(document: Document) -> Iterator[tuple[str, int]]:
    """Yield each term of a document's binaries with the binary's position."""
    for position, binary in enumerate(document.binaries, start=1):
        for kind, texts in capabilities_of(binary).items():
            for text in texts:
                yield PREFIXES[kind] + bounded(text), position


def spellings(document: Document) -> Iterator[str]:
    """Yield the words, of names mostly, to which a typo can be corrected; each once."""
    words = {fold(name) for name in (document.name, LANGUAGE.sub("", document.name, count=1), *document.binary_names)}
    words.update(*map(split, words), split(document.summary))
    return (word for word in words if MIN_SPELLING_LENGTH <= len(word) <= MAX_SPELLING_LENGTH and not word.isdigit())


def _beginnings_of(parts: Iterable[str]) -> set[str]:
    return {start for part in parts for start in beginnings(part)}
