"""What the old JSON is made with: builds by number, releases by name, times in words; and the addresses that stand beside it."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fedora_packages.errors import UpstreamUnavailable
from fedora_packages.web.legacy import dates
from fedora_packages.web.legacy.build_lookup import MAX_WAITING, PER_MINUTE, BuildLookup
from fedora_packages.web.legacy.context import NotAvailable, branch_of, title_of
from fedora_packages.web.legacy.xapian import ICON
from fedora_packages.widgets import load
from tests.conftest import wait_until
from tests.web.legacy.old_site import DAY

# Builds by their number.


def names(*answers, wait_seconds=5.0, clock=lambda: 0.0, **options):
    """Return a `BuildLookup` over a koji that gives some answers in turn, and the numbers it was asked for."""
    left, numbers = list(answers), []

    def ask(number):
        numbers.append(number)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return BuildLookup(ask, wait_seconds, clock, **options), numbers


def test_a_builds_package_is_asked_for_once():
    found, numbers = names("guake", None, "vim")
    assert ([found(7), found(7), found(8), found(8), numbers]) == ["guake", "guake", None, "vim", [7, 8, 8]]
    found.close()


def test_the_least_recently_used_build_is_forgotten_first():
    found, numbers = names(*"abcb", max_known=2)
    assert [found(number) for number in (1, 2, 1, 3, 1, 2)] == list("abacab")
    assert numbers == [1, 2, 3, 2]
    found.close()


def test_a_lookup_under_way_is_not_forgotten():
    answer, numbers = threading.Event(), []

    def ask(number):
        numbers.append(number)
        return str(number) if number != 1 or answer.wait(30) else None

    def look_up(number):
        with contextlib.suppress(NotAvailable):
            return found(number)

    found = BuildLookup(ask, 0.0, max_known=1)
    look_up(1)
    for number in (2, 3):
        wait_until(lambda number=number: look_up(number))
    look_up(1)
    answer.set()
    assert (wait_until(lambda: look_up(1)), numbers) == ("1", [1, 2, 3])
    found.close()


def test_a_koji_that_fails_is_said_and_not_remembered():
    found, _ = names(UpstreamUnavailable("koji", "getBuild of 7", "it answered 502"), "guake")
    with pytest.raises(NotAvailable, match="502; give package_name in the filters"):
        found(7)
    assert found(7) == "guake"
    found.close()


def test_only_a_few_wait_for_a_koji_that_hangs():
    answer = threading.Event()
    found = BuildLookup(lambda number: answer.wait(30) and "guake", 30)
    with ThreadPoolExecutor(MAX_WAITING) as pool:
        waiting = [pool.submit(found, 1) for _ in range(MAX_WAITING)]
        wait_until(lambda: found._waiting._value == 0)
        with pytest.raises(NotAvailable, match="has not returned the package"):
            found(1)
        answer.set()
        assert [future.result(30) for future in waiting] == ["guake"] * MAX_WAITING
    found.close()


def test_koji_is_asked_only_so_often():
    now = [0.0]
    found, numbers = names(*["guake"] * (PER_MINUTE + 1), clock=lambda: now[0])
    for number in range(PER_MINUTE):
        found(number)
    with pytest.raises(NotAvailable, match="Too many"):
        found(PER_MINUTE)
    now[0] = 61.0
    assert (found(PER_MINUTE), len(numbers)) == ("guake", PER_MINUTE + 1)
    found.close()


# Names and times.


@pytest.mark.parametrize(
    ("name", "branch", "title"),
    [
        ("F17", "f17", "Fedora 17"),
        ("EL-6", "epel6", "Fedora EPEL 6"),
        ("EPEL-10.1", "epel10.1", "Fedora EPEL 10.1"),
        ("ELN", "eln", "ELN"),
        ("F28M", "f28m", "F28M"),
    ],
)
def test_a_release_has_a_branch_and_a_title(name, branch, title):
    assert (branch_of(name), title_of(name)) == (branch, title)


@pytest.mark.parametrize(
    ("seconds", "unit", "words"),
    [
        (0, "day", "less than 1 day"),
        (59, "minute", "less than 1 minute"),
        (90061, "second", "1 day, 1 hour, 1 minute and 1 second"),
        (90061, "hour", "1 day and 1 hour"),
        (DAY * 365, "day", "1 year"),
        (DAY * 31, "hour", "1 month"),
        (DAY * 20819, "day", "5 decades and 7 years"),
        (10**15, "day", ""),
    ],
)
def test_a_span_is_told_in_the_old_words(seconds, unit, words):
    assert dates.span(0, seconds, unit) == words


def test_how_long_ago_is_told_in_one_unit():
    assert [dates.ago(since, 10_000_000) for since in (None, 9_999_000, 0)] == [
        "",
        "less than 1 hour ago",
        "3 months ago",
    ]


# What stands beside it.


@pytest.mark.parametrize("name", [f"{ICON}.png", ICON, f"{ICON}.png.png", "guake.png", "no-such.png", "a/b.png", "%00"])
@pytest.mark.parametrize("prefix", ["", "/packages"])
def test_every_name_has_an_icon(old, prefix, name):
    answer = old.get(f"{prefix}/images/icons/{name}", 200)
    assert (answer.content_type, answer.body[:8], "max-age" in answer.headers["Cache-Control"]) == (
        "image/png",
        b"\x89PNG\r\n\x1a\n",
        True,
    )


TABS = (
    "",
    "/overview",
    "/builds",
    "/updates",
    "/bugs",
    "/bugs/all",
    "/contents",
    "/changelog",
    "/sources",
    "/sources/spec",
)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("name", ["guake", "gcc-c++", "gcc-c%2B%2B"])
def test_links_of_all_these_years_lead_somewhere(old, name, slash):
    tabs = [*TABS, *(f"/{tab}" for tab in load() if f"/{tab}" not in TABS)]
    paths = [f"/packages/{name}{tab}{slash}" for tab in tabs] + [f"/packages/s/{name}{slash}"]
    assert {path: status for path in paths if (status := old.get(path).status_int) != 200} == {}
