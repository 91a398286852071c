"""Answers to what cannot be answered."""

import pytest

from fedora_packages.cache.values import Invalidation
from fedora_packages.web.problems import problem
from fedora_packages.web.views.unbuilt import UNBUILT
from tests.web.values import VALUES
from tests.web.website import website

#: Names that are none, and some that only look like packages.
NO_NAMES = [
    "nothing-of-that-name",
    "GUAKE",
    "..",
    ".",
    "%00",
    "gua%00ke",
    "-rf",
    "%2e%2e",
    "a%20b",
    "%E2%98%83",
    "x" * 10_000,
    "%3Cscript%3E",
]


@pytest.mark.parametrize("name", NO_NAMES, ids=lambda name: name[:20])
def test_a_name_that_is_no_packages_is_404_and_no_upstream_is_asked(site, upstream, name):
    for place in ("/{}", "/{}/builds", "/packages/{}", "/api/v1/packages/{}", "/api/v1/packages/{}/builds"):
        answer = site.get(place.format(name))
        assert (answer.status_int, upstream.asked) == (404, [])


def test_a_problem_of_an_unknown_kind_is_a_bug():
    with pytest.raises(KeyError):
        problem(None, "no-such-kind")


def test_the_page_of_an_unknown_package_offers_to_search_for_it(site):
    page = site.get("/nothing-of-that-name", 404)
    assert 'href="/s?search=nothing-of-that-name"' in page.text


def test_the_page_of_an_unknown_package_offers_what_the_search_finds(site, upstream):
    assert ('href="/guake"' in site.get("/guak", 404).text, upstream.asked) == (True, [])


def test_an_unknown_name_is_shown_as_text(site):
    assert "<script>" not in site.get("/%3Cscript%3E", 404).text


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/guake/nope", "Tabs: overview, builds, updates"),
        ("/guake/sources/nope", "Panels: sources, spec"),
        ("/api/v1/packages/guake/nope", "Queries: bugs, builds, changelog"),
    ],
)
def test_an_unknown_part_is_404_and_names_those_there_are(site, address, allowed):
    assert allowed in site.get(address, 404).text


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/guake/builds?state=broken", "one of building, complete, deleted, failed, canceled"),
        ("/guake/builds?page=0", "an integer from 1 to 1000"),
        ("/guake/builds?page=-1", "an integer from 1 to 1000"),
        ("/guake/builds?page=" + "9" * 5000, "an integer from 1 to 1000"),
        ("/guake/builds?page=%D9%A3", "an integer from 1 to 1000"),
        ("/guake/updates?status=lost", "one of pending, testing, stable, unpushed, obsolete"),
        ("/guake/updates?release=%2e%2e", "at most 32 letters, digits, dots and dashes"),
        ("/guake/contents?release=f1", "one of rawhide, f45"),
        ("/guake/contents?release=../../x", "one of rawhide, f45"),
        ("/vim/contents?package=guake", "one of vim-common, vim-enhanced"),
        ("/guake/dependencies?kind=loves", "one of requires, provides"),
        ("/guake/sources?release=%00", "one of rawhide, f45"),
        ("/gone/contents?package=gone", "expected no value"),
        ("/s?search=x&page=0", "an integer from 1 to 1000000"),
        ("/api/v1/packages/guake/files?release=f1", "one of rawhide, f45"),
        ("/api/v1/search?q=x&rows=100000", "an integer from 0 to 200"),
        ("/api/v1/search?q=x&start=a", "an integer from 0 to 10000"),
    ],
)
def test_a_wrong_parameter_is_400_and_names_what_is_allowed(site, upstream, address, allowed):
    answer = site.get(address, 400)
    assert (allowed in answer.text, upstream.asked) == (True, [])


@pytest.mark.parametrize(
    "address", ["/%ff", "/guake/%ff", "/s/%ff", "/s?search=%ff", "/guake/builds?state=%ff", "/api/v1/search?q=%c3%28"]
)
def test_what_is_no_utf_8_is_400(site, upstream, address):
    assert (site.get(address).status_int, upstream.asked) == (400, [])


@pytest.mark.parametrize(
    "address", ["/guake/%2fetc%2fpasswd", "/a/b/c/d", "/guake//builds", "/_w", "/api/v2/x", "/api/v2", "/api/v1/nosuch"]
)
def test_an_address_of_nothing_is_404(site, upstream, address):
    assert (site.get(address).status_int, upstream.asked) == (404, [])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("address", ["/guake", "/api/v1/releases"])
def test_nothing_can_be_changed(site, method, address):
    answer = site.app.request(address, method=method, status="*")
    assert (answer.status_int, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_head_is_answered_like_get_without_a_body(site):
    answer = site.app.head("/_heartbeat")
    assert (answer.status_int, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "address", ["/guake", "/guake/builds", "/s?search=x", "/api/v1/packages/guake", "/api/v1/search?q=x"]
)
def test_without_an_index_it_is_said_what_an_operator_must_do(service, strings, address, tmp_path):
    with website(service, {**strings, "search.index": str(tmp_path / "nowhere")}) as site:
        answer = site.get(address, 503)
    assert ("fedora-packages-index" in answer.text, answer.headers["Retry-After"]) == (True, "30")


@pytest.mark.parametrize("address", ["/", "/s", "/_heartbeat"])
def test_without_redis_index_and_upstreams_the_site_is_alive(service, strings, address, tmp_path):
    away = {"search.index": str(tmp_path / "nowhere"), "cache.url": "redis://127.0.0.1:9/0"}
    with website(service, {**strings, **away}) as site:
        assert site.get(address).status_int == 200


@pytest.mark.parametrize("address", ["/guake/builds", "/api/v1/packages/guake/builds"])
def test_a_mistake_of_ours_is_500_without_details_and_all_of_it_in_the_log(site, address, caplog, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(site.app.app.registry, "loader", None)
        answer = site.get(address, 500)
    assert ("Traceback" in answer.text, "TypeError" in answer.text, "TypeError" in caplog.text) == (False, False, True)


def test_an_error_of_the_api_is_a_problem_that_machines_can_read(site):
    answer = site.get("/api/v1/packages/nope", 404)
    assert (answer.content_type, answer.json) == (
        "application/problem+json",
        {
            "type": "http://localhost/api#problem-unknown-package",
            "title": "Unknown package",
            "status": 404,
            "detail": "Package 'nope' does not exist.",
        },
    )


@pytest.mark.parametrize(
    ("name", "said", "member"),
    [
        ("vim-old", "It was replaced by vim-common.", {"replaced_by": ["vim-common"]}),
        ("editor", "It is provided by vim-enhanced.", {"provided_by": ["vim-enhanced"]}),
    ],
)
def test_a_name_that_was_replaced_or_is_only_provided_leads_on(site, name, said, member):
    page = site.get(f"/{name}", 404)
    (new,) = next(iter(member.values()))
    assert (said in page.text, f'href="/{new}"' in page.text) == (True, True)
    assert member.items() <= site.get(f"/api/v1/packages/{name}", 404).json.items()


def announced(site, query: str, topic: str) -> None:
    """Let the cache know what a message about a package that the index does not know has said."""
    event = {"id": "2026-1", "topic": topic, "sent": 1764000000.0}
    entry = site.service.queries[query].entry("brandnew")
    site.service.cache.invalidate([Invalidation(entry, event, make=True)])


@pytest.mark.parametrize("path", ["/brandnew", "/brandnew/builds", "/api/v1/packages/brandnew"])
@pytest.mark.parametrize(
    ("query", "topic"), [("distgit.maintainers", "pagure.project.new"), ("distgit.spec", "pagure.git.receive")]
)
def test_a_package_of_which_nothing_was_built_is_404_and_said_to_be_in_dist_git(site, upstream, path, query, topic):
    announced(site, query, topic)
    assert (UNBUILT in site.get(path, 404).text, upstream.asked) == (True, [])


def test_a_package_that_dist_git_was_found_to_have_is_said_to_be_there(site):
    site.know("distgit.maintainers", VALUES["distgit.maintainers"], "brandnew")
    assert UNBUILT in site.get("/brandnew", 404).text


@pytest.mark.parametrize(
    ("query", "topic"), [("distgit.maintainers", "pagure.project.user.added"), ("koji.tagged", "buildsys.tag")]
)
def test_of_what_no_message_has_put_into_dist_git_that_is_not_said(site, query, topic):
    announced(site, query, topic)
    assert UNBUILT not in site.get("/brandnew", 404).text


def test_of_what_is_being_built_it_is_not_said_that_nothing_was(site):
    announced(site, "distgit.maintainers", "pagure.project.new")
    announced(site, "koji.builds", "buildsys.build.state.change")
    assert UNBUILT not in site.get("/brandnew", 404).text


def test_a_name_that_is_none_s_makes_nobody_read_anything(site, client):
    site.get("/no-such-package", 404)
    assert client.keys("*no-such-package*") + client.keys("fp:{queue}:*:due") == []


LONG = "q" * 10_000


@pytest.mark.parametrize(
    "path",
    [
        f"/{LONG}", f"/{LONG}/builds", f"/guake/{LONG}", f"/guake/overview/{LONG}", f"/s/{LONG}", f"/s?search={LONG}",
        f"/guake/builds?release={LONG}", f"/guake/contents?release={LONG}", f"/guake/contents?filter={LONG}",
        f"/guake/builds?{LONG}=1", f"/api/v1/packages/{LONG}", f"/api/v1/packages/guake/{LONG}",
        f"/api/v1/packages/guake/builds?{LONG}", f"/api/v1/packages/guake/files?release={LONG}",
        f"/api/v1/packages?names={LONG}", f"/api/v1/changes?names=guake,{LONG}", f"/fcomm_connector/bodhi/query/{LONG}",
    ],
    ids=lambda path: path.replace(LONG, "LONG"),
)  # fmt: skip
def test_of_an_address_without_end_little_is_sent_back(site, path):
    assert site.get(path).text.count("q" * 50) <= 12


def test_a_name_that_is_cut_is_marked(site):
    detail = site.get(f"/api/v1/packages/{LONG}", 404).json["detail"]
    assert detail == f"Package '{LONG[:80]}'… does not exist."


@pytest.mark.parametrize("path", ["/gua%00ke", "/s/a%00b", "/s?search=a%00b%07"])
def test_what_no_screen_shows_is_not_sent_back(site, path):
    page = site.get(path).text
    assert [letter for letter in page if not letter.isprintable() and letter not in "\n\r\t"] == []
