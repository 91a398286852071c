"""Check now: what comes of it, for people and for programs, and its bounds."""

import threading
import time
import xmlrpc.client

import pytest

from fedora_packages.cache.keys import rate_limit
from fedora_packages.cache.values import Invalidation
from fedora_packages.monitoring.metrics import total
from fedora_packages.web.routes import CHECKS, ROUTES
from fedora_packages.web.views import check as checks
from fedora_packages.web.views.check import checks_of
from fedora_packages.widgets import load
from tests.filling import put
from tests.upstream import Answer
from tests.web.values import VALUES
from tests.web.website import CAUSE, Elements, website

PANEL = "/guake/builds/builds/check"
ENTRY = "/api/v1/packages/guake/builds/check"

BUILD = {
    "build_id": 7, "nvr": "guake-3.9-1.fc45", "version": "3.9", "release": "1.fc45", "epoch": None, "state": 1,
    "owner_name": "pingou", "task_id": None, "start_ts": 1000.5, "creation_ts": 1000.5, "completion_ts": 1100.9,
}  # fmt: skip

#: What koji.builds is when koji says `BUILD`.
VALUE = {
    "total": 1,
    "builds": [
        {
            "build_id": 7, "nvr": "guake-3.9-1.fc45", "version": "3.9", "release": "1.fc45", "epoch": None,
            "state": "complete", "type": "rpm", "owner": "pingou", "package_id": None, "owner_id": None, "task_id": None,
            "creation_event": None, "volume": None, "volume_id": None, "created": 1000, "started": 1000, "finished": 1100,
        }
    ],
}  # fmt: skip


@pytest.fixture
def site(site, upstream):
    """The application, with koji saying one build."""
    upstream.koji_says([[1], [[BUILD]]])
    yield site
    site.app.app.registry.checks.close()


@pytest.fixture
def bounded(service, strings):
    """Make an application with other bounds."""
    made = []

    def bounded(client=10, package=20):
        context = website(service, {**strings, "web.checks_per_client": str(client)})
        made.append((context, context.__enter__()))
        registry = made[-1][1].app.app.registry
        registry.checks = checks_of(registry.service, per_package=package)
        return made[-1][1]

    yield bounded
    for context, found in made:
        found.app.app.registry.checks.close()
        context.__exit__(None, None, None)


def post(site, address=PANEL, status=200, **headers):
    return site.app.post(
        address,
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items() if name != "REMOTE_ADDR"},
        extra_environ={name: value for name, value in headers.items() if name == "REMOTE_ADDR"},
    )


def outcome(page):
    """Return what the page says came of it, spaces folded."""
    text = page.text
    return " ".join(text[text.index('class="checked"') : text.index("</section>")].split())


def is_known(site):
    """Put what koji says into the cache."""
    site.know("koji.builds", VALUE, "guake")


# The panel.


def test_every_panel_that_reads_something_can_be_checked(site):
    site.know_all(VALUES, "guake")
    for name, tab in load().items():
        forms = [
            form["action"] for form in Elements(site.get(f"/guake/{name}").text).of("form") if form["method"] == "post"
        ]
        assert forms == [
            f"/guake/{name}/{widget.name}/check"
            for widget in tab.widgets
            if widget.queries and widget.name != "retirement"
        ]


def test_a_check_keeps_the_parameters_of_its_panel(site):
    site.know_all(VALUES, "guake")
    forms = Elements(site.get("/guake/contents?release=f45&package=guake&colour=red").text).of("form")
    assert [form["action"] for form in forms if form["method"] == "post"] == [
        "/guake/contents/contents/check?release=f45&package=guake"
    ]


def test_where_no_checks_are_allowed_none_is_offered(bounded):
    assert "Check now" not in bounded(client=0).get("/guake/builds").text


def test_what_is_right_is_said_to_be_right(site):
    is_known(site)
    page = post(site)
    assert "Builds:</span> The cached value is up to date with Koji (0." in outcome(page)
    assert ("guake-3.9-1.fc45" in page.text, 'id="panel-builds"' in page.text) == (True, True)


def test_what_differs_is_mended_and_said(site, upstream):
    is_known(site)
    upstream.koji_says([[1], [[{**BUILD, "state": 3}]]])
    page = post(site)
    assert "The cached value was wrong and has been corrected (0." in outcome(page)
    assert "builds 7 state was &#34;complete&#34;, is &#34;failed&#34;" in outcome(page)
    assert 'class="state state-failed"' in page.text


def test_what_was_not_known_is_known_then(site):
    page = post(site)
    assert "No value was cached before. It is now cached from Koji (0." in outcome(page)
    assert "guake-3.9-1.fc45" in page.text


def test_what_was_known_to_be_old_is_new_then(site):
    is_known(site)
    site.invalidate("koji.builds", "guake")
    assert "The cached value was out of date and has been updated from Koji (0." in outcome(post(site))


def test_an_upstream_that_does_not_answer_leaves_what_was_known(site, upstream):
    is_known(site)
    upstream.answers["/"] = Answer(b"", 503)
    page = post(site)
    assert "Koji is not responding: HTTP 503 (temporary)" in outcome(page)
    assert "(listBuilds(&#39;guake&#39;)). The cached value stays." in outcome(page)
    assert ("guake-3.9-1.fc45" in page.text, "stamp-fresh" in page.text) == (True, True)


def test_an_upstream_that_lags_behind_a_message_changes_nothing(site, service):
    event = {"id": "2026-9", "topic": "buildsys.build.state.change", "sent": time.time()}
    entry = service.queries["koji.builds"].entry("guake")
    facts = {"about": "build 8", "build_id": 8, "state": 1}
    service.cache.invalidate([Invalidation(entry, event, [(event["sent"], facts)], make=True)])
    newer = {"total": 2, "builds": [{**VALUE["builds"][0], "build_id": 8}, *VALUE["builds"]]}
    put(service.cache, entry, newer)
    page = post(site)
    said = "Koji does not show the change of the message buildsys.build.state.change 2026-9 yet. The cached value stays (0."
    assert said in outcome(page)


def test_a_message_that_comes_meanwhile_is_not_overwritten(site, upstream):
    is_known(site)
    answer = upstream.answer

    def overtaken(asked):
        site.invalidate("koji.builds", "guake")
        return answer(asked)

    upstream.answer = overtaken
    assert "A message arrived during the check. The change is being fetched (0." in outcome(post(site))


def test_each_entry_of_a_panel_is_told_of(site, upstream):
    site.know_all(VALUES, "guake")
    page = post(site, "/guake/overview/releases/check")
    assert [word for word in ("Releases:", "Tagged:", "Updates:") if word not in outcome(page)] == []


def test_the_links_of_a_checked_panel_lead_to_the_panel(site):
    is_known(site)
    elements = Elements(post(site, f"{PANEL}?state=complete").text)
    states = [link["href"] for link in elements.of("a") if "state=" in link["href"]]
    assert states
    assert {address.partition("?")[0] for address in states} == {"/guake/builds/builds"}
    assert [link["href"] for link in elements.of("a") if link["href"].startswith("?") or link["href"] == ""] == []


def test_a_panel_of_which_nothing_is_known_still_leads_back_to_itself(site, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    links = [link["href"] for link in Elements(post(site, f"{PANEL}?state=failed").text).of("a")]
    assert "/guake/builds/builds?state=failed" in links


def test_a_list_to_choose_from_leads_to_the_panel(site, upstream):
    builds = [
        {**BUILD, "build_id": number, "release": f"1.fc{number}", "nvr": f"guake-3.9-1.fc{number}"}
        for number in range(20, 40)
    ]
    upstream.koji_says([[20], [builds]])
    forms = Elements(post(site).text).of("form")
    assert "/guake/builds/builds" in [form.get("action") for form in forms]


def test_the_prefix_of_the_address_is_kept(site):
    is_known(site)
    forms = Elements(post(site, f"/packages{PANEL}").text).of("form")
    assert f"/packages{PANEL}" in [form["action"] for form in forms]


def test_every_element_of_a_checked_panel_is_ended(site, upstream):
    is_known(site)
    upstream.koji_says([[1], [[{**BUILD, "state": 3}]]])
    elements = Elements(post(site).text)
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert (elements.misplaced, elements.open, len(ids), len(elements.of("h1"))) == ([], [], len(set(ids)), 1)


def test_text_of_a_difference_is_escaped(site, upstream):
    is_known(site)
    upstream.koji_says([[1], [[{**BUILD, "owner_name": "<script>alert(1)</script>"}]]])
    page = post(site)
    assert (Elements(page.text).strange_scripts, "&lt;script&gt;alert(1)" in outcome(page)) == ([], True)


def test_a_retired_package_can_be_checked(site):
    assert "No value was cached before" in outcome(post(site, "/gone/builds/builds/check"))


def test_whether_a_package_is_retired_can_be_checked_of_any(site, upstream):
    upstream.says("/api/0/rpms/guake/git/branches", {"branches": {"rawhide": "abc"}})
    site.know("bodhi.releases", VALUES["bodhi.releases"])
    page = post(site, "/guake/overview/retirement/check")
    assert ("No value was cached before" in outcome(page), "panel-retirement" in page.text) == (True, True)


@pytest.mark.parametrize(
    "address",
    [
        "/nothing/builds/builds/check", "/guake/nope/builds/check", "/guake/builds/nope/check",
        "/guake/overview/activity/check", "/api/v1/packages/nothing/builds/check",
        "/api/v1/packages/guake/nope/check",
    ],
)  # fmt: skip
def test_what_there_is_not_is_404_and_no_upstream_is_asked(site, upstream, address):
    assert (post(site, address, 404).status_int, upstream.asked) == (404, [])


@pytest.mark.parametrize(
    "address", ["/guake/contents/contents/check?release=f1", "/api/v1/packages/guake/files/check?release=f1"]
)
def test_a_wrong_parameter_is_400_and_no_upstream_is_asked(site, upstream, address):
    assert ("one of rawhide, f45" in post(site, address, 400).text, upstream.asked) == (True, [])


def test_what_takes_too_long_is_not_waited_for(site, upstream):
    site.app.app.registry.checks = checks_of(site.app.app.registry.service, limit=0.1)
    is_known(site)
    release = threading.Event()
    upstream.answer = lambda asked: release.wait(5) and Answer(b"", 503)
    try:
        began = time.monotonic()
        page = post(site)
        took = time.monotonic() - began
    finally:
        release.set()
        site.app.app.registry.checks.close()
        for thread in threading.enumerate():
            if thread.name.startswith("check-"):
                thread.join(10)
    assert ("Koji is not responding" in outcome(page), "no response within 0.1 s" in outcome(page), took < 1) == (
        True, True, True,
    )  # fmt: skip


def test_upstreams_are_asked_side_by_side(site, upstream):
    together = threading.Barrier(2)
    answer = upstream.answer

    def wait(asked):
        if asked.path in ("/", "/updates/"):
            together.wait(5)
        return answer(asked)

    upstream.says("/updates/", {"updates": [], "total": 0})
    upstream.koji_says([[0], [[]]])
    upstream.answer = wait
    site.know("bodhi.releases", VALUES["bodhi.releases"])
    page = post(site, "/guake/builds/builds/check")
    assert outcome(page).count("No value was cached before") == 2


def test_checks_for_readers_are_counted(site, service):
    is_known(site)
    post(site)
    service.metrics.flush()
    site.app.app.registry.service.metrics.flush()
    assert total(service.client).count("checks by reader", "koji.builds") == 1


# The API.


def test_the_api_gives_value_and_outcome(site, upstream):
    is_known(site)
    upstream.koji_says([[1], [[{**BUILD, "state": 3}]]])
    answer = post(site, ENTRY).json
    assert (answer["package"], answer["query"], answer["release"], answer["state"]) == (
        "guake",
        "koji.builds",
        None,
        "fresh",
    )
    assert answer["value"]["builds"][0]["state"] == "failed"
    assert (answer["check"]["outcome"], answer["check"]["differences"]) == (
        "healed", ['builds 7 state was "complete", is "failed"'],
    )  # fmt: skip
    assert answer["check"]["took"] == answer["stamp"]["took"]


def test_the_api_checks_the_release_that_is_asked_for(site, upstream):
    path = "/rpms/guake/raw/f45/f/guake.spec"
    upstream.answers[path] = Answer(b"Name: guake", content_type="text/plain")
    upstream.says("/api/0/rpms/guake/git/branches", {"branches": {"f45": "abc"}})
    answer = post(site, "/api/v1/packages/guake/spec/check?release=f45").json
    assert (answer["release"], answer["value"]["text"], answer["check"]["outcome"]) == ("f45", "Name: guake", "first")


def test_an_upstream_that_fails_is_502_with_what_was_asked_and_came(site, upstream):
    upstream.answers["/"] = Answer(b"", 503)
    answer = post(site, ENTRY, 502)
    assert answer.content_type == "application/problem+json"
    assert (answer.json["upstream"], "guake" in answer.json["asked"], "503" in answer.json["came"]) == (
        "koji",
        True,
        True,
    )


def test_a_reader_gets_nothing_of_an_invalid_response(site, upstream):
    upstream.answers["/"] = Answer(b"", 302, headers={"Location": "https://elsewhere.example/secret"})
    answer = post(site, ENTRY, 502)
    assert (answer.json["came"], "elsewhere" in answer.text) == ("HTTP 302: a redirect", False)


def test_an_upstream_that_lies_is_502(site, upstream):
    upstream.answers["/"] = Answer(
        xmlrpc.client.dumps(("what",), methodresponse=True).encode(), content_type="text/xml"
    )
    assert "Koji: listBuilds(" in post(site, ENTRY, 502).json["detail"]


# What may be done where.


def test_only_the_addresses_of_checks_take_a_post():
    assert {name for name, pattern in ROUTES if pattern.endswith("/check")} == CHECKS


@pytest.mark.parametrize("address", [PANEL, ENTRY, f"/packages{PANEL}", f"{PANEL}/"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_the_address_of_a_check_cannot_be_looked_at(site, upstream, method, address):
    answer = site.app.request(address, method=method, status="*")
    assert (answer.status_int, answer.headers["Allow"], upstream.asked) == (405, "POST", [])


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/guake",
        "/guake/builds/builds",
        "/s/a/b/check",
        "/status",
        "/metrics",
        "/api/v1/status",
        "/nothing/at/all/here",
    ],
)
def test_nothing_else_takes_a_post(site, upstream, address):
    answer = site.app.post(address, status="*")
    assert (answer.status_int, answer.headers["Allow"], upstream.asked) == (405, "GET, HEAD", [])


@pytest.mark.parametrize("address", [PANEL, ENTRY])
def test_a_form_of_another_site_is_refused(site, upstream, address):
    assert (post(site, address, 403, Sec_Fetch_Site="cross-site").status_int, upstream.asked) == (403, [])


@pytest.mark.parametrize("where", ["same-origin", "same-site", "none"])
def test_a_form_of_this_site_is_not(site, where):
    post(site, PANEL, 200, Sec_Fetch_Site=where)


def test_without_redis_nothing_is_checked(service, strings, upstream):
    with website(service, {**strings, "cache.url": "redis://127.0.0.1:9/0"}) as site:
        pages = [post(site, address, 503) for address in (PANEL, ENTRY)]
        site.app.app.registry.checks.close()
    assert ["Redis does not answer" in page.text for page in pages] == [True, True]
    assert (pages[1].content_type, upstream.asked) == ("application/problem+json", [])


# How often.


def test_a_client_may_ask_for_so_many_checks_a_minute(bounded, upstream, client):
    site = bounded(client=2)
    upstream.koji_says([[1], [[BUILD]]])
    for _ in range(2):
        post(site, PANEL, 200, REMOTE_ADDR="192.0.2.1")
    asked = len(upstream.asked)
    answer = post(site, PANEL, 429, REMOTE_ADDR="192.0.2.1")
    assert "Too many checks from your address." in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert len(upstream.asked) == asked
    post(site, PANEL, 200, REMOTE_ADDR="192.0.2.2")
    client.delete(rate_limit("checks/client", "192.0.2.1", 2))
    post(site, PANEL, 200, REMOTE_ADDR="192.0.2.1")


def test_a_package_may_be_checked_so_many_times_a_minute_whoever_asks(bounded, upstream):
    site = bounded(package=2)
    upstream.koji_says([[1], [[BUILD]]])
    post(site, "/gcc/builds/builds/check", 200, REMOTE_ADDR="192.0.2.1")
    post(site, "/gcc-c++/builds/builds/check", 200, REMOTE_ADDR="192.0.2.2")
    answer = post(site, "/api/v1/packages/gcc/builds/check", 429, REMOTE_ADDR="192.0.2.3")
    seconds = int(answer.headers["Retry-After"])
    assert (answer.content_type, 0 < seconds <= 60) == ("application/problem+json", True)
    assert (
        answer.json["detail"] == f"Too many checks of gcc. Try again in {seconds} second{'' if seconds == 1 else 's'}."
    )
    post(site, PANEL, 200, REMOTE_ADDR="192.0.2.3")


def test_a_client_who_may_ask_no_more_uses_up_nothing_of_the_package(bounded, upstream):
    site = bounded(client=1, package=2)
    upstream.koji_says([[1], [[BUILD]]])
    for status in (200, 429, 429, 429):
        post(site, PANEL, status, REMOTE_ADDR="192.0.2.1")
    post(site, PANEL, 200, REMOTE_ADDR="192.0.2.2")


def test_the_counts_are_forgotten(site, client):
    post(site, PANEL, 200, REMOTE_ADDR="192.0.2.1")
    keys = list(client.scan_iter(match="fp:limits:checks/*"))
    assert (len(keys), all(0 < client.ttl(key) <= 60 for key in keys)) == (2, True)


def test_no_more_checks_are_made_at_once_than_leave_threads_for_pages(site):
    running = site.app.app.registry.checks._running
    held = [running.acquire(blocking=False) for _ in range(checks.MAX_RUNNING)]
    answer = post(site, PANEL, 429)
    assert ("Too many checks are running on this site." in answer.text, answer.headers["Retry-After"]) == (
        True,
        str(checks.RETRY),
    )
    for _ in held:
        running.release()
    post(site, PANEL, 200)


@pytest.mark.parametrize("bounds", [{"client": 0}, {"package": 0}])
def test_where_none_are_allowed_none_are_made(bounded, upstream, bounds):
    assert (post(bounded(**bounds), PANEL, 403).status_int, upstream.asked) == (403, [])


def test_the_cause_of_a_value_is_not_changed_by_a_check_that_finds_it_right(site):
    site.know("koji.builds", VALUE, "guake", cause=CAUSE)
    assert CAUSE["id"] in post(site).text
