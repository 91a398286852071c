"""The worker as a plugin of the fedmsg hub: a thin adapter from its consumer interface to `Worker`.

The hub logs an error that a consumer raises while it is loaded, and then runs on without that consumer.  So an error that keeps
this consumer from working ends the process, with a sentence that says what is missing.
"""

import json
import logging
import threading
import time
from typing import Any

import zmq
from fedmsg.consumers import FedmsgConsumer
from zmq.utils.monitor import recv_monitor_message

from fedora_packages import connectors, service, settings
from fedora_packages.errors import FedoraPackagesError
from fedora_packages.messages.event import MAX_MESSAGE_BYTES
from fedora_packages.worker.reporter import Bus
from fedora_packages.worker.worker import Worker

log = logging.getLogger(__name__)

#: Configuration keys of the hub (``fedmsg.d/``): whether to run, and the path of the ini file with our settings.
ENABLED = "fedora_packages.enabled"
INI = "fedora_packages.ini"

BUS = "fedmsg"

#: Seconds of one wait for events of the sockets' monitors.
LISTEN_FOR = 1.0


class PackagesConsumer(FedmsgConsumer):
    """Consumes Fedora's messages; ``fedmsg.d/fedora_packages.py`` has the hub's configuration."""

    config_key = ENABLED
    jsonify = True

    def __init__(self, hub: Any):
        missing = _missing(hub.config)
        if missing:
            raise SystemExit(f"fedora_packages: {missing}")
        if not hub.config[ENABLED]:
            super().__init__(hub)
            return
        try:
            loaded = settings.load(hub.config[INI], connectors.declared())
            self.validate_signatures = loaded.worker.signed
            # Everything: messages that are not ours are counted too, and an operator sees a wrong topic_prefix at once.
            self.topic = "*"
            self._connections = Connections()
            self.worker = Worker(service.build(loaded, "worker"), BUS, self._connections.state)
            super().__init__(hub)
            self._connections.watch(hub)
            self.worker.start()
        except FedoraPackagesError as error:
            raise SystemExit(f"fedora_packages: the worker cannot start: {error}") from error
        except Exception as error:
            log.exception("the worker cannot start")
            raise SystemExit(f"fedora_packages: the worker cannot start: {error!r}") from error

    def _consume_json(self, message: Any) -> Any:
        """Take a raw message from the bus; one that is too large is refused before it is parsed."""
        size = len(message.body)
        if size > MAX_MESSAGE_BYTES:
            self.worker.refuse(str(message.topic), size)
            return None
        if not self.validate_signatures:
            # The hub would do nothing useful with it.  As raw bytes it takes a tenth of the memory while it waits.
            self.headcount_in += 1
            self.headcount_out += 1
            self.worker.take(message.body)
            return None
        try:
            body = json.loads(message.body)
        except (ValueError, RecursionError):
            # The hub would pass on the string; the worker counts the bytes as no message.
            body = message.body
        if not isinstance(body, dict):
            self.worker.take(body)
            return None
        return self._consume({"body": body, "topic": message.topic})

    def consume(self, message: Any) -> None:
        """Take one message, whose signature the hub has checked if the settings require one.

        To return acknowledges it, which means nothing here: the bus keeps no message.  Messages that are not handled when the
        process dies are replayed from the archive.
        """
        self.worker.take(message)

    def stop(self) -> None:
        """End the worker's threads, then the hub's."""
        if self._initialized:
            self._connections.stop()
            self.worker.stop()
        super().stop()


class Connections:
    """The connections of the hub, and whether its reactor still runs.

    zmq reconnects by itself without notice, also in its log; messages sent meanwhile are lost.
    """

    def __init__(self) -> None:
        self._states: dict[str, bool] = {}
        self._monitors: dict[Any, str] = {}
        self._reactor: Any = None
        self._seen: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="connections", daemon=True)

    def watch(self, hub: Any) -> None:
        """Start to watch the sockets of a hub that has subscribed."""
        from moksha.hub.reactor import reactor

        self._reactor = reactor
        events = zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED
        for extension in hub.extensions:
            # Extensions of other buses than zmq have none.
            for endpoint, connection in getattr(extension, "subscriber_factories", {}).items():
                self._monitors[connection.socket.get_monitor_socket(events)] = endpoint.address
                # A socket that is connected by now sends no further event; one that is not sends one with each attempt.
                self._states[endpoint.address] = True
        self._thread.start()

    def state(self) -> Bus:
        """Return the state of the bus.  The reactor notes meanwhile that it runs, which the next call returns."""
        if self._reactor is not None:
            self._reactor.callFromThread(self._note_reactor)
        return Bus(dict(self._states), self._seen)

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2 * LISTEN_FOR)

    def _note_reactor(self) -> None:
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
            log.warning("%s is %s", address, "connected again" if is_connected else "disconnected")
        self._states[address] = is_connected


def _missing(config: Any) -> str | None:
    """Return what the hub's configuration lacks, in a sentence, or None; the hub would only log it."""
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
