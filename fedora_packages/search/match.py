"""Matching: a text that somebody typed, as a Xapian query, and which binaries of a package it means.

The one thing to know: the text is taken apart by `terms` alone.  Xapian's query parser is not used: it has
operators, quotes and errors, and splits ``gcc-c++``; here any text is a question.
"""

from collections.abc import Iterable, Iterator
from heapq import nsmallest

import xapian
from xapian import Query

from fedora_packages.search import terms
from fedora_packages.search.capabilities import bounded
from fedora_packages.search.document import Document
from fedora_packages.search.reasons import Reason

#: What of a text is looked at, in characters (as many as the search field takes: addresses are long) and in words.
MAX_QUERY_LENGTH = 500
MAX_WORDS = 12

#: Different parts of names that the beginning of one may stand for; of more, the most frequent are taken.
MAX_EXPANSIONS = 200

#: The most binaries that are named with a hit.
MAX_BINARIES_OF_HIT = 10

#: Binaries of a package whose summaries are read for why it was found: some packages have thousands.
MAX_SUMMARIES_READ = 100

#: What a word counts by where it is found; these add up.  Names are worth more than all prose together.
SOURCE_PART, SOURCE_PART_BEGINS, SOURCE_BEGINS = 16, 6, 16
BINARY_PART, BINARY_PART_BEGINS = 14, 6
SUMMARY, PROSE = 3, 1

#: What all words together count if the summary has them: a little less than they would in a name, and more than if
#: one of them was missing there ("web browser" is Firefox, not what has web in its name).
ALL_IN_SUMMARY_LESS = 5

#: What it adds that a name is the whole text but for separators; and for plus signs (gtk3 for "gtk+3"), its version
#: (mariadb11.8 for "mariadb") or its language (python-requests for "requests"); or that it is so in another ecosystem.
SPOKEN, PLAIN, UNVERSIONED, UNPREFIXED, FOREIGN = 40, 30, 30, 18, 20

#: What it adds that the text is the package's maintainer.
OWNER = 40

#: What it adds that a package is in an active release: less than a name, more than prose.
LIVING = 6

#: What an order of magnitude (a power of 2) of packages that require it adds, where the name matches and where prose does.
IMPORTANCE_OF_NAME, IMPORTANCE_OF_PROSE = 3.0, 0.3

#: Where prose matches, what adds to it: two words that follow each other in text and description; a word that the summary has
#: as it is; one in what the summary says first; each word that a short summary is shorter by.
PAIR, SUMMARY_WORD, SUMMARY_HEAD, SHORT_SUMMARY = 4, 3, 4, 1

#: What the package is to people: an application, a program, no library; the latter twice where there are several words.
APPLICATION, PROGRAM, NO_LIBRARY, NO_LIBRARY_IN_PROSE = 11, 3, 6, 12

#: Where any word will do: what it counts in a name and in a summary, times a description, and what `_prose` counts there.
LOOSE_NAME, LOOSE_SUMMARY, LOOSE = 1.5, 2.0, 0.4


class SearchQuery:
    """A text, without spaces around it, as a question to the index."""

    def __init__(self, text: str):
        self.text = text
        # What stands between spaces, each taken apart into its words: "vim-X11 mode" -> (vim, x11), (mode,).
        split = dict.fromkeys(
            tuple(dict.fromkeys(terms.split(token)))[:MAX_WORDS] for token in text[:MAX_QUERY_LENGTH].split()
        )
        telling = [words for words in split if words and not set(words) <= terms.STOP_WORDS]
        # A text of stop words alone may still mean names ("the", "a").
        self.tokens = _first(telling or [words for words in split if words], MAX_WORDS)
        self._words = list(dict.fromkeys(word for words in self.tokens for word in words))

    def any_word(self) -> Query:
        """Return the query for packages in which any word is found: rare words say more than common ones.

        It is for a weighting scheme that knows how rare a term is.
        """
        found = []
        for word in self._words:
            stem = terms.stem(word)
            found.append(_weighing(LOOSE_NAME, Query(terms.PART + word)))
            if word not in terms.STOP_WORDS:
                found.append(_weighing(LOOSE_SUMMARY, Query(terms.SUMMARY + stem)))
                found.append(Query(terms.PROSE + stem))
        if not found:
            return Query()
        extra = [_weighing(LOOSE, query) for query in self._prose()]
        return Query(Query.OP_AND_MAYBE, Query(Query.OP_OR, found), Query(Query.OP_OR, extra))

    def all_words(self, without: list[str]) -> Query:
        """Return the query for packages in which every word is found, or that are called so, but for those of some names."""
        if not self.tokens:
            return Query()
        combined = Query(Query.OP_AND, [_token(words) for words in self.tokens])
        best = Query(Query.OP_MAX, combined, self._all_in_summary())
        whole = list(self._whole())
        extra = [*whole, _weighing(LIVING, Query(terms.LIVING)), *self._importance(), *self._prose()]
        found = Query(Query.OP_AND_MAYBE, Query(Query.OP_OR, [best, *whole]), Query(Query.OP_OR, extra))
        named = Query(Query.OP_OR, [Query(terms.SOURCE + name) for name in without])
        return Query(Query.OP_AND_NOT, found, named) if without else found

    def _whole(self) -> Iterator[Query]:
        """Yield queries for what the whole text is called."""
        spoken, plain = terms.spoken(self.text), terms.together(self.text)[: terms.MAX_NAME_LENGTH]
        yield _weighing(SPOKEN, Query(terms.SPOKEN + spoken))
        if plain != spoken:
            yield _weighing(PLAIN, Query(terms.SPOKEN + plain))
        yield _weighing(UNVERSIONED, Query(terms.UNVERSIONED + spoken))
        if len(self.tokens) == 1:
            # Who writes two words does not mean a module of their name.
            yield _weighing(UNPREFIXED, Query(terms.UNPREFIXED + spoken))
        yield _weighing(FOREIGN, Query(terms.FOREIGN + bounded(self.text.casefold())))
        yield _weighing(OWNER, Query(terms.OWNER + bounded(terms.fold(self.text))))

    def _importance(self) -> Iterator[Query]:
        important = Query(xapian.ValueWeightPostingSource(terms.IMPORTANCE_SLOT))
        named = Query(Query.OP_OR, [Query(terms.PART + word) for word in self._words])
        yield _weighing(IMPORTANCE_OF_NAME, Query(Query.OP_FILTER, important, named))
        yield _weighing(IMPORTANCE_OF_PROSE, important)

    def _prose(self) -> Iterator[Query]:
        """Yield queries for what makes prose say what the text does, and for what the package is to people."""
        no_library = Query(Query.OP_AND_NOT, Query(terms.LIVING), Query(terms.LIBRARY))
        yield _weighing(NO_LIBRARY, no_library)
        if len(terms.stems(self.text[:MAX_QUERY_LENGTH])) < 2:
            return
        yield _weighing(APPLICATION, Query(terms.APPLICATION))
        yield _weighing(PROGRAM, Query(terms.PROGRAM))
        yield _weighing(NO_LIBRARY_IN_PROSE, no_library)
        for word in self._words:
            if word not in terms.STOP_WORDS:
                yield _weighing(SUMMARY_WORD, Query(terms.SUMMARY_WORD + word))
                yield _weighing(SUMMARY_HEAD, Query(terms.SUMMARY_HEAD + terms.stem(word)))
        for length in range(1, terms.SHORT_SUMMARY + 1):
            weight = SHORT_SUMMARY * (terms.SHORT_SUMMARY + 1 - length)
            yield _weighing(weight, Query(f"{terms.SUMMARY_LENGTH}{length}"))
        for pair in terms.pairs(" ".join(self._words)):
            yield _weighing(PAIR, Query(terms.PAIR + pair))

    def binaries(self, document: Document) -> tuple[str, ...]:
        """Return the binaries of a package that the question means: every word is in their name, best first."""
        if not self._words:
            return ()
        words = frozenset(self._words)
        found = (
            (name != self.text, len(words - terms.name_parts(name)), len(name), name)
            for name in terms.with_parts(document.binary_names, self._words)
        )
        return tuple(name for *_, name in nsmallest(MAX_BINARIES_OF_HIT, found))

    def reasons(self, document: Document) -> list[Reason]:
        """Return why prose, or the owner, makes a package match: none where its name says it."""
        words = [word for word in self._words if word not in terms.STOP_WORDS]
        if words and all(terms.has_part(document.name, word) for word in words):
            return []
        if document.owner and terms.fold(self.text) == terms.fold(document.owner):
            return [Reason("maintainer", document.owner)]
        reasons = []
        for kind, text in (("summary", document.summary), ("description", document.description)):
            stems = set(terms.stems(text))
            found = [word for word in words if terms.stem(word) in stems]
            words = [word for word in words if word not in found]
            if found:
                reasons.append(Reason(kind, " ".join(found)))
        # What the name says need not be said again by a binary.
        words = [word for word in words if not terms.has_part(document.name, word)]
        for binary in document.binaries[:MAX_SUMMARIES_READ]:
            if not words:
                break
            stems = set(terms.stems(binary.summary))
            found = [word for word in words if terms.stem(word) in stems]
            words = [word for word in words if word not in found]
            if found:
                reasons.append(Reason("summary", " ".join(found), (binary.name,)))
        return reasons

    def _all_in_summary(self) -> Query:
        words = [word for word in self._words if word not in terms.STOP_WORDS]
        if len(words) < 2:
            return Query()
        # A conjunction weighs what its parts do, and each of these weighs one.
        weight = (SOURCE_PART + SOURCE_PART_BEGINS) - ALL_IN_SUMMARY_LESS / len(words)
        return _weighing(weight, Query(Query.OP_AND, [Query(terms.SUMMARY + terms.stem(word)) for word in words]))


def _first(tokens: Iterable[tuple[str, ...]], most: int) -> list[tuple[str, ...]]:
    """Return the first tokens, with so many words at most in all of them."""
    found = []
    for words in tokens:
        if most > 0:
            found.append(words[:most])
            most -= len(words)
    return found


def _token(words: tuple[str, ...]) -> Query:
    """Return the query for what stood between two spaces: all words of it, and better if a name begins so."""
    every = Query(Query.OP_AND, [_word(word) for word in words])
    begins = Query(terms.START + terms.together("".join(words))[: terms.START_LETTERS])
    return Query(Query.OP_AND_MAYBE, every, _weighing(SOURCE_BEGINS, begins))


def _word(word: str) -> Query:
    source = [
        _weighing(SOURCE_PART, Query(terms.PART + word)),
        _weighing(SOURCE_PART_BEGINS, _beginning(word, terms.PART, terms.PART_START)),
    ]
    binary = [
        _weighing(BINARY_PART, Query(terms.BINARY_PART + word)),
        _weighing(BINARY_PART_BEGINS, _beginning(word, terms.BINARY_PART, terms.BINARY_PART_START)),
    ]
    # Most binaries are called as their source; that is one name and not two.
    found = [Query(Query.OP_MAX, Query(Query.OP_OR, source), Query(Query.OP_OR, binary))]
    if word not in terms.STOP_WORDS:
        stem = terms.stem(word)
        found += [_weighing(SUMMARY, Query(terms.SUMMARY + stem)), _weighing(PROSE, Query(terms.PROSE + stem))]
    return Query(Query.OP_OR, found)


def _beginning(word: str, prefix: str, start_prefix: str) -> Query:
    if len(word) <= terms.START_LETTERS:
        return Query(start_prefix + word)
    # The text is no pattern in Xapian 1.4: what is in the word stands for itself.
    return Query(Query.OP_WILDCARD, prefix + word, MAX_EXPANSIONS, Query.WILDCARD_LIMIT_MOST_FREQUENT, Query.OP_MAX)


def _weighing(weight: float, query: Query) -> Query:
    return Query(Query.OP_SCALE_WEIGHT, query, weight)
