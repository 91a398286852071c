"""What upstreams call releases, and what pages call them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedora_packages.errors import InvalidArgument
from fedora_packages.search.document import Document
from fedora_packages.search.packages import SOURCE, Package
from fedora_packages.widgets.parameters import parse_one
from fedora_packages.widgets.release_names import BRANCH, OTHER, PLAIN, bugzilla_version, names_of, reading_order
from tests.web.values import RELEASES


def release(name: str, version: str, branch: str, family: str = "epel") -> dict[str, str]:
    return {"name": name, "version": version, "branch": branch, "family": family}


NAMES = names_of(
    {
        "releases": [
            *RELEASES["releases"],
            release("EPEL-10.2", "10.2", "epel10"),
            release("EPEL-10.1", "10.1", "epel10.1"),
            release("EPEL-9", "9", "epel9"),
            release("EPEL-9N", "9", "epel9-next"),
            release("ELN", "eln", "eln", "eln"),
        ]
    }
)
PACKAGE = Package("guake", SOURCE, Document("guake", branch="rawhide", releases=("rawhide", "f45")))


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("1.fc46", "rawhide"),
        ("0.3.rc1.fc45", "f45"),
        ("2.20260101git1a2b3c.fc44.1", "f44"),
        ("1.fc45.fc46", "rawhide"),
        ("3.el9", "epel9"),
        ("3.el9.next", "epel9-next"),
        ("1.el10_2", "epel10"),
        ("1.el10_1", "epel10.1"),
        ("1.el6", "epel6"),
        ("1.eln157", "eln"),
        ("1", OTHER),
        ("1.fc46x", OTHER),
        ("1.module_f28+1953+fd9e4ca1", OTHER),
    ],
)
def test_a_build_belongs_to_the_release_of_its_dist_tag(text, branch):
    assert NAMES.of_build({"release": text}) == branch


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("1.el10_2", "epel10"),
        ("1.el10_1", "epel10.1"),
        ("1.el10", "epel10"),
        ("1.el9", "epel9"),
        ("1.el9.next", "epel9-next"),
    ],
)
def test_a_minor_belongs_to_the_leading_epel_where_bodhi_does_not_say_its_own(text, branch):
    found = [
        release("EPEL-10", "10", "epel10"),
        release("EPEL-10.1", "10.1", "epel10.1"),
        release("EPEL-9", "9", "epel9"),
    ]
    assert names_of({"releases": found}).of_build({"release": text}) == branch


@pytest.mark.parametrize(
    ("name", "branch"),
    [("F46", "rawhide"), ("F45", "f45"), ("F40", "f40"), ("EPEL-10.2", "epel10"), ("EPEL-9", "epel9"), ("EL-6", "epel6"),
     ("EPEL-9N", "epel9-next"), ("ELN", "eln"), ("F28M", OTHER), (None, OTHER)],
)  # fmt: skip
def test_an_update_belongs_to_the_release_that_bodhi_names(name, branch):
    assert NAMES.of_update({"release": name}) == branch


@pytest.mark.parametrize(
    ("product", "version", "branch"),
    [("Fedora", "rawhide", "rawhide"), ("Fedora", "45", "f45"), ("Fedora", "eln", "eln"), ("Fedora EPEL", "epel9", "epel9"),
     ("Fedora EPEL", "el6", "epel6"), ("Fedora EPEL", "rawhide", OTHER), ("Fedora", "", OTHER), ("Fedora", "unspecified", OTHER),
     ("Red Hat Enterprise Linux 9", "9.0", OTHER)],
)  # fmt: skip
def test_a_bug_belongs_to_the_release_of_its_product_and_version(product, version, branch):
    assert PLAIN.of_bug({"product": product, "version": version}) == branch


@given(st.text(), st.sampled_from(["Fedora", "Fedora EPEL", "x"]))
def test_whatever_an_upstream_says_is_the_name_of_a_branch_or_none(text, product):
    said = [NAMES.of_build({"release": text}), NAMES.of_update({"release": text})]
    said.append(NAMES.of_bug({"product": product, "version": text}))
    assert [word for word in said if word != OTHER and not BRANCH.fullmatch(word)] == []
    assert isinstance(reading_order(text), tuple)


@pytest.mark.parametrize("text", ["rawhide", "f46", "fc46"])
def test_rawhide_goes_by_its_number_too(text):
    assert parse_one("release", text, NAMES.parser((), PACKAGE)) == "rawhide"


def test_a_release_that_is_none_is_refused_with_those_that_are():
    with pytest.raises(
        InvalidArgument, match=r"release is 'f99'; expected one of rawhide, f45, f40, epel10, epel10\.1, "
    ):
        parse_one("release", "f99", NAMES.parser({"f40"}, PACKAGE))


def test_nothing_is_refused_while_the_releases_are_not_known():
    assert parse_one("release", "fc46", names_of(None).parser((), PACKAGE)) == "f46"


def test_people_read_rawhide_first_then_fedora_and_epel_newest_first():
    order = ["rawhide", "f46", "f45", "f9", "epel10", "epel10.1", "epel9", "epel9-next", "eln", OTHER]
    assert sorted(sorted(order), key=reading_order) == order


@pytest.mark.parametrize("branch", ["rawhide", "f45", "eln", "epel9", "epel10.1"])
def test_bugzillas_version_of_a_release_leads_back_to_it(branch):
    product, version = bugzilla_version(branch)
    assert PLAIN.of_bug({"product": product, "version": version}) == branch
