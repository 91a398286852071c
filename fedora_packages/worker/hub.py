"""The worker as a plugin of the fedmsg hub: a thin adapter from its consumer interface to `Worker`.

The one thing to know: the hub logs what goes wrong while it loads a consumer, and then runs on without it, silent for ever.  So
whatever keeps this consumer from working ends the process, with a sentence that says what is missing.
"""

import json
import logging
import threading
import time
from typing import Any

import zmq
from fedmsg.consumers import FedmsgConsumer
from zmq.utils.monitor import recv_monitor_message

from fedora_packages import service, settings
from fedora_packages.errors import FedoraPackagesError
from fedora_packages.messages.event import MAX_MESSAGE_BYTES
from fedora_packages.worker.reporter import Bus
from fedora_packages.worker.worker import Worker

log = logging.getLogger(__name__)

#: Configuration keys of the hub (``fedmsg.d/``): whether to run, and the file of our settings.
ENABLED = "fedora_packages.enabled"
INI = "fedora_packages.ini"

BUS = "fedmsg"

#: Seconds for which the sockets' monitors are waited for at a time.
LISTEN_FOR = 1.0


class PackagesConsumer(FedmsgConsumer):
    """Consumes Fedora's messages; see ``fedmsg.d/fedora_packages.py`` for what the hub must be told."""

    config_key = ENABLED
    jsonify = True

    def __init__(self, hub: Any):
        problem = _what_is_missing(hub.config)
        if problem:
            raise SystemExit(f"fedora_packages: {problem}")
        if not hub.config[ENABLED]:
            super().__init__(hub)
            return
        try:
            found = settings.load(hub.config[INI])
            self.validate_signatures = found.worker.signed
            # Everything: what is not ours is counted too, and an operator sees a wrong topic_prefix at once.
            self.topic = "*"
            self._connections = Connections()
            self.worker = Worker(service.build(found, "worker"), BUS, self._connections.state)
            super().__init__(hub)
            self._connections.watch(hub)
            self.worker.start()
        except FedoraPackagesError as error:
            raise SystemExit(f"fedora_packages: the worker cannot start: {error}") from error
        except Exception as error:
            log.exception("the worker cannot start")
            raise SystemExit(f"fedora_packages: the worker cannot start: {error!r}") from error

    def _consume_json(self, message: Any) -> Any:
        """Take a raw message off the bus; one that is too large is refused before it is parsed."""
        size = len(message.body)
        if size > MAX_MESSAGE_BYTES:
            self.worker.refuse(str(message.topic), size)
            return None
        if not self.validate_signatures:
            # Nothing that the hub would do with it is of use: it waits as it came, which takes a tenth of the memory.
            self.headcount_in += 1
            self.headcount_out += 1
            self.worker.take(message.body)
            return None
        try:
            body = json.loads(message.body)
        except (ValueError, RecursionError):
            # The hub would hand on the text in its place; here it is what it is, no message.
            body = message.body
        if not isinstance(body, dict):
            self.worker.take(body)
            return None
        return self._consume({"body": body, "topic": message.topic})

    def consume(self, message: Any) -> None:
        """Take one message, whose signature the hub has checked where it must have one.

        It is acknowledged by returning, which here means nothing: the bus keeps no message.  What is taken and not handled when
        the process dies is replayed from the archive.
        """
        self.worker.take(message)

    def stop(self) -> None:
        """End the worker's threads, then the hub's."""
        if self._initialized:
            self._connections.stop()
            self.worker.stop()
        super().stop()


class Connections:
    """What the hub is connected to, and whether it still moves.

    zmq connects again by itself and says nothing of it, to us or in its log; messages sent meanwhile are lost.
    """

    def __init__(self) -> None:
        self._states: dict[str, bool] = {}
        self._monitors: dict[Any, str] = {}
        self._reactor: Any = None
        self._seen: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="connections", daemon=True)

    def watch(self, hub: Any) -> None:
        """Begin to watch the sockets of a hub that has subscribed."""
        from moksha.hub.reactor import reactor

        self._reactor = reactor
        events = zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED
        for extension in hub.extensions:
            # Those of other buses than zmq have none.
            for endpoint, connection in getattr(extension, "subscriber_factories", {}).items():
                self._monitors[connection.socket.get_monitor_socket(events)] = endpoint.address
                # What has connected before we looked does not say so again; what has not goes on trying, and says that.
                self._states[endpoint.address] = True
        self._thread.start()

    def state(self) -> Bus:
        """Return how the bus is; the next time, the reactor will have moved, or not."""
        if self._reactor is not None:
            self._reactor.callFromThread(self._moved)
        return Bus(dict(self._states), self._seen)

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2 * LISTEN_FOR)

    def _moved(self) -> None:
        self._seen = time.time()

    def _listen(self) -> None:
        poller = zmq.Poller()
        for monitor in self._monitors:
            poller.register(monitor, zmq.POLLIN)
        while not self._stopping.is_set():
            for monitor, _ in poller.poll(1000 * LISTEN_FOR):
                event = recv_monitor_message(monitor, zmq.NOBLOCK)["event"]
                self._note(self._monitors[monitor], event == zmq.EVENT_CONNECTED)

    def _note(self, address: str, is_connected: bool) -> None:
        if self._states[address] != is_connected:
            log.warning("%s is %s", address, "connected again" if is_connected else "not connected")
        self._states[address] = is_connected


def _what_is_missing(config: Any) -> str | None:
    """Say what the hub's configuration lacks that it would otherwise only log, or None."""
    if ENABLED not in config:
        return f"the hub's configuration has no key {ENABLED!r}: set it to True (see fedmsg.d/fedora_packages.py), or to False"
    if not config[ENABLED]:
        return None
    for key, expected in (
        (INI, "the path of an ini file with our settings"),
        ("zmq_enabled", "True"),
        ("endpoints", "where to listen, as {name: [tcp://ADDRESS:PORT]}"),
    ):
        if not config.get(key):
            return f"the hub's configuration has no key {key!r}: expected {expected}"
    return None
