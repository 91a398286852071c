"""The small rules of records: EVRs up and down, relations."""

import pytest

from fedora_packages.sandbox.world.models import EVR, bumped, lowered, newer_version, parse_evr, relation


@pytest.mark.parametrize(
    ("release", "next_release"), [("3.fc44", "4.fc44"), ("0.2.fc44", "0.3.fc44"), ("0.1.rc1.fc44", "0.1.rc1.1.fc44")]
)
def test_a_rebuild_has_a_higher_release(release, next_release):
    assert bumped(EVR(0, "1.0", release), ".fc44") == EVR(0, "1.0", next_release)


def test_the_build_before_has_a_lower_release():
    assert lowered(EVR(1, "1.0", "3.fc44"), ".fc44") == EVR(1, "1.0", "2.fc44")


def test_before_the_first_release_came_an_older_version():
    assert lowered(EVR(0, "1.4.0", "1.fc44"), ".fc44").version == "1.3.0"


def test_a_version_without_numbers_has_no_predecessor():
    assert lowered(EVR(0, "git", "1.fc44"), ".fc44") is None


def test_upstreams_next_version_counts_on():
    assert newer_version("3.10.1") == "3.10.2"


@pytest.mark.parametrize("text", ["1.0", "", "-1", "x:1-2", "1-"])
def test_an_invalid_evr_is_refused(text):
    with pytest.raises(ValueError, match="VERSION-RELEASE"):
        parse_evr(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gtk3", ("gtk3", None, None, None, None)),
        ("python3 >= 3.9", ("python3", "0", "3.9", None, "GE")),
        ("vim-common = 2:9.1-3.fc44", ("vim-common", "2", "9.1", "3.fc44", "EQ")),
        ("(hunspell and langpacks-fr)", ("(hunspell and langpacks-fr)", None, None, None, None)),
        ("perl(X::Y) < 2", ("perl(X::Y)", "0", "2", None, "LT")),
    ],
)
def test_a_relation_is_read_as_rpm_reads_it(text, shown):
    item = relation(text)
    assert tuple(item[key] for key in ("name", "epoch", "version", "release", "flags")) == shown
