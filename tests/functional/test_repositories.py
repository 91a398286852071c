"""Repositories that the worker reads itself: fresh after a sync, found without one, and the same facts as from mdapi."""

import time
from itertools import product

import pytest

from fedora_packages import settings
from fedora_packages.connectors import declared, load
from fedora_packages.connectors.query import Queries
from fedora_packages.messages import timeline
from fedora_packages.sandbox.devserver import service_environment
from tests.functional.site import ROOT

pytestmark = pytest.mark.xdist_group("processes")

#: More messages than a test causes.
ALL = 1_000_000


@pytest.fixture
def reading_site(own_site, tmp_path):
    """A function that starts a service that reads the repositories itself."""

    def start(**environ):
        own_site.devserver.environ |= {
            "FEDORA_PACKAGES_CONNECTORS_REPOSITORIES": "repodata",
            "FEDORA_PACKAGES_CONNECTORS_REPODATA_STORE": str(tmp_path / "stores"),
            "FEDORA_PACKAGES_WORKER_AUDIT_RATE": "0",
            **environ,
        }
        own_site.start_worker()
        own_site.start_web()
        return own_site

    return start


def package(site, release="rawhide"):
    return site.read("mdapi.package", "guake", release)


def version(site, release="rawhide"):
    found = package(site, release)
    return found.value["release"] if found.is_fresh and found.value["found"] else None


def read_first(site, wait_until):
    """Wait until the worker has read the repositories, and a page has shown what they say."""
    wait_until(lambda: site.get("/guake").status_code == 200 and version(site), limit=120, every=0.5)
    assert site.read("mdapi.package", "guake", "rawhide").stamp.upstream == "repodata"


def test_a_repository_is_read_after_its_message_and_the_timeline_tells(reading_site, wait_until):
    site = reading_site()
    read_first(site, wait_until)
    before = version(site)
    _, facts = site.trigger("build", "guake")
    messages, _ = site.trigger("repo", "guake")
    assert any(message["topic"].endswith("pungi.compose.status.change") for message in messages)
    built = facts["builds"][0]["nvr"].removeprefix("guake-")
    wait_until(lambda: version(site) not in (None, before), limit=30)
    assert "-".join(package(site).value[key] for key in ("version", "release")) == built
    cause = package(site).stamp.event
    assert (cause["topic"], "swept" in cause) == ("pungi.compose.status.change", True)
    told = [entry["details"] for entry in timeline.read(site.service.client, "guake")]
    assert {"kind": "compose", "repository": "rawhide", "version": built} in told
    assert f"{built} is in rawhide" in site.get("/guake").text


def test_without_messages_the_sweep_finds_what_has_changed(reading_site, wait_until):
    site = reading_site(FEDORA_PACKAGES_CONNECTORS_REPODATA_SWEEP="1")
    read_first(site, wait_until)
    before = version(site)
    site.control("keep-back", count=ALL, archive=False)
    site.trigger("build", "guake")
    site.trigger("repo", "guake")
    wait_until(lambda: version(site) not in (None, before), limit=30)


def test_a_worker_that_is_killed_while_it_reads_is_followed_by_another(reading_site, wait_until, tmp_path):
    site = reading_site()
    wait_until(lambda: list((tmp_path / "stores").glob("*")), limit=60)
    site.worker.process.kill()
    site.start_worker()
    read_first(site, wait_until)


# Both connectors.

QUERIES = ("package", "relations", "required_by", "files", "changelog", "obsoleters")

#: Fields that mdapi does not have.
MORE = ("size", "installed_size", "architectures", "built")


@pytest.fixture(scope="module")
def both(shared_site, tmp_path_factory):
    """The queries about repositories by both connectors, of one sandbox."""
    environ = {
        **service_environment("redis://127.0.0.1:1/0", shared_site.sandbox, tmp_path_factory.mktemp("index")),
        "FEDORA_PACKAGES_CONNECTORS_REPODATA_STORE": str(tmp_path_factory.mktemp("stores")),
    }

    def queries(name):
        given = {**environ, "FEDORA_PACKAGES_CONNECTORS_REPOSITORIES": name}
        found = load(settings.load(str(ROOT / "development.ini"), declared(), given), "test", lambda: releases)
        return found

    releases = Queries(queries("mdapi").values())["bodhi.releases"].fetch("*")["releases"]
    repodata, position, now = queries("repodata")["repodata"], {}, time.time()
    for _ in range(200):
        swept = repodata.changes.fetch(repodata, position, now)
        position = swept.position
        if swept.is_complete:
            break
    return Queries([queries("mdapi")["mdapi"]]), Queries([repodata])


def without_quirks(theirs, ours):
    """Return two descriptions of a package, by mdapi and by repodata, without what is known to differ.

    Only repodata has sizes, architectures and build time, and the name of the binary that describes a source.  Of an updated
    source without a binary of its name, mdapi names no siblings and the wrong repository.
    """
    known = {*MORE, "name", *(("siblings", "repository") if theirs.get("siblings") == [] else ())}
    return ({key: value[key] for key in value if key not in known} for value in (theirs, ours))


def test_the_same_packages_have_the_same_facts_from_both(both, shared_site):
    """Of the packages that require one, mdapi finds some: by eight capabilities, in the first repository that has any."""
    names = sorted(shared_site.control("packages")["packages"])[:100]
    different, compared = {}, 0
    for name, query, release in product(names, QUERIES, ("rawhide", "f44", "epel9")):
        theirs, ours = (queries[f"mdapi.{query}"].fetch(name, release) for queries in both)
        compared += theirs.get("found", True)
        if query == "package":
            theirs, ours = without_quirks(theirs, ours)
        elif query == "required_by" and theirs["found"]:
            requirers = [{(row["source"], row["name"]) for row in value["packages"]} for value in (theirs, ours)]
            theirs, ours = requirers[0] - requirers[1], set()
        if theirs != ours:
            different[name, query, release] = (theirs, ours)
    assert different == {}
    assert compared > 400
