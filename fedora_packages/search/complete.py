"""Completing: the names that a text may be the beginning of, one small record of the index each.

A name is a source package's, a binary package's or a command's.  It is completed by the beginning of all of it and of each
word in it, so that nothing but names is searched.

The one thing to know: records rank by their number, which is that of their writing.  The builder writes documents in the
order of their importance; so the first records with a term are the answer, and the rest of them need not be looked at.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import xapian

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search import terms
from fedora_packages.search.capabilities import bounded, commands
from fedora_packages.search.document import Document

SOURCE, BINARY, COMMAND = "source", "binary", "command"

#: Prefixes of terms: the record itself, the records of one source, all the name, its beginnings and those of its later words.
_RECORD, _OF_SOURCE = "XI", "XJ"
_WHOLE = {SOURCE: "XKWS", BINARY: "XKWB", COMMAND: "XKWC"}
_BEGINS = {SOURCE: "XKBS", BINARY: "XKBB", COMMAND: "XKBC"}
_WORD = {SOURCE: "XKLS", BINARY: "XKLB", COMMAND: "XKLC"}

#: Letters by which a name is found: of more than these each record is looked at, so many at most.
TERM_LETTERS = 12
MAX_RECORDS_READ = 300

#: Bounds of one answer, of what is read of the text, and of the commands of one source that are completed.
MAX_COMPLETIONS = 20
MAX_TEXT_LENGTH = 100
MAX_WORDS = 5
MAX_COMMANDS = 300
MAX_SUMMARY_LENGTH = 200

#: How many of a kind come before the next kind has its turn.
_TURN = {SOURCE: 3, BINARY: 2, COMMAND: 1}


class Completion(NamedTuple):
    """A name: a source package's, a binary's or a command's (see ``kind``).

    ``source`` is the source package it belongs to, ``package`` what its page is called: the name itself, or of a command the
    package that has it.  ``summary`` is that of the package.
    """

    name: str
    kind: str
    source: str
    package: str
    summary: str


@dataclass(frozen=True)
class Record:
    """A name's record: the term that only it has, what it says, and all of it."""

    identity: str
    data: bytes
    record: xapian.Document


def completions_of(document: Document) -> Iterator[Completion]:
    """Yield the names by which a document's package is known, each once; of what is retired there is the name alone."""
    yield Completion(document.name, SOURCE, document.name, document.name, document.summary)
    known = {document.name}
    told: dict[str, Completion] = {}
    for binary in document.binaries:
        summary = binary.summary or document.summary
        if binary.name not in known:
            known.add(binary.name)
            yield Completion(binary.name, BINARY, document.name, binary.name, summary)
        for command in commands(binary):
            told.setdefault(command, Completion(command, COMMAND, document.name, binary.name, summary))
    others = (found for name, found in told.items() if name not in known and _is_name(name))
    yield from islice(others, MAX_COMMANDS)


def records_of(document: Document) -> Iterator[Record]:
    """Yield the records of a document's names; one without a letter or digit cannot be completed."""
    for found in completions_of(document):
        if terms.together(found.name):
            identity = _identity(found)
            data = _data(found)
            yield Record(identity, data, _terms(identity, found, data))


def write(database: xapian.WritableDatabase, source: str, records: Sequence[Record], is_new: bool) -> None:
    """Write all records of a source package's names; those that are as they were stay in their places.

    ``is_new``: there are none yet, and they need not be looked for.
    """
    known = {} if is_new else dict(_records(database, source))
    wanted = {record.identity: record for record in records}
    for identity in known.keys() - wanted.keys():
        database.delete_document(identity)
    for identity, record in wanted.items():
        if is_new:
            database.add_document(record.record)
        elif identity not in known or database.get_document(known[identity]).get_data() != record.data:
            database.replace_document(identity, record.record)


def remove(database: xapian.WritableDatabase, source: str) -> None:
    """Remove the records of a source package."""
    for identity, _ in list(_records(database, source)):
        database.delete_document(identity)


def copy(database: xapian.WritableDatabase, old: xapian.Database, source: str) -> None:
    """Take a source's records over from another database."""
    for identity, docid in _records(old, source):
        database.replace_document(identity, old.get_document(docid))


def complete(database: xapian.Database, text: str, rows: int) -> tuple[Completion, ...]:
    """Return the names that a text may be the beginning of, best first.

    First what is called so, then what begins so, then what has words that do.  A hyphen at the end is part of what
    names begin with.
    """
    text = text[:MAX_TEXT_LENGTH].strip()
    whole, words = terms.together(text), terms.split(text)[:MAX_WORDS]
    if not whole or rows < 1:
        return ()
    found: dict[tuple[str, str], Completion] = {}
    for step in (_called, _beginning, _with_words):
        for completion in _in_turns({kind: step(database, kind, text, whole, words, rows) for kind in _TURN}):
            # One name for one page: a command that several packages have is each one's.
            found.setdefault((completion.name, completion.source), completion)
            if len(found) == rows:
                return tuple(found.values())
    return tuple(found.values())


def _called(
    database: xapian.Database, kind: str, text: str, whole: str, words: list[str], rows: int
) -> list[Completion]:
    called = [
        _read(database, docid) for docid in _numbers(database, [_WHOLE[kind] + whole[: terms.MAX_WORD_LENGTH]], rows)
    ]
    # Of names that differ in signs alone (gcc-c, gcc-c++) the one that was typed comes first.
    # Long names are terms by what they begin with.
    called = [found for found in called if terms.together(found.name) == whole and not _goes_on(text)]
    return sorted(called, key=lambda found: (found.name != text, terms.fold(found.name) != terms.fold(text)))


def _beginning(
    database: xapian.Database, kind: str, text: str, whole: str, words: list[str], rows: int
) -> Iterator[Completion]:
    is_exact = len(whole) <= TERM_LETTERS and not _goes_on(text)
    read = (
        _read(database, docid)
        for docid in _numbers(database, [_BEGINS[kind] + whole[:TERM_LETTERS]], rows if is_exact else MAX_RECORDS_READ)
    )
    if _goes_on(text):
        begun = terms.fold(text)
        return islice((found for found in read if terms.fold(found.name).startswith(begun)), rows)
    return islice((found for found in read if terms.together(found.name).startswith(whole)), rows)


def _goes_on(text: str) -> bool:
    """Whether who types a text means names that are longer than what stands before its end."""
    return text.endswith("-")


def _with_words(
    database: xapian.Database, kind: str, text: str, whole: str, words: list[str], rows: int
) -> Iterator[Completion]:
    numbers = _numbers(database, [_WORD[kind] + word[:TERM_LETTERS] for word in words], MAX_RECORDS_READ)
    read = (_read(database, docid) for docid in islice(numbers, rows if max(map(len, words)) <= TERM_LETTERS else None))
    return islice((found for found in read if all(terms.has_part(found.name, word) for word in words)), rows)


def _numbers(database: xapian.Database, wanted: list[str], most: int) -> Iterable[int]:
    """Return the first records that have all of some terms.

    They are looked for as they are taken: each call of Xapian lets other threads have their turn, and comes back for its own.
    """
    if len(wanted) == 1:
        return (posting.docid for posting in islice(database.postlist(wanted[0]), most))
    enquire = xapian.Enquire(database)
    enquire.set_weighting_scheme(xapian.BoolWeight())
    enquire.set_docid_order(xapian.Enquire.ASCENDING)
    enquire.set_query(xapian.Query(xapian.Query.OP_AND, wanted))
    return [match.docid for match in enquire.get_mset(0, most)]


def _in_turns(found: dict[str, Iterable[Completion]]) -> Iterator[Completion]:
    """Yield what was found of each kind in turns, so that the many of one kind leave room for the others."""
    waiting = {kind: iter(its) for kind, its in found.items()}
    while waiting:
        for kind in list(waiting):
            for _ in range(_TURN[kind]):
                completion = next(waiting[kind], None)
                if completion is None:
                    del waiting[kind]
                    break
                yield completion


def _is_name(command: str) -> bool:
    return 0 < len(command) <= 100 and command.isprintable()


def _identity(found: Completion) -> str:
    return bounded(f"{_RECORD}{found.kind[0]}{found.name}\0{found.source}")


def _data(found: Completion) -> bytes:
    kept = [found.name, found.kind, found.source, found.package, found.summary[:MAX_SUMMARY_LENGTH]]
    return json.dumps(kept).encode()


def _terms(identity: str, found: Completion, data: bytes) -> xapian.Document:
    record = xapian.Document()
    record.set_data(data)
    record.add_term(identity)
    record.add_term(_OF_SOURCE + found.source)
    whole = terms.together(found.name)
    record.add_term(_WHOLE[found.kind] + whole[: terms.MAX_WORD_LENGTH])
    for start in terms.beginnings(whole, TERM_LETTERS):
        record.add_term(_BEGINS[found.kind] + start)
    # All the name is one of its parts; it is found by its beginning already.
    words = terms.name_parts(found.name) - {whole[: terms.MAX_WORD_LENGTH]}
    for start in {start for word in words for start in terms.beginnings(word, TERM_LETTERS)}:
        record.add_term(_WORD[found.kind] + start)
    return record


def _read(database: xapian.Database, docid: int) -> Completion:
    data = database.get_document(docid).get_data()
    try:
        return Completion(*json.loads(data.decode()))
    except (ValueError, TypeError) as error:
        raise SearchUnavailable(f"the index holds {data[:80]!r}, which is no name: build it anew") from error


def check(database: xapian.Database) -> None:
    """Read the records of all names.  Raises `SearchUnavailable`, or Xapian's errors, where one cannot be read."""
    for kind in _TURN:
        for item in database.allterms(_RECORD + kind[0]):
            for posting in database.postlist(item.term):
                _read(database, posting.docid)


def _records(database: xapian.Database, source: str) -> Iterator[tuple[str, int]]:
    """Yield the records of a source's names: the term that only the record has, and its number."""
    for posting in database.postlist(_OF_SOURCE + source):
        yield database.get_document(posting.docid).termlist().skip_to(_RECORD).term.decode(), posting.docid
