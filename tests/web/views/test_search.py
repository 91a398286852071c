"""The search page."""

import re
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.web.identifiers import MAX_QUERY_LENGTH
from fedora_packages.web.views import search as searching
from tests.web.website import Elements, website


def found(page) -> list[str]:
    return re.findall(r'<h2><a href="[^"]*">([^<]*)</a>', page.text)


@pytest.mark.parametrize("address", ["/", "/packages", "/packages/", "/?search="])
def test_the_start_page_says_what_there_is(site, address):
    page = site.get(address, 200)
    forms = Elements(page.text).of("form")
    assert ([form["method"] for form in forms], page.html.h1.text) == (["get"], "Packages in Fedora")
    assert (page.html.title.text.strip(), page.html.find("meta", {"name": "robots"})) == ("Fedora Packages", None)


@pytest.mark.parametrize(
    "address", ["/s", "/s/", "/s?search=", "/s?search=%20", "/packages/s", "/s?search=%00", "/s/%20"]
)
def test_a_search_for_nothing_says_so_and_what_can_be_searched_for(site, address):
    page = site.get(address, 200)
    assert (page.html.h1.text, page.html.find(id="search")["value"]) == ("Search", "")
    assert "Enter a package name or keywords" in page.text
    assert (page.html.title.text.strip(), bool(page.html.select(".examples a"))) == ("Search - Fedora Packages", True)
    assert page.html.find("meta", {"name": "robots"})["content"] == "noindex, follow"


@pytest.mark.parametrize(
    "address",
    ["/s/guake", "/s?search=guake", "/s?q=guake", "/s/guake/", "/packages/s/guake", "/packages/s?search=guake"],
)
def test_every_form_of_the_address_finds_the_package(site, address):
    assert found(site.get(address, 200)) == ["guake"]


def test_each_word_that_was_found_is_named(site):
    assert "summary contains <code>down</code>, <code>drop</code>" in " ".join(
        site.get("/s?search=down+drop").text.split()
    )


def test_each_kind_of_what_can_be_searched_for_has_examples(site):
    kinds = site.get("/").html.select(".examples dd")
    assert [bool(kind.find_all(["a", "code"])) for kind in kinds] == [True] * len(kinds)


@pytest.mark.parametrize("form", [form for _, _, forms in searching.EXAMPLES for form in forms])
def test_each_form_that_is_shown_identifies_something(site, form):
    assert site.get(f"/s?search={quote(form, safe='')}", 200).html.select_one(".identified h2")


def test_the_form_works_without_javascript(site):
    form = site.get("/").forms[0]
    form["search"] = "guake"
    assert found(form.submit()) == ["guake"]


def test_the_term_stays_in_the_field(site):
    assert site.get("/s?search=a%22b").forms[0]["search"].value == 'a"b'


def test_a_binary_that_is_asked_for_is_what_was_found_and_its_source_is_told(site):
    page = site.get("/s?search=gcc-c%2B%2B", 200)
    links = [link["href"] for link in Elements(page.text).of("a")]
    assert (found(page), {"/gcc-c++", "/gcc"} <= {*links}) == (["gcc-c++"], True)


def test_a_binary_that_matches_is_named_and_leads_to_its_own_page(site):
    page = site.get("/s?search=enhanced", 200)
    links = [link["href"] for link in Elements(page.text).of("a")]
    assert (found(page), "/vim-enhanced" in links) == (["vim"], True)


def test_why_a_package_was_found_is_said(site):
    page = site.get("/s?search=view", 200)
    why = page.html.select_one(".why li")
    assert (" ".join(why.text.split()), why.a["href"]) == ("command view in vim-common", "/vim-common")


def test_what_was_looked_for_instead_is_said(site):
    page = site.get("/s?search=guaek", 200)
    assert (found(page), "Showing results for" in page.text, "/s?search=guake" in page.text) == (["guake"], True, True)


def test_a_retired_package_is_marked(site):
    assert '<span class="mark">retired</span>' in site.get("/s/gone").text


def test_which_branches_have_a_package_is_said_where_rawhide_has_not(site):
    said = [site.get(f"/s/{name}", 200).html.select("h2 .of") for name in ("epel-release", "guake")]
    assert [[mark.text for mark in marks] for marks in said] == [["in epel9"], []]


@pytest.mark.parametrize(("term", "is_said"), [("guake xyzzyqwert", True), ("guake", False), ("xyzzyqwert", False)])
def test_that_nothing_has_all_of_the_words_is_said_of_what_has_some(site, term, is_said):
    assert ("No package matches all words" in site.get(f"/s?search={quote(term)}", 200).text) == is_said


@pytest.mark.parametrize("between", ["\n", "\r\n", "\0", "\x1b", "\x7f", " \t "])
def test_control_characters_divide_words(site, between):
    page = site.get(f"/s?search={quote(f'drop{between}terminal')}", 200)
    assert (page.forms[0]["search"].value, found(page)) == ("drop terminal", ["guake"])


@pytest.mark.parametrize("address", ["/s?search={}", "/api/v1/search?q={}"])
def test_of_a_long_term_its_beginning_is_searched_for(site, address):
    answers = [site.get(address.format("z+" * words + "guake"), 200) for words in (9, MAX_QUERY_LENGTH // 2)]
    assert ["Drop-down terminal" in answer.text for answer in answers] == [True, False]


def test_a_hit_that_was_replaced_leads_to_what_replaced_it(make_site):
    successors = (Binary("new", obsoletes=("gone",)), Binary("newer", obsoletes=("gone",)))
    site = make_site(Document("gone", retired=True), Document("new", branch="rawhide", binaries=successors))
    hit = next(hit for hit in site.get("/s?search=gone").html.select(".hits > li") if hit.h2.a["href"] == "/gone")
    said = next(part for part in hit.select("p") if "Replaced" in part.text)
    assert " ".join(said.text.split()) == "Replaced by new, newer"
    assert [link["href"] for link in said.select("a")] == ["/new", "/newer"]
    told = {row["name"]: row["replaced_by"] for row in site.get("/api/v1/search?q=gone").json["packages"]}
    assert told == {"gone": ["new", "newer"], "new": []}


def test_a_hit_without_a_summary_has_no_empty_line(make_site):
    site = make_site(Document("gone", retired=True), Document("gone-too", "It was good", retired=True))
    hits = site.get("/s/gone").html.select(".hits > li")
    assert [[line.text for line in hit.select("p")] for hit in hits] == [[], ["It was good"]]


def test_how_many_were_found_is_said(site):
    assert "1 package found." in site.get("/s/guake").text


def test_nothing_found_is_a_page(site):
    assert "No packages match “xyzzyqwert”" in site.get("/s/xyzzyqwert", 200).text


@pytest.fixture
def make_site(service, strings, tmp_path):
    """The application over an index of some documents."""
    with ExitStack() as stack:

        def make(*documents):
            index = str(tmp_path / "index")
            with Writer(index, create=True) as writer:
                writer.replace(documents)
                writer.commit()
            return stack.enter_context(website(service, {**strings, "search.index": index}))

        yield make


@pytest.fixture
def many(make_site):
    """The application over an index of 45 packages."""
    return make_site(*(Document(f"lots-{number:03}", "One of many", branch="rawhide") for number in range(45)))


def test_more_packages_than_fit_come_in_pages_that_are_linked(many):
    page = many.get("/s?search=lots", 200)
    seen = [found(page)]
    while 'rel="next"' in page.text:
        page = page.click("^Next$")
        seen.append(found(page))
    assert ([len(names) for names in seen], len(set(sum(seen, [])))) == ([20, 20, 5], 45)


def test_the_list_goes_on_counting_on_the_next_page(many):
    assert '<ol class="hits" start="21">' in many.get("/s?search=lots&page=2").text


def test_what_fits_on_a_page_has_no_others(site, many):
    pages = [site.get("/s/guake").text, site.get("/s/xyzzyqwert").text, many.get("/s?search=lots-001").text]
    assert [("does not exist" in text, "Page 1" in text) for text in pages] == [(False, False)] * 3


def test_no_page_is_linked_to_that_has_no_hits_any_more(many):
    many.app.app.registry.service.index.max_hits = 40
    assert "Page 1 of 2" in many.get("/s?search=lots&page=1", 200).text
    pages = [many.get(f"/s?search=lots&page={number}", 200) for number in (2, 3)]
    assert [(len(found(page)), "Page 3 does not exist. The last page is 2." in page.text) for page in pages] == [
        (20, False),
        (0, True),
    ]


def test_programs_are_given_as_many_as_a_page_has_unless_they_ask_for_others(many):
    answers = [many.get(f"/api/v1/search?q=lots{more}", 200).json for more in ("", "&rows=3")]
    assert [(len(answer["packages"]), answer["total"]) for answer in answers] == [(20, 45), (3, 45)]


@pytest.mark.parametrize("number", [4, 99, 501, 9999, searching.MAX_PAGE])
def test_a_page_beyond_the_last_says_so(many, number):
    page = many.get(f"/s?search=lots&page={number}", 200)
    assert (f"Page {number} does not exist. The last page is 3." in page.text, found(page)) == (True, [])
    assert page.html.find("a", rel="prev")["href"] == "/s?search=lots&page=3"


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", searching.MAX_PAGE + 1, 10**30])
def test_what_is_no_number_of_a_page_is_refused(many, number):
    assert f"expected an integer from 1 to {searching.MAX_PAGE}" in many.get(f"/s?search=lots&page={number}", 400).text


@pytest.mark.parametrize(
    "term",
    [
        "AND%20AND",
        "*",
        "%22",
        "((((",
        "x" * 10_000,
        "a%00b",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "NOT",
        "%F0%9F%8E%A9",
        "/usr/bin/guake",
    ],
    ids=lambda term: term[:12],
)
def test_any_term_is_answered(site, upstream, term):
    for address in ("/s?search={}", "/s/{}", "/api/v1/search?q={}"):
        answer = site.get(address.format(term), 200)
        assert ("<script>" in answer.text and answer.content_type == "text/html", upstream.asked) == (False, [])
