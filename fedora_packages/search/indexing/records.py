"""Records: documents as the index stores them, made ready to be written.

The one thing to know: to make a record takes half as long as to write it, and needs no database.
"""

from dataclasses import dataclass

import xapian

from fedora_packages.rpm.nvr import is_package_name
from fedora_packages.search import complete as completing
from fedora_packages.search import terms
from fedora_packages.search.document import Document


@dataclass(frozen=True)
class Records:
    """What is written of one document: its own record, those of its names, and words as spellings, each so often."""

    name: str
    record: xapian.Document
    names: tuple[completing.Record, ...]
    spellings: tuple[str, ...]
    weight: int


def made(document: Document) -> Records:
    """Return the records of a document.  Raises ValueError for one with a name that cannot be a package's."""
    for name in (document.name, *document.binary_names):
        # A name becomes a term whole, and Xapian bounds the length of terms.
        if not is_package_name(name):
            raise ValueError(f"{name!r:.80} is no name of a package")
    record = xapian.Document()
    record.set_data(document.to_json())
    record.add_value(terms.ORDER_SLOT, terms.order(document.name))
    record.add_value(terms.NAME_SLOT, document.name)
    record.add_value(terms.IMPORTANCE_SLOT, xapian.sortable_serialise(terms.importance(document.dependents)))
    if document.retired:
        record.add_value(terms.RETIRED_SLOT, "1")
    for term in set(terms.terms_of(document)):
        record.add_term(term)
    for term, position in terms.carried_by(document):
        record.add_posting(term, position)
    return Records(
        document.name,
        record,
        tuple(completing.records_of(document)),
        tuple(terms.spellings(document)),
        weight(document),
    )


def weight(document: Document) -> int:
    """Return how often a document's words count as spellings: what much depends on is what people mean."""
    return 1 + int(terms.importance(document.dependents))
