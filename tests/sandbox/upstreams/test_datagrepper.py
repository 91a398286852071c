"""Datagrepper: time ranges, filters, pages, both forms of a message."""

import time

import pytest


@pytest.fixture
def told(live):
    """A sandbox with ten messages, a second apart, the oldest 100 s old; returns their ids, the oldest first."""
    now = int(time.time())
    for number in range(10):
        topic = f"org.fedoraproject.dev.{'bodhi.update.edit' if number % 2 else 'buildsys.tag'}"
        body = {"name": f"package{number}", "agent": "ralph" if number < 5 else "pingou", "text": f"<{number}>"}
        envelope = {
            "topic": topic,
            "msg": body,
            "timestamp": now - 100 + number,
            "msg_id": f"2026-{number}",
            "i": number,
        }
        live.bus.archive.add(envelope, now - 100 + number)
    live.now = now
    return live


def ids(answer, key="msg_id"):
    return [message[key].removeprefix("2026-") for message in answer["raw_messages"]]


def test_without_bounds_the_newest_come_first(told):
    assert ids(told.get("/datagrepper/raw")) == list("9876543210")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"start": -95}, "56789"),
        ({"start": -95, "delta": 2}, "567"),
        ({"start": -98, "end": -96}, "234"),
        ({"start": -98, "end": -96, "delta": 1}, "234"),
        ({"end": -96, "delta": 1}, "34"),
        # The documented 600 s before the end are not what the code does: it has no bounds.
        ({"end": -96}, "0123456789"),
    ],
)
def test_a_range_in_time(told, query, found):
    wanted = {key: value if key == "delta" else told.now + value for key, value in query.items()}
    assert ids(told.get("/datagrepper/raw", order="asc", **wanted)) == list(found)


def test_a_date_without_zone_is_utc(told):
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(told.now - 93))
    assert ids(told.get("/datagrepper/raw", start=text, order="asc")) == list("789")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "bodhi"}, "13579"),
        ({"not_category": "bodhi"}, "02468"),
        ({"category": ["bodhi", "buildsys"]}, "0123456789"),
        ({"topic": "org.fedoraproject.dev.buildsys.tag"}, "02468"),
        ({"topic": "buildsys.tag"}, ""),
        ({"topic": "org.fedoraproject.dev.buildsys.*"}, ""),
        ({"package": "package4"}, "4"),
        ({"user": "ralph", "category": "bodhi"}, "13"),
    ],
)
def test_filters_are_exact_ored_within_and_anded_between(told, query, found):
    assert ids(told.get("/datagrepper/raw", order="asc", **query)) == list(found)


def test_pages_join_to_the_whole(told):
    pages = [told.get("/datagrepper/raw", rows_per_page=4, page=page, order="asc") for page in (1, 2, 3)]
    assert [found for page in pages for found in ids(page)] == list("0123456789")
    assert [(page["count"], page["pages"], page["total"]) for page in pages] == [(4, 3, 10), (4, 3, 10), (2, 3, 10)]


def test_without_a_match_there_are_no_pages(told):
    answer = told.get("/datagrepper/raw", category="git")
    assert (answer["count"], answer["pages"], answer["total"]) == (0, 0, 0)


def test_the_range_is_echoed(told):
    arguments = told.get("/datagrepper/raw", start=5, end=7)["arguments"]
    assert (arguments["start"], arguments["end"]) == (5.0, 7.0)


def test_version_2_has_fedora_messagings_envelope(told):
    message = told.get("/datagrepper/v2/search", rows_per_page=1)["raw_messages"][0]
    assert {"topic", "body", "headers", "id", "priority", "queue"} == set(message)
    assert message["headers"]["sent-at"] == time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(told.now - 91))


@pytest.mark.parametrize("path", ["/datagrepper/id", "/datagrepper/v2/id/"])
def test_one_message_is_found_by_id(told, path):
    assert told.get(path, id="2026-3")["topic"] == "org.fedoraproject.dev.bodhi.update.edit"


def test_an_unknown_id_is_not_found(told):
    assert told.ask("/datagrepper/id", id="2026-x").status == 404
    assert told.ask("/datagrepper/id").status == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"rows_per_page": 101}, 400),
        ({"page": 0}, 400),
        ({"page": "x"}, 500),
        ({"order": "up"}, 400),
        ({"start": "soon"}, 400),
        ({"contains": "4"}, 400),
        ({"contains": "4", "start": 5, "category": "bodhi"}, 400),
        ({"meta": "nonsense"}, 500),
    ],
)
def test_a_wrong_request_is_refused(quiet, query, status):
    assert quiet.ask("/datagrepper/raw", **query).status == status


def test_texts_are_found_within_a_category(told):
    answer = told.get("/datagrepper/raw", contains="<4>", start=told.now - 1000, category="buildsys")
    assert ids(answer) == ["4"]


def test_a_message_is_archived_as_it_was_sent(live):
    sent = live.trigger("build", "guake")["messages"]
    messages = live.get("/datagrepper/raw", order="asc", package="guake")["raw_messages"]
    assert [(one["msg_id"], one["topic"]) for one in messages] == [(one["msg_id"], one["topic"]) for one in sent]
