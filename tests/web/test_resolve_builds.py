"""Builds that are pasted into the search: their NVRs, files of them and numbers."""

from urllib.parse import quote

import pytest

from fedora_packages.search.document import Document
from fedora_packages.search.indexing.writer import Writer
from tests.upstream import Answer
from tests.web.pasting import block, led, page, told
from tests.web.values import VALUES
from tests.web.website import website

BUILD = VALUES["koji.builds"]["builds"][1]


def test_a_build_that_is_known_leads_to_its_package_its_builds_and_its_page_in_koji(site, upstream):
    site.know("koji.builds", VALUES["koji.builds"], "guake")
    address = f"https://koji.fedoraproject.org/koji/buildinfo?buildID={BUILD['build_id']}"
    assert led(site, BUILD["nvr"]) == ["/guake", "/guake", "/guake/builds", address]
    assert f'>Build {BUILD["nvr"]}</a> of guake <span class="state state-complete">complete</span>' in block(
        site, BUILD["nvr"]
    )
    assert told(site, f"{BUILD['nvr']}.src.rpm") == {
        "kind": "build",
        "text": BUILD["nvr"],
        "title": None,
        "state": "complete",
        "packages": ["guake"],
        "bugs": [],
        "note": None,
        "links": {"page": "http://localhost/guake", "upstream": address},
    }
    assert upstream.asked == []


def test_of_a_build_that_is_not_known_koji_is_asked(site, upstream):
    site.know("koji.builds", VALUES["koji.builds"], "guake")
    upstream.koji_says([[None]])
    found = told(site, "guake-1.0-1.fc20")
    assert (found["note"], found["state"]) == ("Koji has no build guake-1.0-1.fc20.", None)
    assert found["links"]["upstream"].endswith("/search?match=exact&type=build&terms=guake-1.0-1.fc20")
    assert [call["params"] for call in upstream.calls()] == [["guake-1.0-1.fc20"]]


def test_where_no_builds_are_known_the_build_is_told_of_all_the_same(fedora, sandbox):
    build = sandbox.expected("guake")["builds"][0]
    found = told(fedora, build["nvr"])
    assert (found["state"], found["note"], found["packages"]) == (build["state"], None, ["guake"])
    assert found["links"]["upstream"].endswith(f"buildID={build['id']}")


def test_where_koji_does_not_answer_a_build_that_is_not_known_is_said_to_be_that(site, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    found = told(site, "guake-1.0-1.fc20")
    assert (found["note"], found["packages"]) == ("Koji is not responding. Details are not available now.", ["guake"])


def test_a_state_that_may_have_changed_is_said_to_be_old(site):
    site.know("koji.builds", VALUES["koji.builds"], "guake")
    site.invalidate("koji.builds", "guake")
    found = told(site, BUILD["nvr"])
    assert (found["state"], "may be out of date (as of" in found["note"]) == ("complete", True)


def test_a_binary_leads_to_its_own_page_and_to_its_sources_builds(site):
    site.know("koji.builds", {"total": 1, "builds": [{**BUILD, "nvr": "vim-9.0-1.fc45"}]}, "vim")
    text = "vim-enhanced-2:9.0-1.fc45.x86_64"
    assert led(site, text)[:4] == ["/vim-enhanced", "/vim-enhanced", "/vim", "/vim/builds"]
    found = told(site, text)
    assert (found["packages"], found["state"]) == (["vim-enhanced", "vim"], "complete")
    assert (found["text"], found["title"]) == (
        "vim-9.0-1.fc45",
        "vim-enhanced-9.0-1.fc45 is one of its binary packages.",
    )


@pytest.mark.parametrize(
    "text", ["guaek-3.9-1.fc38", "guaek-3.9-1.fc38.src.rpm", "https://x/guaek-3.9-1.fc38.x86_64.rpm"]
)
def test_a_build_of_no_package_says_so_and_what_is_nearest_in_name_is_found(site, text, upstream):
    assert (told(site, text)["note"], told(site, text)["packages"]) == ("This site has no package guaek.", [])
    assert "This site has no package guaek." in block(site, text)
    assert led(site, text)[-1].endswith("koji/search?match=exact&type=build&terms=guaek-3.9-1.fc38")
    found = site.get(f"/api/v1/search?q={quote(text, safe='')}").json
    assert ([row["name"] for row in found["packages"]], found["corrected"], upstream.asked) == (["guake"], "guake", [])
    assert ("Showing results for" in page(site, text), 'href="/guake"' in page(site, text)) == (True, True)


def test_where_nothing_is_near_a_build_of_no_package_nothing_is_said_to_be(site):
    found = site.get("/api/v1/search?q=xyzzyq-3.9-1.fc38").json
    assert (found["total"], found["corrected"]) == (0, None)
    assert "Showing results for" not in page(site, "xyzzyq-3.9-1.fc38")


def test_further_pages_for_a_build_of_no_package_go_on_where_the_first_ended(service, strings, tmp_path):
    index = str(tmp_path / "index")
    with Writer(index, create=True) as writer:
        names = ["fc38", *(f"lots-{number:03}" for number in range(45))]
        writer.replace(Document(name, branch="rawhide") for name in names)
        writer.commit()
    with website(service, {**strings, "search.index": index}) as site:
        found = [site.get(f"/api/v1/search?q={text}&start=20").json for text in ("lots-1-1.fc38", "lots")]
        assert [[row["name"] for row in one["packages"]] for one in found][0] == [f"lots-{n:03}" for n in range(20, 40)]
        assert found[0]["packages"] == found[1]["packages"]
        assert 'href="/lots-020"' in site.get("/s?search=lots-1-1.fc38").click("^Next$").text


@pytest.mark.parametrize("text", ["guake", "vim-enhanced", "drop-down terminal", "gone"])
def test_a_name_is_only_searched_for(site, text, upstream):
    assert (told(site, text), block(site, text), upstream.asked) == (None, "", [])


def test_a_package_of_that_name_comes_before_whatever_else_it_could_be(service, strings, tmp_path, upstream):
    index, names = str(tmp_path / "index"), ["1234567", "CVE-2026-1234", "guake-1-1", "guake"]
    with Writer(index, create=True) as writer:
        writer.replace(Document(name, "A package", branch="rawhide") for name in names)
        writer.commit()
    with website(service, {**strings, "search.index": index}) as site:
        assert ([told(site, name) for name in names], upstream.asked) == ([None] * 4, [])
        assert told(site, "guake-1-2")["packages"] == ["guake"]


def test_a_number_of_kojis_leads_to_its_build_or_package(fedora, sandbox):
    build = sandbox.expected("guake")["builds"][0]
    found = told(fedora, f"https://koji.fedoraproject.org/koji/buildinfo?buildID={build['id']}")
    assert (found["kind"], found["text"], found["state"], found["packages"]) == (
        "build",
        build["nvr"],
        build["state"],
        ["guake"],
    )
    assert found["note"] is None
    number = sandbox.koji("getPackageID", "guake")
    found = told(fedora, f"https://koji.fedoraproject.org/koji/packageinfo?packageID={number}")
    assert (found["kind"], found["text"], found["links"]["page"]) == ("package", "guake", "http://localhost/guake")


def test_a_number_of_kojis_is_told_although_its_package_is_not_known_here(fedora, sandbox):
    koji, build = "https://koji.fedoraproject.org/koji", sandbox.expected("kakoune")["builds"][0]
    found = told(fedora, f"{koji}/buildinfo?buildID={build['id']}")
    assert (found["text"], found["state"], found["packages"]) == (build["nvr"], build["state"], [])
    found = told(fedora, f"{koji}/packageinfo?packageID={sandbox.koji('getPackageID', 'kakoune')}")
    assert (found["text"], found["packages"], found["links"]["page"]) == ("kakoune", [], None)


def test_a_number_that_koji_has_not_given_is_said_to_be_nothings(fedora):
    koji = "https://koji.fedoraproject.org/koji"
    assert told(fedora, f"{koji}/buildinfo?buildID=1")["note"] == "Koji has no build of this number."
    assert told(fedora, f"{koji}/packageinfo?packageID=999999999")["note"] == "Koji has no package of this number."


@pytest.mark.parametrize("name", ["guake-debuginfo", "guake-debugsource"])
def test_what_is_for_debugging_a_build_leads_to_it(site, name):
    site.know("koji.builds", VALUES["koji.builds"], "guake")
    found = told(site, BUILD["nvr"].replace("guake-", f"{name}-", 1) + ".x86_64.rpm")
    assert (found["text"], found["packages"], found["state"]) == (BUILD["nvr"], ["guake"], "complete")
    assert found["title"].startswith(f"{name}-")
    assert found["title"].endswith(" is one of its binary packages.")
    assert site.get(f"/api/v1/search?q={name}-1-1.fc45").json["corrected"] is None
