"""Times and versions as templates write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.cache.values import ErrorState
from fedora_packages.errors import InvalidResponse, NotPublic, ReleaseNotServed, UpstreamUnavailable
from fedora_packages.web.formats import (
    error_summary,
    evr,
    format_counts,
    format_date,
    format_duration,
    format_time,
    iso,
    upstream_title,
)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"update": 1}, "1 update"),
        ({"update": 2, "bug": 1}, "2 updates and 1 bug"),
        ({"changelog entry": 2, "alias": 3, "day": 4}, "2 changelog entries, 3 aliases and 4 days"),
    ],
)
def test_numbers_of_things_are_told_in_words(counts, words):
    assert format_counts(counts) == words


def test_a_moment_is_absolute():
    assert (iso(1764072240), format_time(1764072240), format_date(1764072240)) == (
        "2025-11-25T12:04:00Z",
        "2025-11-25 12:04 UTC",
        "2025-11-25",
    )


@given(st.one_of(st.integers(), st.floats()))
def test_no_number_is_an_error(seconds):
    assert all(isinstance(form(seconds), str) for form in (iso, format_time, format_date))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 seconds"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (3599, "59 minutes"), (3600, "1 hour"),
     (3660, "1 hour 1 minute"), (86399, "23 hours 59 minutes"), (86400, "1 day"), (2 * 86400 + 7300, "2 days 2 hours"),
     (10**30, f"{10**30 // 86400} days 1 hour"), (-5, "0 seconds")],
)  # fmt: skip
def test_how_long_something_took_is_said_in_two_units_at_most(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("epoch", "text"), [(None, "1.0-2"), (0, "1.0-2"), ("0", "1.0-2"), (3, "3:1.0-2"), ("3", "3:1.0-2")]
)
def test_an_epoch_is_written_where_there_is_one(epoch, text):
    assert evr({"epoch": epoch, "version": "1.0", "release": "2"}) == text


def test_a_version_without_a_release_is_the_version():
    assert evr({"epoch": None, "version": "1.0", "release": None}) == "1.0"


def test_upstreams_have_their_proper_names():
    assert [upstream_title(name) for name in ("distgit", "koji", "faf", "anitya")] == [
        "dist-git",
        "Koji",
        "FAF",
        "Anitya",
    ]


@pytest.mark.parametrize("kind", [UpstreamUnavailable, InvalidResponse, ReleaseNotServed, NotPublic])
def test_every_kind_of_trouble_has_words(kind):
    assert error_summary(ErrorState(0, 0, "", "distgit", kind.kind)).startswith("dist-git ")
