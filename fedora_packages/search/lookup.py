"""Look up documents by exact terms; each function reads one state of the database."""

from functools import lru_cache
from itertools import islice

import xapian

from fedora_packages.errors import SearchUnavailable
from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import terms
from fedora_packages.search.capabilities import bounded, canonical, capabilities_in
from fedora_packages.search.document import Document, from_json

#: The errors of an index that cannot be read: Xapian does not detect all corruption, and its binding raises RuntimeError for
#: exceptions of C++.
UNREADABLE = (xapian.Error, RuntimeError, SearchUnavailable)

#: Documents of one term that are read, and binaries named for it.
MAX_DOCUMENTS = 100
MAX_NAMED_BINARIES = 20


def first(database: xapian.Database, term: str) -> int | None:
    """Return the number of the first document with a term, or None."""
    return next((posting.docid for posting in database.postlist(term)), None)


def document(database: xapian.Database, docid: int) -> Document:
    return from_json(database.get_document(docid).get_data())


def name_of(database: xapian.Database, docid: int) -> str:
    """Return the name of a document's source package."""
    return database.get_document(docid).get_value(terms.NAME_SLOT).decode(errors="replace")


def importance_of(database: xapian.Database, docid: int) -> float:
    return xapian.sortable_unserialise(database.get_document(docid).get_value(terms.IMPORTANCE_SLOT))


def building(database: xapian.Database, binary: str) -> list[int]:
    """Return the documents with a binary: that of the same name first, then by name."""
    found = [posting.docid for posting in database.postlist(terms.BINARY + binary)]
    if len(found) < 2:
        return found
    names = {docid: name_of(database, docid) for docid in found}
    return sorted(found, key=lambda docid: (names[docid] != binary, names[docid]))


def having(database: xapian.Database, term: str) -> list[int]:
    """Return the documents with a term of a binary (see `terms.capability_terms`), the most important first."""
    found = [posting.docid for posting in islice(database.postlist(term), MAX_DOCUMENTS)]
    if len(found) < 2:
        return found
    return sorted(found, key=lambda docid: (-importance_of(database, docid), terms.order(name_of(database, docid))))


def binaries_with(database: xapian.Database, docid: int, of: Document, term: str) -> tuple[str, ...]:
    """Return the binaries of a document that have a term."""
    names = of.binary_names
    return tuple(names[position - 1] for position in database.positionlist(docid, term) if position <= len(names))


class ByCapability:
    """Finds the binaries with a capability, and reads each document once."""

    def __init__(self, database: xapian.Database):
        self._database = database
        self._document = lru_cache(MAX_DOCUMENTS)(lambda docid: document(database, docid))

    def binaries_with_term(self, term: str) -> tuple[str, ...]:
        """Return the binaries with a term, those of the most important source first."""
        found = (
            binary
            for docid in having(self._database, term)
            for binary in binaries_with(self._database, docid, self._document(docid), term)
        )
        return tuple(islice(dict.fromkeys(found), MAX_NAMED_BINARIES))

    def providers(self, capability: str) -> tuple[str, ...]:
        """Return the binaries that provide a capability or have a path; the binary of that name alone, if it exists."""
        if capability.startswith("/"):
            return self.binaries_with_term(terms.PATH + bounded(canonical(capability)))
        for name in capabilities_in(capability):
            if is_package_name(name) and self._database.term_exists(terms.BINARY + name):
                return (name,)
            found = self.binaries_with_term(terms.CAPABILITY + bounded(name))
            if found:
                return found
        return ()
