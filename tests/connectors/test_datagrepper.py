"""datagrepper's archive: its pages, and answers that are none."""

import pytest

from fedora_packages.connectors.datagrepper import id_of
from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from tests.upstream import Answer

NOW = 1_000_000.0


@pytest.fixture
def datagrepper(connectors):
    return connectors["datagrepper"]


def page(*messages, pages=1):
    return {"raw_messages": list(messages), "pages": pages, "total": 0}


def read(datagrepper, **arguments):
    return list(datagrepper.pages(NOW - 100, NOW, ("bodhi", "git"), 50, **arguments))


def test_each_page_is_yielded_until_the_last(datagrepper, upstream):
    upstream.says("/raw", page("a", "b", pages=2), page("c", pages=2))
    assert read(datagrepper) == [["a", "b"], ["c"]]


def test_every_page_is_requested_of_the_same_interval(datagrepper, upstream):
    upstream.says("/raw", page("a", pages=2), page("b", pages=2))
    read(datagrepper)
    interval = {
        "category": ["bodhi", "git"], "start": ["999900.000"], "end": ["1000000.000"], "order": ["asc"],
        "rows_per_page": ["50"],
    }  # fmt: skip
    assert [asked.params for asked in upstream.asked] == [{**interval, "page": ["1"]}, {**interval, "page": ["2"]}]


def test_a_page_is_requested_when_it_is_consumed(datagrepper, upstream):
    upstream.says("/raw", page("a", pages=2), page("b", pages=2))
    next(datagrepper.pages(NOW - 100, NOW, ("git",), 50))
    assert len(upstream.asked) == 1


def test_datagrepper_being_down_is_an_error_that_names_it(datagrepper, upstream):
    upstream.answers["/raw"] = Answer(b"", 502)
    with pytest.raises(UpstreamUnavailable, match="datagrepper: GET /raw.*page=1 failed: HTTP 502"):
        read(datagrepper)


def test_after_some_failures_datagrepper_is_not_asked_for_a_while(datagrepper, upstream):
    upstream.answers["/raw"] = Answer(b"", 502)
    for _ in range(5):
        with pytest.raises(UpstreamUnavailable):
            read(datagrepper)
    before = len(upstream.asked)
    with pytest.raises(UpstreamUnavailable):
        read(datagrepper)
    assert len(upstream.asked) == before


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"raw_messages": 1, "pages": 1}', b'{"raw_messages": []}', b"[" * 100_000]
)
def test_an_invalid_response_is_refused(datagrepper, upstream, body):
    upstream.answers["/raw"] = Answer(body)
    with pytest.raises(InvalidResponse):
        read(datagrepper)


def test_an_interval_of_too_many_pages_is_refused(datagrepper, upstream):
    upstream.says("/raw", page("a", pages=6))
    with pytest.raises(InvalidResponse, match="6 pages, more than 5"):
        read(datagrepper, max_pages=5)


@pytest.mark.parametrize("message", [None, "text", [], {}, {"msg_id": None}, {"msg_id": ["a", "list"]}])
def test_a_message_without_an_id_has_none(message):
    assert id_of(message) is None


def test_the_id_of_a_message_is_that_of_the_bus():
    assert id_of({"msg_id": "2026-1"}) == "2026-1"
