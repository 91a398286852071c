"""Records: made by another process they are those that this one makes."""

import multiprocessing
from dataclasses import replace

from fedora_packages.search.document import Binary, Document
from fedora_packages.search.records import BATCH, made, made_by_another

DOCUMENTS = [Document(f"p{number}", "Summary", binaries=(Binary(f"p{number}-libs"),)) for number in range(3 * BATCH)]


def test_another_process_makes_the_same_in_the_same_order():
    def in_order(records):
        # Spellings are a set's.
        return [replace(record, spellings=sorted(record.spellings)) for record in records]

    assert in_order(made_by_another(DOCUMENTS)) == in_order(map(made, DOCUMENTS))


def send_records(connection):
    """Make records in a process that may begin no other, and say of how many documents."""
    connection.send(len(list(made_by_another(DOCUMENTS[:5]))))


def test_a_process_that_may_begin_no_other_makes_them_itself():
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe(duplex=False)
    process = context.Process(target=send_records, args=(its,), daemon=True)
    process.start()
    its.close()
    assert ours.recv() == 5
    process.join()
