"""A package's version beside its upstream's, which is written by other rules."""

import csv
from pathlib import Path

import pytest

from fedora_packages.rpm.upstream_versions import compare

CASES = Path(__file__).parents[3] / "shared" / "cases" / "versions.tsv"


def cases():
    if not CASES.exists():
        return []
    with CASES.open(encoding="utf-8") as lines:
        return [row[:5] for row in csv.reader(lines, delimiter="\t") if not row[0].startswith("#")]


@pytest.mark.skipif(not CASES.exists(), reason=f"no recorded cases: {CASES} is missing")
@pytest.mark.parametrize(("version", "release", "upstream", "is_stable", "stands"), cases())
def test_versions_that_were_told_wrong(version, release, upstream, is_stable, stands):
    stable = [upstream] if is_stable == "yes" else []
    assert compare(version, release, upstream, stable) == stands


@pytest.mark.parametrize(
    ("version", "upstream", "stands"),
    [
        ("1.9", "1.10", "behind"),
        ("1.9.0.0", "1.9", "same"),
        ("16.1", "REL_16_2", "behind"),
        ("4.12", "gtk4-4.12.1", "behind"),
        ("1.0.2m", "1.0.2n", "behind"),
        ("1.0.2z", "1.0.2za", "behind"),
        ("1.0.2zh", "1.0.2zi", "behind"),
        ("1.5p2", "1.5", "ahead"),
        ("5.0~M1", "5.0M2", "behind"),
        ("3.0~alpha.2", "3.0-alpha10", "behind"),
        ("3.0~beta1", "3.0rc1", "behind"),
        ("3.0~b1", "3.0", "behind"),
        ("2024.1", "2024.02", "behind"),
        ("20240101", "20231224", "ahead"),
        ("2.0+git12", "2.0", "same"),
        ("1.3.0+zlib2", "1.3.1", "behind"),
        ("6.0.GA", "6.0", "same"),
        ("6.0.SP1", "6.0.Final", "ahead"),
        ("1.0~20240101git", "1.0", "behind"),
        ("1.09", "1.10", "behind"),
    ],
)
def test_the_ways_in_which_upstreams_number_their_releases(version, upstream, stands):
    assert compare(version, "1.fc46", upstream, [upstream], "gtk4") == stands


@pytest.mark.parametrize(
    ("version", "release", "upstream"),
    [
        ("1.04", "1", "1.3.13"),
        ("20240101", "1", "1.4"),
        ("3.5", "1", "2024.1"),
        ("1.0", "1", "1.0-foo"),
        ("1.0~20240101git", "1", "1.0rc1"),
        ("1.0^20240101git", "1", "1.0.post1"),
        ("1.0", "0.3.20240101git.fc46", "1.0beta1"),
        ("5.0~rc1", "1", "5.0-SNAPSHOT"),
        ("1.0", "1", "unstable"),
        ("1.0", "1", ""),
        ("deadbeef", "1", "1.0"),
    ],
)
def test_what_has_no_order_is_not_guessed(version, release, upstream):
    assert compare(version, release, upstream, []) is None


@pytest.mark.parametrize(
    ("upstream", "stable", "stands"),
    [("1.0b", [], "ahead"), ("1.0b", ["1.0b", "1.0"], "behind"), ("1.0a2", [], "ahead")],
)
def test_whether_a_letter_is_a_prerelease_is_told_by_the_stable_versions(upstream, stable, stands):
    assert compare("1.0", "1.fc46", upstream, stable) == stands


@pytest.mark.parametrize("version", ["1.0", "2.0b1", "1.0-foo", "5.0-SNAPSHOT", "1.0^20240101git", "3.5a", "deadbeef"])
@pytest.mark.parametrize("is_stable", [False, True])
def test_equal_versions_are_the_same(version, is_stable):
    assert compare(version, "1.fc46", version, [version] if is_stable else []) == "same"


def test_a_release_by_the_old_guideline_is_before_the_equal_version():
    assert compare("1.0", "0.3.rc1.fc46", "1.0", ["1.0"]) == "behind"


@pytest.mark.parametrize(
    ("version", "upstream", "stable", "stands"),
    [
        ("2.0b1", "2.0b2", [], "behind"),
        ("2.0b2", "2.0rc1", [], "behind"),
        ("2.0c1", "2.0b3", [], "ahead"),
        ("2.0a3", "2.0b1", ["1.9"], "behind"),
        # A letter of a release, as far as upstream lists it or has no pre-release.
        ("2.0b", "2.0rc1", ["2.0", "2.0b"], "ahead"),
        ("2.0b", "2.0", [], "ahead"),
    ],
)
def test_a_prerelease_without_a_tilde_is_read_beside_another(version, upstream, stable, stands):
    assert compare(version, "1.fc46", upstream, stable) == stands


@pytest.mark.parametrize(
    "version", ["9" * 5000, "1." * 5000, "~" * 200, "1" + "a1" * 5000, "\u0663.1", "v" * 9999 + "1"]
)
def test_hostile_versions_are_bounded(version):
    compare(version, version, version, [version], version)
    compare("1.0", "1.fc46", version)
    compare(version, "0." + version, "1.0")
