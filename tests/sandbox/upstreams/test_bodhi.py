"""Bodhi: filters, pages, errors, releases."""

import json
from dataclasses import replace
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, build_opener

import pytest

from fedora_packages.sandbox.upstreams.bodhi import _cut
from fedora_packages.sandbox.upstreams.bodhi_rows import meets_requirements, push_rules
from fedora_packages.sandbox.world.models import Comment, Update
from fedora_packages.sandbox.world.releases import fedora


class Stay(HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_arguments):
        return None


def aliases(answer):
    return [update["alias"] for update in answer["updates"]]


def test_updates_of_a_package_are_newest_first(quiet):
    answer = quiet.get("/bodhi/updates/", packages="guake", rows_per_page=100)
    assert aliases(answer) == [update["alias"] for update in quiet.expected("guake")["updates"]]


def test_an_unknown_package_is_no_error(quiet):
    answer = quiet.get("/bodhi/updates/", packages="no-such-package")
    assert (answer["updates"], answer["total"], answer["package"]) == ([], 0, "no-such-package")


def test_values_are_ored_and_names_anded(quiet):
    answer = quiet.get(
        "/bodhi/updates/", packages="guake", releases="F44,F43", status=["testing", "stable"], rows_per_page=100
    )
    assert {update["release"]["name"] for update in answer["updates"]} == {"F44", "F43"}
    assert {update["status"] for update in answer["updates"]} == {"testing", "stable"}


def test_a_release_is_named_by_version_too(quiet):
    by_version = quiet.get("/bodhi/updates/", packages="guake", releases="43")
    assert aliases(by_version) == aliases(quiet.get("/bodhi/updates/", packages="guake", releases="f43"))


def test_pages_join_to_the_whole(quiet):
    everything = quiet.get("/bodhi/updates/", packages="guake", rows_per_page=100)
    pages = [quiet.get("/bodhi/updates/", packages="guake", rows_per_page=5, page=page) for page in range(1, 6)]
    assert [alias for page in pages for alias in aliases(page)] == aliases(everything)


@pytest.mark.parametrize(
    ("query", "name", "said"),
    [
        ({"releases": "WinXP"}, "releases", "Invalid releases specified: WinXP"),
        ({"status": "lost"}, "status.0", '"lost" is not one of pending, testing, stable'),
        ({"status": ["stable", "lost"]}, "status.1", '"lost" is not one of'),
        ({"status": "pending,testing"}, "status.0", '"pending,testing" is not one of'),
        ({"gating": "lost"}, "gating.0", '"lost" is not one of waiting'),
        ({"packages": ""}, "packages.0", "Required"),
        ({"request": "lost"}, "request", '"lost" is not one of testing'),
        ({"user": "nobody"}, "user", "Invalid users specified: nobody"),
        ({"bugs": "x"}, "bugs", "Invalid bug ID specified: ['x']"),
        ({"release": "WinXP"}, "release", "Invalid release specified: WinXP"),
        ({"locked": "maybe"}, "locked", "\"maybe\" is neither in ('false', '0') nor in ('true', '1')"),
        ({"rows_per_page": "1001"}, "rows_per_page", "1001 is greater than maximum value 1000"),
        ({"page": "x"}, "page", '"x" is not a number'),
        ({"submitted_since": "soon"}, "submitted_since", "Invalid date"),
    ],
)
def test_a_wrong_parameter_is_named(quiet, query, name, said):
    answer = quiet.ask("/bodhi/updates/", **query)
    (error,) = answer.json["errors"]
    assert (answer.status, answer.json["status"], error["name"]) == (400, "error", name)
    assert said in error["description"]


def test_all_wrong_parameters_are_named_at_once(quiet):
    answer = quiet.ask("/bodhi/updates/", status="lost", page=0)
    assert [error["name"] for error in answer.json["errors"]] == ["page", "status.0"]
    answer = quiet.ask("/bodhi/updates/", releases="WinXP", user="nobody", bugs="x")
    assert {error["name"] for error in answer.json["errors"]} == {"releases", "user", "bugs"}


@pytest.mark.parametrize(("query", "name"), [({"state": "current,pending"}, "state.0"), ({"ids": "1,2"}, "ids.0")])
def test_a_release_state_and_number_are_repeated_and_not_joined(quiet, query, name):
    answer = quiet.ask("/bodhi/releases/", **query)
    assert (answer.status, answer.json["errors"][0]["name"]) == (400, name)


def test_a_page_far_beyond_the_last_is_empty(quiet):
    assert quiet.get("/bodhi/updates/", packages="guake", page=9_999_999_999_999)["updates"] == []


def test_updates_of_a_user_are_those_submitted_by_it(quiet):
    user = quiet.get("/bodhi/updates/", packages="guake")["updates"][0]["user"]["name"]
    found = quiet.get("/bodhi/updates/", user=user, rows_per_page=1000)["updates"]
    assert {update["user"]["name"] for update in found} == {user}


@pytest.mark.parametrize("field", ["submitted", "modified"])
def test_a_date_bounds_updates(quiet, field):
    updates = quiet.get("/bodhi/updates/", packages="guake", rows_per_page=100)["updates"]
    dates = sorted(date for update in updates if (date := update[f"date_{field}"]))
    middle = dates[len(dates) // 2]
    after = quiet.get("/bodhi/updates/", packages="guake", rows_per_page=100, **{f"{field}_since": middle})
    before = quiet.get("/bodhi/updates/", packages="guake", rows_per_page=100, **{f"{field}_before": middle})
    assert (after["total"], before["total"]) == (
        sum(date >= middle for date in dates), sum(date < middle for date in dates),
    )  # fmt: skip


def test_a_date_has_the_zone_that_it_names(quiet):
    update = quiet.get("/bodhi/updates/", packages="guake")["updates"][0]
    there = f"{update['date_submitted'].replace(' ', 'T')}+01:00"
    assert update["alias"] in aliases(quiet.get("/bodhi/updates/", packages="guake", submitted_since=there))


def test_an_update_was_pushed_since_its_push_to_stable_only(quiet):
    answer = quiet.get("/bodhi/updates/", packages="guake", pushed_since="2000-01-01", rows_per_page=100)
    assert answer["total"] == sum(
        update["date_stable"] is not None
        for update in quiet.get("/bodhi/updates/", packages="guake", rows_per_page=100)["updates"]
    )


def test_updates_with_any_bug_are_those_of_an_empty_list_of_bugs(quiet):
    assert all(update["bugs"] for update in quiet.get("/bodhi/updates/", bugs="", rows_per_page=1000)["updates"])


def test_no_update_is_locked_without_a_push(quiet):
    assert quiet.get("/bodhi/updates/", locked="true")["total"] == 0


def test_equal_dates_leave_the_order_open():
    one, other = (
        Update(number, f"FEDORA-{number}", "F44", (), "stable", None, "bugfix", "low", "", "x", 7) for number in (1, 2)
    )
    orders = {tuple(update.alias for _, update in _cut([(None, one), (None, other)], 1, rows)) for rows in range(2, 30)}
    assert len(orders) == 2


def test_the_name_of_a_package_leads_from_an_alias_to_its_updates(quiet):
    assert quiet.get("/bodhi/updates/guake")["package"] == "guake"


def test_comments_are_listed_newest_first_each_with_its_update(live):
    alias = live.expected("guake")["updates"][0]["alias"]
    live.trigger("update", "guake", alias=alias, comment="It works.", karma=1, user="tester")
    answer = live.get("/bodhi/comments/", since="2000-01-01", packages="guake", rows_per_page=1000)
    newest, *others = answer["comments"]
    assert (newest["update_alias"], newest["user"]["name"], newest["karma"]) == (alias, "tester", 1)
    assert (newest["update"]["alias"], "comments" in newest["update"]) == (alias, False)
    times = [comment["timestamp"] for comment in answer["comments"]]
    assert (times, answer["total"]) == (sorted(times, reverse=True), len(others) + 1)


def test_comments_are_of_a_time_of_updates_and_of_users(quiet):
    alias = quiet.expected("guake")["updates"][0]["alias"]
    every = {"chrome": "false", "rows_per_page": 1000}

    def users(**query):
        return {comment["user"]["name"] for comment in quiet.get("/bodhi/comments/", **query)["comments"]}

    of_update = quiet.get("/bodhi/comments/", updates=alias, **every)["comments"]
    assert {comment["update_alias"] for comment in of_update} == {alias}
    assert users(user="bodhi", **every) == {"bodhi"}
    assert "bodhi" not in users(ignore_user="bodhi", **every)
    assert quiet.get("/bodhi/comments/", since="2100-01-01")["comments"] == []


def test_comments_of_bodhi_itself_are_listed_on_request(quiet):
    assert quiet.get("/bodhi/comments/", user="bodhi")["comments"] == []
    assert quiet.get("/bodhi/comments/", user="bodhi", chrome="false")["total"] > 0


@pytest.mark.parametrize(
    ("query", "name", "said"),
    [
        ({"since": "forever"}, "since", "Invalid date"),
        ({"user": "nobody"}, "user", "Invalid users specified: nobody"),
        ({"updates": "FEDORA-1"}, "updates", "Invalid updates specified: FEDORA-1"),
    ],
)
def test_a_wrong_parameter_of_comments_is_named(quiet, query, name, said):
    answer = quiet.ask("/bodhi/comments/", **query)
    (error,) = answer.json["errors"]
    assert (answer.status, error["name"], error["description"]) == (400, name, said)


@pytest.mark.parametrize("path", ["updates?packages=guake", "comments?since=2026-01-01", "releases?name=F44"])
def test_a_list_without_its_slash_is_elsewhere(quiet, path):
    with pytest.raises(HTTPError) as redirect:
        build_opener(Stay).open(f"{quiet.url}/bodhi/{path}", timeout=10)
    with redirect.value as error:
        assert (error.code, error.headers["Location"]) == (307, f"{quiet.url}/bodhi/{path.replace('?', '/?')}")


def test_an_unknown_path_is_a_page(quiet):
    answer = quiet.ask("/bodhi/nowhere/at/all")
    assert (answer.status, answer.headers.get_content_type()) == (404, "text/html")


def test_an_update_is_found_by_alias(quiet):
    alias = quiet.expected("guake")["updates"][0]["alias"]
    assert quiet.get(f"/bodhi/updates/{alias}")["update"]["alias"] == alias


def test_an_unknown_alias_is_not_found(quiet):
    assert quiet.ask("/bodhi/updates/FEDORA-2026-0123456789").status == 404


#: Fields of a release since bodhi-server 26.4; the recorded ones are older.
RULES = ("min_karma", "critpath_min_karma", "mandatory_days_in_testing", "critpath_mandatory_days_in_testing")


def test_a_recorded_release_has_no_other_keys_but_the_newer_ones(quiet, data):
    recorded = json.loads((data / "upstream" / "bodhi-release.json").read_text("utf-8"))
    release = quiet.get("/bodhi/releases/F44")
    assert {*recorded, *RULES} == set(release)


@pytest.mark.parametrize(
    ("name", "status", "rules"),
    [("F44", None, (2, 2, 7, 14)), ("F45", "post_beta", (1, 2, 7, 7)), ("F44F", None, (2, 2, 0, 14))],
)
def test_the_rules_of_a_push_depend_on_the_status_in_the_settings(quiet, name, status, rules):
    release = quiet.get(f"/bodhi/releases/{name}")
    assert (release["setting_status"], tuple(release[rule] for rule in RULES)) == (status, rules)


@pytest.mark.parametrize(("package", "days"), [("guake", 7), ("kernel", 14)])
def test_an_update_has_at_least_the_days_of_its_release(quiet, package, days):
    assert quiet.get("/bodhi/updates/", packages=package, releases="F44")["updates"][0]["stable_days"] == days


def test_an_update_meets_its_requirements_by_karma_or_by_days_unless_gating_holds_it_back():
    now, week = 2_000_000_000, 7 * 86400
    praise = tuple(Comment(number, "tester", "Works", 1, now) for number in (1, 2))
    young = Update(
        1, "FEDORA-2026-1", "F44", (), "testing", None, "bugfix", "low", "", "me", now, testing=now - week + 60
    )
    ways = (
        (young, False),
        (replace(young, testing=now - week), True),
        (replace(young, testing=now - week, critpath=True), False),
        (replace(young, testing=None), False),
        (replace(young, comments=praise), True),
        (replace(young, comments=praise, gating="waiting"), False),
    )
    rules = push_rules(fedora(44, "current"))
    assert [(way, meets_requirements(now, rules, way)) for way, _ in ways] == list(ways)


def test_a_recorded_update_has_no_keys_that_are_missing(quiet, data):
    recorded = json.loads((data / "upstream" / "bodhi-update-saved.json").read_text("utf-8"))
    alias = quiet.expected("guake")["updates"][0]["alias"]
    update = quiet.get(f"/bodhi/updates/{alias}")["update"]
    # Only older servers had these.
    assert set(recorded) - set(update) <= {"submitter", "date_locked", "requirements"}


def test_releases_are_in_order_of_their_names(quiet):
    names = [release["name"] for release in quiet.get("/bodhi/releases/")["releases"]]
    assert names == sorted(names)


def test_releases_of_other_content_stand_among_the_others(quiet):
    prefixes = {release["id_prefix"] for release in quiet.get("/bodhi/releases/")["releases"]}
    assert prefixes >= {"FEDORA", "FEDORA-EPEL", "FEDORA-FLATPAK", "FEDORA-CONTAINER", "FEDORA-MODULAR"}


def test_releases_are_chosen_by_state(quiet):
    answer = quiet.get("/bodhi/releases/", state=["pending", "frozen"])
    assert {release["name"] for release in answer["releases"]} == {"F46", "F45", "ELN"}


@pytest.mark.parametrize("query", [{"packages": "nope"}, {"updates": "FEDORA-2026-0123456789"}])
def test_releases_refuse_an_unknown_package_or_update(quiet, query):
    assert quiet.ask("/bodhi/releases/", **query).status == 400


def test_releases_are_chosen_by_number(quiet):
    build = quiet.get("/bodhi/updates/", packages="guake", releases="F44")["updates"][0]["builds"][0]
    answer = quiet.get("/bodhi/releases/", ids=build["release_id"])
    assert [release["name"] for release in answer["releases"]] == ["F44"]


def test_releases_are_chosen_by_the_case_of_their_name(quiet):
    assert quiet.get("/bodhi/releases/", name="f44")["total"] == 0
    assert quiet.get("/bodhi/releases/", name="F44%")["total"] == 3


@pytest.mark.parametrize(("name", "found"), [("rawhide", "F46"), ("f44", "F44"), ("Fedora 44", "F44"), ("eln", "ELN")])
def test_a_release_has_a_name_a_long_one_and_a_tag(quiet, name, found):
    assert quiet.get(f"/bodhi/releases/{name.replace(' ', '%20')}")["name"] == found


def test_a_release_is_not_found_by_its_name_in_another_case(quiet):
    assert quiet.ask("/bodhi/releases/epel-9").status == 404
