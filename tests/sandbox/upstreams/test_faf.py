"""FAF: JSON or HTML, date ranges, and invalid requests, which have no error."""

import datetime
import re
from urllib.request import Request, urlopen

import pytest


def listed(sandbox, **query):
    return sandbox.get("/faf/problems/", **query)["problems"]


def crashing(sandbox) -> str:
    """Return the name of a package that crashes in several ways."""
    names = sandbox.get("/control/packages")["packages"]
    return next(name for name in names if len(sandbox.expected(name)["problems"]) > 2)


def days(before: int, until: int = 0) -> str:
    today = datetime.datetime.now(datetime.UTC).date()
    return f"{today - datetime.timedelta(before)}:{today - datetime.timedelta(until)}"


def test_the_problems_of_a_package_are_listed_with_all_their_reports(quiet):
    name = crashing(quiet)
    wanted = {one["id"]: one["count"] for one in quiet.expected(name)["problems"]}
    found = listed(quiet, component_names=name, daterange=days(1000))
    assert {row["id"]: sum(report["count"] for report in row["reports"]) for row in found} == wanted
    assert all(report["comments"] for row in found for report in row["reports"])


def test_a_problem_is_listed_only_for_ranges_in_which_it_occurred(live):
    live.trigger("crash", "guake", function="only_now")
    found = [
        "only_now" in {row["crash_function"] for row in listed(live, component_names="guake", daterange=given)}
        for given in (days(13), days(27, 14), days(364))
    ]
    assert found == [True, False, True]


def test_the_most_frequent_comes_first(live):
    for count in (5, 5000, 50):
        live.trigger("crash", "guake", function=f"f{count}", count=count)
    found = [row["crash_function"] for row in listed(live, component_names="guake")]
    assert found[:3] == ["f5000", "f50", "f5"] or found.index("f5000") < found.index("f50") < found.index("f5")


def test_a_list_is_cut_by_limit_and_offset_and_not_at_all_by_none(quiet):
    everything = listed(quiet, daterange=days(1000), limit=0)
    assert listed(quiet, daterange=days(1000), limit=7, offset=3) == everything[3:10]
    assert len(listed(quiet, daterange=days(1000))) == 40 < len(everything)


@pytest.mark.parametrize(
    "wrong", [{"daterange": "2026-99-99:2026-01-01"}, {"type": "typo"}, {"component_names": "Guake"}]
)
def test_an_invalid_request_gets_an_empty_list(quiet, wrong):
    assert listed(quiet, **wrong) == []


def test_the_page_for_people_has_the_releases_that_faf_knows(quiet):
    with urlopen(Request(f"{quiet.url}/faf/problems/", headers={"Accept": "text/html"}), timeout=10) as response:
        page = response.read().decode()
    (options,) = re.findall(r'<select[^>]* name="opsysreleases">(.*?)</select>', page)
    assert re.findall(r'<option value="\d+">(.*?)</option>', options) == ["Fedora 44", "Fedora 43"]


def test_an_invalid_limit_gets_an_html_page(quiet):
    answer = quiet.ask("/faf/problems/", limit="abc")
    assert (answer.status, answer.headers.get_content_type()) == (500, "text/html")


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True), ("*/*", False), ("application/json, */*", False), ("text/html", False),
        ("application/json, text/html;q=0.5", True), ("application/*", True), ("", False),
    ],
)  # fmt: skip
def test_json_needs_a_preference_over_html(accept, is_json):
    from fedora_packages.sandbox.upstreams.faf import wants_json

    assert wants_json(accept) is is_json


def test_the_components_with_reports_are_named(quiet):
    names = quiet.get("/faf/component_names.json")
    assert (crashing(quiet) in names, names == sorted(names)) == (True, True)
