"""Bodhi: filters, pages, errors, releases."""

import json

import pytest


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
        ({"status": "lost"}, "status", '"lost" is not one of'),
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


def test_an_update_is_found_by_alias(quiet):
    alias = quiet.expected("guake")["updates"][0]["alias"]
    assert quiet.get(f"/bodhi/updates/{alias}")["update"]["alias"] == alias


def test_an_unknown_alias_is_not_found(quiet):
    assert quiet.ask("/bodhi/updates/FEDORA-2026-0123456789").status == 404


def test_a_recorded_release_has_no_other_keys(quiet, data):
    recorded = json.loads((data / "upstream" / "bodhi-release.json").read_text("utf-8"))
    release = quiet.get("/bodhi/releases/F44")
    assert set(recorded) == set(release)


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


def test_releases_refuse_an_unknown_package(quiet):
    assert quiet.ask("/bodhi/releases/", packages="nope").status == 400
