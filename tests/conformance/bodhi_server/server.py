"""The published Bodhi, served with all that changes its database beside its web pages: tasks, composer, consumers.

It runs in an environment of its own, and reads its settings from ``BODHI_CONFIG``::

    python server.py PORT

Requests are answered by Bodhi's own WSGI application, as the user that the header ``User`` names.  Addresses below ``/control/``
make happen what happens at Fedora without a request: a push, a task, a message of Koji.  They take keyword arguments as a JSON
object and return ``{"result"}``.

Replaced is what is outside of Bodhi: Koji by Bodhi's own stand-in for development, and the broker, the queue of Celery, Bugzilla,
Greenwave and Pungi by what stands here.
"""

import json
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import waitress
from bodhi.messages.schemas.base import BodhiMessage
from bodhi.server import Session, bugs, buildsys, initialize_db, notifications
from bodhi.server import main as make_application
from bodhi.server.config import config
from bodhi.server.consumers.automatic_updates import AutomaticUpdateHandler
from bodhi.server.consumers.signed import SignedHandler
from bodhi.server.models import Base, Compose, Group, Release, Update, User
from bodhi.server.push import push as bodhi_push
from bodhi.server.tasks import approve_testing_task, check_policies_task
from bodhi.server.tasks.composer import PungiComposerThread
from celery.app.task import Task
from fedora_messaging.api import Message
from fedora_messaging.message import dumps

#: A packager and a tester; each is served an application of Bodhi's that takes all its requests for theirs.
USERS = ("packager", "tester")

#: Seconds that a push may take.
PUSH_LIMIT = 30.0


class Broker:
    """Takes messages as a broker does, and can stop their publisher after one, as slow mails and bugs do."""

    def __init__(self):
        self.messages: list[dict[str, Any]] = []
        self.stop_after = ""
        self.stopped = threading.Event()
        self.go_on = threading.Event()

    def publish(self, message: BodhiMessage) -> None:
        """Take a message, if it is valid."""
        message.validate()
        self.messages += map(json.loads, dumps(message).splitlines())
        if self.stop_after and message.topic.startswith(self.stop_after):
            self.stop_after = ""
            self.stopped.set()
            self.go_on.wait(PUSH_LIMIT)

    def taken(self) -> list[dict[str, Any]]:
        """Return the messages since the last call, in order."""
        taken, self.messages = self.messages, []
        return taken


class Bug(SimpleNamespace):
    """A bug as Bugzilla's client returns it."""

    def setstatus(self, status: str, comment: str) -> None:
        self.bug_status = status

    def addcomment(self, comment: str) -> None:
        pass

    def close(self, resolution: str, **details: Any) -> None:
        self.bug_status = "CLOSED"


class Bugzilla:
    """What Bugzilla's client gives Bodhi: bugs by their number."""

    def __init__(self):
        self.bugs: dict[int, Bug] = {}

    def getbug(self, number: int) -> Bug:
        return self.bugs[int(number)]

    def file(self, number: int, title: str, keywords: list[str]) -> None:
        """File a bug."""
        self.bugs[number] = Bug(
            short_desc=title, keywords=keywords, product="Fedora", component="guake", bug_status="NEW", fixed_in=""
        )


class Fedora:
    """What is around Bodhi, and makes things happen in it.  Each public method is an address below ``/control/``."""

    def __init__(self):
        self._broker = Broker()
        self._bugzilla = Bugzilla()
        self._queue: list[tuple[Task, tuple[Any, ...], dict[str, Any]]] = []
        self._is_satisfied = True
        self._push = threading.Thread()

    def install(self) -> None:
        """Put what is here in the place of what is outside of Bodhi."""
        notifications.api.publish = self._broker.publish
        bugs.bugzilla.Bugzilla = lambda **_options: self._bugzilla
        queue = self._queue
        # Celery reads a task from its class when it is called.
        Task.apply_async = lambda task, args=(), kwargs=None, **_options: queue.append((task, args, kwargs or {}))
        # The rest of this step is Pungi's, and waits for repositories on mirrors.
        PungiComposerThread._compose_updates = PungiComposerThread.generate_testing_digest

    def begin(self) -> None:
        """Begin again with nothing but the accounts of those who log in."""
        make_database()
        self._broker.taken()
        self._bugzilla.bugs.clear()
        self._queue.clear()
        self._is_satisfied = True

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages published since the last call, as fedora-messaging serializes them."""
        return self._broker.taken()

    def run_tasks(self, name: str = "") -> list[str]:
        """Run the tasks that wait for a worker of Celery's, or those of one name, and return their names."""
        chosen = [one for one in self._queue if name in ("", one[0].name)]
        self._queue[:] = [one for one in self._queue if one not in chosen]
        for task, args, kwargs in chosen:
            task(*args, **kwargs)
        return [task.name for task, *_ in chosen]

    def start_push(self, alias: str) -> None:
        """Push an update until its message ``complete`` is out, or to the end if it is ejected from the push.

        Bugs, comments and mails would be next, which take minutes at Fedora.
        """
        bodhi_push.main(["--username", "releng", "--yes", "--updates", alias], standalone_mode=False)
        self._broker.stop_after = "bodhi.update.complete."
        self._broker.stopped.clear()
        self._broker.go_on.clear()
        self._push = threading.Thread(target=self.run_tasks, args=("compose",))
        self._push.start()
        while self._push.is_alive() and not self._broker.stopped.wait(0.02):
            pass

    def backdate(self, alias: str, seconds: float) -> None:
        """Let an update have been submitted, and pushed to stable if it is there, so many seconds ago."""
        update, age = Update.get(alias), timedelta(seconds=seconds)
        update.date_submitted -= age
        update.date_stable = update.date_stable and update.date_stable - age
        Session().commit()

    def finish_push(self) -> None:
        """Let the push come to its end."""
        self._broker.go_on.set()
        self._push.join(PUSH_LIMIT)
        failed = [compose.error_message for compose in Session().query(Compose)]
        if failed:
            raise RuntimeError(f"the push failed: {failed}")

    def approve_testing(self) -> None:
        """Run the task that pushes what has been tested; it runs every three minutes at Fedora."""
        approve_testing_task()

    def check_policies(self) -> None:
        """Run the task that asks Greenwave about all open updates."""
        check_policies_task()

    def comment_as_bodhi(self, alias: str, text: str) -> None:
        """Let Bodhi comment on an update itself."""
        Update.get(alias).comment(Session(), text, author="bodhi")
        Session().commit()

    def decide(self, satisfied: bool) -> None:
        """Let Greenwave decide so from now on."""
        self._is_satisfied = satisfied

    def decision(self, **_question: Any) -> dict[str, Any]:
        """Return Greenwave's decision about whatever it is asked."""
        satisfied, unsatisfied = [{"type": "test-result-passed"}], [{"type": "test-result-failed"}]
        return {
            "satisfied_requirements": satisfied if self._is_satisfied else [],
            "unsatisfied_requirements": [] if self._is_satisfied else unsatisfied,
        }

    def tag(self, consumer: str, nvr: str, tag: str) -> None:
        """Give one of Bodhi's consumers Koji's message about a tagged build."""
        name, version, release = nvr.rsplit("-", 2)
        body = {"name": name, "version": version, "release": release, "tag": tag, "build_id": 1, "owner": USERS[0]}
        handler = {"automatic_updates": AutomaticUpdateHandler, "signed": SignedHandler}[consumer]
        handler()(Message(topic="org.fedoraproject.prod.buildsys.tag", body=body))

    def file_bug(self, number: int, title: str, keywords: list[str]) -> None:
        """File a bug in Bugzilla."""
        self._bugzilla.file(number, title, keywords)


def application(fedora: Fedora, of_user: dict[str, Callable]) -> Callable:
    """Return the application in front of those of the users."""

    def control(environ: dict[str, Any], start_response: Callable) -> list[bytes]:
        action = getattr(fedora, environ["PATH_INFO"].removeprefix("/control/"))
        given = environ["wsgi.input"].read()
        try:
            answer, status = {"result": action(**json.loads(given or b"{}"))}, "200 OK"
        except Exception:
            answer, status = {"error": traceback.format_exc()}, "500 Internal Server Error"
        finally:
            Session.remove()
        # Greenwave's answers are read by Bodhi itself, at the top.
        body = answer["result"] if action == fedora.decision else answer
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    def dispatch(environ: dict[str, Any], start_response: Callable) -> Any:
        if environ["PATH_INFO"].startswith("/control/"):
            return control(environ, start_response)
        return of_user[environ.get("HTTP_USER", USERS[0])](environ, start_response)

    return dispatch


def make_database() -> None:
    """Make the tables anew, and the accounts that people log in with."""
    session = Session()
    Base.metadata.drop_all(session.get_bind())
    Base.metadata.create_all(session.get_bind())
    for cached in (Release.all_releases, Release.get_tags):
        cached.cache_clear()
    packager = Group(name="packager")
    session.add_all([packager, *(User(name=name, groups=[packager]) for name in USERS), User(name="bodhi")])
    session.commit()
    Session.remove()


def main() -> None:
    """Serve until killed."""
    initialize_db(config)
    make_database()
    buildsys.setup_buildsystem(config)
    fedora = Fedora()
    fedora.install()
    of_user = {name: make_application({}, testing=name, **config) for name in USERS}
    waitress.serve(application(fedora, of_user), host="127.0.0.1", port=int(sys.argv[1]), threads=8)


if __name__ == "__main__":
    main()
