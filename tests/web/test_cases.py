"""Cases of what pages and JSON must say of upstream answers; they lie beside the project where there are any."""

import json
from typing import Any

import pytest

from tests.connectors.test_cases import BASES, CASES, needs_cases, patched
from tests.rpm.test_upstream_versions import cases as versions
from tests.web.values import RELEASES, VALUES

F44 = {
    **RELEASES["releases"][1], "name": "F44", "title": "Fedora 44", "version": "44", "branch": "f44", "dist_tag": "f44",
    "stable_tag": "f44-updates", "testing_tag": "f44-updates-testing",
}  # fmt: skip


def case(name: str) -> dict[str, Any]:
    """Return a case, with its base."""
    found = next(case for case in json.loads((CASES / "cases.json").read_text("utf-8")) if case["id"] == name)
    return {**found, "base": json.loads(BASES[found["query"]].read_text("utf-8"))}


def fetched(site, query: str) -> Any:
    """Return what the connector makes of an answer, and put it into the cache."""
    value = site.service.queries[query].fetch("guake")
    site.know(query, value, "guake")
    return value


@needs_cases
def test_a_build_is_in_testing_only_where_it_is_newer(site, upstream):
    found = case("testing-not-newer")
    f45 = {**RELEASES["releases"][1], "stable_tag": "f45"}
    site.know("bodhi.releases", {"releases": [RELEASES["releases"][0], f45, F44]})
    site.know("bodhi.updates", VALUES["bodhi.updates"], "guake")
    upstream.koji_says(found["base"]["answers"]["multiCall"])
    fetched(site, "koji.tagged")
    said = {row["branch"]: row for row in site.get("/api/v1/packages/guake/releases", 200).json["releases"]}
    shown = {
        branch: {key: said[branch][key] and said[branch][key]["nvr"] for key in ("stable", "testing")}
        for branch in found["site"]["releases"]
    }
    assert shown == found["site"]["releases"]


@needs_cases
def test_builds_of_a_minor_are_those_of_the_release_that_leads_it(site, upstream):
    found = case("epel-version-without-minor")
    epel = {**F44, **found["site"]["bodhi_releases"], "title": "EPEL 10", "family": "epel"}
    site.know("bodhi.releases", {"releases": [*RELEASES["releases"], epel]})
    upstream.koji_says(patched(found["base"]["answers"]["multiCall"], found["patch"]))
    fetched(site, "koji.builds")
    page = site.get(found["site"]["address"], 200)
    assert (found["site"]["lists"] in page.text, "epel10.2" in page.text) == (True, False)


@needs_cases
@pytest.mark.parametrize(("version", "release", "upstreams", "is_stable", "stands"), versions())
def test_the_overview_says_how_rawhide_stands(site, upstream, version, release, upstreams, is_stable, stands):
    said = {"behind": "upstream is newer", "same": ">up to date<", "ahead": "newer than the newest version in Anitya"}
    anitya, koji = (
        json.loads(BASES[name].read_text("utf-8"))["answers"] for name in ("anitya.versions", "koji.tagged")
    )
    ((address, answer),) = anitya.items()
    stable = [upstreams] if is_stable == "yes" else []
    upstream.says(address, {**answer, "version": upstreams, "versions": [upstreams], "stable_versions": stable})
    build = {**koji["multiCall"][0][0][0], "version": version, "release": release}
    upstream.koji_says([[[build]], [[]], [[]]])
    site.know("bodhi.releases", RELEASES)
    fetched(site, "anitya.versions")
    fetched(site, "koji.tagged")
    page = site.get("/guake/overview/upstream", 200).text
    assert [stand for stand, words in said.items() if words in page] == [stands]
