"""What a fedmsg hub must be told to run our consumer.

Read by ``fedmsg-hub`` from ``./fedmsg.d``, and by ``fedora-packages-worker``, which sets the first three keys itself
and prefers the endpoints of its own settings (``worker.endpoints``).  With a key missing the hub would log a line and
run on without us, so that the consumer ends the process instead and says which it was.
"""

import os

ENDPOINTS = os.environ.get("FEDORA_PACKAGES_WORKER_ENDPOINTS", "")

config = {
    # Whether to run the consumer.  False leaves the plugin installed and idle.
    "fedora_packages.enabled": True,
    # The settings of the service; the section [app:main] of this file is read.  Whether messages must be signed stands there
    # (worker.signed), and goes before the hub's own validate_signatures.
    "fedora_packages.ini": os.environ.get("FEDORA_PACKAGES_INI", "production.ini"),
    # The bus: zeromq.
    "zmq_enabled": True,
    # Where to listen, by name.  Numbers, not names of hosts: zeromq refuses "localhost".  An operator writes Fedora's here.
    "endpoints": {"fedora_packages.bus": ENDPOINTS.split(",")} if ENDPOINTS else {},
}
