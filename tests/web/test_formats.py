"""Times and versions as templates write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.cache.values import ErrorState
from fedora_packages.errors import InvalidResponse, ReleaseNotServed, UpstreamUnavailable
from fedora_packages.web.formats import day, evr, iso, lasted, moment, spoken, trouble_of


def test_a_moment_is_absolute():
    assert (iso(1764072240), moment(1764072240), day(1764072240)) == (
        "2025-11-25T12:04:00Z",
        "2025-11-25 12:04 UTC",
        "2025-11-25",
    )


@given(st.one_of(st.integers(), st.floats()))
def test_no_number_is_an_error(seconds):
    assert all(isinstance(form(seconds), str) for form in (iso, moment, day))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 seconds"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (3599, "59 minutes"), (3600, "1 hour"),
     (3660, "1 hour 1 minute"), (86399, "23 hours 59 minutes"), (86400, "1 day"), (2 * 86400 + 7300, "2 days 2 hours"),
     (10**30, f"{10**30 // 86400} days 1 hour"), (-5, "0 seconds")],
)  # fmt: skip
def test_how_long_something_took_is_said_in_two_units_at_most(seconds, text):
    assert lasted(seconds) == text


@pytest.mark.parametrize(
    ("epoch", "text"), [(None, "1.0-2"), (0, "1.0-2"), ("0", "1.0-2"), (3, "3:1.0-2"), ("3", "3:1.0-2")]
)
def test_an_epoch_is_written_where_there_is_one(epoch, text):
    assert evr({"epoch": epoch, "version": "1.0", "release": "2"}) == text


def test_a_version_without_a_release_is_the_version():
    assert evr({"epoch": None, "version": "1.0", "release": None}) == "1.0"


def test_upstreams_are_called_what_people_call_them():
    assert [spoken(name) for name in ("distgit", "koji", "faf", "anitya")] == ["dist-git", "Koji", "FAF", "Anitya"]


@pytest.mark.parametrize("kind", [UpstreamUnavailable, InvalidResponse, ReleaseNotServed])
def test_every_kind_of_trouble_has_words(kind):
    assert trouble_of(ErrorState(0, 0, "", "distgit", kind.kind)).startswith("dist-git ")
