"""Finding: the packages that a text finds in one state of the database, best first, and why each was found.

The one thing to know: what is exactly called so comes first and is looked up; all else is weighed (see `matching`).  The two
are one list, of which any part can be asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import xapian

from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import terms
from fedora_packages.search.capabilities import (
    bounded,
    capabilities_in,
    is_address,
    paths_in,
    plain,
    within_address,
)
from fedora_packages.search.correct import corrections
from fedora_packages.search.document import Document
from fedora_packages.search.lookup import ByCapability, binaries_with, building, document, first, having, name_of
from fedora_packages.search.match import MAX_BINARIES_OF_HIT, SearchQuery
from fedora_packages.search.reasons import Reason

#: Bounds of one search: the last hit that is given, hits at once, packages that are called exactly so.
MAX_HITS = 10_000
MAX_ROWS = 200
MAX_EXACT_HITS = 20

#: Packages that are named for having replaced a retired one.
MAX_SUCCESSORS = 5

#: How often a name is looked for in what was a name in a text: ``/usr/lib64/libfoo.so.1``, ``libfoo.so.1``, ``libfoo``.
MAX_NAME_DEPTH = 2

#: A folder that more packages than this put something into says nothing of any.
MAX_PACKAGES_OF_DIRECTORY = 20


@dataclass(frozen=True)
class Hit:
    """A package that was found: the names of its binaries that match (a few), and what else it was found by.

    ``name`` is what was found: the source, or the binary that the text names.  ``replaced_by`` are the binaries that obsolete
    what is retired, the most important first.
    """

    document: Document
    binaries: tuple[str, ...]
    reasons: tuple[Reason, ...] = ()
    name: str = ""
    replaced_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hits:
    """Some of the packages that were found, best first; ``total`` counts all.

    ``corrected`` is the text that was looked for in place of one that finds nothing as it is; ``suggestion`` is a name that one
    may be a slip of which finds prose alone.  Both are None mostly.  Unless it ``has_all`` of the words, nothing has.
    """

    total: int
    hits: tuple[Hit, ...]
    corrected: str | None = None
    suggestion: str | None = None
    has_all: bool = True


def search(
    database: xapian.Database, text: str, start: int, rows: int, within: int = MAX_NAME_DEPTH, is_correct: bool = False
) -> Hits:
    """Return hits number ``start`` (the first is 0) to ``start + rows`` of a text.

    Where nothing is called so, what may be meant is looked for in its place: a name ``within`` it, so many deep, and unless it
    ``is_correct`` what it may be a slip of.
    """
    exact = _exact(database, text)
    if not exact:
        for name in _names_in(database, text) if within else ():
            hits = _instead(database, name, start, rows, within - 1, is_correct)
            if hits is not None:
                return hits
        if paths_in(text) or is_address(text):
            # The names of its folders, or of its site, are words that say nothing.
            return Hits(0, ())
    query = SearchQuery(text)
    total, found = _weighed(database, query, exact, start, rows)
    if total or exact:
        hits = _hits(database, query, total + len(exact), exact[start : start + rows], found)
        is_asked = start == 0 and rows and not exact and not is_correct
        return replace(hits, suggestion=_suggestion(database, text, hits)) if is_asked else hits
    for better in corrections(database, text) if not is_correct else ():
        # Two words may each be a slip of the other: what is corrected once is not corrected again.
        hits = _instead(database, better, start, rows, within=0, is_correct=True)
        if hits is not None:
            return hits
    total, found = _loosely(database, query, start, rows)
    return replace(_hits(database, query, total, [], found), has_all=total == 0)


def _names_in(database: xapian.Database, text: str) -> Iterator[str]:
    """Return the names that are in a text that is none; of an address those that anything is called."""
    if is_address(text):
        return (name for name in within_address(text) if _is_called(database, name))
    return plain(text)


def _is_called(database: xapian.Database, text: str) -> bool:
    """Whether anything is called so, here or in another ecosystem, but for its language."""
    spoken = terms.spoken(text)
    names = [prefix + spoken for prefix in (terms.SPOKEN, terms.UNPREFIXED, terms.UNVERSIONED)]
    names += [terms.BINARY_FOLDED + bounded(terms.fold(text)), terms.FOREIGN + bounded(text.casefold())]
    return bool(spoken) and (any(map(database.term_exists, names)) or bool(_exact(database, text)))


def _suggestion(database: xapian.Database, text: str, hits: Hits) -> str | None:
    """Return a name that a text may be a slip of, if nothing that it found is called so: a slip is in many descriptions."""
    if any(not hit.reasons or hit.binaries for hit in hits.hits):
        return None
    return next((better for better in corrections(database, text) if _exact(database, better)), None)


def _instead(database: xapian.Database, text: str, start: int, rows: int, within: int, is_correct: bool) -> Hits | None:
    """Return what another text finds in place of the one that was asked, or None if that is nothing."""
    hits = search(database, text, start, rows, within, is_correct)
    return replace(hits, corrected=hits.corrected or text) if hits.total else None


def _weighed(
    database: xapian.Database, query: SearchQuery, exact: list[int], start: int, rows: int
) -> tuple[int, list[int]]:
    """Return how many packages a question finds beside the exact ones, and those of them that are on the page."""
    enquire = xapian.Enquire(database)
    # A term counts what `matching` says, however often it is said and however rare it is: a package's place is
    # explained by its own words, and no description climbs by repeating them.
    enquire.set_weighting_scheme(xapian.TfIdfWeight("bnn"))
    enquire.set_sort_by_relevance_then_value(terms.ORDER_SLOT, False)
    enquire.set_query(query.all_words(without=[name_of(database, docid) for docid in exact]))
    here = len(exact[start : start + rows])
    return _matches(database, enquire, max(start - len(exact), 0), rows - here)


def _loosely(database: xapian.Database, query: SearchQuery, start: int, rows: int) -> tuple[int, list[int]]:
    """Return how many packages have any word of a question, and those of them that are on the page."""
    enquire = xapian.Enquire(database)
    enquire.set_weighting_scheme(xapian.BM25Weight(1, 0, 1, 0.3, 0.5))
    enquire.set_sort_by_relevance_then_value(terms.ORDER_SLOT, False)
    enquire.set_query(query.any_word())
    return _matches(database, enquire, start, rows)


def _matches(database: xapian.Database, enquire: xapian.Enquire, start: int, rows: int) -> tuple[int, list[int]]:
    # To look at every match costs milliseconds, and makes the total exact on every page of it.
    matches = enquire.get_mset(start, rows, database.get_doccount())
    return matches.get_matches_estimated(), [match.docid for match in matches]


def _exact(database: xapian.Database, text: str) -> list[int]:
    """Return the documents that a text names, whatever other words there are, at most `MAX_EXACT_HITS`."""
    return list(islice(dict.fromkeys(_named(database, text)), MAX_EXACT_HITS))


def _named(database: xapian.Database, text: str) -> Iterator[int]:
    if is_package_name(text):
        source, folded = first(database, terms.SOURCE + text), terms.fold(text)
        if source is not None:
            yield source
        yield from building(database, text)
        for prefix in (terms.SOURCE_FOLDED, terms.BINARY_FOLDED):
            yield from having(database, prefix + folded)
    for term in _exact_terms(database, text):
        yield from having(database, term)


def _exact_terms(database: xapian.Database, text: str) -> Iterator[str]:
    """Yield the terms for what binaries carry that a text asks for as it is."""
    for term in dict.fromkeys((terms.COMMAND + bounded(text), terms.COMMAND + bounded(text.lower()))):
        if database.term_exists(term):
            yield term
    others = [terms.CAPABILITY + bounded(capability) for capability in capabilities_in(text)]
    # What files are called is a word mostly (/etc/raddb/dictionary), unless it looks like a file's name.
    others += [terms.FILE_NAME + bounded(text)] if set(text) & {".", "_"} else []
    yield from filter(database.term_exists, others)
    yield from islice(_path_terms(database, text), 1)
    if is_package_name(text):
        yield from filter(database.term_exists, [terms.OBSOLETED + text])


def _path_terms(database: xapian.Database, text: str) -> Iterator[str]:
    for path in paths_in(text):
        term = terms.PATH + bounded(path)
        if (
            0
            < database.get_termfreq(term)
            <= (MAX_PACKAGES_OF_DIRECTORY if path != paths_in(text)[0] else MAX_EXACT_HITS)
        ):
            yield term


def _hits(
    database: xapian.Database, query: SearchQuery, total: int, exact: Iterable[int], found: Iterable[int]
) -> Hits:
    binary_terms = list(_exact_terms(database, query.text))
    foreign = terms.FOREIGN + bounded(query.text.casefold())
    if database.term_exists(foreign):
        binary_terms.append(foreign)
    hits = (_hit(database, query, docid, binary_terms) for docid in (*exact, *found))
    by_capability = ByCapability(database)
    return Hits(total, tuple(_with_successors(by_capability, hit) if hit.document.retired else hit for hit in hits))


def _with_successors(by_capability: ByCapability, hit: Hit) -> Hit:
    # A binary may have its name now, and obsolete what was called so.
    found = (
        name
        for name in by_capability.binaries_with_term(terms.OBSOLETED + bounded(hit.document.name))
        if name != hit.name
    )
    return replace(hit, replaced_by=tuple(islice(found, MAX_SUCCESSORS)))


_KINDS = {
    terms.COMMAND: "command",
    terms.PATH: "path",
    terms.CAPABILITY: "capability",
    terms.OBSOLETED: "obsoletes",
    terms.FOREIGN: "foreign",
    terms.FILE_NAME: "file",
}


def _hit(database: xapian.Database, query: SearchQuery, docid: int, binary_terms: Iterable[str]) -> Hit:
    of = document(database, docid)
    reasons = []
    for term in binary_terms:
        binaries = binaries_with(database, docid, of, term)
        if binaries:
            kind, told = _KINDS[term[:2]], term[2:]
            if kind == "path" and told != bounded(paths_in(query.text)[0]):
                kind = "folder"
            reasons.append(Reason(kind, told, binaries[:MAX_BINARIES_OF_HIT]))
    is_binary = of.name != query.text and query.text in of.binary_names
    # A name without any letter or digit is matched by no part of it.
    binaries = [query.text] if is_binary else []
    binaries += [name for name in query.binaries(of) if name not in binaries]
    from_reasons = (binary for reason in reasons if reason.kind != "obsoletes" for binary in reason.binaries)
    named = tuple(islice(dict.fromkeys((*binaries, *from_reasons)), MAX_BINARIES_OF_HIT))
    # A name that has every word, its own or a binary's, says why.
    reasons += query.reasons(of) if not reasons and not binaries else []
    return Hit(of, named, tuple(reasons), query.text if is_binary else of.name)
