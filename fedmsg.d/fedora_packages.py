"""What a fedmsg hub must be told to run our consumer.

Read by ``fedmsg-hub`` and by ``fedora-packages-worker`` from ``./fedmsg.d``.  All keys below are needed: with one of
the first four missing the hub would log a line and run on without us, so that the consumer ends the process instead
and says which it was.
"""

import os

config = {
    # Whether to run the consumer.  False leaves the plugin installed and idle.
    "fedora_packages.enabled": True,
    # The settings of the service; the section [app:main] of this file is read.
    "fedora_packages.ini": os.environ.get("FEDORA_PACKAGES_INI", "development.ini"),
    # The bus: zeromq.
    "zmq_enabled": True,
    # The sandbox does not sign its messages.  On Fedora's own bus this must be True, or anyone could make us ask upstream.
    "validate_signatures": False,
    # Where to listen, by name.  Numbers, not names of hosts: zeromq refuses "localhost".  ``worker.endpoints`` of the settings,
    # where given, is used by ``fedora-packages-worker`` in place of these.
    "endpoints": {
        "fedora_packages.sandbox": os.environ.get("FEDORA_PACKAGES_WORKER_ENDPOINTS", "tcp://127.0.0.1:9940").split(
            ","
        ),
    },
}
