"""Bugs: filed, changed, moved to another component."""

from tests.sandbox.actions.recorded import kinds, message, recorded


def test_a_bug_is_filed(live, data):
    answer = live.trigger("bug", "guake", summary="It sulks", version="44")
    body = message(live, answer, "bugzilla.bug.new")
    wanted = recorded(data, "fm-bugzilla.bug.new-2.json")
    assert set(wanted["bug"]) <= set(body["bug"])
    assert set(wanted["event"]) <= set(body["event"])
    assert (body["bug"]["component"], body["bug"]["version"]["name"]) == ("guake", "44")


def test_a_changed_bug_has_the_recorded_shape(live, data):
    bug_id = live.expected("guake")["bugs"][0]["id"]
    body = message(live, live.trigger("bug", "guake", id=bug_id, status="CLOSED"), "bugzilla.bug.update")
    wanted = recorded(data, "fm-bugzilla.bug.update-7.json")
    assert set(wanted["bug"]) <= set(body["bug"])
    assert {
        key: kind for key, kind in kinds(wanted["bug"]).items() if key in ("component", "product", "version", "status")
    } == {key: kind for key, kind in kinds(body["bug"]).items() if key in ("component", "product", "version", "status")}
    assert set(wanted["event"]["changes"][0]) == set(body["event"]["changes"][0])


def test_a_moved_bug_names_both_components(live):
    bug_id = live.expected("guake")["bugs"][0]["id"]
    body = message(live, live.trigger("bug", "guake", id=bug_id, component="kakoune"), "bugzilla.bug.update")
    (change,) = body["event"]["changes"]
    assert (body["bug"]["component"], change["field"], change["removed"], change["added"]) == (
        "kakoune",
        "component",
        "guake",
        "kakoune",
    )
