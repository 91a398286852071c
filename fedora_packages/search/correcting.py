"""Correcting: what a text that finds nothing may have been meant to be.

The words of all names and summaries are in the index as spellings; what much depends on counts more often.
"""

import xapian

from fedora_packages.search import terms

#: Slips that a word of so many letters may have.
SLIPS = ((8, 2), (terms.SPELT_LETTERS, 1))

#: Words of a text that are corrected; each costs a millisecond or two.
WORDS_CORRECTED = 5


def correct(database: xapian.Database, text: str) -> str | None:
    """Return the likeliest text that was meant, or None if there is none: a whole name, or the text with words corrected."""
    folded = terms.fold(text.strip())
    whole = _suggestion(database, folded) if " " not in folded else None
    if whole is not None:
        return whole
    words = terms.split(text)
    if not words or len(words) > WORDS_CORRECTED:
        return None
    better = [_suggestion(database, word) or word for word in words]
    return " ".join(better) if better != words else None


def _suggestion(database: xapian.Database, word: str) -> str | None:
    slips = next((slips for letters, slips in SLIPS if len(word) >= letters), 0)
    if not slips or len(word) > terms.WORD_LETTERS:
        return None
    return database.get_spelling_suggestion(word, slips).decode() or None
