"""pkgwat, the old service's published client, against ours: each of its functions returns what its docstring shows.

Left out is ``history``, which asks datagrepper at an address of its own, and nothing of ours.
"""

from datetime import datetime

import pytest

from tests.functional.site import ROOT, start

from .conftest import published

PACKAGE = "guake"

ENVELOPE = {"rows", "rows_per_page", "start_row", "total_rows", "visible_rows"}

BUILD = {
    "build_id": int, "completion_time": str, "completion_time_display": dict, "completion_ts": float,
    "creation_event_id": int, "creation_time": str, "creation_ts": float, "name": str, "nvr": str, "owner_id": int,
    "owner_name": str, "package_id": int, "package_name": str, "release": str, "state": int, "state_str": str, "task_id": int,
    "version": str, "volume_id": int, "volume_name": str,
}  # fmt: skip

UPDATE = {
    "status": str, "date_pushed": str, "name": str, "package_name": str, "title": str, "versions": list, "actions": str,
    "date_submitted_display": str, "karma_str": str, "dist_updates": list, "releases": list, "details": str, "request_id": str,
    "date_pushed_display": str, "karma_level": str, "id": str, "nvr": str,
}  # fmt: skip

PACKAGED = {
    "description": str, "devel_owner": str, "icon": str, "link": str, "name": str, "sub_pkgs": list, "summary": str,
    "upstream_url": str,
}  # fmt: skip

BUG = {"bug_class": str, "description": str, "id": int, "last_modified": str, "release": str, "status": str}

CHANGE = {"author": str, "date": int, "display_date": str, "email": str, "text": str, "changelog": str, "version": str}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The service over a sandbox, without a worker: what is asked for is fetched then."""
    published("pkgwat.api")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.chdir(ROOT)
    found = start(tmp_path_factory.mktemp("pkgwat"))
    try:
        found.devserver.environ["FEDORA_PACKAGES_CACHE_WAIT"] = "20"
        found.build_index()
        found.start_web()
        yield found
    finally:
        found.close()
        monkeypatch.undo()


@pytest.fixture(scope="module")
def expected(site):
    """What the sandbox knows to be true of the package."""
    return site.control(f"packages/{PACKAGE}")


@pytest.fixture
def api(site, monkeypatch):
    """The published client, asking our service."""
    found = published("pkgwat.api")
    monkeypatch.setattr(found, "BASE_URL", f"{site.url}/packages/fcomm_connector")
    return found


def misshapen(row, shape) -> dict[str, object]:
    """Return what of a row is missing or has another type than is promised."""
    return {key: row.get(key) for key, kind in shape.items() if type(row.get(key)) is not kind}


def test_search(api):
    found = api.search("terminal", rows_per_page=3)
    assert set(found) == ENVELOPE
    assert (found["rows_per_page"], found["visible_rows"], found["total_rows"] >= 3) == (3, 3, True)
    assert [misshapen(row, PACKAGED) for row in found["rows"]] == [{}, {}, {}]


def test_search_goes_on_where_it_stopped(api):
    pages = [api.search("terminal", rows_per_page=1, start_row=start)["rows"] for start in range(3)]
    assert [row for page in pages for row in page] == api.search("terminal", rows_per_page=3)["rows"]


def test_get(api, expected):
    found = api.get(PACKAGE)
    assert (found["name"], found["link"], found["devel_owner"], misshapen(found, PACKAGED)) == (
        PACKAGE,
        PACKAGE,
        expected["owner"],
        {},
    )


@pytest.mark.parametrize("name", ["gcc-c++", "vim-enhanced"])
def test_get_of_a_binary_package(api, name):
    assert api.get(name)["name"] == name


@pytest.mark.parametrize("name", ["this-package-does-not-exist", "guak"])
def test_get_of_what_there_is_not(api, name):
    with pytest.raises(KeyError):
        api.get(name)


def test_releases(api):
    found = api.releases(PACKAGE)
    assert set(found) == ENVELOPE
    assert {frozenset(row) for row in found["rows"]} == {frozenset(("release", "stable_version", "testing_version"))}
    assert found["rows"][0]["release"] == "Rawhide"
    assert not any("<" in text for row in found["rows"] for text in row.values())


def test_releases_with_their_tags(api):
    assert api.releases(PACKAGE, strip_tags=False)["rows"][0]["stable_version"].startswith('<a href="')


@pytest.mark.parametrize("state", ["all", "building", "success", "failed", "cancelled", "deleted", "1"])
def test_builds(api, expected, state):
    number = api.koji_build_states.get(state, state)
    words = dict(zip("01234", ("building", "complete", "deleted", "failed", "canceled"), strict=True))
    wanted = [build["id"] for build in expected["builds"] if number == "" or build["state"] == words[number]]
    found = api.builds(PACKAGE, state=state, rows_per_page=1000)
    assert (set(found), [row["build_id"] for row in found["rows"]]) == (ENVELOPE, wanted)
    done = [row for row in found["rows"] if row["state_str"] != "building"]
    assert [misshapen(row, BUILD) for row in done] == [{}] * len(done)
    assert all(set(row["completion_time_display"]) == {"elapsed", "time", "when"} for row in found["rows"])


def test_updates(api, expected):
    (found,) = api.updates(PACKAGE)["rows"]
    assert (set(found), misshapen(found, UPDATE), found["name"]) == (set(UPDATE), {}, PACKAGE)
    assert {update["alias"] for update in found["dist_updates"]} <= {update["alias"] for update in expected["updates"]}
    assert found["title"].startswith(PACKAGE)


@pytest.mark.parametrize("status", ["stable", "testing", "pending", "obsolete"])
def test_updates_of_a_status(api, expected, status):
    found = {update["alias"] for row in api.updates(PACKAGE, status=status)["rows"] for update in row["dist_updates"]}
    wanted = {update["alias"] for update in expected["updates"] if update["status"] == status}
    assert (found <= wanted, bool(found)) == (True, bool(wanted))


@pytest.mark.parametrize("release", ["f17", "el6"])
def test_updates_of_a_release_of_old(api, release):
    assert api.updates(PACKAGE, release=release)["rows"] == []


def test_bugs(api, expected):
    found = api.bugs(PACKAGE, rows_per_page=1000)
    assert {row["id"] for row in found["rows"]} == {bug["id"] for bug in expected["bugs"] if bug["open"]}
    assert [misshapen(row, BUG) for row in found["rows"]] == [{}] * found["total_rows"]


def test_bugs_of_a_release_of_old(api):
    assert api.bugs(PACKAGE, release="f17")["rows"] == []


def test_contents(api, expected):
    found = api.contents(PACKAGE)
    assert (found[0]["data"], set(found[0]), found[0]["state"]) == (
        {"icon": "jstree-directory", "title": "usr"},
        {"data", "state", "children"},
        "open",
    )

    def paths(nodes, above=""):
        for node in nodes:
            path = f"{above}/{node['data']['title']}"
            yield from paths(node["children"], path) if "children" in node else [path]

    files = expected["repositories"]["rawhide"]["binaries"][PACKAGE]["files"]
    assert set(paths(found)) == {path for path in files if not path.endswith("/")}


def test_contents_of_a_release_of_old(api):
    assert list(api.contents(PACKAGE, release="Fedora 16 Testing")) == ["error"]


def test_changelog(api):
    found = api.changelog(PACKAGE, rows_per_page=2)
    assert (set(found), found["visible_rows"]) == (ENVELOPE, 2)
    assert [(set(row), misshapen(row, CHANGE)) for row in found["rows"]] == [(set(CHANGE), {})] * 2
    days = [datetime.strptime(row["display_date"], "%d %b %Y") for row in found["rows"]]
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize(
    ("function", "path"),
    [("dependencies", "requires"), ("provides", "provides"), ("obsoletes", "obsoletes"), ("conflicts", "conflicts")],
)
def test_relations_answer_again_though_the_client_does_not_ask(api, function, path):
    with pytest.raises(NotImplementedError):
        getattr(api, function)(PACKAGE)
    # What the client sent while it did.
    filters = {"package": PACKAGE, "repo": "Rawhide", "arch": "noarch", "version": "3.10.1-3.fc46"}
    query = {"filters": filters, "rows_per_page": 10, "start_row": 0}
    found = api._make_request(f"yum/query/query_{path}", query, strip_tags=True)
    assert (set(found), found["total_rows"] >= 0) == (ENVELOPE, True)
    assert all(set(row) == {"name", "flags", "ops", "version", "provided_by"} for row in found["rows"])


def test_required_by_is_answered_in_the_envelope(api):
    with pytest.raises(NotImplementedError):
        api.dependants(PACKAGE)
    found = api._make_request("yum/query/query_required_by", {"filters": {"package": PACKAGE}}, strip_tags=True)
    assert set(found) >= ENVELOPE
