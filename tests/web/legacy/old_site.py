"""The application as old clients ask it: packages of every kind, all that upstreams say of one of them, and a count of what they
are asked besides."""

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from webtest import TestResponse

from fedora_packages import service as services
from fedora_packages import settings
from fedora_packages.cache.redis import connect
from fedora_packages.connectors import declared
from fedora_packages.search.document import Binary, Document
from fedora_packages.search.indexing.writer import Writer
from tests.conftest import watched
from tests.upstream import Upstream, connector_strings
from tests.web.values import VALUES, bug, build, relation, tagged, update
from tests.web.website import Website, website

BASE = "/packages/fcomm_connector"

DAY = 86400

NOW = int(time.time())

#: What would run in a browser that took an answer for a page.
SCRIPT = "<script>alert(1)</script>&amp;"

RELEASES = ("rawhide", "f45", "epel9")

DOCUMENTS = (
    Document(
        "guake",
        "Drop-down terminal",
        "A terminal for GNOME.",
        "https://guake.example/",
        "pingou",
        "rawhide",
        RELEASES,
        binaries=(Binary("guake", "Drop-down terminal"), Binary("guake-doc")),
    ),
    Document(
        "gcc", "Compiler", branch="rawhide", releases=("rawhide",), binaries=(Binary("gcc"), Binary("gcc-c++", "C++"))
    ),
    Document("gnome-terminal", "Terminal for GNOME", branch="rawhide", releases=("rawhide",)),
    Document("rubygem-rails", "Rails", branch="rawhide", releases=("rawhide", "f45")),
    Document("hostile", SCRIPT, SCRIPT, "javascript:alert(1)", SCRIPT, "rawhide", ("rawhide",)),
    Document("only-epel", "For EPEL", branch="epel9", releases=("epel9",), binaries=(Binary("only-epel"),)),
    Document("gone", "Retired", retired=True),
    Document("lost", "Orphaned", owner="orphan", branch="rawhide", releases=("rawhide",)),
    *(Document(f"many-{number:03}", "One of many", branch="rawhide", releases=("rawhide",)) for number in range(350)),
)

EPEL = {
    "name": "EPEL-9", "title": "Fedora EPEL 9", "version": "9", "branch": "epel9", "state": "current", "family": "epel",
    "dist_tag": "el9", "stable_tag": "epel9", "testing_tag": "epel9-testing",
}  # fmt: skip

OLD_VALUES: dict[str, Any] = {
    **VALUES,
    "bodhi.releases": {"releases": [*VALUES["bodhi.releases"]["releases"], EPEL]},
    "koji.builds": {
        "total": 412,
        "builds": [
            build(number, state, created=NOW - 2 * DAY, started=NOW - 2 * DAY, finished=finished, owner=owner)
            for number, state, finished, owner in (
                (9, "building", None, "pingou"),
                (8, "complete", NOW - 2 * DAY + 240, "pingou"),
                (7, "failed", NOW - 2 * DAY + 3600, "releng"),
                (6, "canceled", NOW - 2 * DAY + 60, "pingou"),
                (5, "deleted", NOW - 2 * DAY + 60, "pingou"),
            )
        ],
    },
    "koji.tagged": {
        "tags": {
            "f46": {**tagged(8, "f46"), "version": "3.10.0", "release": "1.fc46"},
            "f45-updates": {**tagged(6, "f45-updates"), "version": "3.6.0", "release": "2.fc45"},
            "f45-updates-testing": tagged(7, "f45-updates-testing"),
            "epel9": None,
            "epel9-testing": None,
        }
    },
    "bodhi.updates": {
        "total": 4,
        "updates": [
            update(7, submitted=NOW - 3 * DAY),
            update(6, status="stable", submitted=NOW - 9 * DAY, pushed=NOW - 8 * DAY, karma=0),
            update(5, "F40", "obsolete", karma=-1),
            update(4, "EPEL-9", "pending"),
        ],
    },
    "bugzilla.bugs": {
        "total": 4,
        "bugs": [
            bug(2300003, "POST"),
            bug(2300002, "ON_QA", security=True, version="44"),
            bug(2300001, changed=NOW - 2 * DAY - 7200),
            bug(2300000, product="Fedora EPEL", version="epel9"),
        ],
    },
    "mdapi.relations": {
        **VALUES["mdapi.relations"],
        "requires": [relation("gcc-c++", "GE", "2.0", "1"), relation("libc.so.6(GLIBC_2.4)(64bit)")],
        "provides": [{**relation("guake", "EQ", "3.8", "0"), "release": "1.fc46"}],
        "obsoletes": [relation("guake-old", "LT", "2.0")],
        "conflicts": [relation("tilda")],
    },
    "mdapi.files": {
        **VALUES["mdapi.files"],
        "directories": [
            {"path": "/etc/xdg", "files": [["guake.conf", "ghost"]]},
            *VALUES["mdapi.files"]["directories"],
            {"path": "/usr/share/guake", "files": [["guake.png", "file"]]},
        ],
    },
}


@contextmanager
def old_site(redis_url: str, compiled: str, folder: Path):
    """Run the application; ``upstream`` of what is given answers 404 to all that it is asked."""
    with Writer(folder / "index", create=True) as writer:
        writer.replace(DOCUMENTS)
        writer.commit()
    upstream, client = Upstream(), connect(redis_url)
    client.flushall()
    watched(client)
    strings = {
        **connector_strings(upstream.url),
        "cache.url": redis_url,
        "cache.wait": "0.5",
        "search.index": str(folder / "index"),
        "worker.topic_prefix": "org.fedoraproject.prod",
        "mako.module_directory": compiled,
    }
    service = services.build(settings.from_strings(strings, declared(), {}), "worker")
    with website(service, strings) as site:
        for release in RELEASES:
            site.know_all(OLD_VALUES, "guake", release)
        site.upstream = upstream
        yield site
        site.app.app.registry.build_lookup.close()
    service.client.close()
    client.close()
    upstream.close()


def ask(site: Website, path: str, query: Any = None, status: int = 200, accept: str = "*/*") -> TestResponse:
    """Return the answer at a path below `BASE`; ``query`` is put behind it, as JSON that is percent-encoded."""
    if query is not None:
        path += "/" + quote(json.dumps(query))
    return site.app.get(f"{BASE}/{path}", headers={"Accept": accept}, status=status)


def said(site: Website, path: str, query: Any = None, status: int = 200) -> Any:
    """Return what an answer says, which is JSON whatever it calls itself."""
    return json.loads(ask(site, path, query, status).text)


def rows(site: Website, path: str, **filters: Any) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    return said(site, path, {"filters": filters, "rows_per_page": 1000, "start_row": 0})["rows"]
