"""URLs from upstreams: only those of the web become links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.connectors.page_links import MAX_URL, web_address


@pytest.mark.parametrize("address", ["http://guake.org", "https://github.com/Guake/guake/?a=b#c", "HTTPS://X.org"])
def test_an_address_of_the_web_is_a_link(address):
    assert web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        None,
        "javascript:alert(1)",
        "JavaScript://x/%0aalert(1)",
        "data:text/html,<script>",
        "//evil.example",
        "http:",
        "http://[",
        "java\nscript:alert(1)",
        " https://guake.org",
        "https://x.org/" + "a" * MAX_URL,
        "ftp://x.org",
    ],
)
def test_anything_else_is_none(address):
    assert web_address(address) is None


@given(st.text())
def test_no_text_is_an_error(text):
    assert web_address(text) in (text, None)
