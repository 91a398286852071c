"""Complete names while a user types: each name is one small record of the index.

A name is that of a source, a binary or a command.  A prefix of the whole name or of a word in it completes it, so that only names
are searched.

Records rank by their number, which is the order of writing.  The builder writes the most important documents first.  So the first
records of a term are the answer, and the others need not be read.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import xapian

from fedora_packages.errors import SearchUnavailable
from fedora_packages.search import terms
from fedora_packages.search.capabilities import bounded, commands
from fedora_packages.search.document import Document

SOURCE, BINARY, COMMAND = "source", "binary", "command"

#: Prefixes of terms: the record, the records of one source, the whole name, its prefixes and those of its later words.
_RECORD, _OF_SOURCE = "XI", "XJ"
_WHOLE = {SOURCE: "XKWS", BINARY: "XKWB", COMMAND: "XKWC"}
_BEGINS = {SOURCE: "XKBS", BINARY: "XKBB", COMMAND: "XKBC"}
_WORD = {SOURCE: "XKLS", BINARY: "XKLB", COMMAND: "XKLC"}

#: Letters of a prefix that is a term.  For a longer prefix the records are read, so many at most.
TERM_LETTERS = 12
MAX_RECORDS_READ = 300

#: Limits of the completions, the text and its words, the commands of one source, their letters, and summaries.
MAX_COMPLETIONS = 20
MAX_TEXT_LENGTH = 100
MAX_WORDS = 5
MAX_COMMANDS = 300
MAX_COMMAND_LENGTH = 100
MAX_SUMMARY_LENGTH = 200

#: Completions of one kind before the next kind has its turn.
_TURN = {SOURCE: 3, BINARY: 2, COMMAND: 1}


class Completion(NamedTuple):
    """The name of a source, a binary or a command (see ``kind``).

    ``source`` is its source package.  ``package`` is the package whose page it leads to: the name itself, or the package with the
    command.  ``summary`` is that of the package.
    """

    name: str
    kind: str
    source: str
    package: str
    summary: str


def completions_of(document: Document) -> Iterator[Completion]:
    """Yield the names of a document's package, its binaries and commands, each once."""
    yield Completion(document.name, SOURCE, document.name, document.name, document.summary)
    names = {document.name}
    by_command: dict[str, Completion] = {}
    for binary in document.binaries:
        summary = binary.summary or document.summary
        if binary.name not in names:
            names.add(binary.name)
            yield Completion(binary.name, BINARY, document.name, binary.name, summary)
        for command in commands(binary):
            by_command.setdefault(command, Completion(command, COMMAND, document.name, binary.name, summary))
    others = (command for command in by_command if command not in names and command.isprintable())
    short = (by_command[command] for command in others if len(command) <= MAX_COMMAND_LENGTH)
    yield from islice(short, MAX_COMMANDS)


def write(database: xapian.WritableDatabase, document: Document) -> None:
    """Write the records of a document's names, except those without a letter or digit; unchanged ones keep their numbers."""
    before = dict(_records(database, document.name))
    after = dict(_record(found) for found in completions_of(document) if terms.together(found.name))
    for identity in before.keys() - after.keys():
        database.delete_document(identity)
    for identity, record in after.items():
        if identity not in before:
            database.add_document(record)
        elif database.get_document(before[identity]).get_data() != record.get_data():
            database.replace_document(before[identity], record)


def remove(database: xapian.WritableDatabase, source: str) -> None:
    """Remove the records of a source package."""
    for identity, _ in list(_records(database, source)):
        database.delete_document(identity)


def copy(database: xapian.WritableDatabase, old: xapian.Database, source: str) -> None:
    """Copy a source's records from another database."""
    for identity, docid in _records(old, source):
        database.replace_document(identity, old.get_document(docid))


def complete(database: xapian.Database, text: str, rows: int) -> tuple[Completion, ...]:
    """Return the names that a text can be completed to, best first.

    Names equal to the text come first, then names that begin with it, then names with words that begin with its words.  A
    hyphen at the end is part of the prefix.
    """
    text = text[:MAX_TEXT_LENGTH].strip()
    whole, words = terms.together(text), terms.split(text)[:MAX_WORDS]
    if not whole or rows < 1:
        return ()
    found: dict[tuple[str, str], Completion] = {}
    for step in (_called, _beginning, _with_words):
        for completion in _in_turns({kind: step(database, kind, text, whole, words, rows) for kind in _TURN}):
            # A command of several packages leads to each.
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
    # Of names that differ in signs alone (gcc-c, gcc-c++) the typed one comes first.  Terms of long names are cut.
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
    """Whether a text can only be the prefix of a longer name."""
    return text.endswith("-")


def _with_words(
    database: xapian.Database, kind: str, text: str, whole: str, words: list[str], rows: int
) -> Iterator[Completion]:
    numbers = _numbers(database, [_WORD[kind] + word[:TERM_LETTERS] for word in words], MAX_RECORDS_READ)
    read = (_read(database, docid) for docid in islice(numbers, rows if max(map(len, words)) <= TERM_LETTERS else None))
    return islice((found for found in read if all(terms.has_part(found.name, word) for word in words)), rows)


def _numbers(database: xapian.Database, record_terms: list[str], most: int) -> Iterable[int]:
    """Return the first records with all of some terms.

    They are read lazily: each call of Xapian releases the interpreter's lock.
    """
    if len(record_terms) == 1:
        return (posting.docid for posting in islice(database.postlist(record_terms[0]), most))
    enquire = xapian.Enquire(database)
    enquire.set_weighting_scheme(xapian.BoolWeight())
    enquire.set_docid_order(xapian.Enquire.ASCENDING)
    enquire.set_query(xapian.Query(xapian.Query.OP_AND, record_terms))
    return [match.docid for match in enquire.get_mset(0, most)]


def _in_turns(found: dict[str, Iterable[Completion]]) -> Iterator[Completion]:
    """Yield completions of each kind in turns, so that one kind leaves room for the others."""
    waiting = {kind: iter(its) for kind, its in found.items()}
    while waiting:
        for kind in list(waiting):
            for _ in range(_TURN[kind]):
                completion = next(waiting[kind], None)
                if completion is None:
                    del waiting[kind]
                    break
                yield completion


def _record(found: Completion) -> tuple[str, xapian.Document]:
    """Return the record of a name, after the term that only it has."""
    record = xapian.Document()
    record.set_data(json.dumps(found._replace(summary=found.summary[:MAX_SUMMARY_LENGTH])))
    identity = bounded(f"{_RECORD}{found.kind[0]}{found.name}\0{found.source}")
    record.add_term(identity)
    record.add_term(_OF_SOURCE + found.source)
    whole = terms.together(found.name)
    record.add_term(_WHOLE[found.kind] + whole[: terms.MAX_WORD_LENGTH])
    for start in terms.beginnings(whole, TERM_LETTERS):
        record.add_term(_BEGINS[found.kind] + start)
    # The whole name is one of its parts, with terms of its own.
    words = terms.name_parts(found.name) - {whole[: terms.MAX_WORD_LENGTH]}
    for start in {start for word in words for start in terms.beginnings(word, TERM_LETTERS)}:
        record.add_term(_WORD[found.kind] + start)
    return identity, record


def _read(database: xapian.Database, docid: int) -> Completion:
    data = database.get_document(docid).get_data()
    try:
        return Completion(*json.loads(data.decode()))
    except (ValueError, TypeError) as error:
        raise SearchUnavailable(f"the index has an invalid name record {data[:80]!r}: build it again") from error


def check(database: xapian.Database) -> None:
    """Read the records of all names.  Raises `SearchUnavailable` or an error of Xapian's for a corrupt one."""
    for kind in _TURN:
        for item in database.allterms(_RECORD + kind[0]):
            for posting in database.postlist(item.term):
                _read(database, posting.docid)


def _records(database: xapian.Database, source: str) -> Iterator[tuple[str, int]]:
    """Yield the records of a source's names: the term that only the record has, and its number."""
    for posting in database.postlist(_OF_SOURCE + source):
        yield database.get_document(posting.docid).termlist().skip_to(_RECORD).term.decode(), posting.docid
