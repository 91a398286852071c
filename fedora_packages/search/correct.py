"""Correct the text of a search that has no hits.

The words of all names and summaries are in the index as spellings, with more weight for packages with more dependents.
"""

from collections.abc import Iterator
from itertools import islice

import xapian

from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import terms

#: (letters, typos): the typos that a word of at least so many letters may have.
MAX_TYPOS = ((8, 2), (terms.MIN_SPELLING_LENGTH, 1))

#: Unknown words of a text that are corrected; each costs some milliseconds.
MAX_CORRECTED_WORDS = 5

#: Words of a text up to which one package is expected to have them all.
FEW_WORDS = 5

#: Parts of a name that are read.
MAX_NAME_PARTS = 6


def corrections(database: xapian.Database, text: str) -> Iterator[str]:
    """Yield corrections of a text, the likeliest first.

    These are a name with one or two other letters, the package of which the name is an extension, and the text with corrected
    words.
    """
    if not set(text) & set(" /:"):
        yield from filter(None, [_suggestion(database, terms.fold(text))])
        yield from _named_after(database, text)
    words = terms.split(text)
    # Descriptions have typos too, so that a word in one can still be wrong.  In a long text, of which hardly any package has all
    # words, it counts as right.
    is_known = _is_known if len(words) <= FEW_WORDS else _is_anywhere
    unknown = (word for word in dict.fromkeys(words) if not is_known(database, word))
    better = {word: _suggestion(database, word) or word for word in islice(unknown, MAX_CORRECTED_WORDS)}
    corrected = [better.get(word, word) for word in words]
    if corrected != words:
        yield " ".join(corrected)


def _named_after(database: xapian.Database, name: str) -> Iterator[str]:
    """Yield the packages of which a name is an extension: ``emacs`` for ``emacs-nox``, which no longer exists."""
    parts = name.split("-")[:MAX_NAME_PARTS]
    for length in range(len(parts) - 1, 0, -1):
        base = "-".join(parts[:length])
        if is_package_name(base) and database.term_exists(terms.SOURCE_FOLDED + terms.fold(base)):
            yield base


def _is_known(database: xapian.Database, word: str) -> bool:
    """Whether a word is in any name or summary; otherwise a word of an important package would replace it."""
    return any(database.term_exists(prefix + word) for prefix in (terms.PART, terms.BINARY_PART, terms.SUMMARY_WORD))


def _is_anywhere(database: xapian.Database, word: str) -> bool:
    """Whether a word is in any name, summary or description, or is a stop word."""
    is_in_prose = word in terms.STOP_WORDS or database.term_exists(terms.PROSE + terms.stem(word))
    return is_in_prose or _is_known(database, word)


def _suggestion(database: xapian.Database, word: str) -> str | None:
    typos = next((typos for letters, typos in MAX_TYPOS if len(word) >= letters), 0)
    if not typos or len(word) > terms.MAX_SPELLING_LENGTH:
        return None
    return database.get_spelling_suggestion(word, typos).decode() or None
