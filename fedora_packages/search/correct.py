"""Correcting: what a text that finds nothing may have been meant to be.

The words of all names and summaries are in the index as spellings; what much depends on counts more often.
"""

from collections.abc import Iterator
from itertools import islice

import xapian

from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import terms

#: Slips that a word of so many letters may have.
MAX_TYPOS = ((8, 2), (terms.MIN_SPELLING_LENGTH, 1))

#: Words of a text that are looked up because they are not known; each costs some milliseconds.
MAX_CORRECTED_WORDS = 5

#: Words of a text up to which it is a surprise that no package has them all.
FEW_WORDS = 5

#: Parts of a name that are looked at.
MAX_NAME_PARTS = 6


def corrections(database: xapian.Database, text: str) -> Iterator[str]:
    """Yield texts that may have been meant, the likeliest first.

    A name with a slip or two, the package that one of its parts seems to be named after, the text with its words corrected.
    """
    if not set(text) & set(" /:"):
        yield from filter(None, [_suggestion(database, terms.fold(text))])
        yield from _named_after(database, text)
    words = terms.split(text)
    # Descriptions have slips too: being in one makes no word right.  Of many words, which hardly any package has all of, slips
    # or none, it does.
    is_known = _is_known if len(words) <= FEW_WORDS else _is_anywhere
    unknown = (word for word in dict.fromkeys(words) if not is_known(database, word))
    better = {word: _suggestion(database, word) or word for word in islice(unknown, MAX_CORRECTED_WORDS)}
    corrected = [better.get(word, word) for word in words]
    if corrected != words:
        yield " ".join(corrected)


def _named_after(database: xapian.Database, name: str) -> Iterator[str]:
    """Yield the packages whose name a name goes on from: ``emacs`` for ``emacs-nox``, which it has no more."""
    parts = name.split("-")[:MAX_NAME_PARTS]
    for length in range(len(parts) - 1, 0, -1):
        base = "-".join(parts[:length])
        if is_package_name(base) and database.term_exists(terms.SOURCE_FOLDED + terms.fold(base)):
            yield base


def _is_known(database: xapian.Database, word: str) -> bool:
    """Whether a word is in any name or summary: others that much depends on would take its place."""
    return any(database.term_exists(prefix + word) for prefix in (terms.PART, terms.BINARY_PART, terms.SUMMARY_WORD))


def _is_anywhere(database: xapian.Database, word: str) -> bool:
    """Whether a word is in any name, summary or description, or says nothing."""
    is_told = word in terms.STOP_WORDS or database.term_exists(terms.PROSE + terms.stem(word))
    return is_told or _is_known(database, word)


def _suggestion(database: xapian.Database, word: str) -> str | None:
    slips = next((slips for letters, slips in MAX_TYPOS if len(word) >= letters), 0)
    if not slips or len(word) > terms.MAX_SPELLING_LENGTH:
        return None
    return database.get_spelling_suggestion(word, slips).decode() or None
