"""The main job, over real processes: an action is triggered, and the page is fresh before the next request."""

import pytest

pytestmark = pytest.mark.xdist_group("processes")

#: An action, its package, and the (query, release) that it must refresh.
HAPPENINGS = [
    ("build", "guake", "koji.builds", ""),
    ("tag", "htop", "koji.tagged", ""),
    ("update", "curl", "bodhi.updates", ""),
    ("bug", "bash", "bugzilla.bugs", ""),
    ("bug", "nginx", "bugzilla.counts", ""),
    ("push", "podman", "distgit.spec", "rawhide"),
    ("push", "vim", "distgit.patches", "rawhide"),
    ("maintainer", "rpm", "distgit.maintainers", ""),
    ("retire", "rpm", "distgit.retirement", ""),
    ("crash", "emacs", "faf.problems", ""),
    ("upstream-release", "bash", "anitya.versions", ""),
    ("repo", "xapian-core", "mdapi.package", "rawhide"),
    ("repo", "httpd", "mdapi.files", "rawhide"),
    ("repo", "openssl", "mdapi.changelog", "rawhide"),
    ("repo", "rclone", "mdapi.relations", "rawhide"),
]


@pytest.mark.parametrize(("what", "package", "query", "release"), HAPPENINGS, ids=lambda value: value or "-")
def test_an_action_is_on_the_page_before_the_next_request(site, wait_until, what, package, query, release):
    details = {"tag": {"tag": "f44-updates"}, "retire": {"branch": "f43"}}.get(what, {})
    since = site.serial()
    messages, _ = site.trigger(what, package, **details)
    wait_until(lambda: site.is_fresh_because_of(messages, query, package, release))
    about_it = [row for row in site.asked(since) if package in row["asked"]]
    assert {row["user_agent"].rpartition(" ")[2] for row in about_it} == {"(worker)"}


def test_an_action_is_in_the_activity_of_the_next_page(site, wait_until):
    messages, facts = site.trigger("build", "htop")
    wait_until(lambda: site.is_fresh_because_of(messages, "koji.builds", "htop"))
    page = site.get("/htop").text
    assert f">{facts['builds'][0]['nvr']}</a> completed" in page.replace("\n", "")


@pytest.mark.parametrize("what", ["upstream-withdraw", "upstream-unmap"])
def test_what_names_only_an_upstream_project_reaches_the_package_that_is_mapped_to_it(site, wait_until, what):
    wait_until(lambda: site.api("packages/gcc/versions")["state"] == "fresh")
    # Anitya publishes before it commits: these facts are still those from before.
    site.fault("anitya", lag=0.8)
    messages, before = site.trigger(what, "gcc")
    wait_until(lambda: site.is_fresh_because_of(messages, "anitya.versions", "gcc"))
    value = site.read("anitya.versions", "gcc").value
    project = site.control("packages/gcc")["project"]
    assert (value["versions"][0] if value["found"] else None) == (project["versions"][0] if project else None)
    assert (project["latest"] if project else None) != before["upstream"]
    site.fault("anitya", reset=True)


def test_the_next_page_shows_the_build_and_its_stamp_names_the_message(site, wait_until):
    assert site.get("/guake/builds").status_code == 200
    messages, facts = site.trigger("build", "guake")
    # The build begins, and is complete: the page is to show the second.
    _, complete = [message for message in messages if message["topic"].endswith("build.state.change")]
    wait_until(lambda: site.is_fresh_because_of([complete], "koji.builds", "guake"))
    since = site.serial()
    page = site.get("/guake/builds").text
    assert (facts["builds"][0]["nvr"] in page, complete["msg_id"] in page) == (True, True)
    assert [row for row in site.asked(since) if row["user_agent"].endswith("(web)") and row["upstream"] == "koji"] == []


def test_a_build_that_is_under_way_is_shown_as_such_and_then_as_complete(site, wait_until):
    site.trigger("build", "htop", state="building")
    wait_until(lambda: site.api("packages/htop/builds")["value"]["builds"][0]["state"] == "building")
    site.trigger("build", "htop", state="complete")
    wait_until(lambda: site.api("packages/htop/builds")["value"]["builds"][0]["state"] == "complete")


def test_an_update_that_moves_on_is_shown_where_it_is(site, wait_until):
    messages, facts = site.trigger("update", "curl", to="stable")
    wait_until(lambda: site.is_fresh_because_of(messages, "bodhi.updates", "curl"))
    shown = {update["alias"]: update["status"] for update in site.api("packages/curl/updates")["value"]["updates"]}
    assert {update["alias"]: update["status"] for update in facts["updates"]}.items() <= shown.items()


def listed(site, package):
    """Return the numbers of the open bugs that the service lists."""
    return {bug["id"] for bug in site.api(f"packages/{package}/bugs")["value"]["bugs"]}


@pytest.fixture
def new_bug(site, wait_until):
    """The number of a bug of bash that has just been reported, and is listed."""
    before = listed(site, "bash")
    site.trigger("bug", "bash")
    (number,) = wait_until(lambda: listed(site, "bash") - before)
    return number


def test_a_bug_that_is_closed_is_no_longer_listed(site, wait_until, new_bug):
    site.trigger("bug", "bash", id=new_bug, status="CLOSED", resolution="ERRATA")
    wait_until(lambda: new_bug not in listed(site, "bash"))


def test_a_bug_that_moves_is_listed_where_it_went_and_not_where_it_was(site, wait_until, new_bug):
    site.trigger("bug", "bash", id=new_bug, component="nginx")
    wait_until(lambda: new_bug in listed(site, "nginx") and new_bug not in listed(site, "bash"))


#: What an upstream lags with, and what must not be believed meanwhile: (upstream, action, package, query, release).
LAGS = [
    ("koji", "build", "podman", "koji.builds", ""),
    ("koji", "tag", "htop", "koji.tagged", ""),
    ("bodhi", "update", "curl", "bodhi.updates", ""),
    ("bugzilla", "bug", "bash", "bugzilla.bugs", ""),
    ("bugzilla", "bug", "nginx", "bugzilla.counts", ""),
    ("distgit", "push", "podman", "distgit.spec", "rawhide"),
    ("distgit", "push", "vim", "distgit.patches", "rawhide"),
    ("distgit", "maintainer", "podman", "distgit.maintainers", ""),
    ("distgit", "retire", "rpm", "distgit.retirement", ""),
]


@pytest.mark.parametrize(
    ("upstream", "what", "package", "query", "release"),
    # What each query goes by is tested with the messages; one of them all the way is enough for the quick suite.
    [LAGS[0], *(pytest.param(*lag, marks=pytest.mark.slow) for lag in LAGS[1:])],
    ids=lambda value: value or "-",
)
def test_an_upstream_that_lags_behind_its_message_is_not_believed(
    site, wait_until, upstream, what, package, query, release
):
    details = {"tag": {"tag": "f44-updates-testing"}, "retire": {"branch": "f44"}}.get(what, {})
    found = site.service.queries[query]
    wait_until(lambda: not site.service.queue.depth(upstream))
    site.api(f"packages/{package}/{found.short_name}" + (f"?release={release}" if release else ""))
    before = site.read(query, package, release)
    site.fault(upstream, lag=30)
    messages, _ = site.trigger(what, package, **details)
    looks = site.serial()
    # Upstream is asked, says what was true before, and is asked again.
    wait_until(lambda: len([row for row in site.asked(looks) if row["upstream"] == upstream]) > 2)
    assert (before.is_fresh, site.read(query, package, release).is_fresh) == (True, False)
    site.control(f"upstreams/{upstream}/catch-up", now=True)
    wait_until(lambda: site.is_fresh_because_of(messages, query, package, release))
    now = found.fetch(package, found.variant(release))
    assert site.read(query, package, release).value == now != before.value


def test_a_new_package_is_found_after_its_first_build(site, wait_until):
    site.trigger("new-package", "brand-new-thing")
    site.trigger("build", "brand-new-thing")
    site.trigger("repo", "brand-new-thing")
    wait_until(lambda: site.get("/brand-new-thing").status_code == 200, limit=20)


@pytest.mark.parametrize("upstream", ["koji", "bodhi", "bugzilla", "mdapi", "distgit", "faf", "anitya"])
def test_an_upstream_that_was_down_is_asked_again_when_it_is_back(site, wait_until, upstream):
    what, package, query, release = {
        "koji": ("build", "gcc", "koji.builds", ""),
        "bodhi": ("update", "gcc", "bodhi.updates", ""),
        "bugzilla": ("bug", "gcc", "bugzilla.bugs", ""),
        "mdapi": ("repo", "rclone", "mdapi.files", "rawhide"),
        "distgit": ("push", "gcc", "distgit.spec", "rawhide"),
        "faf": ("crash", "gcc", "faf.problems", ""),
        "anitya": ("upstream-release", "rclone", "anitya.versions", ""),
    }[upstream]
    site.fault(upstream, fail=503)
    messages, _ = site.trigger(what, package)
    wait_until(lambda: site.service.queue.depth(upstream) and not site.read(query, package, release).is_fresh)
    site.fault(upstream, reset=True)
    wait_until(lambda: site.is_fresh_because_of(messages, query, package, release))


def test_an_unknown_package_is_404_without_asking_any_upstream(site):
    since = site.serial()
    for path in ("/no-such-package", "/no-such-package/builds", "/api/v1/packages/no-such-package/builds"):
        assert site.get(path).status_code == 404
    assert [row for row in site.asked(since) if row["user_agent"].endswith("(web)")] == []
