"""bodhi's published bindings against the sandbox's bodhi."""

import datetime
import json

import pytest

from .shapes import misshapen, shape

UNKNOWN = "no-such-package"

STATUSES = ("pending", "testing", "stable", "unpushed", "obsolete")

#: The fields of releases since Bodhi 26.4, which are newer than the recorded answers.
RULES = "min_karma critpath_min_karma mandatory_days_in_testing critpath_mandatory_days_in_testing"

RELEASE = shape(
    integer=RULES,
    text="name long_name version id_prefix branch dist_tag stable_tag testing_tag candidate_tag pending_signing_tag "
    "pending_testing_tag pending_stable_tag override_tag state mail_template package_manager",
    text_or_none="testing_repository released_on eol setting_status",
    flag="composed_by_bodhi create_automatic_updates",
)
UPDATE = shape(
    integer="karma stable_karma unstable_karma stable_days",
    text="alias updateid title status type severity suggest notes date_submitted url version_hash",
    text_or_none="display_name request critpath_groups date_modified date_approved date_testing date_stable "
    "date_pushed test_gating_status from_tag content_type",
    flag="autokarma autotime require_bugs require_testcases critpath locked pushed close_bugs "
    "meets_testing_requirements",
    record="release user",
    array="builds bugs comments test_cases",
)
COMMENT = shape(
    integer="id karma karma_critpath user_id update_id",
    text="text timestamp",
    record="user",
    array="bug_feedback testcase_feedback",
)
BUILD = shape(text="nvr type", flag="signed", integer_or_none="release_id epoch")
BUG = shape(integer="bug_id", text_or_none="title", flag="security parent", array="feedback")

#: Keys of recorded updates that today's servers no longer give.
GONE = {"submitter", "date_locked", "requirements"}


@pytest.fixture(scope="module")
def updates(bodhi) -> list[dict]:
    """All updates there are."""
    return everything(bodhi)


def everything(bodhi, **filters) -> list[dict]:
    """Return all updates that pass filters, page by page."""
    found, page, pages = [], 0, 1
    while page < pages:
        page += 1
        answer = bodhi.query(**filters, rows_per_page=1000, page=page)
        pages = answer["pages"]
        found += answer["updates"]
    return found


def aliases(updates) -> set[str]:
    return {update["alias"] for update in updates}


def packages(update) -> set[str]:
    return {build["nvr"].rsplit("-", 2)[0] for build in update["builds"]}


@pytest.fixture(scope="module")
def package(updates) -> str:
    """The package with the most updates."""
    names = [name for update in updates for name in packages(update)]
    return max(sorted(set(names)), key=names.count)


def day(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")


# Updates


def test_updates_have_the_shape_of_the_contract(updates):
    wrong = {update["alias"]: found for update in updates if (found := misshapen(update, UPDATE))}
    assert wrong == {}


@pytest.mark.parametrize(("key", "needed"), [("comments", COMMENT), ("builds", BUILD), ("bugs", BUG)])
def test_the_parts_of_updates_have_the_shape_of_the_contract(updates, key, needed):
    parts = [part for update in updates for part in update[key]]
    assert parts
    assert [found for part in parts if (found := misshapen(part, needed))] == []


@pytest.mark.parametrize("recording", ["bodhi-updates-query-1.json", "bodhi-updates-query-2.json"])
def test_updates_have_the_keys_of_recorded_ones(bodhi, data, recording):
    recorded = json.loads((data / "upstream" / recording).read_text("utf-8"))
    answer = bodhi.query(status="testing")
    assert set(recorded) == set(answer) - {"package"} | (set(recorded) & {"package"})
    missing = {key for update in recorded["updates"] for key in update} - GONE - set(answer["updates"][0])
    assert missing == set()


def test_times_have_no_zone(updates):
    keys = ("date_submitted", "date_modified", "date_approved", "date_testing", "date_stable", "date_pushed")
    times = [update[key] for update in updates for key in keys if update[key] is not None]
    times += [comment["timestamp"] for update in updates for comment in update["comments"]]
    assert [day(text).strftime("%Y-%m-%d %H:%M:%S") for text in times] == times


def test_an_update_was_pushed_when_it_came_to_stable_or_else_to_testing(updates):
    assert [u["date_pushed"] for u in updates] == [u["date_stable"] or u["date_testing"] for u in updates]


def test_the_karma_of_an_update_is_the_sum_of_its_comments(updates):
    assert [u["karma"] for u in updates] == [sum(comment["karma"] for comment in u["comments"]) for u in updates]


def test_there_are_updates_in_every_status(updates):
    assert {update["status"] for update in updates} == set(STATUSES)


def test_updates_are_of_releases_that_bodhi_lists(bodhi, updates):
    releases = {release["name"]: release for release in bodhi.get_releases(rows_per_page=1000)["releases"]}
    assert all(update["release"] == releases[update["release"]["name"]] for update in updates)


def test_the_newest_update_comes_first(updates):
    times = [update["date_submitted"] for update in updates]
    assert times == sorted(times, reverse=True)


# Filters


def test_updates_are_filtered_by_package(bodhi, updates, package):
    assert aliases(everything(bodhi, packages=package)) == aliases(u for u in updates if package in packages(u))


@pytest.mark.parametrize("joined", [",".join, " ".join, list], ids=["commas", "spaces", "repeats"])
def test_several_packages_are_ored(bodhi, updates, package, joined):
    other = next(name for update in updates for name in sorted(packages(update)) if name != package)
    expected = aliases(update for update in updates if packages(update) & {package, other})
    assert aliases(everything(bodhi, packages=joined([package, other]))) == expected


def test_the_answer_names_the_first_package_asked_for(bodhi, package):
    assert bodhi.query(packages=f"{package},{UNKNOWN}")["package"] == package
    assert bodhi.query(status="testing")["package"] is None


def test_an_unknown_package_has_no_updates(bodhi):
    answer = bodhi.query(packages=UNKNOWN)
    assert (answer["updates"], answer["total"]) == ([], 0)


@pytest.mark.parametrize("status", STATUSES)
def test_updates_are_filtered_by_status(bodhi, updates, status):
    assert aliases(everything(bodhi, status=status)) == aliases(u for u in updates if u["status"] == status)


def test_several_statuses_are_ored(bodhi, updates):
    expected = aliases(update for update in updates if update["status"] in ("pending", "testing"))
    assert aliases(everything(bodhi, status=["pending", "testing"])) == expected


@pytest.mark.parametrize("key", ["type", "severity", "request"])
def test_updates_are_filtered_by_their_other_words(bodhi, updates, key):
    for value in {update[key] for update in updates} - {None}:
        assert aliases(everything(bodhi, **{key: value})) == aliases(u for u in updates if u[key] == value)


@pytest.mark.parametrize("name", ["F44", "f44", "44"])
def test_a_release_goes_by_several_names(bodhi, updates, name):
    expected = aliases(update for update in updates if update["release"]["name"] == "F44")
    assert expected
    assert aliases(everything(bodhi, releases=name)) == expected


@pytest.mark.parametrize(("word", "states"), [
    ("__current__", {"current"}), ("__pending__", {"pending", "frozen"}), ("__archived__", {"archived"}),
])  # fmt: skip
def test_releases_go_by_their_state(bodhi, updates, word, states):
    expected = aliases(update for update in updates if update["release"]["state"] in states)
    assert aliases(everything(bodhi, releases=word)) == expected


def test_several_releases_are_ored(bodhi, updates):
    expected = aliases(update for update in updates if update["release"]["name"] in ("F44", "F43"))
    assert aliases(everything(bodhi, release=["F44", "F43"])) == expected


def test_updates_are_filtered_by_build(bodhi, updates):
    nvr = updates[0]["builds"][0]["nvr"]
    expected = aliases(update for update in updates if nvr in {build["nvr"] for build in update["builds"]})
    assert aliases(bodhi.query(builds=nvr)["updates"]) == expected


def test_updates_are_filtered_by_alias(bodhi, updates):
    alias = updates[0]["alias"]
    assert bodhi.query(updateid=alias)["updates"] == bodhi.query(alias=alias)["updates"] == [updates[0]]


def test_an_old_way_to_ask_takes_a_name_an_alias_or_a_build(bodhi, updates, package):
    assert aliases(everything(bodhi, package=package)) == aliases(u for u in updates if package in packages(u))
    update = next(update for update in updates if ".fc" in update["builds"][0]["nvr"])
    assert update["alias"] in aliases(bodhi.query(package=update["alias"])["updates"])
    assert update["alias"] in aliases(bodhi.query(package=update["builds"][0]["nvr"])["updates"])


def test_updates_are_filtered_by_bug(bodhi, updates):
    number = next(bug["bug_id"] for update in updates for bug in update["bugs"])
    expected = aliases(update for update in updates if number in {bug["bug_id"] for bug in update["bugs"]})
    assert aliases(bodhi.query(bugs=str(number))["updates"]) == expected


def test_updates_are_filtered_by_user(bodhi, updates):
    name = updates[0]["user"]["name"]
    assert aliases(everything(bodhi, user=name)) == aliases(u for u in updates if u["user"]["name"] == name)


@pytest.mark.parametrize("key", ["submitted", "modified", "approved", "pushed"])
def test_updates_are_filtered_by_time(bodhi, updates, key):
    # Bodhi's database compares the push to stable alone.
    field = "date_stable" if key == "pushed" else f"date_{key}"
    timed = [update for update in updates if update[field]]
    times = sorted(update[field] for update in timed)
    # Hardly any update is approved by hand: there may be none.
    middle = times[len(times) // 2] if times else "2026-01-01 00:00:00"
    since, before = (aliases(everything(bodhi, **{f"{key}_{word}": middle})) for word in ("since", "before"))
    assert since == aliases(update for update in timed if update[field] >= middle)
    assert before == aliases(update for update in timed if update[field] < middle)


@pytest.mark.parametrize("flag", ["critpath", "locked", "pushed"])
def test_updates_are_filtered_by_flags(bodhi, updates, flag):
    for words, value in (("true", True), ("1", True), ("false", False)):
        assert aliases(everything(bodhi, **{flag: words})) == aliases(u for u in updates if u[flag] is value)


def test_filters_are_anded(bodhi, updates, package):
    of_package = [update for update in updates if package in packages(update)]
    expected = aliases(u for u in of_package if u["status"] == "stable" and u["release"]["name"] == "F44")
    assert expected
    assert aliases(everything(bodhi, packages=package, status="stable", releases="F44")) == expected


def test_what_bodhi_does_not_know_is_ignored(bodhi, updates):
    answer = bodhi.query(group_updates="true", row_per_page=1)
    assert answer["total"] == len(updates)


# Pages


def test_a_page_has_twenty_rows_unless_asked_otherwise(bodhi, updates):
    answer = bodhi.query()
    assert (answer["page"], answer["rows_per_page"], len(answer["updates"])) == (1, 20, min(20, len(updates)))


def test_pages_make_up_the_whole(bodhi, updates, package):
    expected = [update["alias"] for update in updates if package in packages(update)]
    first = bodhi.query(packages=package, rows_per_page=2)
    assert (first["total"], first["pages"]) == (len(expected), -(-len(expected) // 2))
    pages = [bodhi.query(packages=package, rows_per_page=2, page=page) for page in range(1, first["pages"] + 2)]
    assert [update["alias"] for page in pages for update in page["updates"]] == expected
    assert pages[-1]["updates"] == []


def test_a_limit_is_the_old_word_for_the_length_of_a_page(bodhi):
    assert len(bodhi.query(limit=1)["updates"]) == 1


# Errors


@pytest.mark.parametrize(("wrong", "words"), [
    ({"releases": "WinXP"}, "Invalid releases specified: WinXP"),
    ({"status": "lost"}, "is not one of"),
    ({"type": "joke"}, "is not one of"),
    ({"severity": "total"}, "is not one of"),
    ({"request": "please"}, "is not one of"),
    ({"submitted_since": "yesterday"}, "Invalid date"),
    ({"rows_per_page": 1001}, "rows_per_page"),
    ({"rows_per_page": 0}, "rows_per_page"),
    ({"page": 0}, "page"),
])  # fmt: skip
def test_what_bodhi_does_not_understand_is_an_error_that_says_so(bindings, bodhi, wrong, words):
    with pytest.raises(bindings.BodhiClientException, match=words) as raised:
        bodhi.query(**wrong)
    body = json.loads(str(raised.value))
    assert body["status"] == "error"
    assert [set(error) for error in body["errors"]] == [{"location", "name", "description"}]
    # The value of a list that has allowed values is named by its place in it.
    name = next(iter(wrong))
    assert body["errors"][0]["name"] == ("status.0" if name == "status" else name)


def test_an_address_that_is_none_is_an_error(bindings, bodhi):
    with pytest.raises(bindings.BodhiClientException):
        bodhi.send_request("updates/FEDORA-2026-0000000000")


def test_one_update_has_an_address_of_its_own(bodhi, updates):
    assert bodhi.send_request(f"updates/{updates[0]['alias']}")["update"] == updates[0]


# Releases


@pytest.fixture(scope="module")
def releases(bodhi) -> list[dict]:
    """All releases there are."""
    return bodhi.get_releases(rows_per_page=1000)["releases"]


def test_releases_have_the_shape_of_the_contract(releases):
    assert {release["name"]: found for release in releases if (found := misshapen(release, RELEASE))} == {}


def test_a_release_has_the_keys_of_a_recorded_one(releases, data):
    recorded = json.loads((data / "upstream" / "bodhi-release.json").read_text("utf-8"))
    assert {*recorded, *RULES.split()} == set(releases[0])


def test_releases_come_by_name(releases):
    names = [release["name"] for release in releases]
    assert names == sorted(names)


def test_releases_of_every_state_but_disabled_are_there(releases):
    assert {"pending", "frozen", "current", "archived"} <= {release["state"] for release in releases}


@pytest.mark.parametrize("states", [["current"], ["current", "pending", "frozen"], ["archived"]])
def test_releases_are_filtered_by_state(bodhi, releases, states):
    found = bodhi.get_releases(state=states, rows_per_page=1000)["releases"]
    assert found == [release for release in releases if release["state"] in states]


def test_archived_releases_can_be_left_out(bodhi, releases):
    found = bodhi.get_releases(exclude_archived=True, rows_per_page=1000)["releases"]
    assert found == [release for release in releases if release["state"] != "archived"]


def test_releases_are_filtered_by_a_pattern_of_names(bodhi, releases):
    found = bodhi.get_releases(name="F4%", rows_per_page=1000)["releases"]
    assert found == [release for release in releases if release["name"].startswith("F4")]


def test_releases_have_pages(bodhi, releases):
    first = bodhi.get_releases(rows_per_page=2)
    assert (first["page"], first["rows_per_page"], first["total"]) == (1, 2, len(releases))
    pages = [bodhi.get_releases(rows_per_page=2, page=page)["releases"] for page in range(1, first["pages"] + 1)]
    assert [release for page in pages for release in page] == releases


def test_releases_of_an_unknown_package_are_an_error(bindings, bodhi):
    with pytest.raises(bindings.BodhiClientException, match=f"Invalid packages specified: {UNKNOWN}"):
        bodhi.get_releases(packages=UNKNOWN)


@pytest.mark.parametrize("name", ["F44", "Fedora 44", "f44"])
def test_one_release_is_found_by_each_of_its_names(bodhi, releases, name):
    assert bodhi.send_request(f"releases/{name}") == next(release for release in releases if release["name"] == "F44")


def test_an_unknown_release_is_an_error_with_a_description(bindings, bodhi):
    with pytest.raises(bindings.BodhiClientException) as raised:
        bodhi.send_request("releases/WinXP")
    assert json.loads(str(raised.value))["status"] == "error"


# What the client makes of it all


@pytest.mark.parametrize("minimal", [True, False])
def test_the_client_can_print_every_update(bodhi, updates, minimal):
    # In full, the client asks for the test results of each: a few of every status are enough.
    by_status = [[update for update in updates if update["status"] == status] for status in STATUSES]
    chosen = updates if minimal else [update for found in by_status for update in found[:2]]
    for update in chosen:
        assert update["builds"][0]["nvr"] in bodhi.update_str(update, minimal=minimal)
