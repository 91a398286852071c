"""The worker as a plugin of the fedmsg hub: a thin adapter from its consumer interface to `Worker`.

The one thing to know: the hub logs what goes wrong while it loads a consumer, and then runs on without it, silent for ever.  So
whatever keeps this consumer from working ends the process, with a sentence that says what is missing.
"""

import json
import logging
from typing import Any

from fedmsg.consumers import FedmsgConsumer

from fedora_packages import service, settings
from fedora_packages.errors import FedoraPackagesError
from fedora_packages.events import MAX_MESSAGE_BYTES
from fedora_packages.worker.worker import Worker

log = logging.getLogger(__name__)

#: Configuration keys of the hub (``fedmsg.d/``): whether to run, and the file of our settings.
ENABLED = "fedora_packages.enabled"
INI = "fedora_packages.ini"

BUS = "fedmsg"


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
            self.worker = Worker(service.build(found, "worker"), BUS)
            self.worker.start()
            super().__init__(hub)
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
        try:
            json.loads(message.body)
        except (ValueError, RecursionError):
            # The hub would hand on the text in its place; here it is what it is, no message.
            self.worker.handle(message.body)
            return None
        return super()._consume_json(message)

    def consume(self, message: Any) -> None:
        """Handle one message; the hub acknowledges it by returning."""
        self.worker.handle(message)

    def stop(self) -> None:
        """End the worker's threads, then the hub's."""
        if self._initialized:
            self.worker.stop()
        super().stop()


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
