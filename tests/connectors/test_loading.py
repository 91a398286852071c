"""Modules that are found by being there, and what follows from the one file of an upstream."""

import importlib
import sys
from types import ModuleType

import pytest

from fedora_packages import connectors, settings
from fedora_packages.connectors import classes_in, declared, load, titles
from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import SettingsError
from fedora_packages.messages.contents.table import archive_requests
from fedora_packages.web.links import Links
from tests.web.website import website

#: A made-up upstream, as its one file says it.
COPR = '''
"""Copr: builds of a package in people's own repositories."""

from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import query
from fedora_packages.connectors.page_links import Site


class CoprSite(Site):
    """Copr's web interface."""

    default = "https://copr.example"

    def copr_build(self, number):
        """Return the page of a build."""
        return self.link("build", str(number))


class CoprConnector(Connector):
    """Builds outside of Fedora, from Copr's HTTP interface."""

    name = "copr"
    title = "Copr"
    site = CoprSite()
    is_optional = True
    timeout = 20.0
    concurrency = 3

    @query(version=1, every=3600)
    def repositories(self, package):
        """Return the repositories that build a source package."""
        return self.json("repositories", request=f"GET /repositories/{package}")

    @repositories.affected("copr.build.end")
    def repositories_affected(event):
        yield event.body["name"]
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that writes the modules of a package and imports it."""

    def package(**modules: str) -> ModuleType:
        folder = tmp_path / "made_up"
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name, text in modules.items():
            (folder / f"{name}.py").write_text(text)
        return importlib.import_module("made_up")

    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "made_up"]:
        del sys.modules[name]


def forget() -> None:
    """Forget which upstreams there are."""
    declared.cache_clear()
    titles.cache_clear()


@pytest.fixture
def copr(tmp_path, monkeypatch):
    """Add Copr to the connectors, as its file in their directory would."""
    (tmp_path / "copr.py").write_text(COPR)
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path)])
    forget()
    yield
    forget()
    sys.modules.pop("fedora_packages.connectors.copr", None)
    vars(connectors).pop("copr", None)


def classes(*names: str) -> str:
    lines = [f"class C{number}(Connector):\n    name = {name!r}\n" for number, name in enumerate(names)]
    return "from fedora_packages.connectors.base import Connector\n" + "".join(lines)


def test_classes_are_found_in_the_order_of_their_names(package):
    found = classes_in(package(one=classes("z", "b"), two=classes("a")), Connector)
    assert list(found) == ["a", "b", "z"]


def test_a_class_counts_where_it_is_defined_and_not_where_it_is_imported(package):
    found = classes_in(package(one=classes("a"), two="from made_up.one import C0"), Connector)
    assert {name: kind.__module__ for name, kind in found.items()} == {"a": "made_up.one"}


def test_two_classes_of_one_name_are_an_error_that_names_both_modules(package):
    with pytest.raises(SettingsError, match=r"made_up\.one and made_up\.two both have a Connector called 'a'"):
        classes_in(package(one=classes("a"), two=classes("a")), Connector)


def test_every_connector_is_loaded(strings):
    found = load(settings.from_strings(strings, declared(), {}), "test")
    assert {"anitya", "bodhi", "bugzilla", "datagrepper", "distgit", "faf", "koji", "mdapi"} <= set(found)


def test_an_upstream_that_is_one_file_has_settings(strings, copr):
    found = settings.from_strings({**strings, "connectors.copr.url": "http://copr"}, declared(), {}).connectors["copr"]
    assert found == settings.ConnectorSettings("http://copr", 20, 3, "https://copr.example")
    with pytest.raises(SettingsError, match=r"connectors\.copr\.url is missing"):
        settings.from_strings(strings, declared(), {})


def test_an_upstream_that_is_one_file_has_queries(strings, copr):
    found = load(settings.from_strings({**strings, "connectors.copr.url": "http://copr"}, declared(), {}), "test")
    queries = Queries(found.values())
    assert (found["copr"].is_optional, queries["copr.repositories"].declaration.every) == (True, 3600)
    assert [query.name for query in queries.listening("copr.build.end")] == ["copr.repositories"]


def test_an_upstream_that_is_one_file_has_its_messages_replayed(strings, copr):
    found = load(settings.from_strings({**strings, "connectors.copr.url": "http://copr"}, declared(), {}), "test")
    requests = archive_requests(topic for query in Queries(found.values()).values() for topic in query.topics)
    assert "copr" in {category for categories, _ in requests for category in categories}


def test_an_upstream_that_is_one_file_has_links(strings, copr):
    given = {**strings, "connectors.copr.url": "http://copr", "connectors.copr.site": "https://own.example/"}
    found = load(settings.from_strings(given, declared(), {}), "test")
    assert Links({name: one.site for name, one in found.items()}).copr_build(7) == "https://own.example/build/7"


def test_an_upstream_that_is_one_file_is_in_the_footer_of_every_page(service, strings, copr):
    with website(service, {**strings, "connectors.copr.url": "http://copr"}) as site:
        assert "Data from Anitya, Bodhi, Bugzilla, Copr, dist-git, FAF, Koji and mdapi." in site.get("/").text
