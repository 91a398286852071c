"""Spec files, as far as they can be read without rpm."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.rpm import specfile
from fedora_packages.rpm.specfile import (
    MAX_SPEC,
    MAX_SUBSTITUTIONS,
    description,
    license_of,
    patch_names,
    source_files,
    summary,
)

SPEC = """\
%global short gk
Name: guake
Version: 3.9
Summary: %{name}, a terminal that drops down (%short)
Patch0: %{name}-%{version}-tray.patch
%description
Text of
two lines.

%package doc
Summary: Documentation
%description doc
Other text.
"""


def test_the_summary_is_the_source_packages_own():
    assert summary(SPEC) == "guake, a terminal that drops down (gk)"


def test_the_description_is_the_source_packages_own():
    assert description(SPEC) == "Text of\ntwo lines."


def test_patches_have_their_macros_expanded():
    assert list(patch_names(SPEC)) == ["guake-3.9-tray.patch"]


@pytest.mark.parametrize(
    "spec", ["", "Name: x", "%package a\nSummary: of a\n", "Summary: %{unknown}\n", "Summary: %(date)\n"]
)
def test_a_summary_that_cannot_be_read_is_not_given(spec):
    assert summary(spec) is None


def test_a_doubled_percent_sign_is_one():
    assert summary("Summary: 100 %% sure\n") == "100 % sure"


@given(spec=st.text(max_size=300))
def test_no_text_trips_it(spec):
    assert all(isinstance(name, str) for name in patch_names(spec))
    assert summary(spec) is None or "%{" not in summary(spec)
    description(spec)


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


@pytest.mark.parametrize(
    ("binary", "found"),
    [
        ("", "GPL-2.0-or-later AND MIT"),
        ("guake", "GPL-2.0-or-later AND MIT"),
        ("guake-doc", "CC-BY-4.0"),
        ("python3-guake", "GPL-2.0-or-later AND MIT"),
        ("guake-odd", None),
    ],
)
def test_a_binary_has_its_own_license_or_that_of_its_source(binary, found):
    assert license_of(LICENSED, binary) == found


def test_a_spec_without_a_license_has_none():
    assert license_of("Name: guake\n") is None


SPECS = Path(__file__).parents[3] / "shared" / "cases" / "requests" / "specs.json"


def hostile_specs():
    """Specs of macros of macros, as large as a spec may be."""
    rules = [
        {"then": "%a", "times": 127, "newline_then_line": line, "lines": MAX_SPEC // len(line)}
        for line in HOSTILE_LINES
    ]
    rules += [case["generate"] for case in json.loads(SPECS.read_text("utf-8"))["cases"]] if SPECS.exists() else []
    for rule in rules:
        yield "Name: x\n%global a " + rule["then"] * rule["times"] + "\n" + rule["newline_then_line"] * rule["lines"]


HOSTILE_LINES = ("%package %a\n", "Patch:%a\n", "Source:%a\n", "License:%a\n", "%description\n%a%a%a\n")


def test_the_macros_that_are_replaced_for_one_answer_are_bounded(monkeypatch):
    replaced = []
    real = specfile._Macros._replaced

    def counted(macros, text, most):
        before = macros._left
        found = real(macros, text, most)
        replaced[-1] += before - macros._left
        return found

    monkeypatch.setattr(specfile._Macros, "_replaced", counted)
    for spec in hostile_specs():
        for read in (patch_names, source_files, summary, description, lambda text: license_of(text, "x-y")):
            replaced.append(0)
            list(read(spec) or ())
            assert replaced[-1] <= 2 * MAX_SUBSTITUTIONS
    assert max(replaced) >= MAX_SUBSTITUTIONS
