"""Turn the text of a search into a Xapian query, and find the binaries of a package that it matches.

`terms` alone splits the text.  Xapian's query parser is not used: it has operators, quotes and errors, and splits ``gcc-c++``.
Here any text is a valid search.
"""

from collections.abc import Iterable, Iterator
from heapq import nsmallest

import xapian
from xapian import Query

from fedora_packages.search import terms
from fedora_packages.search.capabilities import bounded
from fedora_packages.search.document import Document
from fedora_packages.search.reasons import Reason

#: Characters of a text that are searched (as many as the search field takes: URLs are long), and words.
MAX_QUERY_LENGTH = 500
MAX_WORDS = 12

#: Parts of names to which a prefix expands: the most frequent.
MAX_EXPANSIONS = 200

#: Binaries named with a hit.
MAX_BINARIES_OF_HIT = 10

#: Binaries of a package whose summaries are read for its reasons: some packages have thousands.
MAX_SUMMARIES_READ = 100

#: The weight of a word by where it matches; weights add up.  A name has more than all prose together.
SOURCE_PART, SOURCE_PART_BEGINS, SOURCE_BEGINS = 16, 6, 16
BINARY_PART, BINARY_PART_BEGINS = 14, 6
SUMMARY, PROSE = 3, 1

#: The weight of all words in the summary, less than in a name by this: more than names with some of the words have ("web browser"
#: means Firefox, not packages with "web" in their names).
ALL_IN_SUMMARY_LESS = 5

#: The weight of a name that is the whole text but for separators; but also for plus signs (gtk3 for "gtk+3"), its version
#: (mariadb11.8 for "mariadb"), or its language (python-requests for "requests"); and of such a name in another ecosystem.
SPOKEN, PLAIN, UNVERSIONED, UNPREFIXED, FOREIGN = 40, 30, 30, 18, 20

#: The weight of a maintainer whose name is the text.
OWNER = 40

#: The weight of a package in an active release: less than a name, more than prose.
LIVING = 6

#: The weight of each power of 2 of dependents, where a name matches and where prose does.
IMPORTANCE_OF_NAME, IMPORTANCE_OF_PROSE = 3.0, 0.3

#: Weights where prose matches: of two words that follow each other in the description, too; of a word in the same form in the
#: summary; of one in the head of the summary; of each word that a short summary is shorter by.
PAIR, SUMMARY_WORD, SUMMARY_HEAD, SHORT_SUMMARY = 4, 3, 4, 1

#: Weights of the package's kind: an application, a program, not a library, and again not a library for several words.
APPLICATION, PROGRAM, NO_LIBRARY, NO_LIBRARY_IN_PROSE = 11, 3, 6, 12

#: Where any word is enough: the weight of a name and a summary, times that of a description, and of `_prose`.
LOOSE_NAME, LOOSE_SUMMARY, LOOSE = 1.5, 2.0, 0.4


class SearchQuery:
    """The text of a search, stripped, as Xapian queries."""

    def __init__(self, text: str):
        self.text = text
        # The tokens between spaces, each split into words: "vim-X11 mode" -> (vim, x11), (mode,).
        split = dict.fromkeys(
            tuple(dict.fromkeys(terms.split(token)))[:MAX_WORDS] for token in text[:MAX_QUERY_LENGTH].split()
        )
        meaningful = [words for words in split if words and not set(words) <= terms.STOP_WORDS]
        # A text of stop words alone can still match names ("the", "a").
        self.tokens = _first(meaningful or [words for words in split if words], MAX_WORDS)
        self._words = list(dict.fromkeys(word for words in self.tokens for word in words))
        self._meaningful = [word for word in self._words if word not in terms.STOP_WORDS]

    def any_word(self) -> Query:
        """Return the query for packages with any of the words, for a weighting scheme that prefers rare terms."""
        queries = []
        for word in self._words:
            queries.append(_weighing(LOOSE_NAME, Query(terms.PART + word)))
        for stem in map(terms.stem, self._meaningful):
            queries.append(_weighing(LOOSE_SUMMARY, Query(terms.SUMMARY + stem)))
            queries.append(Query(terms.PROSE + stem))
        if not queries:
            return Query()
        extra = [_weighing(LOOSE, query) for query in self._prose()]
        return Query(Query.OP_AND_MAYBE, Query(Query.OP_OR, queries), Query(Query.OP_OR, extra))

    def all_words(self, without: list[str]) -> Query:
        """Return the query for packages with every word, or with the text as a name, except some source packages."""
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
        """Yield queries for names that are the whole text."""
        spoken, plain = terms.spoken(self.text), terms.together(self.text)[: terms.MAX_NAME_LENGTH]
        yield _weighing(SPOKEN, Query(terms.SPOKEN + spoken))
        if plain != spoken:
            yield _weighing(PLAIN, Query(terms.SPOKEN + plain))
        yield _weighing(UNVERSIONED, Query(terms.UNVERSIONED + spoken))
        if len(self.tokens) == 1:
            # Two words do not mean a module of their name.
            yield _weighing(UNPREFIXED, Query(terms.UNPREFIXED + spoken))
        yield _weighing(FOREIGN, Query(terms.FOREIGN + bounded(self.text.casefold())))
        yield _weighing(OWNER, Query(terms.OWNER + bounded(terms.fold(self.text))))

    def _importance(self) -> Iterator[Query]:
        important = Query(xapian.ValueWeightPostingSource(terms.IMPORTANCE_SLOT))
        named = Query(Query.OP_OR, [Query(terms.PART + word) for word in self._words])
        yield _weighing(IMPORTANCE_OF_NAME, Query(Query.OP_FILTER, important, named))
        yield _weighing(IMPORTANCE_OF_PROSE, important)

    def _prose(self) -> Iterator[Query]:
        """Yield queries for prose that is close to the text, and for the package's kind."""
        no_library = Query(Query.OP_AND_NOT, Query(terms.LIVING), Query(terms.LIBRARY))
        yield _weighing(NO_LIBRARY, no_library)
        if len(terms.stems(self.text[:MAX_QUERY_LENGTH])) < 2:
            return
        yield _weighing(APPLICATION, Query(terms.APPLICATION))
        yield _weighing(PROGRAM, Query(terms.PROGRAM))
        yield _weighing(NO_LIBRARY_IN_PROSE, no_library)
        for word in self._meaningful:
            yield _weighing(SUMMARY_WORD, Query(terms.SUMMARY_WORD + word))
            yield _weighing(SUMMARY_HEAD, Query(terms.SUMMARY_HEAD + terms.stem(word)))
        for length in range(1, terms.SHORT_SUMMARY + 1):
            weight = SHORT_SUMMARY * (terms.SHORT_SUMMARY + 1 - length)
            yield _weighing(weight, Query(f"{terms.SUMMARY_LENGTH}{length}"))
        for pair in terms.pairs(" ".join(self._words)):
            yield _weighing(PAIR, Query(terms.PAIR + pair))

    def binaries(self, document: Document) -> tuple[str, ...]:
        """Return the binaries of a package with every word in their names, best first."""
        if not self._words:
            return ()
        words = frozenset(self._words)
        found = (
            (name != self.text, len(words - terms.name_parts(name)), len(name), name)
            for name in terms.with_parts(document.binary_names, self._words)
        )
        return tuple(name for *_, name in nsmallest(MAX_BINARIES_OF_HIT, found))

    def reasons(self, document: Document) -> list[Reason]:
        """Return the reasons in prose or owner for which a package matches; none if its name has every word."""
        words = self._meaningful
        if words and all(terms.has_part(document.name, word) for word in words):
            return []
        if document.owner and terms.fold(self.text) == terms.fold(document.owner):
            return [Reason("maintainer", document.owner)]
        reasons = []
        texts = [("summary", document.summary, ()), ("description", document.description, ())]
        texts += [("summary", binary.summary, (binary.name,)) for binary in document.binaries[:MAX_SUMMARIES_READ]]
        for kind, text, binaries in texts:
            if binaries:
                # A word in the name needs no other reason.
                words = [word for word in words if not terms.has_part(document.name, word)]
            if not words:
                break
            stems = set(terms.stems(text))
            found = [word for word in words if terms.stem(word) in stems]
            words = [word for word in words if word not in found]
            if found:
                reasons.append(Reason(kind, " ".join(found), binaries))
        return reasons

    def _all_in_summary(self) -> Query:
        words = self._meaningful
        if len(words) < 2:
            return Query()
        # A conjunction has the sum of its parts' weights, which are 1 each.
        weight = (SOURCE_PART + SOURCE_PART_BEGINS) - ALL_IN_SUMMARY_LESS / len(words)
        return _weighing(weight, Query(Query.OP_AND, [Query(terms.SUMMARY + terms.stem(word)) for word in words]))


def _first(tokens: Iterable[tuple[str, ...]], most: int) -> list[tuple[str, ...]]:
    """Return the first tokens, with at most so many words in total."""
    found = []
    for words in tokens:
        if most > 0:
            found.append(words[:most])
            most -= len(words)
    return found


def _token(words: tuple[str, ...]) -> Query:
    """Return the query for the words of one token, with more weight for a name that begins with it."""
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
    # Most binaries have the name of their source, which counts once.
    found = [Query(Query.OP_MAX, Query(Query.OP_OR, source), Query(Query.OP_OR, binary))]
    if word not in terms.STOP_WORDS:
        stem = terms.stem(word)
        found += [_weighing(SUMMARY, Query(terms.SUMMARY + stem)), _weighing(PROSE, Query(terms.PROSE + stem))]
    return Query(Query.OP_OR, found)


def _beginning(word: str, prefix: str, start_prefix: str) -> Query:
    if len(word) <= terms.START_LETTERS:
        return Query(start_prefix + word)
    # Xapian 1.4 treats the whole word as literal.
    return Query(Query.OP_WILDCARD, prefix + word, MAX_EXPANSIONS, Query.WILDCARD_LIMIT_MOST_FREQUENT, Query.OP_MAX)


def _weighing(weight: float, query: Query) -> Query:
    return Query(Query.OP_SCALE_WEIGHT, query, weight)
