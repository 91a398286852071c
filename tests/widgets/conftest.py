"""The application, for tests of panels: all that is known is what a test has put into the cache."""

import pytest

from tests.web import conftest as views
from tests.web.values import VALUES
from tests.web.website import Website, website

# The same application as in the tests of views.
index_folder, compiled = views.index_folder, views.compiled
answering, upstream = views.answering, views.upstream
listening, silent = views.listening, views.silent
strings, service, site = views.strings, views.service, views.site


@pytest.fixture
def guake(site) -> Website:
    """The application, with everything about guake in the cache."""
    site.know_all(VALUES, "guake")
    return site


@pytest.fixture
def silenced(silent, service, strings) -> Website:
    """The application, with upstreams that take questions and do not answer."""
    urls = {key: silent for key in strings if key.startswith("connectors.") and key.endswith(".url")}
    timeouts = {key: "0.5" for key in strings if key.startswith("connectors.") and key.endswith(".timeout")}
    with website(service, {**strings, **urls, **timeouts, "cache.wait": "0.2"}) as found:
        yield found
