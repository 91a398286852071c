"""The published Bodhi server of a test, and how it is asked, used and pushed; ``bodhi_server/`` has the other end."""

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from fedora_packages.sandbox.devserver import HOST, DevServer, answers, free_port

HERE = Path(__file__).parent / "bodhi_server"

#: The Python of the server's environment, beside the one of these tests; ``make conformance`` makes both.
PYTHON = Path(f"{sys.prefix}-bodhi", "bin", "python")

#: The server's users, a packager and a tester: the same names are in ``bodhi_server/server.py``.
PACKAGER, TESTER = "packager", "tester"

#: What Fedora's broker puts before a topic.
PREFIX = "org.fedoraproject.prod."

#: Settings that do not depend on where the server runs.
SETTINGS = {
    "use": "egg:bodhi-server",
    "acl_system": "dummy",
    "acl_dummy_committer": PACKAGER,
    "buildsystem": "dev",
    "bugtracker": "bugzilla",
    "pungi.cmd": sys.executable,
    "clean_old_composes": "false",
    "dogpile.cache.backend": "dogpile.cache.memory",
    "libravatar_enabled": "false",
    "warm_cache_on_start": "false",
    "authtkt.secret": "for tests",
    "session.secret": "for tests",
    "system_users": "bodhi autoqa",
    "test_gating.required": "true",
    "min_karma": "1",
}


@dataclass
class PublishedBodhi:
    """A running server, with a logged-in session for each of its users."""

    url: str
    sessions: dict[str, requests.Session] = field(default_factory=dict)

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON at a path."""
        answer = requests.get(f"{self.url}/{path}", parameters, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, user: str = PACKAGER, **fields: Any) -> Any:
        """Send a form as a user, and return the JSON of the answer."""
        session = self.sessions[user]
        token = session.get(f"{self.url}/csrf", timeout=30).json()["csrf_token"]
        answer = session.post(f"{self.url}/{path}", json={**fields, "csrf_token": token}, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def control(self, action: str, **arguments: Any) -> Any:
        """Make something happen in or around the server; see ``Fedora`` in ``bodhi_server/server.py``."""
        answer = requests.post(f"{self.url}/control/{action}", json=arguments, timeout=60).json()
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages that the server has published since the last call, as its subscribers get them."""
        return [{**message, "topic": PREFIX + message["topic"]} for message in self.control("messages")]

    # What people do.

    def save_release(self, number: int, branch: str, state: str, edited: bool = False, **fields: Any) -> str:
        """Create or edit a release of Fedora, and return its name."""
        name, tag = f"F{number}", f"f{number}"
        self.post(
            "releases/", name=name, long_name=f"Fedora {number}", version=str(number), id_prefix="FEDORA", dist_tag=tag,
            branch=branch, state=state, stable_tag=f"{tag}-updates", testing_tag=f"{tag}-updates-testing",
            candidate_tag=f"{tag}-updates-candidate", pending_signing_tag=f"{tag}-signing-pending",
            pending_testing_tag=f"{tag}-updates-testing-pending", pending_stable_tag=f"{tag}-updates-pending",
            override_tag=f"{tag}-override", **fields, **({"edited": name} if edited else {}),
        )  # fmt: skip
        return name

    def submit(self, *nvrs: str, bugs: str = "", **fields: Any) -> str:
        """Create an update, or edit the one named by ``edited``, and return its alias."""
        defaults = {"type": "enhancement", "notes": "It works again.", "autokarma": False, "autotime": False}
        return self.post("updates/", builds=" ".join(nvrs), bugs=bugs, **{**defaults, **fields})["alias"]

    def comment(self, alias: str, karma: int = 0) -> None:
        """Comment on an update as the tester."""
        self.post("comments/", TESTER, update=alias, text="I have tried it.", karma=karma)

    def request(self, alias: str, action: str) -> None:
        """Request something of an update as its packager."""
        self.post(f"updates/{alias}/request", request=action, update=alias)

    # What Fedora's other services do.

    def sign(self, nvr: str) -> None:
        """Sign a build: it goes to the release's tag of signed builds."""
        self.control("tag", consumer="signed", nvr=nvr, tag=f"f{nvr.rpartition('.fc')[2]}-updates-testing-pending")

    def build(self, nvr: str) -> None:
        """Build for a release that makes updates of its builds."""
        self.control("tag", consumer="automatic_updates", nvr=nvr, tag=f"f{nvr.rpartition('.fc')[2]}-updates-candidate")

    def push(self, alias: str) -> None:
        """Push an update from the beginning to the end."""
        self.control("start_push", alias=alias)
        self.control("finish_push")

    def update(self, alias: str) -> dict[str, Any]:
        """Return an update."""
        return self.get(f"updates/{alias}")["update"]

    def alias_of(self, nvr: str) -> str:
        """Return the alias of the update with a build."""
        return self.get("updates/", builds=nvr)["updates"][0]["alias"]


def start(devserver: DevServer, folder: Path, closing: ExitStack) -> PublishedBodhi:
    """Start a server over an empty database, and return it when it answers.  ``closing`` will close the sessions."""
    url = f"http://{HOST}:{(port := free_port())}"
    (folder / "celeryconfig.py").touch()
    settings = {
        **SETTINGS,
        "base_address": f"{url}/",
        "greenwave_api_url": f"{url}/control",
        "celery_config": folder / "celeryconfig.py",
        "compose_dir": folder,
        "compose_stage_dir": folder,
        "sqlalchemy.url": f"sqlite:///{folder}/bodhi.sqlite",
    }
    ini = folder / "bodhi.ini"
    ini.write_text("\n".join(["[app:main]", *(f"{key} = {value}" for key, value in settings.items())]), "utf-8")
    environ = {"BODHI_CONFIG": str(ini), "PYTHONPATH": str(HERE / "stand_ins")}
    part = devserver.start("bodhi", str(PYTHON), str(HERE / "server.py"), str(port), environ=environ)
    devserver.wait_for(part, lambda: answers(f"{url}/releases/"))
    sessions = {}
    for user in (PACKAGER, TESTER):
        sessions[user] = closing.enter_context(requests.Session())
        sessions[user].headers.update({"Accept": "application/json", "User": user})
    return PublishedBodhi(url, sessions)
