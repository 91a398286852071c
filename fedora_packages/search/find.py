"""Find the packages for a text in one state of the database, best first, and the reasons for each.

Packages of exactly that name come first, by a lookup.  Others are weighted, see `match`.  Both are one list, of which any page
can be read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import xapian

from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import terms
from fedora_packages.search.capabilities import bounded, capabilities_in, paths_in, plain
from fedora_packages.search.correct import corrections
from fedora_packages.search.document import Document
from fedora_packages.search.lookup import ByCapability, binaries_with, building, document, first, having, name_of
from fedora_packages.search.match import MAX_BINARIES_OF_HIT, SearchQuery
from fedora_packages.search.reasons import Reason
from fedora_packages.search.urls import is_url, names_in_url

#: Limits of one search: hits in total, hits of one page, and packages of exactly that name.
MAX_HITS = 10_000
MAX_ROWS = 200
MAX_EXACT_HITS = 20

#: Packages named as replacement of a retired one.
MAX_SUCCESSORS = 5

#: How often a name is searched within a name: ``/usr/lib64/libfoo.so.1``, ``libfoo.so.1``, ``libfoo``.
MAX_NAME_DEPTH = 2

#: A directory with files of more packages than this is not a match.
MAX_PACKAGES_OF_DIRECTORY = 20


@dataclass(frozen=True)
class Hit:
    """A package that matches, with the names of some matching binaries and the reasons for the match.

    ``name`` is that of the source, or of the binary that the text names.  ``replaced_by`` are the binaries that obsolete a
    retired package, the most important first.
    """

    document: Document
    binaries: tuple[str, ...]
    reasons: tuple[Reason, ...] = ()
    name: str = ""
    replaced_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hits:
    """One page of the packages that match, best first; ``total`` counts all.

    ``corrected`` is the text that was searched in place of one without hits.  ``suggestion`` is a name of which the text may be a
    typo, where prose alone matches.  Both are None otherwise.  ``has_all`` is false if no package has all words.
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

    If no package has that name, a name within the text is searched, at most ``within`` levels deep, and a correction unless the
    text ``is_correct``.
    """
    exact = _exact(database, text)
    if not exact:
        for name in _names_in(database, text) if within else ():
            hits = _instead(database, name, start, rows, within - 1, is_correct)
            if hits is not None:
                return hits
        if paths_in(text) or is_url(text):
            # The words in a path or a URL are not a purpose.
            return Hits(0, ())
    query, on_page = SearchQuery(text), exact[start : start + rows]
    # A term has the weight that `match` gives it, regardless of how often and how rare it is: a description does not gain by
    # repetition.
    all_words, weights = query.all_words([name_of(database, docid) for docid in exact]), xapian.TfIdfWeight("bnn")
    total, found = _matches(database, all_words, weights, max(start - len(exact), 0), rows - len(on_page))
    if total or exact:
        hits = _hits(database, query, total + len(exact), [*on_page, *found])
        is_questionable = start == 0 and rows and not exact and not is_correct
        return replace(hits, suggestion=_suggestion(database, text, hits)) if is_questionable else hits
    for better in corrections(database, text) if not is_correct else ():
        # Two words may each be a typo of the other: a correction is not corrected.
        hits = _instead(database, better, start, rows, within=0, is_correct=True)
        if hits is not None:
            return hits
    total, found = _matches(database, query.any_word(), xapian.BM25Weight(1, 0, 1, 0.3, 0.5), start, rows)
    return replace(_hits(database, query, total, found), has_all=total == 0)


def _names_in(database: xapian.Database, text: str) -> Iterator[str]:
    """Return the names in a text; in a URL, those that exist."""
    if is_url(text):
        return (name for name in names_in_url(text) if _is_called(database, name))
    return plain(text)


def _is_called(database: xapian.Database, text: str) -> bool:
    """Whether a package has this name, here or in another ecosystem, or but for its language."""
    spoken = terms.spoken(text)
    names = [prefix + spoken for prefix in (terms.SPOKEN, terms.UNPREFIXED, terms.UNVERSIONED)]
    names += [terms.BINARY_FOLDED + bounded(terms.fold(text)), terms.FOREIGN + bounded(text.casefold())]
    return bool(spoken) and (any(map(database.term_exists, names)) or bool(_exact(database, text)))


def _suggestion(database: xapian.Database, text: str, hits: Hits) -> str | None:
    """Return a name of which a text may be a typo, if no hit has it in a name: descriptions have typos too."""
    if any(not hit.reasons or hit.binaries for hit in hits.hits):
        return None
    return next((better for better in corrections(database, text) if _exact(database, better)), None)


def _instead(database: xapian.Database, text: str, start: int, rows: int, within: int, is_correct: bool) -> Hits | None:
    """Return the hits of another text in place of the searched one, or None without hits."""
    hits = search(database, text, start, rows, within, is_correct)
    return replace(hits, corrected=hits.corrected or text) if hits.total else None


def _matches(
    database: xapian.Database, query: xapian.Query, weights: xapian.Weight, start: int, rows: int
) -> tuple[int, list[int]]:
    """Return the number of documents that match a query, and those on the page."""
    enquire = xapian.Enquire(database)
    enquire.set_weighting_scheme(weights)
    enquire.set_sort_by_relevance_then_value(terms.ORDER_SLOT, False)
    enquire.set_query(query)
    # To check every match costs milliseconds, and makes the total exact.
    matches = enquire.get_mset(start, rows, database.get_doccount())
    return matches.get_matches_estimated(), [match.docid for match in matches]


def _exact(database: xapian.Database, text: str) -> list[int]:
    """Return the documents that the whole text names, at most `MAX_EXACT_HITS`."""
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
    """Yield the terms of binaries that are exactly the text: commands, capabilities, files, paths."""
    found = [terms.COMMAND + bounded(text), terms.COMMAND + bounded(text.lower())]
    found += [terms.CAPABILITY + bounded(capability) for capability in capabilities_in(text)]
    # Many file names are plain words (/etc/raddb/dictionary), unless they have a dot or an underscore.
    found += [terms.FILE_NAME + bounded(text)] if set(text) & {".", "_"} else []
    yield from filter(database.term_exists, dict.fromkeys(found))
    for number, path in enumerate(paths_in(text)):
        term, most = terms.PATH + bounded(path), MAX_PACKAGES_OF_DIRECTORY if number else MAX_EXACT_HITS
        if 0 < database.get_termfreq(term) <= most:
            yield term
            break
    if is_package_name(text):
        yield from filter(database.term_exists, [terms.OBSOLETED + text])


def _hits(database: xapian.Database, query: SearchQuery, total: int, found: Iterable[int]) -> Hits:
    binary_terms = list(_exact_terms(database, query.text))
    foreign = terms.FOREIGN + bounded(query.text.casefold())
    if database.term_exists(foreign):
        binary_terms.append(foreign)
    hits = (_hit(database, query, docid, binary_terms) for docid in found)
    by_capability = ByCapability(database)
    return Hits(total, tuple(_with_successors(by_capability, hit) if hit.document.retired else hit for hit in hits))


def _with_successors(by_capability: ByCapability, hit: Hit) -> Hit:
    # A binary may have the name of the package that it obsoletes.
    names = by_capability.binaries_with_term(terms.OBSOLETED + bounded(hit.document.name))
    return replace(hit, replaced_by=tuple(name for name in names if name != hit.name)[:MAX_SUCCESSORS])


_KINDS = {prefix: kind for kind, prefix in terms.PREFIXES.items()}


def _hit(database: xapian.Database, query: SearchQuery, docid: int, binary_terms: Iterable[str]) -> Hit:
    of = document(database, docid)
    reasons = []
    for term in binary_terms:
        binaries = binaries_with(database, docid, of, term)
        if binaries:
            kind, text = _KINDS[term[:2]], term[2:]
            if kind == "path" and text != bounded(paths_in(query.text)[0]):
                kind = "folder"
            reasons.append(Reason(kind, text, binaries[:MAX_BINARIES_OF_HIT]))
    is_binary = of.name != query.text and query.text in of.binary_names
    # No part of a name without letters and digits matches.
    binaries = [query.text] if is_binary else []
    binaries += [name for name in query.binaries(of) if name not in binaries]
    from_reasons = (binary for reason in reasons if reason.kind != "obsoletes" for binary in reason.binaries)
    named = tuple(islice(dict.fromkeys((*binaries, *from_reasons)), MAX_BINARIES_OF_HIT))
    # A name with every word is reason enough.
    reasons += query.reasons(of) if not reasons and not binaries else []
    return Hit(of, named, tuple(reasons), query.text if is_binary else of.name)
