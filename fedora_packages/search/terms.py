"""Terms: what a package is found by.  Writer and reader both take texts apart here, so that what is written can be
found.

The one thing to know before editing: an index holds the terms of the code that built it.  After a change here,
build it anew.

Names are kept whole, case and special characters and all (``gcc-c++``, ``0ad``), and in parts with their case
folded: what stands between separators (``vim-X11``: ``vim``, ``x11``), runs of letters and of digits (``x``,
``11``), and all of it run together (``vimx11``).  Prose is stemmed; names never are.
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

#: Prefixes of terms.  By Xapian's convention Q marks the term that only one document has, and X a prefix of our own.
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
SUMMARY_HEAD = "X9"  # a stemmed word of what the summary says that it is, before it says what for
SUMMARY_LENGTH = "XQ"  # how many words its summary has that say something; only of short ones
PAIR = "X3"  # two words of the description that follow each other, stemmed
LIVING = "XA"  # in an active release; stands alone
PROGRAM = "X4"  # has a command; stands alone
APPLICATION = "X5"  # has an entry in menus; stands alone
LIBRARY = "X6"  # is there for other packages: of one language, or without any command; stands alone
DOCUMENT = "XZ"  # a source package's, and no record of a name; stands alone
OWNER = "XU"  # who owns the package, case folded

#: Prefixes of what a binary is found by.  Their positions say which binary it is: the first, by name, is 1.
COMMAND = "XE"  # a command
PATH = "XT"  # a path of a file or a folder
CAPABILITY = "XR"  # what it provides, without a version
OBSOLETED = "XV"  # what it obsoletes
FOREIGN = "XY"  # its name in another ecosystem, case folded
FILE_NAME = "XH"  # what a file is called that people ask for: a unit, a configuration file, a library

#: Value slots: the order of packages that match equally well, what is quicker to read here than in the document, and how
#: important the package is (see `importance`).
ORDER_SLOT, NAME_SLOT, RETIRED_SLOT, IMPORTANCE_SLOT = 0, 1, 2, 3

#: The key of the database's metadata with the skipped releases: branches with spaces between.
SKIPPED_RELEASES_KEY = "skipped_releases"

#: Letters by which beginnings are terms of their own.  To look for all that begins with "py" among whole names
#: takes 20 ms, as a term of its own a quarter of one; what is longer than this stands for few.
START_LETTERS = 10

#: Letters of a word that are told apart.  Xapian's own bound is 245 bytes a term.
MAX_WORD_LENGTH = 40

#: Letters of a whole name; `nvr.is_package_name` allows no more.
MAX_NAME_LENGTH = 200

#: Letters of a word that can be told to be a slip of the pen: of fewer there are too many words, and the trigrams of more cost
#: tens of milliseconds to compare.  A longer name is corrected in its parts.
MIN_SPELLING_LENGTH, MAX_SPELLING_LENGTH = 4, 20

#: What names begin with for their language's sake: who looks for requests means python-requests.
LANGUAGE = re.compile(r"(?:ghc|golang|nodejs|ocaml|perl|php|python3?|R|rubygem|rust)-")

#: What names of libraries in C begin with.
LIB = re.compile(r"lib(?!re)(?=[A-Za-z])")

#: What names end with for their version's sake: who looks for mariadb means mariadb11.8.
VERSION = re.compile(r"(?<=[A-Za-z])[-_]?\d+(?:\.\d+)*$")

#: What begins, in a summary, what something is for or how it is made.
_WHAT_FOR = re.compile(
    r"[,;:(]|\s-\s|\b(?:for|with|that|which|to|in|of|on|from|by|based|written|using|supporting|like)\b", re.IGNORECASE
)

#: Words that say something in a summary that is short.
SHORT_SUMMARY = 6

#: Words of a description whose pairs count.
MAX_PAIRED_WORDS = 100

#: Words that say nothing of a package.
STOP_WORDS = frozenset(
    ("a", "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "in", "is", "it", "its", "of", "on")
    + ("or", "that", "the", "this", "to", "with", "you", "your")
)

#: A word, of prose or between the separators of a name.  C++ and C# are words.
_WORD = re.compile(r"[^\W_]+(?:\++|#)?")

#: What is no letter or digit, and that but for plus signs.
_SEPARATORS, _SEPARATORS_BUT_PLUS = re.compile(r"[\W_]+"), re.compile(r"(?:[^\w+]|_)+")

#: Within a word of a name: capitals, a capitalized or small word, digits.
_RUN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def fold(text: str) -> str:
    """Return a text without differences of case, accents and width."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def split(text: str) -> list[str]:
    """Return the words of a text, folded and cut, in order.  Control characters, operators and quotes are in none."""
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
    """Whether a word is the beginning of a part of a name."""
    return f" {beginning}" in _listed_parts(name)


def with_parts(names: Iterable[str], beginnings: Iterable[str]) -> list[str]:
    """Return the names in which each word is the beginning of a part; some packages have thousands of names to ask."""
    for beginning in beginnings:
        sought = f" {beginning}"
        names = [name for name in names if sought in _listed_parts(name)]
    return list(names)


def together(text: str) -> str:
    """Return the letters and digits of a text without what separates them: ``vim-X11`` -> vimx11."""
    return _SEPARATORS.sub("", fold(text))


def spoken(text: str) -> str:
    """Return a text without what separates its words, as `together` does, but for plus signs: mysql++ is not mysql."""
    return _SEPARATORS_BUT_PLUS.sub("", fold(text))[:MAX_NAME_LENGTH]


def stems(text: str) -> list[str]:
    """Return the stems of a text's words that say something, in order."""
    return [stem(word) for word in split(text) if word not in STOP_WORDS]


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return the stem of an English word: ``terminals`` -> ``termin``.  What is no word of letters is its own stem."""
    # A stemmer keeps state and is no thread's to share; making one costs less than remembering whose it is.
    return xapian.Stem("english")(word).decode() if word.isascii() and word.isalpha() else word


def beginnings(word: str, letters: int = START_LETTERS) -> Iterator[str]:
    """Yield what a word begins with, one letter to so many."""
    for length in range(1, min(letters, len(word)) + 1):
        yield word[:length]


def head(summary: str) -> str:
    """Return what a summary says that something is, without what for: ``File manager for GNOME`` -> ``File manager``."""
    return _WHAT_FOR.split(summary, maxsplit=1)[0]


def _length(summary: str) -> Iterator[str]:
    length = len(stems(summary))
    if 0 < length <= SHORT_SUMMARY:
        yield f"{SUMMARY_LENGTH}{length}"


def pairs(text: str) -> Iterator[str]:
    """Yield the stems of each two words of a text that follow each other, words that say nothing left out."""
    found = stems(text)
    return (bounded(f"{one} {next_one}") for one, next_one in zip(found, found[1:], strict=False))


def order(name: str) -> str:
    """Return what packages that match equally well are sorted by: short names first, vim before what is for it."""
    return f"{len(name):03}{name}"


def importance(dependents: int) -> float:
    """Return how important so many dependents make a package: their order of magnitude, since glibc is not a thousand guakes."""
    return log2(1 + max(dependents, 0))


def terms_of(document: Document) -> Iterator[str]:
    """Yield each term of a document; some may repeat."""
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
    for start in beginnings(together(document.name)):
        yield START + start
    yield from _terms_of_parts([document.name], PART, PART_START)
    for name in document.binary_names:
        yield BINARY + name
        yield BINARY_FOLDED + fold(name)
    yield from _terms_of_parts(document.binary_names, BINARY_PART, BINARY_PART_START)
    for word in stems(document.summary):
        yield SUMMARY + word
    for word in split(document.summary):
        yield SUMMARY_WORD + word
    for word in stems(head(document.summary)):
        yield SUMMARY_HEAD + word
    yield from _length(document.summary)
    for pair in islice(pairs(document.description), MAX_PAIRED_WORDS):
        yield PAIR + pair
    for text in (document.description, *(binary.summary for binary in document.binaries)):
        for word in stems(text):
            yield PROSE + word


def _standing(document: Document) -> Iterator[str]:
    """Yield what a package is to people: one who says what is to be done means a program and no library."""
    files = [path for binary in document.binaries for path in binary.files]
    if any(path.startswith("/usr/share/applications/") for path in files):
        yield APPLICATION
    if any(commands(binary) for binary in document.binaries):
        yield PROGRAM
    if LANGUAGE.match(document.name) or LIB.match(document.name):
        yield LIBRARY


def capability_terms(document: Document) -> Iterator[tuple[str, int]]:
    """Yield each term that a document has for one of its binaries, and the binary's position."""
    for position, binary in enumerate(document.binaries, start=1):
        found = capabilities_of(binary)
        kinds = (
            (COMMAND, found.commands),
            (PATH, found.paths),
            (CAPABILITY, found.capabilities),
            (OBSOLETED, found.obsoletes),
            (FOREIGN, found.foreign),
            (FILE_NAME, found.file_names),
        )
        for prefix, texts in kinds:
            for text in texts:
                yield prefix + bounded(text), position


def spellings(document: Document) -> Iterator[str]:
    """Yield the words, of names mostly, that a slip of the pen in a question may have been meant to be; each once."""
    words = {fold(name) for name in (document.name, LANGUAGE.sub("", document.name, count=1), *document.binary_names)}
    words.update(*map(split, words), split(document.summary))
    return (word for word in words if MIN_SPELLING_LENGTH <= len(word) <= MAX_SPELLING_LENGTH and not word.isdigit())


def _terms_of_parts(names: Iterable[str], prefix: str, start_prefix: str) -> Iterator[str]:
    parts = frozenset().union(*map(name_parts, names))
    yield from (prefix + part for part in parts)
    yield from (start_prefix + start for start in {start for part in parts for start in beginnings(part)})
