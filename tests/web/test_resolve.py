"""What is pasted into the search: what the page and the API say of it, with the sandbox's upstreams and without any.

Of builds see `test_search_pasted_builds`.
"""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedora_packages.cache.cache import Entry
from fedora_packages.search.document import Document
from fedora_packages.search.indexing.writer import Writer
from fedora_packages.web.identifiers import MAX_QUERY_LENGTH
from fedora_packages.web.live_lookups import live_lookups_of
from fedora_packages.web.resolve import MAX_BUILDS, MAX_PACKAGES, MAX_TITLE
from tests.documented import undocumented
from tests.upstream import Answer
from tests.web.pasting import block, led, page, told
from tests.web.values import VALUES, update
from tests.web.website import Elements, website

# Updates.


def test_an_update_leads_to_its_packages_and_their_updates_and_to_bodhi(fedora, sandbox):
    known = sandbox.expected("guake")["updates"][0]
    assert led(fedora, known["alias"].lower()) == [
        "/guake/updates", "/guake/updates", "/guake", f"https://bodhi.fedoraproject.org/updates/{known['alias']}",
    ]  # fmt: skip
    assert (told(fedora, known["alias"])["state"], known["builds"][0] in block(fedora, known["alias"])) == (
        known["status"],
        True,
    )


def test_an_update_of_many_packages_names_the_known_ones(site, upstream):
    row = update_row(
        ["vim-9.0-1.fc45", "guake-1-1.fc45", "other-1-1.fc45", *(f"b{number}-1-1.fc45" for number in range(9))]
    )
    upstream.says(f"/updates/{row['alias']}", {"update": {**row, "title": "<b>Many</b>"}})
    found = told(site, row["alias"])
    assert (found["packages"], found["title"]) == (["vim", "guake"], "<b>Many</b>")
    assert led(site, row["alias"])[1:-1] == ["/vim/updates", "/vim", "/guake/updates", "/guake"]
    text = block(site, row["alias"])
    assert ("&lt;b&gt;Many&lt;/b&gt;" in text, "and 7 more" in text, "<b>" in text) == (True, True, False)


@pytest.mark.parametrize(("release", "said"), [({"name": "F45"}, "F45"), (None, "an unknown release")])
def test_the_release_of_an_update_is_said(site, upstream, release, said):
    row = update_row(["guake-1-1.fc45"])
    upstream.says(f"/updates/{row['alias']}", {"update": {**row, "release": release}})
    assert f"Bugfix update for {said}: guake-1-1.fc45<" in block(site, row["alias"])


@pytest.mark.parametrize(("others", "said"), [(0, ""), (1, " and 1 more")])
def test_the_builds_of_an_update_are_said_and_no_title_that_says_the_same(site, upstream, others, said):
    builds = [f"guake-{number}-1.fc45" for number in range(MAX_BUILDS + others)]
    row = update_row(builds)
    upstream.says(f"/updates/{row['alias']}", {"update": {**row, "title": " ".join(builds)}})
    assert f": {', '.join(builds[:MAX_BUILDS])}{said}<" in block(site, row["alias"])
    assert told(site, row["alias"])["title"] is None


def test_so_much_is_shown_of_an_update(service, strings, tmp_path, upstream):
    names = [f"package{number:02}" for number in range(MAX_PACKAGES + 1)]
    with Writer(tmp_path / "index", create=True) as writer:
        writer.replace(Document(name, branch="rawhide") for name in names)
        writer.commit()
    row = {**update_row([f"{name}-1-1.fc45" for name in names]), "title": "x" * (MAX_TITLE + 1)}
    upstream.says(f"/updates/{row['alias']}", {"update": row})
    with website(service, {**strings, "search.index": str(tmp_path / "index")}) as site:
        found = told(site, row["alias"])
    assert (found["packages"], len(found["title"])) == (names[:MAX_PACKAGES], MAX_TITLE)


def test_an_update_that_there_is_not_is_said_not_to_be(fedora):
    found = told(fedora, "FEDORA-2026-0000000000")
    assert (found["note"], found["links"]["page"]) == ("Bodhi has no update of this name.", None)
    assert found["links"]["upstream"] == "https://bodhi.fedoraproject.org/updates/FEDORA-2026-0000000000"


# Bugs.


@pytest.mark.parametrize("form", ["{}", "#{}", "rhbz#{}", "bug {}", "https://bugzilla.redhat.com/show_bug.cgi?id={}"])
def test_a_bug_leads_to_the_bugs_of_its_component_and_to_bugzilla(fedora, sandbox, form):
    bug = sandbox.expected("guake")["bugs"][0]
    found = told(fedora, form.format(bug["id"]))
    assert (found["kind"], found["title"], found["state"], found["packages"]) == (
        "bug",
        bug["summary"],
        bug["status"],
        ["guake"],
    )
    assert led(fedora, form.format(bug["id"]))[:3] == ["/guake/bugs", "/guake/bugs", "/guake"]
    assert found["links"] == {
        "page": "http://localhost/guake/bugs",
        "upstream": f"https://bugzilla.redhat.com/show_bug.cgi?id={bug['id']}",
    }


def test_a_private_bug_is_said_to_be_private(fedora, sandbox):
    number = sandbox.envelopes(sandbox.trigger("bug", "kakoune"))[0]["msg"]["bug"]["id"]
    sandbox.trigger("bug", "kakoune", id=number, private=True)
    found = told(fedora, f"#{number}")
    assert (found["title"], found["note"]) == (None, "This bug is private.")
    assert found["links"]["upstream"].endswith(f"id={number}")


def test_a_bug_of_another_product_is_not_of_the_package_of_that_name(site, upstream):
    row = {
        "id": 123456,
        "summary": "It falls",
        "status": "NEW",
        "product": "Red Hat Enterprise Linux 9",
        "component": ["guake"],
    }
    upstream.says("/rest/bug/123456", {"bugs": [row]})
    found = told(site, "123456")
    assert (found["packages"], "Red Hat Enterprise Linux 9, component guake" in block(site, "123456")) == ([], True)


def test_a_bug_of_no_component_is_told_without_one(site, upstream):
    row = {
        "id": 123456,
        "summary": "x" * (MAX_TITLE + 1),
        "status": "NEW",
        "product": "Bugzilla",
        "version": ["5"],
        "component": [],
    }
    upstream.says("/rest/bug/123456", {"bugs": [row]})
    found = told(site, "123456")
    assert (found["packages"], len(found["title"])) == ([], MAX_TITLE)
    assert '<p class="aside">Bugzilla 5</p>' in block(site, "123456")


@pytest.mark.parametrize(
    ("text", "name"), [("FEDORA-2026-0000000000", "Update {} in Bodhi"), ("#1", "Bug {} in Bugzilla")]
)
def test_what_leads_nowhere_here_has_one_link_which_says_where_to(fedora, text, name):
    [link] = Elements(block(fedora, text)).of("a")
    assert (link["href"], link["rel"]) == (told(fedora, text)["links"]["upstream"], "external")
    assert f">{name.format(text.strip('#'))}</a>" in block(fedora, text)


def test_a_bug_that_there_is_not_is_said_not_to_be(fedora):
    assert told(fedora, "bug 1")["note"] == "Bugzilla has no bug of this number."


# CVEs.


def test_a_cve_leads_to_the_bugs_that_name_it(fedora, sandbox):
    filed = [
        sandbox.trigger("bug", "guake", summary="CVE-2026-77777 guake: it falls [fedora-all]"),
        sandbox.trigger("bug", "kakoune", summary="It falls too", alias="CVE-2026-77777", status="CLOSED"),
    ]
    sandbox.trigger("bug", "vim", summary="CVE-2026-777770 vim: it does not")
    numbers = [sandbox.envelopes(one)[0]["msg"]["bug"]["id"] for one in filed]
    found = told(fedora, "cve-2026-77777")
    assert [(bug["id"], bug["status"], bug["component"], bug["page"]) for bug in found["bugs"]] == [
        (numbers[1], "CLOSED", "kakoune", None), (numbers[0], "NEW", "guake", "http://localhost/guake/bugs"),
    ]  # fmt: skip
    assert (found["text"], found["packages"]) == ("CVE-2026-77777", ["guake"])
    assert found["links"]["page"] == "http://localhost/guake/bugs"
    assert {f"https://bugzilla.redhat.com/show_bug.cgi?id={number}" for number in numbers} < {
        *led(fedora, "CVE-2026-77777")
    }


def test_a_cve_that_no_bug_names_is_said_to_have_none(fedora):
    found = told(fedora, "CVE-1999-0001")
    assert (found["bugs"], found["note"]) == ([], "No public Fedora bug in Bugzilla names this CVE.")
    assert "buglist.cgi" in found["links"]["upstream"]
    assert found["links"]["page"] is None
    # Its name says what it is.
    assert ">CVE-1999-0001</h2>" in block(fedora, "CVE-1999-0001")


# Addresses.


@pytest.mark.parametrize(
    ("address", "package"),
    [
        ("https://src.fedoraproject.org/rpms/guake.git", "guake"),
        ("src.fedoraproject.org/rpms/gcc/blob/rawhide/f/gcc.spec", "gcc"),
        ("https://packages.fedoraproject.org/pkgs/vim/vim-enhanced/", "vim-enhanced"),
        ("https://packages.fedoraproject.org/pkgs/vim/vim-gone/", "vim"),
        ("https://apps.fedoraproject.org/packages/gcc-c++/bugs", "gcc-c++"),
        ("https://koji.fedoraproject.org/koji/packageinfo?packageID=guake", "guake"),
    ],
)
def test_the_address_of_a_package_leads_to_it(site, upstream, address, package):
    assert (told(site, address)["packages"], upstream.asked) == ([package], [])


@pytest.mark.parametrize(
    ("host", "asked", "pasted"),
    [
        ("packages.example", "", "https://packages.example/vim-enhanced/builds"),
        ("packages.example", "/packages", "https://packages.example/packages/vim-enhanced"),
        ("packages.example", "/packages", "packages.example/vim-enhanced"),
        ("localhost:6543", "", "http://localhost:6543/api/v1/packages/vim-enhanced"),
    ],
)
def test_an_address_of_this_site_leads_to_its_package_whatever_the_site_is_called(site, host, asked, pasted):
    answer = site.app.get(f"{asked}/s", {"search": pasted}, headers={"Host": host})
    assert answer.html.select_one(".identified h2 a")["href"] == f"{asked}/vim-enhanced"
    assert site.app.get(f"{asked}/s", {"search": pasted}).html.select_one(".identified") is None


def test_where_the_site_is_below_a_path_so_are_its_addresses(site):
    below = {"SCRIPT_NAME": "/some/where", "HTTP_HOST": "example.org"}
    for path in ("/vim-enhanced", "/packages/vim-enhanced"):
        answer = site.app.get("/s", {"search": f"https://example.org/some/where{path}"}, extra_environ=below)
        assert answer.html.select_one(".identified h2 a")["href"] == "/some/where/vim-enhanced"
        answer = site.app.get("/s", {"search": f"https://example.org{path}"}, extra_environ=below)
        assert answer.html.select_one(".identified") is None


def test_a_long_address_is_whole_in_the_field_and_as_it_is_searched_for(site):
    address = f"https://src.fedoraproject.org/rpms/guake/blob/rawhide/f/{'x' * (MAX_QUERY_LENGTH - 60)}"
    form = site.get("/").forms[0]
    form["search"] = address
    found = form.submit()
    assert len(found.html.h1.text) < 100 < len(found.html.find(id="search")["value"])
    assert int(found.html.find(id="search")["maxlength"]) == MAX_QUERY_LENGTH >= len(address) > 400
    assert (found.forms[0]["search"].value, found.html.select_one(".identified a")["href"]) == (address, "/guake")
    # Words as well: the last of them count.
    words = f"{'zzzz ' * (MAX_QUERY_LENGTH // 5 - 1)}guake"
    assert site.get(f"/api/v1/search?q={quote(words)}").json["packages"][0]["name"] == "guake"


def test_of_the_address_of_an_unknown_package_its_name_is_searched_for(site):
    address = "https://src.fedoraproject.org/rpms/guaek"
    found = site.get(f"/api/v1/search?q={quote(address, safe='')}").json
    assert (found["identified"], found["corrected"]) == (None, "guake")
    assert [row["name"] for row in found["packages"]] == ["guake"]


def test_what_the_name_of_an_unknown_package_finds_is_said_to_be_for_that(site):
    found = site.get("/api/v1/search?q=https://src.fedoraproject.org/rpms/guak").json
    assert (found["corrected"], [row["name"] for row in found["packages"]]) == ("guak", ["guake"])


@pytest.mark.parametrize("asked", ["s?search=", "s?q=", "s/", "packages/s?search=", "api/v1/search?rows=1&q="])
def test_of_the_address_of_a_search_what_was_searched_for_is(site, upstream, asked):
    def found(term):
        return site.get(f"/api/v1/search?q={quote(f'http://localhost/{asked}{quote(term)}', safe='')}").json

    told_of = found("drop-down terminal")
    assert (told_of["corrected"], [row["name"] for row in told_of["packages"]]) == ("drop-down terminal", ["guake"])
    assert (found("xyzzyq")["total"], found("xyzzyq")["corrected"], upstream.asked) == (0, None, [])
    assert found("guake-1.0-1.fc20")["identified"]["packages"] == ["guake"]


def test_the_address_of_a_search_for_such_an_address_is_words(site, upstream):
    once = f"http://localhost/s?search={quote('http://localhost/s?search=guake', safe='')}"
    assert site.get(f"/api/v1/search?q={quote(once, safe='')}", 200).json["identified"] is None


def test_the_address_of_a_project_leads_to_the_packages_that_are_mapped_to_it(site, upstream):
    site.know("anitya.versions", VALUES["anitya.versions"], "guake")
    number = VALUES["anitya.versions"]["project"]["id"]
    found = told(site, f"https://release-monitoring.org/project/{number}/")
    assert (found["kind"], found["packages"], found["note"], upstream.asked) == ("project", ["guake"], None, [])
    site.know("anitya.versions", VALUES["anitya.versions"], "gcc")
    assert told(site, f"https://release-monitoring.org/project/{number}/")["packages"] == ["gcc", "guake"]
    found = told(site, f"https://release-monitoring.org/project/{number + 1}/")
    assert (found["packages"], found["note"]) == ([], "No package on this site is mapped to this project.")


# What goes wrong.


ASKED = ["FEDORA-2026-0a1b2c3d4e", "#1234567", "CVE-2026-1234", "koji.fedoraproject.org/koji/buildinfo?buildID=7"]


@pytest.mark.parametrize("text", ASKED)
def test_where_an_upstream_is_down_that_is_said_and_its_page_linked_to(site, upstream, text):
    upstream.answer = lambda asked: Answer(b"<h1>503</h1>", 503, "text/html")
    found = told(site, text)
    assert (found["note"].endswith("is not responding. Details are not available now."), found["links"]["page"]) == (
        True,
        None,
    )
    assert led(site, text) == [found["links"]["upstream"]]


def test_the_hits_are_shown_while_an_upstream_is_slow(service, strings, silent):
    with website(service, {**strings, "connectors.bodhi.url": silent}) as site:
        site.app.app.registry.live_lookups = live_lookups_of(site.app.app.registry.service, wait=0.05)
        found = site.get("/api/v1/search?q=FEDORA-2026-0a1b2c3d4e", 200).json
    assert found["identified"]["note"] == "Bodhi has not answered yet. Details are not available now."
    assert found["packages"] == []


def test_beyond_the_bound_that_is_said_and_the_page_linked_to(service, strings, upstream):
    with website(service, {**strings, "web.lookups_per_client": "1"}) as site:
        told(site, "#1234567")
        found = told(site, "#1234568")
    assert found["note"] == "Too many lookups in the last minute. Details are not available now."
    assert (len(upstream.asked), found["links"]["upstream"].endswith("id=1234568")) == (1, True)


def test_a_page_that_is_loaded_again_asks_nothing(site, upstream):
    upstream.says("/rest/bug/1234567", {"bugs": [{"id": 1234567, "summary": "It falls", "status": "NEW"}]})
    for _ in range(3):
        assert "It falls" in page(site, "#1234567")
    assert len(upstream.asked) == 1


def test_without_redis_all_that_needs_no_upstream_is_still_told(service, strings, upstream):
    with website(service, {**strings, "cache.url": "redis://127.0.0.1:9/0"}) as site:
        found = [
            told(site, text) for text in ("guake-1.0-1.fc20", "#1234567", "https://release-monitoring.org/project/7/")
        ]
    assert [one["packages"] for one in found] == [["guake"], [], []]
    assert (found[1]["note"], upstream.asked) == (
        "Redis is not responding. Details are not available now.",
        [],
    )


def test_the_second_page_of_hits_identifies_nothing_and_asks_nothing(site, upstream):
    assert 'class="identified"' not in site.get("/s?search=%231234567&page=2", 200).text
    assert site.get("/api/v1/search?q=%231234567&start=20", 200).json["identified"] is None
    assert upstream.asked == []


def test_what_was_identified_is_not_searched_for_as_words(site):
    text = page(site, "guake-1.0-1.fc20")
    assert ('class="identified"' in text, "package found" in text, "<li>\n    <h2>" in text) == (True, False, False)
    answer = site.get("/api/v1/search?q=guake-1.0-1.fc20", 200).json
    assert (answer["identified"]["packages"], answer["total"], answer["packages"]) == (["guake"], 0, [])


HOSTILE = [
    "CVE-2026-1234'OR'1=1", "CVE-2026-1234%00", "FEDORA-2026-../../x", "FEDORA-2026-%2e%2e",
    "9" * 400, "#" + "9" * 400, "x" * 10_000, "guake-1-1.fc45" * 700, "\0", "\x1b[31m", "\u202e#1234567x",
    "<script>alert(1)</script>-1-1", "https://bugzilla.redhat.com/show_bug.cgi?id=7;drop", "https://[", "http://" + "a/" * 200,
]  # fmt: skip


@pytest.mark.parametrize("text", ["CVE-2026-1234' OR 1=1 --", "CVE-2026-1234 product:x", "\u202eCVE-2026-1234 &f1=x"])
def test_of_what_identifies_something_nothing_else_is_asked(site, upstream, text):
    found = told(site, text)
    assert (found["kind"], found["text"]) == ("cve", "CVE-2026-1234")
    assert [value for asked in upstream.asked for value in asked.params["v1"]] == ["CVE-2026-1234"]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_hostile_input_identifies_nothing_and_asks_nothing(site, upstream, text):
    assert (told(site, text), block(site, text), upstream.asked) == (None, "", [])


def test_what_cannot_be_seen_does_not_count(site):
    assert told(site, "\u200bguake-1.0\0-1.fc20\x7f")["text"] == "guake-1.0-1.fc20"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.sampled_from(["CVE-2026-1234", "FEDORA-2026-0a1b2c3d4e", "#1234567", "guake-1-1.fc45", "https://x/y?z=1"]),
    st.text(max_size=5),
    st.booleans(),
)  # fmt: skip
def test_every_answer_is_as_the_document_says_and_every_page_whole(site, text, more, before):
    text = f"{more}{text}" if before else f"{text}{more}"
    answer = site.get(f"/api/v1/search?q={quote(text, safe='')}", 200)
    assert (
        undocumented(site.app.app.registry.openapi, "/api/v1/search", "get", 200, answer.content_type, answer.json)
        == []
    )
    found = Elements(page(site, text))
    assert (found.misplaced, found.open) == ([], [])


def update_row(builds: list[str]) -> dict:
    """Return an update as bodhi tells of it."""
    known = update(7)
    return {
        **known,
        "release": {"name": "F45"},
        "user": {"name": "pingou"},
        "builds": [{"nvr": nvr} for nvr in builds],
        "bugs": [],
        **{f"date_{name}": None for name in ("submitted", "modified", "pushed", "testing", "stable")},
    }


def test_only_the_search_keeps_what_was_looked_up_and_not_for_long(fedora, sandbox, client):
    told(fedora, f"#{sandbox.expected('guake')['bugs'][0]['id']}")
    kept = [key for key in client.keys("fp:*") if b":bug:" in key]
    assert [0 < client.ttl(key) <= 60 for key in kept] == [True]
    assert not client.exists(Entry("bugzilla.bugs", "guake", 2).key)
