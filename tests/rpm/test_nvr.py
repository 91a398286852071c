"""NVRs and the order of versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.errors import InvalidNVR
from fedora_packages.rpm.nvr import EVR, NEVRA, NVR, is_package_name, newer, parse_nevra, parse_nvr

VERSION = st.from_regex(r"[0-9a-z][0-9a-z.~^+]{0,10}", fullmatch=True)
NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,20}", fullmatch=True)


@given(name=NAME, version=VERSION, release=VERSION)
def test_an_nvr_joined_and_split_is_the_same(name, version, release):
    assert parse_nvr(str(NVR(name, version, release))) == NVR(name, version, release)


@pytest.mark.parametrize(
    "text", ["", "guake", "guake-1", "-1-1", "guake--1", "guake-1-", "a b-1-1", None, 5, "x" * 600]
)
def test_what_is_no_nvr_is_refused(text):
    with pytest.raises(InvalidNVR):
        parse_nvr(text)


@pytest.mark.parametrize(
    "text", ["foo-bar-2:1.0-3.fc45.x86_64.rpm", "2:foo-bar-1.0-3.fc45.x86_64", "foo-bar-2:1.0-3.fc45.x86_64"]
)
def test_an_epoch_and_an_architecture_are_told_from_the_rest(text):
    assert parse_nevra(text) == NEVRA(NVR("foo-bar", "1.0", "3.fc45"), 2, "x86_64")


def test_what_is_no_architecture_is_of_the_release():
    assert parse_nevra("foo-1.0-3.fc45.x87") == NEVRA(NVR("foo", "1.0", "3.fc45.x87"))


@pytest.mark.parametrize(
    "text", ["", "foo", "foo-1", "1:foo-1:1-1", "foo-1-1 ", "foo-1-1/x", "foo-x:1-1", "a-1-" + "1" * 600]
)
def test_what_is_no_nevra_is_refused(text):
    with pytest.raises(InvalidNVR):
        parse_nevra(text)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.0", "1.1"), ("1.9", "1.10"), ("1.0~rc1", "1.0"), ("1.0", "1.0^git1"), ("1.0^git1", "1.0.1"), ("1.0a", "1.0.1"),
        ("1.0", "1.0a"), ("2.fc44", "2.fc45"), ("1.0~rc1", "1.0~rc1^git1"), ("a", "1"), ("1.0~rc1^1", "1.0~rc2"), ("9", "10"),
    ],
)  # fmt: skip
def test_versions_are_ordered_as_rpm_orders_them(older, newer):
    assert EVR(0, older) < EVR(0, newer)


@pytest.mark.parametrize(("one", "other"), [("1.0", "1_0"), ("1.05", "1.5"), ("1..0", "1.0"), ("fc.4", "fc4")])
def test_what_only_divides_does_not_count(one, other):
    assert EVR(0, one) == EVR(0, other)


def test_the_epoch_comes_first():
    assert EVR(0, "99") < EVR(1, "1")


@pytest.mark.parametrize("epoch", [None, 0, "0"])
def test_no_epoch_is_an_epoch_of_zero(epoch):
    assert str(EVR(epoch, "1.0", "1.fc45")) == "1.0-1.fc45"


def test_an_epoch_is_written_before_a_colon():
    assert str(EVR("2", "1.0", "1.fc45")) == "2:1.0-1.fc45"


@given(versions=st.lists(VERSION, min_size=3, max_size=3))
def test_the_order_is_total(versions):
    a, b, c = (EVR(0, version) for version in versions)
    assert (a < b) + (a == b) + (b < a) == 1
    assert not (a < b and b < c) or a < c


@pytest.mark.parametrize("name", ["gcc-c++", "python3.14", "0ad", "libstdc++", "R-ggplot2", "_x"])
def test_package_names_may_have_odd_letters(name):
    assert is_package_name(name)


@pytest.mark.parametrize("name", ["", ".x", "-x", "a/b", "a b", "ä", "x" * 300, None, "a\n", "a\0"])
def test_other_things_are_no_package_names(name):
    assert not is_package_name(name)


def build(evr):
    epoch, _, rest = evr.rpartition(":")
    version, _, release = rest.partition("-")
    return {"epoch": int(epoch) if epoch else None, "version": version, "release": release}


@pytest.mark.parametrize(
    ("testing", "stable", "is_newer"),
    [
        ("3.10.1-2.fc45", "3.10.1-2.fc45", False),
        ("3.10.0-1.fc44", "3.10.0-4.fc44", False),
        ("3.10.1-3.fc45", "3.10.1-2.fc45", True),
        ("1:1.0-1", "2.0-1", True),
        ("2.0-1", "1:1.0-1", False),
        ("2.0~rc1-1", "2.0-1", False),
    ],
)
def test_a_build_in_testing_counts_where_it_is_newer(testing, stable, is_newer):
    assert newer(build(testing), build(stable)) == (build(testing) if is_newer else None)


def test_a_build_is_newer_than_none():
    assert newer(build("1-1"), None) == build("1-1")
    assert newer(None, build("1-1")) is None
