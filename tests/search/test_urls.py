"""The names in URLs, for searches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.search.capabilities import MAX_TERM_BYTES, bounded
from fedora_packages.search.urls import is_url, names_in_url


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("https://github.com/Guake/guake.git", ["guake", "Guake", "github"]),
        ("https://github.com/guake/guake/releases/tag/3.10", ["3.10", "tag", "guake", "guake", "github"]),
        ("https://guake.github.io/", ["guake"]),
        ("https://www.vim.org", ["vim"]),
        ("HTTPS://Me@PyPI.org:443/project/requests/?x=y#z", ["requests", "pypi"]),
        ("https://koji.fedoraproject.org/koji/taskinfo?taskID=121000063", ["taskinfo", "fedoraproject"]),
        ("https://bugzilla.redhat.com/buglist.cgi?bug_id=2300003", ["buglist", "redhat"]),
        ("https://example.org/mysql%2B%2B", ["mysql++", "example"]),
        ("https://localhost/7", []),
        ("vim", []),
        ("https:// vim", []),
        ("https://vim and more", []),
    ],
)
def test_an_address_has_names_in_it(text, names):
    assert list(names_in_url(text)) == names
    assert is_url(text) or not names


@given(text=st.text(max_size=2000))
def test_any_text_can_be_asked(text):
    assert all(len(bounded(found).encode()) <= MAX_TERM_BYTES for found in names_in_url(text))
