"""Spec files, as far as they can be read without rpm."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.rpm.specfile import (
    MAX_DESCRIPTION,
    MAX_FILES,
    MAX_LEVELS,
    MAX_NAME,
    MAX_SPEC,
    MAX_SUBPACKAGES,
    MAX_SUBSTITUTIONS,
    MAX_TEXT,
    parse,
)

SPEC = """\
%global short gk
Name: guake
Version: 3.9
Summary: %{name}, a terminal that drops down (%short)
License: GPL-2.0-or-later
Source0: https://example.org/%{name}-%{version}.tar.gz
Source5: five
Source: six
Patch0: %{name}-%{version}-tray.patch
Patch1: https://example.org/%{short}.patch
%sourcelist
seven
%patchlist

# comment
listed.patch
%description
Text of
two lines.

%package doc
Summary: Documentation
Version: 7
%description doc
Other text.
"""


def test_the_summary_is_the_source_packages_own():
    assert parse(SPEC).summary == "guake, a terminal that drops down (gk)"


def test_the_description_is_the_source_packages_own():
    assert parse(SPEC).description == "Text of\ntwo lines."


def test_patches_have_their_macros_expanded():
    assert parse(SPEC).patches == ["guake-3.9-tray.patch", "gk.patch", "listed.patch"]


def test_sources_have_numbers_and_their_macros_expanded():
    assert parse(SPEC).sources == [
        ("Source0", "https://example.org/guake-3.9.tar.gz"), ("Source5", "five"), ("Source6", "six"), ("Source7", "seven"),
    ]  # fmt: skip


def test_a_small_spec_is_read_in_full():
    assert parse(SPEC).is_complete


def test_a_tag_without_a_value_does_not_have_the_next_line():
    found = parse("Summary:\nLicense:\nSource0:\nPatch0:\nName: x\n")
    assert (found.summary, found.license, found.sources, found.patches) == (None, None, [], [])


@pytest.mark.parametrize("release", ["%autorelease", "%{autorelease}", "%{?autorelease}", "0.1%{autorelease}"])
def test_rpmautospec_is_told_by_the_release(release):
    assert parse(f"Release: {release}\n").is_autorelease
    assert not parse(f"Version: {release}\nRelease: 1\n").is_autorelease


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "Name: x",
        "%package a\nSummary: of a\nLicense: MIT\n",
        *(f"Summary: {text}\nLicense: {text}\n" for text in ("%{unknown}", "%(date)", "%{lua: print(1)}", "%[1 + 1]")),
    ],
)
def test_what_cannot_be_read_is_not_given(spec):
    assert parse(spec)[:3] == (None, None, None)


def test_a_doubled_percent_sign_is_one():
    assert parse("Summary: 100 %% sure\n").summary == "100 % sure"


def test_a_text_keeps_its_macros_where_they_are_not_simple():
    found = parse("Source: %{lua: print(1)}.tar\nSource: %{x}.tar\nPatch: %(date).patch\n")
    assert (found.sources, found.patches) == ([("Source0", "%{lua:"), ("Source1", "%{x}.tar")], ["%(date).patch"])


@given(spec=st.text(max_size=300))
def test_no_text_trips_it(spec):
    found = parse(spec)
    assert all(isinstance(name, str) for name in found.patches)
    assert found.summary is None or "%{" not in found.summary


LICENSED = """\
Name: guake
%global ours MIT
License: GPL-2.0-or-later AND %{ours}
%description
License: not this
%package doc
License:   CC-BY-4.0
%description doc
License: nor this
%package -n python3-%{name}
Summary: no license of its own
%description -n python3-%{name}
%package odd
License: %{undefined}
"""


def test_a_binary_can_have_a_license_of_its_own():
    found = parse(LICENSED)
    assert (found.license, found.licenses) == (
        "GPL-2.0-or-later AND MIT",
        {"guake-doc": "CC-BY-4.0", "guake-odd": None},
    )


# Bounds.


def levels(number):
    """Return a spec with a source whose name is in a macro below others."""
    return "".join(f"%global a{n} %a{n + 1}\n" for n in range(number - 1)) + f"%global a{number - 1} x\nSource: %a0\n"


def lines(form, number):
    return "".join(form.format(n) + "\n" for n in range(number))


#: A spec with as many macros as are replaced.
MACROS = "%global a x\n" + lines("Source{}: " + "%a" * (MAX_SUBSTITUTIONS // MAX_FILES), MAX_FILES)


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        ("x" * MAX_SPEC, "x" * (MAX_SPEC + 1)),
        (levels(MAX_LEVELS), levels(MAX_LEVELS + 1)),
        *((lines(form, MAX_FILES), lines(form, MAX_FILES + 1)) for form in ("Source{}: x", "Patch{0}: {0}")),
        *(
            (f"%{kind}list\n" + lines("x{}", MAX_FILES), f"%{kind}list\n" + lines("x{}", MAX_FILES + 1))
            for kind in ("source", "patch")
        ),
        (MACROS, MACROS + "Patch: %a\n"),
        (lines("%package a{}", MAX_SUBPACKAGES), lines("%package a{}", MAX_SUBPACKAGES + 1)),
        ("Source: " + "x" * MAX_TEXT, "Source: " + "x" * (MAX_TEXT + 1)),
        ("Patch: " + "x" * MAX_NAME, "Patch: " + "x" * (MAX_NAME + 1)),
        *(
            ("%global a " + "x" * (most - 1) + f"\n{tag}%{{a}}y\n", "%global a " + "x" * most + f"\n{tag}%{{a}}y\n")
            for tag, most in (("Summary: ", MAX_TEXT), ("License: ", MAX_TEXT), ("%description\n", MAX_DESCRIPTION))
        ),
    ],
    ids=lambda spec: spec.replace("\n", " ")[:20],
)
def test_beyond_a_bound_a_spec_is_not_read_in_full(within, beyond):
    assert (parse(within).is_complete, parse(beyond).is_complete) == (True, False)


def test_what_is_beyond_a_bound_is_left_out_and_not_cut():
    assert parse("%global a " + "x" * MAX_TEXT + "\nSummary: %{a}y\nSource: %{a}y\nPatch: %{a}y\n")[:6] == (
        None, None, None, {}, [], [],
    )  # fmt: skip


SPECS = Path(__file__).parents[3] / "shared" / "cases" / "requests" / "specs.json"

#: Macros that are bombs: many of one, each of which is many of the next.
BOMB = "".join(f"%global a{n} " + f"%a{n + 1}" * 60 + "\n" for n in range(5))

HOSTILE_LINES = ("%package %a\n", "Patch:%a\n", "Source:%a\n", "License:%a\n", "%description\n%a%a%a\n", "Source:%a0\n")

#: Lines without macros that are much work for a search that goes back, or for one that does not end.
LONG = (
    *(
        f"{tag}: a{' ' * MAX_SPEC}x\n"
        for tag in ("Summary", "License", "Release", "Name", "Patch", "Source", "%global a")
    ),
    *(f"{tag}{' ' * MAX_SPEC}x\n" for tag in ("Summary", "%patchlist", "%description", "%package", "%global", "")),
    "%patchlist" + "\n" * MAX_SPEC,
    "%patchlist\n" + " " * MAX_SPEC,
    "%description\n" + "a\n" * MAX_SPEC,
    "Source0: " + "%{?a:" * MAX_SPEC,
    "Source0: %{lua:" + "(" * MAX_SPEC,
    "Source0: %(" + "(" * MAX_SPEC,
    "Release: " + "%{?autoreleas" * MAX_SPEC,
    "%global a " + "x" * (MAX_SPEC // 2) + "\n" + "Source:%a\n" * MAX_SPEC,
)


def hostile_specs():
    """Yield specs of macros of macros and of long lines, as large as a spec may be."""
    for line in HOSTILE_LINES:
        yield "Name: x\n%global a " + "%a" * 127 + "\n" + BOMB + line * (MAX_SPEC // len(line))
    for rule in [case["generate"] for case in json.loads(SPECS.read_text("utf-8"))["cases"]] if SPECS.exists() else []:
        yield rule["head"] + rule["then"] * rule["times"] + "\n" + rule["newline_then_line"] * rule["lines"]
    # Longer than what is read of a spec they would hide what stands at the end of a line.
    yield from (spec.replace(" " * MAX_SPEC, " " * (MAX_SPEC - 100))[:MAX_SPEC] for spec in LONG)


@pytest.mark.parametrize("spec", hostile_specs(), ids=lambda spec: spec.replace("\n", " ")[:10])
def test_a_hostile_spec_is_little_work(spec):
    started = time.process_time()
    parse(spec)
    # Without the bounds each takes minutes.  Some 100 ms are usual.
    assert time.process_time() - started < 1
