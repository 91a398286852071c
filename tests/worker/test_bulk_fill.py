"""The fill in bulk: what one list tells of many packages is stored as if each had been fetched."""

import threading
import time

import pytest

from fedora_packages.cache.values import Invalidation
from fedora_packages.connectors.bulk import Bulk
from fedora_packages.errors import UpstreamUnavailable
from fedora_packages.search.reader import IndexReader
from fedora_packages.worker.bulk_fill import BulkFill
from fedora_packages.worker.shared_work import SharedWork, state_of
from tests.filling import put
from tests.worker.parts import read

NOW = 4e9


def value(*builds):
    return {"tags": {f"f{number}": {"build_id": number, "tag": f"f{number}"} for number in builds}}


@pytest.fixture
def fill(service):
    """Store the values of a list; ``meanwhile`` is called once the list has begun to come."""

    def run(values, meanwhile=lambda: None, **options):
        listed = []

        def values_of():
            listed.append(True)
            meanwhile()
            yield from values.items()

        bulk = Bulk("koji.tagged", 86400, lambda: iter(()), lambda value, fact: True, values_of)
        query, parts = service.queries["koji.tagged"], {"index": service.index, "min_missing": 1, "clock": lambda: NOW}
        work = BulkFill(service.cache, bulk=bulk, query=query, stop=threading.Event(), **{**parts, **options})
        SharedWork(service.client, work.name, 60, work.run, since=time.time()).take()
        return bool(listed)

    return run


def entry(service, package):
    return service.queries["koji.tagged"].entry(package)


def test_values_of_packages_in_the_index_are_stored_as_of_the_beginning_of_the_list(service, fill):
    assert fill({"guake": value(7), "unknown": value(8)})
    cached = read(service, "koji.tagged", "guake")
    assert (cached.is_fresh, cached.value, cached.stamp.fetched, cached.stamp.upstream) == (True, value(7), NOW, "koji")
    assert not read(service, "koji.tagged", "unknown").is_known
    assert state_of(service.client, "fill:koji.tagged")["stored"] == "1"


def test_a_message_that_comes_meanwhile_wins(service, fill):
    fill({"guake": value(7)}, lambda: service.cache.invalidate([Invalidation(entry(service, "guake"))]))
    assert not read(service, "koji.tagged", "guake").is_known


def test_a_value_that_a_page_has_stored_meanwhile_stays(service, fill):
    fill({"guake": value(7)}, lambda: put(service.cache, entry(service, "guake"), value(8)))
    assert read(service, "koji.tagged", "guake").value == value(8)


def test_a_value_that_does_not_show_what_a_message_said_is_not_stored(service, fill):
    state = {"about": "f7 9", "tag": "f7", "build_id": 9, "is_tagged": True}
    expected = [(service.cache.clock(), state)]
    event = {"id": "1", "topic": "buildsys.tag", "sent": service.cache.clock()}
    service.cache.invalidate([Invalidation(entry(service, "guake"), event, expected, make=True)])
    fill({"guake": value(7), "vim": value(7)})
    assert (read(service, "koji.tagged", "guake").is_known, read(service, "koji.tagged", "vim").is_known) == (
        False,
        True,
    )


def test_a_list_for_a_few_missing_values_is_not_read(service, fill):
    assert not fill({"guake": value(7)}, min_missing=6)
    put(service.cache, entry(service, "guake"), value(8))
    assert fill({}, min_missing=4)
    assert not fill({}, min_missing=5)


def test_what_fails_is_noted_and_what_came_before_stays(service, fill):
    class Broken(dict):
        def items(self):
            yield "guake", value(7)
            raise UpstreamUnavailable("koji", "listTagged", "HTTP 503")

    fill(Broken())
    assert read(service, "koji.tagged", "guake").is_fresh
    assert "HTTP 503" in state_of(service.client, "fill:koji.tagged")["error"]


def test_without_an_index_nothing_is_read(service, fill, tmp_path):
    assert not fill({"guake": value(7)}, index=IndexReader(tmp_path / "none"))
