"""``fedora-packages-worker``: the worker as a daemon of its own.

It runs the fedmsg hub with one consumer, the same `PackagesConsumer` that a hub of its operator's would load as a plugin.
"""

import argparse
import gc
import logging
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from fedora_packages import settings
from fedora_packages.errors import FedoraPackagesError, SettingsError

log = logging.getLogger(__name__)

#: Seconds for which a thread may keep Python to itself while others wait.
SWITCH_INTERVAL = 0.0005


def hub_config(ini: str, found: settings.Settings) -> dict[str, Any]:
    """Return the hub's configuration: ``fedmsg.d/``, with what our own settings say in its place.

    Raises `SettingsError` if neither names an endpoint to listen to.
    """
    import fedmsg.config

    config = fedmsg.config.load_config([], None, disable_defaults=True)
    if found.worker.endpoints:
        config["endpoints"] = {"fedora_packages.bus": list(found.worker.endpoints)}
    if not config.get("endpoints"):
        raise SettingsError(
            "settings: worker.endpoints is empty and there is no fedmsg.d with endpoints: nothing to listen to"
        )
    endpoints = [endpoint for bunch in config["endpoints"].values() for endpoint in bunch]
    return {
        **config,
        "validate_signatures": found.worker.signed,
        "zmq_enabled": True,
        "zmq_subscribe_endpoints": ",".join(endpoints),
        # Our consumer only puts messages aside: a thread between it and the socket would be one too many.
        "moksha.blocking_mode": True,
        "fedora_packages.enabled": True,
        "fedora_packages.ini": ini,
    }


def run(ini: str, ready: Path | None) -> None:
    """Run until SIGTERM or SIGINT.  Raises `FedoraPackagesError` or SystemExit if it cannot start."""
    found = settings.load(ini)
    config = hub_config(ini, found)
    # Installs a Twisted reactor for the whole process, and so must not be imported by others.
    import moksha.hub
    from moksha.hub.reactor import reactor
    from twisted.internet.error import ReactorNotRunning

    from fedora_packages.worker.hub import PackagesConsumer

    def end(_number: int, _frame: FrameType | None) -> None:
        try:
            reactor.callFromThread(reactor.stop)
        except ReactorNotRunning:
            sys.exit(0)

    def started() -> None:
        # The hub has put handlers of its own in place by now, which leave SIGTERM to kill.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, end)
        # What is there now stays.  To look through all of it again and again for garbage held up every message for 40 ms.
        gc.collect()
        gc.freeze()
        log.info("listening to %s", config["zmq_subscribe_endpoints"])
        if ready:
            ready.write_text("ready\n", encoding="utf-8")

    # Many threads take turns, most for a moment: a message must not wait for each of them as long as Python usually lets it.
    sys.setswitchinterval(SWITCH_INTERVAL)
    reactor.callWhenRunning(started)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: moksha.hub._hub.stop())
    moksha.hub.main(options=config, consumers=[PackagesConsumer], framework=False)
    log.info("stopped")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="fedora-packages-worker",
        description="Listen to Fedora's message bus and keep the cache fresh.",
        epilog="Settings are the section [app:main] of CONFIG.ini; the hub's are in ./fedmsg.d or where FEDMSG_CONFIG says.",
    )
    parser.add_argument("ini", metavar="CONFIG.ini", help="the settings, such as production.ini")
    parser.add_argument("--ready-file", type=Path, help="a file that is written once the worker listens")
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    given = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if given.verbose else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s",
        stream=sys.stdout,
    )
    try:
        run(given.ini, given.ready_file)
    except FedoraPackagesError as error:
        print(f"fedora-packages-worker: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
