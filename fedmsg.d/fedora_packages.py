"""The configuration of a fedmsg hub that runs our consumer.

``fedmsg-hub`` reads it from ``./fedmsg.d``.  ``fedora-packages-worker`` reads it too, sets the first three keys itself and
prefers the endpoints of its own settings (``worker.endpoints``).  With a key missing the hub would log a line and run on
without us, so the consumer ends the process instead and names the key.
"""

import os

ENDPOINTS = os.environ.get("FEDORA_PACKAGES_WORKER_ENDPOINTS", "")

config = {
    # Whether to run the consumer.  False leaves the plugin installed and idle.
    "fedora_packages.enabled": True,
    # The ini file with the settings of the service, in its section [app:main].  Its worker.signed says whether messages must be
    # signed, and overrides the hub's own validate_signatures.
    "fedora_packages.ini": os.environ.get("FEDORA_PACKAGES_INI", "production.ini"),
    # The bus: ZeroMQ.
    "zmq_enabled": True,
    # Where to listen, by name: IP addresses, since ZeroMQ refuses host names such as localhost.  Set Fedora's here.
    "endpoints": {"fedora_packages.bus": ENDPOINTS.split(",")} if ENDPOINTS else {},
}
