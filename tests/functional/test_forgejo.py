"""dist-git moves from Pagure to Forgejo while pages are read, over real processes; for a while all its addresses are missing."""

import threading
import time

import pytest

from fedora_packages.sandbox.actions.messages import HOOK_CREDENTIAL
from tests.keyspace import everything_in

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.slow]

PACKAGES = ("guake", "vim", "bash", "MySQL-python")
QUERIES = ("spec?release=rawhide", "patches?release=rawhide", "retirement")

#: What a page must not say of a package that has it.
WRONG = ("has no spec file", "has no patches")


class Reader:
    """Reads pages all the time, and notes those that say something wrong."""

    def __init__(self, site):
        self.site = site
        self.wrong = []
        self.read = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        self._thread.join(60)

    def _run(self):
        while not self._stop.wait(0.05):
            for path in ("/guake", "/guake/sources", "/vim/sources", "/bash"):
                answer = self.site.get(path)
                self.read += 1
                said = [text for text in (*WRONG, "is retired", ">Retired<") if text in answer.text]
                if answer.status_code != 200 or said:
                    self.wrong.append((path, answer.status_code, said))


def facts(site):
    """Return what the API tells of each package; whether it is fresh is another question."""
    return {
        (package, query): site.api(f"packages/{package}/{query}")["value"] for package in PACKAGES for query in QUERIES
    }


def are_fresh(site):
    return all(site.api(f"packages/{name}/{query}")["state"] == "fresh" for name in PACKAGES for query in QUERIES)


def patches(site, package):
    return [row["name"] for row in site.api(f"packages/{package}/patches?release=rawhide")["value"]["patches"]]


def test_nothing_is_lost_or_invented_when_dist_git_moves_and_all_is_fresh_within_a_minute(own_site, wait_until):
    site = own_site
    site.start_worker()
    site.start_web()
    for package in PACKAGES:
        site.get(f"/{package}")
        site.get(f"/{package}/sources")
    wait_until(lambda: are_fresh(site), limit=30)
    wait_until(lambda: site.api("distgit/forge")["value"] == {"kind": "pagure"}, limit=10)
    before = facts(site)
    assert before["MySQL-python", "retirement"]["retired"]
    with Reader(site) as reader:
        site.control("software", distgit="neither")
        # Messages of before the move make values old: those cannot be read again now.
        for package in ("guake", "vim"):
            site.trigger("push", package, branch="rawhide", text="Before the move")
        site.trigger("maintainer", "guake", user="newcomer")
        wait_until(lambda: site.api("packages/guake/spec?release=rawhide")["state"] == "failing", limit=20)
        seen = reader.read
        wait_until(lambda: reader.read > seen + 40, limit=60)
        assert facts(site) == before
        moved = time.monotonic()
        site.control("software", distgit="forgejo")
        _, pushed = site.trigger("push", "bash", branch="rawhide", text="After the move")
        wait_until(lambda: are_fresh(site), limit=60)
        for package in ("guake", "vim", "bash"):
            newest = site.control(f"packages/{package}")["branches"]["rawhide"]
            wait_until(lambda package=package, newest=newest: patches(site, package) == newest["patches"], limit=60)
        link = "/rpms/guake/src/branch/rawhide/guake.spec"
        wait_until(lambda: link in site.get("/guake/sources").text, limit=60)
        assert time.monotonic() - moved < 60
    assert reader.wrong == []
    after = facts(site)
    assert after["MySQL-python", "retirement"] == before["MySQL-python", "retirement"]
    assert after["bash", "spec?release=rawhide"]["commit"] == pushed["branches"]["rawhide"]["commit"]
    page = site.get("/guake").text
    owner = site.control("packages/guake")["owner"]
    assert (f">{owner}</a>" in page, "dist-git shows this to its accounts only" in page) == (True, True)
    site.trigger("retire", "vim", reason="Use emacs")
    wait_until(lambda: "Use emacs" in site.get("/vim").text, limit=30)
    for _, lines in logs(site):
        assert HOOK_CREDENTIAL not in lines
    assert HOOK_CREDENTIAL not in everything_in(site.service.client)


def logs(site):
    """Yield the name and content of each log of worker and web."""
    for path in site.devserver.folder.glob("*.log"):
        if "sandbox" not in path.name:
            yield path.name, path.read_text("utf-8")
