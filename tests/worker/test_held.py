"""Messages that anybody can send: each package is touched once in a while, nothing is lost, and nothing of them is kept."""

import json
import logging

import pytest

from fedora_packages.cache import keys
from fedora_packages.messages import timeline
from fedora_packages.messages.event import Event
from fedora_packages.worker.held import HeldEvents
from tests.filling import put
from tests.keyspace import everything_in
from tests.worker.parts import make_handler

SECRET = "c2VjcmV0OmNyZWRlbnRpYWw="
SPEC = {"found": False, "dead": None, "commit": None}


def push(number=1, name="guake", sent=1000.0, branch="f45"):
    repository = {
        "owner": {"login": "rpms"}, "name": name, "fork": False, "html_url": f"https://src.fedoraproject.org/rpms/{name}",
    }  # fmt: skip
    payload = {"ref": f"refs/heads/{branch}", "commits": [{"message": "Visit evil.example"}], "repository": repository}
    headers = {"authorization": f"Basic {SECRET}"}
    return {
        "topic": "org.fedoraproject.prod.forgejo.push",
        "msg_id": f"2026-{number}",
        "timestamp": sent,
        "msg": {"headers": headers, "body": payload, "agent": "mjw"},
    }


@pytest.fixture
def handler(service):
    return make_handler(service, held_for=60)


@pytest.fixture
def entry(service):
    """The entry of guake's spec file, which is cached."""
    found = service.queries["distgit.spec"].entry("guake")
    put(service.cache, found, SPEC, "f45")
    return found


def generation(service, entry):
    return service.cache.generation(entry)


def pass_time(client, name="guake"):
    """Let the time pass after which a package may be touched again."""
    client.delete(keys.touched(name))


def test_a_push_touches_what_dist_git_has_of_the_package_and_nothing_else(service, handler, entry):
    assert handler.handle(push()) == "handled"
    jobs = {row.decode() for row in service.client.zrange(keys.jobs("distgit", "due"), 0, -1)}
    assert jobs == {"distgit.spec guake", "distgit.patches guake", "distgit.retirement guake"}
    (cached,) = service.cache.read([(entry, "f45")])
    assert (cached.state, cached.because["event"]["topic"]) == ("refreshing", "forgejo.push")


def test_a_flood_touches_a_package_once_in_a_while(service, client, handler, entry):
    handler.handle(push())
    before = generation(service, entry)
    outcomes = handler.handle_batch([push(number) for number in range(2, 300)])
    handler.handle_held()
    assert (set(outcomes), generation(service, entry)) == ({"held-back"}, before)
    pass_time(client)
    handler.handle_held()
    after = generation(service, entry)
    handler.handle_held()
    assert (after > before, generation(service, entry)) == (True, after)


def test_a_flood_about_one_package_holds_back_no_other(service, handler):
    handler.handle_batch([push(number) for number in range(1, 50)])
    assert handler.handle(push(51, name="vim")) == "handled"


def test_messages_that_come_together_are_one_touch_and_none_is_held_back(client, handler):
    assert set(handler.handle_batch([push(number) for number in range(1, 9)])) == {"handled"}
    assert client.hgetall(keys.HELD) == {}


def test_of_held_messages_the_newest_is_the_reason(service, client, handler, entry):
    handler.handle(push())
    handler.handle_batch([push(2, sent=1005.0), push(3, sent=1009.0), push(4, sent=1007.0)])
    pass_time(client)
    handler.handle_held()
    (cached,) = service.cache.read([(entry, "f45")])
    assert cached.because["event"] == {"id": "2026-3", "topic": "forgejo.push", "sent": 1009.0}


def test_a_worker_that_is_killed_while_it_handles_a_held_message_leaves_it(service, client, entry):
    handled = []

    def invalidate_and_queue(invalidations, jobs):
        handled.append(len(jobs))
        raise KeyboardInterrupt

    handler = make_handler(service, held_for=60)
    handler.handle(push())
    handler.handle(push(2))
    pass_time(client)
    dying = make_handler(service, held_for=60, invalidate_and_queue=invalidate_and_queue)
    with pytest.raises(KeyboardInterrupt):
        dying.handle_held()
    before = generation(service, entry)
    pass_time(client)
    handler.handle_held()
    assert (handled, generation(service, entry) > before, client.exists(keys.HELD)) == ([3], True, 0)


def event(number):
    return Event("org.fedoraproject.prod", "forgejo.push", f"2026-{number}", 1000.0 + number, {"package": "guake"})


def test_a_message_that_is_held_back_while_an_earlier_one_is_handled_stays(client):
    held = HeldEvents(client, 60)
    assert held.hold({"guake": event(1)}) == set()
    assert held.hold({"guake": event(2)}) == {"guake"}
    pass_time(client)
    due = held.due()
    assert held.hold({"guake": event(3)}) == {"guake"}
    held.forget(due)
    assert json.loads(client.hget(keys.HELD, "guake"))["id"] == "2026-3"


def test_names_of_no_package_cost_no_refill(service, handler):
    handler.handle_batch([push(number, name=f"zz{number}") for number in range(1, 50)])
    handler.handle_held()
    assert service.queue.depth("distgit") == 0


def test_a_message_that_names_nothing_holds_nothing(client, handler):
    assert handler.handle(push(name="../x")) == "untouched"
    assert [key for key in client.scan_iter() if b"touched" in key] == []


def test_nothing_of_a_push_is_on_a_timeline(service, client, handler):
    handler.handle_batch([push(number) for number in range(1, 4)])
    pass_time(client)
    handler.handle_held()
    assert timeline.read(client, "guake") == []


def test_no_credential_and_no_text_of_a_sender_is_stored_or_logged(service, client, handler, entry, caplog):
    caplog.set_level(logging.DEBUG)
    handler.handle_batch([push(number) for number in range(1, 4)])
    handler.handle(push(5))
    handler.handle({**push(6), "topic": 7})
    handler.handle({**push(7), "msg": SECRET})
    handler.handle(json.dumps(push(8)))
    pass_time(client)
    handler.handle_held()
    for place in (everything_in(client), caplog.text):
        assert (SECRET in place, "evil.example" in place) == (False, False)
