"""The OpenAPI document, the page that says the same, and whether what they say is so."""

import json
import re
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import data, dictionaries, sampled_from, text
from openapi_spec_validator import validate

from fedora_packages.connectors import titles
from fedora_packages.web.problems import PROBLEMS
from tests.documented import addresses, differences, undocumented
from tests.web.values import VALUES
from tests.web.website import Elements, website


@pytest.fixture
def full(site):
    """The application with a value of every query about guake."""
    site.know_all(VALUES, "guake")
    return site


@pytest.fixture
def document(site):
    return site.get("/api/v1/openapi.json", 200).json


def filled(path: str, **query) -> str:
    """Return an address of a pattern, about guake."""
    return path.replace("{package}", "guake") + (f"?{urlencode(query)}" if query else "")


def examples(document):
    """Yield (pattern, address) of every address as it is, and with each of its parameters by itself."""
    for path, parameters in addresses(document).items():
        yield path, filled(path)
        needs = {"query": {"names": "guake"}, "release": {"names": "guake,gone", "query": "files"}}
        for parameter in parameters:
            if parameter["in"] == "query" and "example" in parameter:
                other = needs.get(parameter["name"], {}) if path.endswith("/packages") else {}
                if path.endswith("/relations") and parameter["name"] not in ("kind", "release"):
                    other = {"kind": "requires"}
                shown = str(parameter["example"])
                yield path, filled(path, **other, **{parameter["name"]: shown.lower() if shown == "True" else shown})


def test_the_document_is_openapi(document):
    validate(document)


def test_the_document_names_every_upstream_of_its_values(document):
    (told,) = re.findall("packages in (.+): values", document["info"]["description"])
    assert told.replace(" and ", ", ").split(", ") == sorted(
        {titles()[name.partition(".")[0]] for name in VALUES}, key=str.lower
    )


def test_every_answer_is_as_the_document_says(full, document):
    wrong = {}
    for path, address in examples(document):
        answer = full.get(address)
        found = undocumented(document, path, "get", answer.status_int, answer.content_type, answer.json)
        if found or answer.status_int != 200:
            wrong[address] = found or answer.json["detail"]
    assert wrong == {}


def test_every_error_is_as_the_document_says(site, document):
    wrong = {}
    for path in addresses(document):
        for address in (
            filled(path, no_such_parameter="x"),
            filled(path),
            path.replace("{package}", "no-such-package"),
        ):
            answer = site.get(address)
            found = undocumented(document, path, "get", answer.status_int, answer.content_type, answer.json)
            if found:
                wrong[address] = found
    assert wrong == {}


@pytest.mark.parametrize(
    "away", [{"cache.url": "redis://127.0.0.1:9/0"}, {"search.index": "/nowhere"}], ids=["Redis", "index"]
)
def test_without_redis_or_index_every_answer_is_as_the_document_says(service, strings, away):
    wrong, statuses = {}, set()
    with website(service, {**strings, **away}) as site:
        document = site.app.app.registry.openapi
        for path, address in examples(document):
            answer = site.get(address)
            statuses.add(answer.status_int)
            found = undocumented(document, path, "get", answer.status_int, answer.content_type, answer.json)
            if found:
                wrong[address] = found
    assert (wrong, 503 in statuses, 500 in statuses) == ({}, True, False)


def test_every_query_says_what_it_returns_and_returns_that(service, document):
    wrong = {}
    for query in service.queries.values():
        found = differences(document, query.returns, VALUES[query.name]) if query.returns else ["nothing is said"]
        if found:
            wrong[query.name] = found
    assert wrong == {}


def test_every_kind_of_problem_is_described_on_the_page(site):
    page = Elements(site.get("/api", 200).text)
    ids = {attributes["id"] for _, attributes in page.found if "id" in attributes}
    assert {f"problem-{name}" for name in PROBLEMS} <= ids


def test_every_link_of_the_page_leads_somewhere(full):
    page = Elements(full.get("/api", 200).text)
    ids = {attributes["id"] for _, attributes in page.found if "id" in attributes}
    links = {link["href"] for link in page.of("a")}
    assert {link for link in links if link.startswith("#") and link[1:] not in ids} == set()
    statuses = {link: full.get(link).status_int for link in links if link.startswith("/")}
    assert {link: status for link, status in statuses.items() if status != 200} == {}
    assert len([link for link in links if link.startswith("/api/v1/")]) > len(VALUES)


def test_the_page_tells_of_every_address_and_parameter_of_the_document(site, document):
    text = site.get("/api", 200).text
    told = set(re.findall(r"<code>([^<]*)</code>", text))
    wanted = {f"GET {path}" for path in addresses(document)} | {f"POST {path}" for path in addresses(document, "post")}
    parameters = {found["name"] for every in addresses(document).values() for found in every if found["in"] == "query"}
    assert (wanted | parameters) - told == set()


def test_the_document_gives_constants_by_their_values_and_words_as_json_has_them(document):
    text = document["paths"]["/api/v1/packages/{package}/builds"]["get"]["description"]
    assert ("at most 300 builds" in text, "None" in text, "BUILD_STATES" in text) == (True, False, False)


def test_no_constant_is_left_in_the_document_by_its_name(document):
    assert re.findall(r"\w*MAX_\w+", json.dumps(document)) == []


def test_below_the_old_prefix_the_document_leads_there(site):
    assert site.get("/packages/api/v1/openapi.json").json["servers"] == [{"url": "http://localhost/packages"}]


#: Texts that parameters and names are not made for, beside any that come up.
STRANGE = [
    "",
    " ",
    "..",
    "../x",
    "%00",
    "\0",
    "\n",
    "guake\n",
    "-1",
    "0",
    "1e9",
    "٣",
    "9" * 400,
    "x" * 10_000,
    "guake,",
    "f45",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data())
def test_whatever_is_asked_the_answer_is_as_the_document_says(full, data):
    document = full.app.app.registry.openapi
    path = data.draw(sampled_from(sorted(addresses(document))))
    names = sorted({found["name"] for every in addresses(document).values() for found in every} | {"x"})
    parameters = data.draw(dictionaries(sampled_from(names), sampled_from(STRANGE) | text(max_size=20), max_size=3))
    package = data.draw(
        sampled_from(["guake", "vim-common", "gone"]) | sampled_from(STRANGE) | text(min_size=1, max_size=20)
    )
    answer = full.get(f"{path.replace('{package}', quote(package, safe=''))}?{urlencode(parameters, errors='replace')}")
    if "/" in package or package.strip(".") == "" or package.strip() == "":
        # It is another address then, if any.
        assert answer.status_int in (200, 400, 404)
    else:
        assert undocumented(document, path, "get", answer.status_int, answer.content_type, answer.json) == []
