"""What browsers are told of the search, and what they suggest in their own fields."""

from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.writer import Writer
from tests.web.website import Elements, website

NAMESPACES = {"": "http://a9.com/-/spec/opensearch/1.1/", "moz": "http://www.mozilla.org/2006/browser/search/"}
SUGGESTIONS = "application/x-suggestions+json"


def description(site, path: str = "/opensearch.xml", **environ) -> ElementTree.Element:
    answer = site.app.get(path, extra_environ=environ, status=200)
    return ElementTree.fromstring(answer.body)


def templates(found: ElementTree.Element) -> dict[str, str]:
    """Return the addresses of a description by type."""
    return {url.get("type"): url.get("template") for url in found.findall("Url", NAMESPACES)}


@pytest.mark.parametrize("address", ["/", "/guake", "/s?search=guake", "/status", "/api", "/nothing"])
def test_every_page_leads_to_the_description(site, address):
    (link,) = [link for link in Elements(site.get(address).text).of("link") if link["rel"] == "search"]
    assert link == {
        "rel": "search",
        "type": "application/opensearchdescription+xml",
        "title": "Fedora Packages",
        "href": "/opensearch.xml",
    }


def test_the_description_is_one(site):
    answer = site.get("/opensearch.xml", 200)
    assert (answer.content_type, answer.charset) == ("application/opensearchdescription+xml", "UTF-8")
    found = ElementTree.fromstring(answer.body)
    words = {
        name: found.findtext(name, namespaces=NAMESPACES) for name in ("ShortName", "Description", "InputEncoding")
    }
    assert (found.tag, words["InputEncoding"]) == (f"{{{NAMESPACES['']}}}OpenSearchDescription", "UTF-8")
    # The longest that the format allows.
    assert (0 < len(words["ShortName"]) <= 16, 0 < len(words["Description"]) <= 1024) == (True, True)


def test_it_names_search_and_suggestions_with_the_term_left_open(site):
    found = templates(description(site))
    assert found == {
        "text/html": "http://localhost/s?search={searchTerms}",
        SUGGESTIONS: "http://localhost/opensearch/suggestions?q={searchTerms}",
        "application/opensearchdescription+xml": "http://localhost/opensearch.xml",
    }


@pytest.mark.parametrize("kind", ["text/html", SUGGESTIONS])
def test_what_it_names_is_there(site, kind):
    answer = site.get(templates(description(site))[kind].replace("{searchTerms}", "guake"), 200)
    assert (answer.content_type, "guake" in answer.text) == (kind, True)


def test_its_pictures_are_there(site):
    pictures = {image.get("type"): image.text for image in description(site).findall("Image", NAMESPACES)}
    assert {kind: site.get(address, 200).content_type for kind, address in pictures.items()} == {
        "image/svg+xml": "image/svg+xml",
        "image/png": "image/png",
    }


@pytest.mark.parametrize(
    ("path", "environ", "root"),
    [
        ("/packages/opensearch.xml", {}, "http://localhost/packages"),
        ("/opensearch.xml", {"SCRIPT_NAME": "/apps"}, "http://localhost/apps"),
        (
            "/packages/opensearch.xml",
            {"wsgi.url_scheme": "https", "HTTP_HOST": "apps.example.org"},
            "https://apps.example.org/packages",
        ),
    ],
)
def test_every_address_in_it_has_the_host_and_prefix_that_it_was_asked_for_at(site, path, environ, root):
    found = description(site, path, **environ)
    pictures = [image.text for image in found.findall("Image", NAMESPACES)]
    addresses = [*templates(found).values(), *pictures, found.findtext("moz:SearchForm", namespaces=NAMESPACES)]
    assert (len(addresses), [one for one in addresses if not one.startswith(f"{root}/")]) == (6, [])


def test_a_host_that_is_none_makes_no_markup(site):
    found = description(site, HTTP_HOST='x"><Url template="http://evil.example/')
    assert {urlsplit(address).scheme for address in templates(found).values()} == {"http"}
    assert len(found.findall("Url", NAMESPACES)) == 3


def test_the_description_may_be_kept_for_a_day(site):
    assert site.get("/opensearch.xml").headers["Cache-Control"] == "public, max-age=86400"


def test_suggestions_are_names_summaries_and_pages(site):
    assert site.get("/opensearch/suggestions?q=gua", 200).json == [
        "gua",
        ["guake"],
        ["Drop-down terminal"],
        ["http://localhost/guake"],
    ]


def test_suggestions_may_be_kept_as_completions_are(site):
    kept = {
        site.get(f"{path}?q=gua").headers["Cache-Control"]
        for path in ("/opensearch/suggestions", "/api/v1/completions")
    }
    assert kept == {"public, max-age=60"}


def test_a_name_is_suggested_once(service, strings, tmp_path):
    index = str(tmp_path / "index")
    with Writer(index, create=True) as writer:
        writer.replace(
            [
                Document("tool", "Tool", branch="rawhide", binaries=(Binary("tool-cli", files=("/usr/bin/tool",)),)),
                Document("other", "Other", branch="rawhide", binaries=(Binary("other", files=("/usr/bin/tool",)),)),
            ]
        )
        writer.commit()
    with website(service, {**strings, "search.index": index}) as site:
        completions_of = [row["name"] for row in site.get("/api/v1/completions?q=tool").json["completions"]]
        names = site.get("/opensearch/suggestions?q=tool").json[1]
    assert (completions_of.count("tool") > 1, names) == (True, ["tool", "tool-cli"])


@pytest.mark.parametrize("query", ["", "?q=", "?q=%00", "?q=xyzzyqwert", "?q=%F0%9F%8E%A9", f"?q={'x' * 10_000}"])
def test_any_text_has_an_answer(site, query):
    answer = site.get(f"/opensearch/suggestions{query}", 200)
    assert (answer.json[1:], len(answer.body) < 1000) == ([[], [], []], True)


def test_a_text_that_is_no_utf_8_is_an_error(site):
    assert site.get("/opensearch/suggestions?q=%ff").status_int == 400


def test_a_package_called_opensearch_would_have_its_page(site):
    assert "Package &#39;opensearch&#39; does not exist." in site.get("/opensearch", 404).text
