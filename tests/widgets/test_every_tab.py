"""What is demanded of every tab there is."""

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedora_packages.errors import SettingsError
from fedora_packages.web.formats import upstream_title
from fedora_packages.widgets import load, tabs
from fedora_packages.widgets.base import Widget
from tests.web.values import VALUES
from tests.web.website import Elements, website

TABS = load()
PANELS = [(tab.name, widget) for tab in TABS.values() for widget in tab.widgets]

#: Those of a package that is not retired which read something.
READING = [(tab, widget) for tab, widget in PANELS if widget.queries and widget.name != "retirement"]

#: Seconds within which a page is there, whatever upstreams do.
BOUND = 3.0


def address(tab: str, package: str = "guake") -> str:
    return f"/{package}/{tab}"


def upstreams(tab: str) -> set[str]:
    """Return the upstreams that a tab reads, as pages call them."""
    names = {query.partition(".")[0] for widget in TABS[tab].widgets for query in widget.queries.values()}
    return {upstream_title(name) for name in names}


def at(strings: dict[str, str], url: str) -> dict[str, str]:
    """Return settings with all upstreams at another address."""
    return {**strings, **{key: url for key in strings if key.startswith("connectors.") and key.endswith(".url")}}


def test_the_tabs_are_in_page_order():
    assert list(TABS) == [
        "overview", "builds", "updates", "bugs", "problems", "contents", "changelog", "dependencies", "sources",
    ]  # fmt: skip


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_shows_what_is_known_with_its_stamps(guake, tab):
    page = guake.get(address(tab), 200)
    stamps = page.text.count('<p class="stamp stamp-fresh">')
    wanted = sum(len(widget.queries) for widget in TABS[tab].widgets if widget.name != "retirement")
    assert (stamps, "not known" in page.text) == (wanted, False)


@pytest.mark.parametrize(("tab", "widget"), READING, ids=lambda part: getattr(part, "name", part))
def test_a_panel_says_of_each_of_its_values_what_could_not_be_read(guake, tab, widget):
    kinds = {query: f"{query.replace('.', ' ')} thing" for query in widget.queries.values()}
    lacking = {
        query: {**VALUES[query], "invalid_rows": {"count": 2, "by_kind": {kind: 2}, "error": "x"}}
        for query, kind in kinds.items()
    }
    guake.know_all(lacking, "guake")
    page = guake.get(f"{address(tab)}/{widget.name}", 200).text
    assert [kind for kind in kinds.values() if page.count(f"2 {kind}s could not be read") != 1] == []


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_is_one_round_trip_to_the_cache(guake, tab, monkeypatch):
    rounds = []
    read = guake.service.cache.region.get_multi
    cache = guake.app.app.registry.service.cache
    monkeypatch.setattr(cache.region, "get_multi", lambda keys: rounds.append(keys) or read(keys))
    guake.get(address(tab), 200)
    assert len(rounds) == 1


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_whose_upstreams_are_down_is_a_page_that_names_them(service, strings, tab):
    with website(service, at(strings, "http://127.0.0.1:9")) as site:
        started = time.monotonic()
        page = site.get(address(tab), 200)
        took = time.monotonic() - started
    missing = {name for name in upstreams(tab) if f"{name} is not responding" not in page.text}
    assert (missing, took < BOUND) == (set(), True)


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_whose_upstreams_hang_is_a_page_in_time(silenced, tab):
    started = time.monotonic()
    page = silenced.get(address(tab), 200)
    took = time.monotonic() - started
    missing = {name for name in upstreams(tab) if f"{name} has not answered" not in page.text}
    assert (missing, took < BOUND) == (set(), True)


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_without_redis_and_upstreams_is_a_page_that_says_so(service, strings, tab):
    away = {**at(strings, "http://127.0.0.1:9"), "cache.url": "redis://127.0.0.1:9/0"}
    with website(service, away) as site:
        page = site.get(address(tab), 200)
    assert "Redis is not responding" in page.text


@pytest.mark.parametrize(("tab", "widget"), PANELS, ids=[widget.name for _, widget in PANELS])
def test_a_panel_has_an_address_of_its_own(guake, tab, widget):
    package = "gone" if widget.name == "retirement" else "guake"
    page = guake.get(f"{address(tab, package)}/{widget.name}")
    shown = [found["id"] for found in Elements(page.text).of("section") if found.get("id")]
    assert shown == [f"panel-{widget.name}"]


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_says_in_title_and_bar_which_it_is(guake, tab):
    page = guake.get(address(tab))
    current = [link["href"] for link in Elements(page.text).of("a") if link.get("aria-current") == "page"]
    title = f"<title>guake: {TABS[tab].title.lower()} - Fedora Packages</title>"
    assert (title in page.text, current) == (True, ["/guake" if tab == "overview" else f"/guake/{tab}"])


@pytest.mark.parametrize("tab", TABS)
def test_every_element_of_a_tab_is_ended_and_every_id_is_unique(guake, tab):
    elements = Elements(guake.get(address(tab)).text)
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert (elements.misplaced, elements.open, len(ids)) == ([], [], len(set(ids)))


@pytest.mark.parametrize("tab", TABS)
def test_every_table_of_a_tab_says_what_its_columns_and_rows_are(guake, tab):
    heads = Elements(guake.get(address(tab)).text).of("th")
    assert [head for head in heads if head.get("scope") not in ("col", "row")] == []


HOSTILE = "\"'><xss onxss=1>${7*7}</title></pre></script>&lt;"


def poisoned(value, text):
    """Return a value with every text in it replaced."""
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [poisoned(item, text) for item in value]
    if isinstance(value, dict):
        return {key: poisoned(item, text) for key, item in value.items()}
    return value


@pytest.mark.parametrize("tab", TABS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.text(st.characters(exclude_categories=["Cs"])), after=st.text(st.characters(exclude_categories=["Cs"]))
)
def test_no_text_from_upstream_reaches_a_page_unescaped(site, tab, before, after):
    site.know_all(poisoned(VALUES, f"{before}{HOSTILE}{after}"), "guake")
    elements = Elements(site.get(address(tab), 200).text)
    assert not elements.strange_scripts
    assert not [
        (tag, attributes)
        for tag, attributes in elements.found
        if tag == "xss" or "onxss" in attributes or (attributes.get("href") or "").startswith("javascript:")
    ]


@pytest.mark.parametrize("tab", TABS)
def test_no_address_from_upstream_is_run(site, tab):
    site.know_all(poisoned(VALUES, "javascript:alert(1)"), "guake")
    links = [link.get("href") for link in Elements(site.get(address(tab), 200).text).of("a")]
    assert not [link for link in links if link.startswith("javascript:")]


def enlarged(value, number):
    """Return a value with every number in it replaced."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return number
    if isinstance(value, list):
        return [enlarged(item, number) for item in value]
    if isinstance(value, dict):
        return {key: enlarged(item, number) for key, item in value.items()}
    return value


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("number", [-(10**30), 10**30])
def test_no_number_from_upstream_breaks_a_page(site, tab, number):
    site.know_all(enlarged(VALUES, number), "guake")
    assert site.get(address(tab)).status_int == 200


def emptied(value):
    """Return a value with everything in it that may be missing missing."""
    if isinstance(value, list):
        return []
    if isinstance(value, dict):
        return {key: emptied(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_of_empty_values_is_a_page(site, tab):
    site.know_all(emptied(VALUES), "guake")
    page = site.get(address(tab), 200)
    assert "is not responding" not in page.text


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_of_what_upstreams_do_not_have_is_a_page(site, tab):
    missing = {name: {"found": False, "dead": None} if value.get("found") else value for name, value in VALUES.items()}
    site.know_all({**missing, "koji.tagged": {"tags": {}}}, "guake")
    assert site.get(address(tab)).status_int == 200


@pytest.mark.parametrize(("tab", "widget"), READING, ids=[widget.name for _, widget in READING])
def test_a_panel_of_old_values_says_since_when_and_why(service, strings, tab, widget):
    with website(service, at(strings, "http://127.0.0.1:9")) as site:
        site.know_all(VALUES, "guake")
        for query in widget.queries.values():
            site.invalidate(query, "*" if service.queries[query].subject == "nothing" else "guake")
        page = site.get(f"{address(tab)}/{widget.name}", 200).text
    stale = re.findall(
        r"updated <time[^>]*>[^<]*</time> from .*?\. \S+ is not responding, since <time", " ".join(page.split())
    )
    assert len(stale) == len(widget.queries)


def test_a_widget_on_a_tab_that_there_is_not_is_an_error():
    lost = type("Lost", (Widget,), {"name": "a", "title": "A", "order": 1, "tab": "b", "__module__": "here"})
    with pytest.raises(SettingsError, match="here is on a tab 'b'"):
        tabs([lost])
