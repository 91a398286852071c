"""All 23,176 packages of Fedora: loaded, indexed, and shown as they are."""

import gzip
import html
import json
import random
import re
import subprocess
import time
from urllib.parse import quote

import pytest

from fedora_packages.sandbox.devserver import free_port, module

from .facts import told_facts, true_facts
from .site import ROOT, start

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("all-of-fedora")]

#: Packages of which the pages are looked at, and of which every fact is.
LOOKED_AT, HELD = 200, 500

TABS = ("", "/builds", "/updates", "/bugs", "/problems", "/contents", "/changelog", "/dependencies", "/sources")


@pytest.fixture(scope="module")
def packages(data):
    """Every package of the file, by name."""
    file = data / "fedora-rawhide.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no packages: {file} is missing")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return {package["name"]: package for package in map(json.loads, lines)}


@pytest.fixture(scope="module")
def site(data, packages, tmp_path_factory):
    started = time.monotonic()
    site = start(tmp_path_factory.mktemp("fedora"), "--world", str(data / "fedora-rawhide.jsonl.gz"))
    # How long a page waits is not what is looked at here.
    site.devserver.environ["FEDORA_PACKAGES_CACHE_WAIT"] = "20"
    site.metrics = {"seconds to load": time.monotonic() - started}
    try:
        yield site
    finally:
        site.close()


@pytest.fixture(scope="module")
def indexed(site):
    """The site with its index built; what the builder said."""
    started = time.monotonic()
    built = subprocess.run(
        module("fedora_packages.search.indexing.command", str(ROOT / "development.ini"), "--json"),
        env=site.devserver.environ, check=True, capture_output=True, text=True,
    )  # fmt: skip
    site.metrics["seconds to index"] = time.monotonic() - started
    return built


@pytest.fixture(scope="module")
def running(site, indexed):
    site.worker = site.devserver.worker(str(ROOT / "development.ini"))
    site.url = site.devserver.web(str(ROOT / "development.ini"), free_port())
    return site


def megabytes(process) -> float:
    """Return the memory of a process that is its own or shared, as Linux counts it."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) / 1024


def test_all_packages_are_loaded(site, packages):
    assert site.control("packages?limit=1")["total"] == len(packages)


def test_all_packages_are_indexed_and_progress_is_shown(indexed, packages):
    assert json.loads(indexed.stdout.splitlines()[-1])["packages"] == len(packages)
    assert re.search(rf"documents: \d+ of {len(packages)}, \d+ a second, \d+ s left", indexed.stderr)


def test_random_pages_show_what_the_data_says(running, packages):
    # A subpackage that several sources list is the last one's, as in a repository.
    builders = {sub["name"]: package["name"] for package in packages.values() for sub in package["subpackages"]}
    wrong = {}
    for name in random.Random(23176).sample(sorted(packages), LOOKED_AT):
        package = packages[name]
        binaries = {sub["name"] for sub in package["subpackages"] if builders[sub["name"]] == name}
        binaries |= {name} if package["builds_main"] else set()
        expected, found = expected_of(package, binaries), shown_of(running, package, binaries)
        if found != expected:
            wrong[name] = {key: (found[key], expected[key]) for key in expected if found[key] != expected[key]}
    for part in running.devserver.parts:
        running.metrics[f"MB of {part.name}"] = megabytes(part.process)
    print({name: round(value, 1) for name, value in running.metrics.items()})
    assert wrong == {}


def test_no_tab_of_random_packages_is_an_error_and_every_fact_is_the_worlds(running, packages):
    builders = {sub["name"]: package["name"] for package in packages.values() for sub in package["subpackages"]}
    wrong = {}
    for name in random.Random(500).sample(sorted(packages), HELD):
        statuses = {tab: running.get(f"/{quote(name)}{tab}").status_code for tab in TABS}
        expected = running.control(f"packages/{quote(name)}")
        # A few have left rawhide.
        said = running.api(f"packages/{quote(name)}")
        branch = said["branch"] or "rawhide"
        there = expected["repositories"].get(branch, {"binaries": ()})["binaries"]
        binaries = [binary for binary in sorted(there) if builders.get(binary, name) == name][:3]
        expected = {
            "statuses": dict.fromkeys(TABS, 410 if said["retired"] else 200),
            **true_facts(expected, branch, binaries),
        }
        found = {"statuses": statuses, **told_facts(running.api, quote(name), branch, binaries)}
        if found != expected:
            wrong[name] = {key: (found[key], expected[key]) for key in expected if found[key] != expected[key]}
    assert wrong == {}


def expected_of(package, binaries):
    """Return what the data says of a package and of its binaries; of one that builds none mdapi knows nothing."""
    evr = f"{package['version']}-{package['release']}"
    told = {"evr": evr, "binaries": binaries, "summary": package["summary"]} if binaries else {"found": False}
    return {"status": 200, "page": {"evr": True, "summary": True, "binaries": binaries}, "told": told}


def shown_of(site, package, binaries):
    """Return what the service shows of them, on the package's page and as JSON."""
    name = package["name"]
    page = site.get(f"/{name}")
    text = html.unescape(page.text)
    shown = {
        "evr": f"{package['version']}-{package['release']}" in text,
        "summary": package["summary"] in text,
        "binaries": {binary for binary in binaries if binary in text},
    }
    answer = site.api(f"packages/{quote(name)}/package?release=rawhide")
    assert "value" in answer, answer
    told = answer["value"]
    if told["found"]:
        told = {
            "evr": f"{told['version']}-{told['release']}",
            "binaries": set(told["siblings"]),
            # Without a binary of its name a source is described by one of its binaries.
            "summary": told["summary"] if package["builds_main"] else package["summary"],
        }
    return {"status": page.status_code, "page": shown, "told": told}


def test_a_build_among_all_of_them_is_fresh_before_anyone_asks(running, wait_until):
    messages, _ = running.trigger("build", "kernel")
    wait_until(lambda: running.is_fresh_because_of(messages, "koji.builds", "kernel"))
