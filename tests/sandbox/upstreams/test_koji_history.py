"""Koji's events: the last one, and what they created and revoked."""

from fedora_packages.sandbox.upstreams.koji_rows import time_text


def test_the_last_event_grows_with_each_change_of_koji(live):
    first = live.koji("getLastEvent")
    live.trigger("bug", "guake")
    assert live.koji("getLastEvent") == first
    live.trigger("build", "guake")
    last = live.koji("getLastEvent")
    assert (last["id"], last["ts"]) > (first["id"], first["ts"])
    assert live.koji("getLastEvent", before=last["ts"])["id"] < last["id"]


def test_the_history_has_what_was_tagged_and_untagged_since_an_event(live):
    start = live.koji("getLastEvent")["id"]
    live.trigger("build", "guake")
    tagged = live.koji("queryHistory", tables=["tag_listing"], afterEvent=start)["tag_listing"]
    assert [(row["name"], row["tag.name"], row["active"], row["revoke_event"]) for row in tagged] == [
        ("guake", "f46", True, None)
    ]
    (build,) = live.koji("listTagged", "f46", package="guake", latest=True)
    assert build["create_event"] == tagged[0]["create_event"]
    assert (tagged[0]["_created_after_event"], tagged[0]["_revoked_after_event"]) == (True, None)
    middle = live.koji("getLastEvent")["id"]
    live.trigger("untag", "guake", tag="f46")
    (row,) = live.koji("queryHistory", tables=["tag_listing"], afterEvent=middle)["tag_listing"]
    assert (row["build_id"], row["active"], row["revoke_event"] > middle) == (build["build_id"], None, True)


def test_the_history_has_packages_that_were_blocked_and_added(live):
    start = live.koji("getLastEvent")["id"]
    live.trigger("retire", "guake")
    live.trigger("new-package", "brand-new", owner="ralph")
    found = live.koji("queryHistory", tables=["tag_packages", "tag_package_owners"], afterEvent=start)
    assert [(row["package.name"], row["blocked"], row["active"]) for row in found["tag_packages"]] == [
        ("guake", False, None), ("guake", True, True), ("brand-new", False, True),
    ]  # fmt: skip
    assert [(row["package.name"], row["owner.name"]) for row in found["tag_package_owners"]] == [("brand-new", "ralph")]


def test_the_history_since_a_time_is_that_since_an_event(live):
    start = live.koji("getLastEvent")
    live.trigger("build", "guake")
    by_event = live.koji("queryHistory", tables=["tag_listing"], afterEvent=start["id"])["tag_listing"]
    for after in (start["ts"], time_text(start["ts"])):
        by_time = live.koji("queryHistory", tables=["tag_listing"], after=after)["tag_listing"]
        assert [row["create_event"] for row in by_time] == [row["create_event"] for row in by_event]


def test_the_history_is_cut_as_other_lists(live):
    start = live.koji("getLastEvent")["id"]
    for _ in range(3):
        live.trigger("build", "guake")
    options = {"order": "-create_event", "limit": 2, "offset": 1}
    rows = live.koji("queryHistory", tables=["tag_listing"], afterEvent=start, queryOpts=options)["tag_listing"]
    assert [row["create_event"] for row in rows] == sorted((row["create_event"] for row in rows), reverse=True)
    assert len(rows) == 2
    count = live.koji("queryHistory", tables=["tag_listing"], afterEvent=start, queryOpts={"countOnly": True})
    assert count == {"tag_listing": 3}


def test_the_whole_history_of_a_package_is_what_it_was_tagged_with(quiet):
    found = quiet.koji("queryHistory", package="guake", active=True)
    assert set(found) == {"tag_listing", "tag_packages", "tag_package_owners", "group_package_listing"}
    expected = {(tag, nvr) for tag, nvrs in quiet.expected("guake")["tags"].items() for nvr in nvrs}
    assert {
        (row["tag.name"], f"{row['name']}-{row['version']}-{row['release']}") for row in found["tag_listing"]
    } == expected


def test_a_lagging_hub_has_no_later_event(live):
    start = live.koji("getLastEvent")
    live.trigger("build", "guake")
    live.fault("koji", lag=3600)
    assert live.koji("getLastEvent")["id"] == start["id"]
    assert live.koji("queryHistory", tables=["tag_listing"], afterEvent=start["id"] - 1)["tag_listing"] == []
