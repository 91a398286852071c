"""What a text may become while it is typed, as JSON."""

from urllib.parse import urlencode

import pytest

from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.writer import Writer
from tests.documented import undocumented
from tests.web.website import website

ADDRESS = "/api/v1/completions"

DOCUMENTS = (
    Document(
        "vim",
        "Editor",
        branch="rawhide",
        releases=("rawhide",),
        binaries=(
            Binary("vim-common", "Files of any vim"),
            Binary("vim-enhanced", "A vim with all", files=("/usr/bin/vim", "/usr/bin/vimdiff")),
        ),
    ),
    Document("markup", "<script>alert(1)</script>", branch="rawhide", binaries=(Binary("markup"),)),
    *(Document(f"long-{number:03}", "what " * 100, branch="rawhide") for number in range(30)),
)


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> str:
    """The folder of an index with a name of each kind, and with many that begin alike."""
    path = str(tmp_path_factory.mktemp("names") / "index")
    with Writer(path, create=True) as writer:
        writer.replace(DOCUMENTS)
        writer.commit()
    return path


@pytest.fixture
def site(service, strings, names):
    with website(service, {**strings, "search.index": names}) as found:
        yield found


def completions(site, address: str = ADDRESS, **parameters) -> list[dict[str, str]]:
    return site.get(f"{address}?{urlencode(parameters)}", 200).json["completions"]


def test_a_source_package_is_told_with_its_page(site):
    assert completions(site, q="vim", rows=1) == [
        {
            "name": "vim",
            "kind": "source",
            "source": "vim",
            "package": "vim",
            "summary": "Editor",
            "url": "http://localhost/vim",
        }
    ]


def test_a_binary_leads_to_its_own_page_and_a_command_to_that_of_the_binary_that_has_it(site):
    found = {row["name"]: (row["kind"], row["package"], row["url"]) for row in completions(site, q="vim")}
    assert (found["vim-common"], found["vimdiff"]) == (
        ("binary", "vim-common", "http://localhost/vim-common"),
        ("command", "vim-enhanced", "http://localhost/vim-enhanced"),
    )


def test_every_page_that_is_named_is_there(site):
    rows = completions(site, q="vim")
    assert {site.get(row["url"]).status_int for row in rows} == {200}
    assert {row["kind"] for row in rows} == {"source", "binary", "command"}


def test_below_the_old_prefix_pages_are_below_it_too(site):
    assert completions(site, f"/packages{ADDRESS}", q="vim")[0]["url"] == "http://localhost/packages/vim"


@pytest.mark.parametrize(("asked", "given"), [({}, 10), ({"rows": 1}, 1), ({"rows": 20}, 20)])
def test_as_many_are_given_as_are_asked_for(site, asked, given):
    assert len(completions(site, q="long", **asked)) == given


@pytest.mark.parametrize("rows", ["0", "21", "-1", "x", "1e1"])
def test_more_or_fewer_than_there_may_be_is_an_error_that_says_so(site, rows):
    answer = site.get(f"{ADDRESS}?q=vim&rows={rows}", 400)
    assert (answer.content_type, "1 to 20" in answer.json["detail"]) == ("application/problem+json", True)


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20%20", "?q=%00"])
def test_for_no_text_there_is_nothing(site, query):
    assert site.get(ADDRESS + query, 200).json == {"completions": []}


def test_an_answer_may_be_kept_for_a_minute(site):
    assert site.get(f"{ADDRESS}?q=vim", 200).headers["Cache-Control"] == "public, max-age=60"


def test_an_answer_that_is_as_it_was_is_not_sent_again(site):
    etag = site.get(f"{ADDRESS}?q=vim").headers["ETag"]
    answer = site.app.get(f"{ADDRESS}?q=vim", headers={"If-None-Match": etag}, status=304)
    assert (answer.body, answer.headers["Cache-Control"]) == (b"", "public, max-age=60")


@pytest.mark.parametrize(
    "address", [f"{ADDRESS}?rows=0", f"{ADDRESS}?q=%ff", f"{ADDRESS}?q=a&q=b", f"{ADDRESS}?text=a"]
)
def test_an_error_is_not_kept(site, address):
    answer = site.get(address, 400)
    assert (answer.headers["Cache-Control"], answer.content_type) == ("no-cache", "application/problem+json")


def test_without_an_index_it_is_said_when_to_ask_again(service, strings):
    with website(service, {**strings, "search.index": "/nowhere"}) as site:
        headers = site.get(f"{ADDRESS}?q=vim", 503).headers
    assert (headers["Cache-Control"], headers["Retry-After"]) == ("no-cache", "30")


def test_an_answer_is_small_however_long_summaries_are(site):
    assert len(site.get(f"{ADDRESS}?q=long&rows=20", 200).body) < 20 * 400


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "vim" * 4000,
        "a\0b",
        "\x01\x1b[31m\r\n",
        "\N{TOP HAT}\N{ZERO WIDTH JOINER}\N{NESTING DOLLS}" * 50,
        "编辑器",
        "Редактор",
        "محرر\N{RIGHT-TO-LEFT OVERRIDE}",
        "\N{COMBINING ACUTE ACCENT}" * 500,
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "../../etc/passwd",
        "/usr/bin/vim",
        "Q* AND (NOT",
        "\ufffd\uffff\U0010ffff",
        " ".join("abcdefghij" * 100),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_any_text_has_an_answer_as_the_document_says(site, upstream, text):
    answer = site.get(f"{ADDRESS}?{urlencode({'q': text})}", 200)
    document = site.app.app.registry.openapi
    found = undocumented(document, ADDRESS, "get", answer.status_int, answer.content_type, answer.json)
    assert (found, len(answer.body) < 10_000, upstream.asked) == ([], True, [])


@pytest.mark.parametrize("text", ["\tvim", "vim\n", "v\0im"])
def test_what_cannot_be_seen_does_not_count(site, text):
    assert completions(site, q=text) == completions(site, q="vim") != []
