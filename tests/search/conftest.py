"""Fixtures of an index with a few documents in it."""

import pytest

from fedora_packages.search.reader import Reader
from fedora_packages.search.writer import Writer


@pytest.fixture
def make_index(tmp_path):
    """A function that writes documents to a new index and returns its reader."""

    def make(*documents, name="index"):
        with Writer(tmp_path / name, create=True) as writer:
            writer.replace(documents)
            writer.commit()
        return Reader(tmp_path / name)

    return make
