"""Actions in a chaos run: trigger them at a rate, record the messages on the bus, collect the ids that the worker has handled."""

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import redis
import requests
import zmq

from fedora_packages.cache import keys
from fedora_packages.errors import MessageNotUnderstood
from fedora_packages.messages.event import Event, parse


@dataclass
class Heard:
    """A message as it was on the bus, and when it came."""

    at: float
    event: Event

    def as_dict(self) -> dict[str, Any]:
        body = json.dumps(self.event.body)
        return {
            "id": self.event.id, "topic": self.event.topic, "sent": self.event.sent, "heard": round(self.at, 3),
            "body": body if len(body) < 600 else body[:599] + "…",
        }  # fmt: skip


class Listener:
    """Listens to the bus beside the worker, from the beginning to the end."""

    def __init__(self, endpoint: str):
        self.heard: list[Heard] = []
        self._stop = threading.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, 0)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.connect(endpoint)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close(0)
        self._context.term()

    def _listen(self) -> None:
        while not self._stop.is_set():
            if self._socket.poll(200):
                _, text = self._socket.recv_multipart()
                with contextlib.suppress(ValueError, MessageNotUnderstood):
                    self.heard.append(Heard(time.time(), parse(json.loads(text))))


class Noted:
    """The ids of messages that a worker has noted as handled.  Redis forgets them after a while, so they are collected."""

    def __init__(self, client: redis.Redis):
        self.ids: set[str] = set()
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _collect(self) -> None:
        while not self._stop.wait(1.0):
            with contextlib.suppress(redis.RedisError):
                self.ids.update(row.decode() for row in self._client.zrange(keys.HANDLED, 0, -1))


class Traffic:
    """Triggers actions at a rate of messages a second until a time (monotonic seconds).

    ``note`` is called for each with the package, the topics of its messages, and a time before it.
    """

    def __init__(
        self,
        url: str,
        actions: Iterator[dict[str, Any]],
        rate: float,
        until: float,
        note: Callable[[str, list[str], float], None] = lambda package, topics, at: None,
    ):
        self.messages = 0
        self.triggered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.log: list[dict[str, Any]] = []
        self._url = f"{url}/control/trigger"
        self._actions, self._rate, self._until = actions, rate, until
        self._note = note
        self._session = requests.Session()
        self._bugs: list[tuple[str, int]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.began = time.time()
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while time.monotonic() < self._until:
            action = self._resolved(next(self._actions))
            sent = self._trigger(action) if action else 0
            due += sent / self._rate
            time.sleep(max(0.0, due - time.monotonic()))

    def _trigger(self, action: dict[str, Any]) -> int:
        what, asked = (
            action["what"],
            {**action, "what": {"comment": "update", "bug change": "bug"}.get(action["what"], action["what"])},
        )
        at = time.time()
        answer = self._session.post(self._url, json=asked, timeout=60)
        messages = answer.json()["messages"] if answer.status_code == 200 else []
        sent = len(messages)
        for package in {action["package"], action.get("component", action["package"])}:
            self._note(package, [one["topic"].split(".", 3)[-1] for one in messages], at)
        self.log.append({"at": round(time.time() - self.began, 3), **action, "messages": sent})
        if answer.status_code == 200:
            self.triggered[what] += 1
            self._remember(action)
        else:
            self.refused[what] += 1
        self.messages += sent
        return sent

    def _resolved(self, action: dict[str, Any]) -> dict[str, Any] | None:
        """Return an action with the bug that ``nth`` means; None if no bug was filed so far."""
        if "nth" not in action:
            return action
        if not self._bugs:
            return None
        package, number = self._bugs[action["nth"] % len(self._bugs)]
        return {**{key: value for key, value in action.items() if key != "nth"}, "package": package, "id": number}

    def _remember(self, action: Mapping[str, Any]) -> None:
        if action["what"] == "bug":
            bugs = self._session.get(self._url.replace("trigger", f"packages/{action['package']}"), timeout=60).json()[
                "bugs"
            ]
            self._bugs.append((action["package"], max(bug["id"] for bug in bugs)))
        elif action["what"] == "bug change" and action.get("component", action["package"]) != action["package"]:
            self._bugs = [
                (action["component"], number) if number == action["id"] else (package, number)
                for package, number in self._bugs
            ]
