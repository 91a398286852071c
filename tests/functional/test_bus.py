"""What arrives on the bus, over real processes: the hub with our plugin, bad messages, and a worker that is killed."""

import signal
import sys
from pathlib import Path

import pytest

from fedora_packages.cache import keys
from fedora_packages.sandbox.devserver import DevServer, Part, module

from .site import ROOT, Site

pytestmark = pytest.mark.xdist_group("processes")

HUB = str(Path(sys.executable).with_name("fedmsg-hub"))


def count(site: Site, outcome: str) -> int:
    return int(site.service.client.hget(keys.OUTCOMES, outcome) or 0)


BAD = {
    "no JSON": ({"topic": "buildsys.tag", "raw": "{half"}, "not-understood"),
    "half empty": (
        {"topic": "buildsys.tag", "raw": '{"topic": "org.fedoraproject.dev.buildsys.tag"}'},
        "not-understood",
    ),
    "a text": ({"topic": "buildsys.tag", "msg": "text"}, "not-understood"),
    "a list": ({"topic": "buildsys.tag", "raw": "[1, 2]"}, "not-understood"),
    "deep": ({"topic": "buildsys.tag", "raw": "[" * 100_000}, "not-understood"),
    "of another environment": ({"topic": "org.fedoraproject.stg.buildsys.tag", "msg": {"name": "guake"}}, "foreign"),
    "of another bus": ({"topic": "io.pagure.prod.pagure.git.receive", "msg": {"repo": {}}}, "foreign"),
    "naming no package": ({"topic": "buildsys.tag", "msg": {"name": "../../etc", "tag": "f44"}}, "untouched"),
    "with other types": ({"topic": "bodhi.update.edit", "msg": {"update": [7], "new_builds": {"x": 1}}}, "untouched"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_message_is_counted_and_skipped(site, wait_until, bad):
    message, outcome = BAD[bad]
    before = count(site, outcome)
    site.control("publish", **message)
    wait_until(lambda: count(site, outcome) > before)
    messages, _ = site.trigger("bug", "guake")
    wait_until(lambda: site.is_fresh_because_of(messages, "bugzilla.bugs", "guake"))


def test_a_huge_message_is_refused_before_it_is_read(site, wait_until):
    before = count(site, "not-understood")
    site.control("publish", topic="mdapi.repo.update", raw='{"msg": "' + "x" * (33 << 20) + '"}')
    # A gap that is being closed may count the messages of other tests once more: what was refused is told by the log.
    wait_until(lambda: "bytes on" in site.worker.log.read_text("utf-8"))
    wait_until(lambda: count(site, "not-understood") > before)


def test_a_repository_message_with_thousands_of_names_is_handled(site, wait_until):
    before = count(site, "handled")
    names = ["guake", *(f"name-{number}" for number in range(5000))]
    site.control("publish", topic="mdapi.repo.update", msg={"name": "rawhide", "packages": names})
    wait_until(lambda: count(site, "handled") > before)


#: What a hub of the operator's own must be told; nothing of it is there to be connected to.
HUB_CONFIG = {
    "endpoints": {"fedora_packages.sandbox": ["tcp://127.0.0.1:9"]},
    "zmq_enabled": True,
    "fedora_packages.enabled": True,
    "fedora_packages.ini": str(ROOT / "development.ini"),
}


def start_hub(devserver: DevServer, folder: Path, **changes: object) -> Part:
    """Start the real ``fedmsg-hub`` in a folder with a ``fedmsg.d``; a key changed to None is left out."""
    config = {key: value for key, value in {**HUB_CONFIG, **changes}.items() if value is not None}
    (folder / "fedmsg.d").mkdir(parents=True)
    (folder / "fedmsg.d" / "all.py").write_text(f"config = {config!r}\n")
    code = f"import os; os.chdir({str(folder)!r}); os.execv({HUB!r}, [{HUB!r}])"
    return devserver.start("hub", sys.executable, "-c", code)


@pytest.fixture
def devserver(tmp_path):
    """A dev server with nothing started on it."""
    found = DevServer(tmp_path / "devserver")
    yield found
    found.stop_all()


def test_the_real_hub_loads_the_plugin_and_the_page_is_fresh(own_site, tmp_path, wait_until):
    endpoints = {"fedora_packages.sandbox": [own_site.sandbox["endpoint"]]}
    hub = start_hub(own_site.devserver, tmp_path / "hub", endpoints=endpoints)
    wait_until(lambda: "Running the MokshaHub reactor" in hub.log.read_text("utf-8"), limit=20)
    own_site.start_web()
    messages, facts = own_site.trigger("build", "guake")
    wait_until(lambda: own_site.is_fresh_because_of(messages, "koji.builds", "guake"))
    assert facts["builds"][0]["nvr"] in own_site.get("/guake/builds").text


@pytest.mark.slow
@pytest.mark.parametrize(
    "missing", ["fedora_packages.ini", pytest.param("fedora_packages.enabled", marks=pytest.mark.slow)]
)
def test_a_hub_that_lacks_a_key_ends_and_says_which(devserver, tmp_path, wait_until, missing):
    hub = start_hub(devserver, tmp_path / "hub", **{missing: None})
    wait_until(lambda: hub.process.poll() is not None, limit=20)
    assert (hub.process.returncode != 0, missing in hub.tail()) == (True, True)


@pytest.mark.slow
def test_a_hub_whose_settings_are_wrong_ends_and_says_why(devserver, tmp_path, wait_until):
    devserver.environ["FEDORA_PACKAGES_CACHE_WAIT"] = "long"
    hub = start_hub(devserver, tmp_path / "hub")
    wait_until(lambda: hub.process.poll() is not None, limit=20)
    assert "FEDORA_PACKAGES_CACHE_WAIT" in hub.tail()


@pytest.mark.slow
def test_a_worker_killed_between_message_and_refill_loses_nothing(own_site, wait_until):
    own_site.start_worker()
    own_site.start_web()
    for page in ("/guake/builds", "/vim/updates", "/bash/bugs"):
        assert own_site.get(page).status_code == 200
    queue = own_site.service.queue

    own_site.fault("koji", fail="hang")
    build, facts = own_site.trigger("build", "guake")
    wait_until(lambda: queue.client.zcard("fp:{queue}:koji:claimed") > 0)
    own_site.devserver.stop(own_site.worker, signal.SIGKILL)

    update, _ = own_site.trigger("update", "vim")
    bug, _ = own_site.trigger("bug", "bash")
    own_site.reset_faults()
    assert own_site.read("bugzilla.bugs", "bash").is_fresh, "nobody was there to hear of it"

    own_site.start_worker()
    wait_until(lambda: own_site.is_fresh_because_of(build, "koji.builds", "guake"), limit=20)
    wait_until(lambda: own_site.is_fresh_because_of(update, "bodhi.updates", "vim"), limit=20)
    wait_until(lambda: own_site.is_fresh_because_of(bug, "bugzilla.bugs", "bash"), limit=20)
    assert facts["builds"][0]["nvr"] in own_site.get("/guake/builds").text

    own_site.devserver.stop(own_site.worker)
    assert own_site.worker.process.returncode == 0, "it ends by itself when asked to"


def test_a_worker_without_a_bus_says_so(devserver, tmp_path, monkeypatch, wait_until):
    monkeypatch.chdir(tmp_path)
    devserver.environ["FEDORA_PACKAGES_WORKER_ENDPOINTS"] = ""
    part = devserver.start("worker", *module("fedora_packages.worker.daemon", str(ROOT / "development.ini")))
    wait_until(lambda: part.process.poll() is not None, limit=20)
    assert (part.process.returncode, "worker.endpoints is empty" in part.tail()) == (2, True)
