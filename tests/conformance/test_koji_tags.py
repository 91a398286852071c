"""koji's published client against the sandbox's hub: tags, what is tagged, and lists of packages."""

import json

import pytest

from .shapes import misshapen, shape

PACKAGE = "guake"
TESTING, UPDATES, BASE, RAWHIDE = "f44-updates-testing", "f44-updates", "f44", "f46"

TAG = shape(
    integer="id",
    integer_or_none="perm_id",
    text="name",
    text_or_none="perm arches",
    flag="locked maven_support maven_include_all",
    record="extra",
)
TAGGED = shape(
    integer="tag_id id build_id package_id state owner_id volume_id creation_event_id create_event",
    integer_or_none="epoch task_id",
    text="tag_name name package_name version release nvr owner_name volume_name creation_time completion_time",
    text_or_none="start_time",
)
DRAFTS = shape(flag="draft", integer_or_none="promoter_id", text_or_none="promoter_name promotion_time")


def nvrs(rows) -> list[str]:
    return [row["nvr"] for row in rows]


# Tags


@pytest.mark.parametrize("name", [TESTING, UPDATES, BASE, "f44-updates-candidate"])
def test_a_tag_is_found_by_name_and_id(hub, name):
    found = hub.getTag(name)
    assert found["name"] == name
    assert misshapen(found, TAG) == []
    assert hub.getTag(found["id"]) == found


def test_a_tag_has_the_keys_of_a_recorded_one(hub, data):
    recorded = json.loads((data / "upstream" / "koji-getTag-1.json").read_text("utf-8"))["result"]
    assert set(hub.getTag(BASE)) == set(recorded)


def test_an_unknown_tag_is_nothing(hub):
    assert hub.getTag("no-such-tag") is None


def test_an_unknown_tag_is_an_error_to_a_strict_question(koji, hub):
    with pytest.raises(koji.GenericError):
        hub.getTag("no-such-tag", strict=True)


# What is tagged


def test_tagged_builds_have_the_shape_of_the_contract(hub):
    found = hub.listTagged(UPDATES, inherit=True, package=PACKAGE)
    assert found
    assert [misshapen(row, TAGGED, DRAFTS) for row in found] == [[]] * len(found)


def test_only_complete_builds_are_tagged(koji, hub):
    assert {row["state"] for row in hub.listTagged(UPDATES, inherit=True)} == {koji.BUILD_STATES["COMPLETE"]}


def test_a_tagged_build_is_the_build_of_its_id(hub):
    for row in hub.listTagged(UPDATES, inherit=True, package=PACKAGE):
        build = hub.getBuild(row["build_id"])
        same = ("nvr", "package_id", "owner_name", "task_id", "epoch", "creation_time", "completion_time")
        assert {key: row[key] for key in same} == {key: build[key] for key in same}


def test_a_tag_is_asked_for_by_name_and_id(hub):
    number = hub.getTag(UPDATES)["id"]
    assert nvrs(hub.listTagged(number)) == nvrs(hub.listTagged(UPDATES))


def test_without_inheritance_only_the_tag_itself_counts(hub):
    assert {row["tag_name"] for row in hub.listTagged(UPDATES)} == {UPDATES}


def test_with_inheritance_a_row_says_where_it_came_from(hub):
    found = hub.listTagged(UPDATES, inherit=True)
    assert {row["tag_name"] for row in found} == {UPDATES, BASE}
    own = [row["nvr"] for row in found if row["tag_name"] == UPDATES]
    assert own == nvrs(hub.listTagged(UPDATES))


def test_the_latest_is_one_for_each_package(hub):
    found = hub.listTagged(UPDATES, inherit=True, latest=True)
    names = [row["name"] for row in found]
    assert len(names) == len(set(names)) > 1


def test_the_latest_is_the_one_tagged_last_in_the_nearest_tag(hub):
    everything = hub.listTagged(UPDATES, inherit=True)
    first = {}
    for row in sorted(everything, key=lambda row: row["tag_name"] != UPDATES):
        first.setdefault(row["name"], row["nvr"])
    found = hub.listTagged(UPDATES, inherit=True, latest=True)
    assert {row["name"]: row["nvr"] for row in found} == first


def test_the_latest_two_are_at_most_two_for_each_package(hub):
    found = hub.listTagged(UPDATES, inherit=True, latest=2)
    counts = {name: sum(row["name"] == name for row in found) for name in {row["name"] for row in found}}
    assert max(counts.values()) == 2
    latest = hub.listTagged(UPDATES, inherit=True, latest=True)
    assert set(nvrs(latest)) <= set(nvrs(found))


def test_a_package_is_picked_by_name(hub):
    everything = hub.listTagged(UPDATES, inherit=True)
    assert nvrs(hub.listTagged(UPDATES, inherit=True, package=PACKAGE)) == nvrs(
        r for r in everything if r["name"] == PACKAGE
    )


def test_a_package_that_is_not_tagged_has_no_rows(hub):
    assert hub.listTagged(UPDATES, inherit=True, package="no-such-package") == []


def test_packages_are_picked_by_the_start_of_their_name(hub):
    found = hub.listTagged(UPDATES, inherit=True, prefix=PACKAGE[:2])
    everything = hub.listTagged(UPDATES, inherit=True)
    assert sorted(nvrs(found)) == sorted(row["nvr"] for row in everything if row["name"].startswith(PACKAGE[:2]))


def test_packages_are_picked_by_the_owner_of_the_build(hub):
    everything = hub.listTagged(UPDATES, inherit=True)
    owner = everything[0]["owner_name"]
    found = hub.listTagged(UPDATES, inherit=True, owner=owner)
    assert found
    assert sorted(nvrs(found)) == sorted(row["nvr"] for row in everything if row["owner_name"] == owner)


def test_an_unknown_tag_is_an_error_unless_told_otherwise(koji, hub):
    with pytest.raises(koji.GenericError):
        hub.listTagged("no-such-tag")
    assert hub.listTagged("no-such-tag", strict=False) == []


def test_extra_comes_on_request_only(hub):
    assert "extra" not in hub.listTagged(UPDATES, inherit=True, package=PACKAGE)[0]
    assert "extra" in hub.listTagged(UPDATES, inherit=True, package=PACKAGE, extra=True)[0]


# Lists of packages and of tags


def test_packages_are_listed(hub):
    found = hub.listPackages(queryOpts={"order": "package_name"})
    assert {frozenset(row) for row in found} == {frozenset({"package_id", "package_name"})}
    names = [row["package_name"] for row in found]
    assert names == sorted(names)
    assert hub.getPackageID(PACKAGE) == next(row["package_id"] for row in found if row["package_name"] == PACKAGE)


def test_lists_of_packages_have_pages_and_a_count(hub):
    whole = hub.listPackages(queryOpts={"order": "package_name"})
    assert hub.listPackages(queryOpts={"order": "package_name", "offset": 5, "limit": 7}) == whole[5:12]
    assert hub.listPackages(queryOpts={"countOnly": True}) == len(whole)


def test_packages_are_listed_by_the_start_of_their_name(hub):
    found = {row["package_name"] for row in hub.listPackages(prefix="gu")}
    whole = {row["package_name"] for row in hub.listPackages()}
    assert found == {name for name in whole if name.lower().startswith("gu")}


def test_packages_of_a_tag_have_owners_and_may_be_blocked(hub):
    found = hub.listPackages(tagID=RAWHIDE)
    needed = shape(
        integer="package_id tag_id owner_id",
        text="package_name tag_name owner_name",
        text_or_none="extra_arches",
        flag="blocked",
    )
    assert found
    assert [misshapen(row, needed) for row in found] == [[]] * len(found)
    unblocked = hub.listPackages(tagID=RAWHIDE, with_blocked=False)
    assert unblocked == [row for row in found if not row["blocked"]] != found


def test_what_is_tagged_is_in_the_list_of_packages(hub):
    listed = {row["package_name"] for row in hub.listPackages(tagID=UPDATES, inherited=True, with_blocked=False)}
    assert {row["name"] for row in hub.listTagged(UPDATES, inherit=True)} <= listed


@pytest.mark.parametrize(
    "filters", [{"tagID": "no-such-tag"}, {"userID": "no-such-user"}, {"pkgID": "no-such-package"}]
)
def test_what_is_unknown_is_an_error_in_a_list_of_packages(koji, hub, filters):
    with pytest.raises(koji.GenericError):
        hub.listPackages(**filters)


def test_the_tags_of_a_package_are_listed(hub):
    found = hub.listTags(package=PACKAGE, queryOpts={"order": "name"})
    more = shape(integer="owner_id", text="owner_name", text_or_none="extra_arches", flag="blocked")
    listed_tag = {key: types for key, types in TAG.items() if key != "extra"} | more
    assert found
    assert [misshapen(row, listed_tag) for row in found] == [[]] * len(found)
    names = [row["name"] for row in found]
    assert names == sorted(names)
    assert BASE in names


def test_the_tags_of_a_package_are_found_by_its_id_too(hub):
    number = hub.getPackageID(PACKAGE)
    by_id, by_name = (hub.listTags(package=info, queryOpts={"order": "name"}) for info in (number, PACKAGE))
    assert by_id == by_name


def test_the_tags_of_a_build_are_those_that_it_is_tagged_with(hub):
    nvr = hub.listTagged(UPDATES, inherit=True, package=PACKAGE, latest=True)[0]["nvr"]
    tags = [tag["name"] for tag in hub.listTags()]
    with hub.multicall(strict=True) as calls:
        tagged = {tag: calls.listTagged(tag, package=PACKAGE) for tag in tags}
    expected = {tag for tag, call in tagged.items() if nvr in nvrs(call.result)}
    assert {tag["name"] for tag in hub.listTags(build=nvr)} == expected


# The history


TAGGING = shape(
    integer="create_event creator_id build_id tag_id build.state",
    integer_or_none="revoke_event revoker_id epoch",
    number="create_ts",
    number_or_none="revoke_ts",
    text="creator_name tag.name name version release",
    text_or_none="revoker_name",
    flag_or_none="active",
)


def test_the_last_event_is_a_number_and_a_time(hub):
    event = hub.getLastEvent()
    assert (set(event), type(event["id"]), type(event["ts"])) == ({"id", "ts"}, int, float)


def test_the_history_of_a_tag_has_what_is_tagged(hub):
    rows = hub.queryHistory(tables=["tag_listing"], tag=BASE, package=PACKAGE, active=True)["tag_listing"]
    assert [misshapen(row, TAGGING) for row in rows] == [[]] * len(rows)
    tagged = hub.listTagged(BASE, package=PACKAGE)
    assert {row["build_id"]: row["create_event"] for row in rows} == {
        row["build_id"]: row["create_event"] for row in tagged
    }


def test_nothing_has_changed_since_the_last_event(hub):
    found = hub.queryHistory(tables=["tag_listing", "tag_packages"], afterEvent=hub.getLastEvent()["id"])
    assert found == {"tag_listing": [], "tag_packages": []}


def test_an_unknown_table_of_the_history_is_an_error(koji, hub):
    with pytest.raises(koji.GenericError, match="No such history table: cake"):
        hub.queryHistory(tables=["cake"])
