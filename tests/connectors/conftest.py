"""Whatever a query returns in these tests, it is what it says that it returns."""

import pytest

from fedora_packages.query import Query
from tests.documented import differences


@pytest.fixture(autouse=True)
def held_to_its_schema(monkeypatch):
    """Hold every value that a query returns against its schema, recorded answers and made-up ones alike."""
    really = Query.fetch

    def fetch(self, package, variant=""):
        value = really(self, package, variant)
        assert differences({"components": {"schemas": {}}}, self.returns, value) == []
        return value

    monkeypatch.setattr(Query, "fetch", fetch)
