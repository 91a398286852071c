"""What every answer tells a browser."""

import pytest

from tests.web.website import Elements

ADDRESSES = [
    "/",
    "/guake",
    "/nothing-of-that-name",
    "/guake/builds?state=x",
    "/_heartbeat",
    "/api/v1/packages/guake",
    "/%ff",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_has_a_strict_policy(site, address):
    headers = site.get(address).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_is_what_it_says_it_is(site, address):
    headers = site.get(address).headers
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == (
        "nosniff",
        "strict-origin-when-cross-origin",
    )


def test_a_page_is_not_shown_again_without_asking(site):
    assert site.get("/guake").headers["Cache-Control"] == "no-cache"


def test_the_api_may_be_read_from_anywhere_and_pages_may_not(site):
    found = [site.get(address).headers.get("Access-Control-Allow-Origin") for address in ("/api/v1/releases", "/guake")]
    assert found == ["*", None]


@pytest.mark.parametrize("kind", ["text/css", "text/javascript"])
def test_style_sheet_and_script_are_there_for_long_under_an_address_of_their_content(site, kind):
    page = Elements(site.get("/").text)
    sheets = [link["href"] for link in page.of("link") if link["rel"] == "stylesheet"]
    (address,) = sheets if kind == "text/css" else [script["src"] for script in page.of("script")]
    answer = site.get(address, 200)
    assert (answer.content_type, "max-age=604800" in answer.headers["Cache-Control"], "?x=" in address) == (
        kind,
        True,
        True,
    )


@pytest.mark.parametrize("address", ["/", "/s?search=guake", "/guake", "/guake/sources", "/api", "/nothing"])
def test_no_page_has_scripts_or_styles_of_its_own(site, address):
    elements = Elements(site.get(address).text)
    inline = [tag for tag, attributes in elements.found if tag == "style" or "style" in attributes]
    active = [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    assert (inline, active, elements.strange_scripts) == ([], [], [])


@pytest.mark.parametrize("address", ["/", "/s?search=guake", "/s?search=xyzzy", "/api", "/nothing"])
def test_every_element_of_a_page_is_ended(site, address):
    elements = Elements(site.get(address).text)
    assert (elements.misplaced, elements.open) == ([], [])


@pytest.mark.parametrize("address", ["/", "/s?search=guake", "/guake", "/api", "/nothing"])
def test_a_page_can_be_used_with_a_keyboard_and_a_reader(site, address):
    elements = Elements(site.get(address).text)
    targets = {attributes.get("id") for _, attributes in elements.found}
    labels = {label.get("for") for label in elements.of("label")}
    fields = {field["id"] for field in elements.of("input") if field.get("type") != "hidden"}
    assert (
        elements.of("html"),
        "main" in targets,
        elements.of("a")[0]["href"],
        fields <= labels,
        len(elements.of("h1")),
    ) == (
        [{"lang": "en"}],
        True,
        "#main",
        True,
        1,
    )
