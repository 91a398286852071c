"""Ids: each leads back to its package."""

from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.sandbox.world import ids


@given(st.integers(0, 200_000), st.integers(0, ids.UPDATES - 1))
def test_an_alias_leads_back_to_its_package(package, number):
    update = ids.update_id(package, number)
    alias = ids.alias("FEDORA", 2026, update)
    assert ids.owner_of("update")(ids.update_of(alias)) == package


@given(st.text(max_size=30))
def test_any_text_is_an_alias_or_is_not(text):
    found = ids.update_of(text)
    assert found is None or 0 <= found < ids.MODULUS
