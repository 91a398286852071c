"""Anitya: projects, the packages mapped to them, and their versions."""

import pytest


def unmapped(sandbox) -> str:
    names = sandbox.get("/control/packages")["packages"]
    return next(name for name in names if sandbox.expected(name)["project"] is None)


def test_a_package_leads_to_its_project(quiet):
    expected = quiet.expected("guake")["project"]
    for path in ("Fedora/guake", "fedora/guake/"):
        answer = quiet.get(f"/anitya/api/project/{path}")
        assert (answer["id"], answer["versions"], answer["stable_versions"]) == (
            expected["id"], expected["versions"], expected["stable"],
        )  # fmt: skip
        assert answer["packages"] == [{"package_name": "guake", "distro": "Fedora"}]


@pytest.mark.parametrize("path", ["Fedora/Guake", "Fedora/a/b", "Arch/guake"])
def test_an_unmapped_package_is_an_error_in_json(quiet, path):
    distro, _, name = path.partition("/")
    answer = quiet.ask(f"/anitya/api/project/{path}")
    assert (answer.status, answer.json) == (
        404, {"output": "notok", "error": f'No package "{name}" found in distro "{distro}"'},
    )  # fmt: skip


def test_a_package_that_is_mapped_to_nothing_is_in_no_list(quiet):
    name = unmapped(quiet)
    assert quiet.get("/anitya/api/v2/packages/", distribution="Fedora", name=name)["items"] == []


def test_packages_are_found_by_whole_name_in_any_case(quiet):
    found = quiet.get("/anitya/api/v2/packages/", distribution="fedora", name="GUAKE")
    assert ([item["name"] for item in found["items"]], found["total_items"]) == (["guake"], 1)


def test_all_packages_are_listed_page_by_page(quiet):
    pages = [quiet.get("/anitya/api/v2/packages/", items_per_page=100, page=page) for page in (1, 2, 3)]
    names = [item["name"] for page in pages for item in page["items"]]
    assert (names == sorted(set(names)), len(names), pages[2]["items"]) == (True, pages[0]["total_items"], [])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("page", "x", "Not a valid integer."),
        ("page", "0", "Value must be greater than or equal to 1."),
        ("items_per_page", "251", "Value must be less than or equal to 250."),
        ("items_per_page", "0", "Value must be greater than or equal to 1."),
    ],
)
def test_a_wrong_page_is_refused_by_name(quiet, name, value, said):
    answer = quiet.ask("/anitya/api/v2/packages/", **{name: value})
    assert (answer.status, answer.json) == (400, {"message": {name: said}})


def test_a_page_far_beyond_the_last_is_empty(quiet):
    assert quiet.get("/anitya/api/v2/packages/", page=10**12)["items"] == []


def test_the_list_has_the_versions_of_every_mapped_package(quiet):
    names = quiet.get("/control/packages")["packages"]
    projects = {name: project for name in names if (project := quiet.expected(name)["project"])}
    items = quiet.get("/anitya/api/v2/packages/", distribution="Fedora", items_per_page=250)["items"]
    assert {item["name"]: (item["version"], item["stable_version"]) for item in items} == {
        name: (project["versions"][0], next(iter(project["stable"]), None)) for name, project in projects.items()
    }


@pytest.mark.parametrize("path", ["", "api/v2/packages", "api/v3/", "project/no-such-page"])
def test_an_unknown_path_is_a_page(quiet, path):
    answer = quiet.ask(f"/anitya/{path}")
    assert (answer.status, answer.headers.get_content_type()) == (404, "text/html")


def test_versions_are_found_by_project(quiet):
    expected = quiet.expected("guake")["project"]
    answer = quiet.get("/anitya/api/v2/versions/", project_id=expected["id"])
    assert (answer["latest_version"], answer["versions"]) == (expected["versions"][0], expected["versions"])
    assert quiet.ask("/anitya/api/v2/versions/").status == 404
    wrong = quiet.ask("/anitya/api/v2/versions/", project_id="x")
    assert (wrong.status, wrong.json) == (400, {"message": {"project_id": "Not a valid integer."}})


def test_a_version_that_is_published_is_the_latest_and_one_that_is_withdrawn_is_gone(live):
    live.trigger("upstream-release", "guake", version="99.0")
    live.trigger("upstream-release", "guake", version="100.0-rc1", unstable=True)
    answer = live.get("/anitya/api/project/Fedora/guake")
    assert (answer["version"], answer["stable_versions"][0]) == ("100.0-rc1", "99.0")
    live.trigger("upstream-withdraw", "guake", version="99.0")
    assert "99.0" not in live.get("/anitya/api/project/Fedora/guake")["versions"]


def test_a_package_that_is_unmapped_is_not_found_and_its_project_is(live):
    project = live.expected("guake")["project"]["id"]
    live.trigger("upstream-unmap", "guake")
    assert live.ask("/anitya/api/project/Fedora/guake").status == 404
    assert live.get("/anitya/api/v2/versions/", project_id=project)["versions"]
