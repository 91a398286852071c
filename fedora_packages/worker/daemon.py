"""``fedora-packages-worker``: the worker as a daemon of its own, and its check of the upstreams.

The daemon runs the fedmsg hub with one consumer, the same `PackagesConsumer` that an operator's own hub loads as a plugin.
"""

import argparse
import gc
import logging
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from fedora_packages import connectors, settings
from fedora_packages.errors import FedoraPackagesError, SettingsError
from fedora_packages.messages.text import configure_logs
from fedora_packages.worker.preflight import check

log = logging.getLogger(__name__)

#: Seconds for which a thread can hold the interpreter while others wait.
SWITCH_INTERVAL = 0.0005


def hub_config(ini: str, loaded: settings.Settings) -> dict[str, Any]:
    """Return the hub's configuration: that of ``fedmsg.d/``, overridden by our settings.

    Raises `SettingsError` if neither has an endpoint.
    """
    import fedmsg.config

    config = fedmsg.config.load_config([], None, disable_defaults=True)
    if loaded.worker.endpoints:
        config["endpoints"] = {"fedora_packages.bus": list(loaded.worker.endpoints)}
    if not config.get("endpoints"):
        raise SettingsError(
            "settings: worker.endpoints is empty, and fedmsg.d has no endpoints either; set one of them"
        )
    endpoints = [endpoint for bunch in config["endpoints"].values() for endpoint in bunch]
    return {
        **config,
        "validate_signatures": loaded.worker.signed,
        "zmq_enabled": True,
        "zmq_subscribe_endpoints": ",".join(endpoints),
        # Our consumer only puts messages into a buffer: a thread between it and the socket is superfluous.
        "moksha.blocking_mode": True,
        "fedora_packages.enabled": True,
        "fedora_packages.ini": ini,
    }


def run(ini: str, ready: Path | None) -> None:
    """Run until SIGTERM or SIGINT.  ``ready`` is the file to write once the worker listens.

    Raises `FedoraPackagesError` or SystemExit if it cannot start.
    """
    config = hub_config(ini, settings.load(ini, connectors.declared()))
    # Installs a Twisted reactor for the whole process, so that no other module may import it.
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
        # By now the hub has installed its own handlers, which do not handle SIGTERM.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, end)
        # The objects that exist now stay.  To scan them for garbage again and again delayed messages by 40 ms.
        gc.collect()
        gc.freeze()
        log.info("listening to %s", config["zmq_subscribe_endpoints"])
        if ready:
            ready.write_text("ready\n", encoding="utf-8")

    # Many threads take turns, most of them briefly.  With Python's default interval a message waits too long for each.
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
        epilog="Settings are in the section [app:main] of CONFIG.ini; those of the hub in ./fedmsg.d or in FEDMSG_CONFIG.",
    )
    parser.add_argument("ini", metavar="CONFIG.ini", help="the settings, such as production.ini")
    parser.add_argument("--ready-file", type=Path, help="the file to write once the worker listens")
    parser.add_argument(
        "--check",
        action="store_true",
        help="ask each upstream one question per query, print whether it returns what is read of it, and exit "
        "(status 0: all is well)",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log debug messages")
    given = parser.parse_args(arguments)
    # What a check finds, it prints.
    quiet = logging.ERROR if given.check else logging.INFO
    configure_logs(logging.DEBUG if given.verbose else quiet, stream=sys.stdout)
    try:
        if given.check:
            return 0 if check(given.ini) else 1
        run(given.ini, given.ready_file)
    except FedoraPackagesError as error:
        print(f"fedora-packages-worker: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
