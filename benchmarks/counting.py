"""A consumer in a fedmsg hub that only counts messages: the throughput of the bus itself.

    python -m benchmarks.counting ENDPOINT READY-FILE RESULT-FILE COUNT

writes to the result file the number of messages and the timestamps of the first and of the last of ``COUNT``.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from fedmsg.consumers import FedmsgConsumer

#: The topic of the counted messages; others only show that the bus is connected.
TOPIC = "buildsys.build.state.change"

READY, RESULT, COUNT = "benchmarks.ready", "benchmarks.result", "benchmarks.count"


class Counting(FedmsgConsumer):
    """Counts messages."""

    topic = "*"
    config_key = "benchmarks.enabled"

    def __init__(self, hub: Any):
        self._count, self._first = 0, 0.0
        self._ready, self._result = Path(hub.config[READY]), Path(hub.config[RESULT])
        self._wanted_count = hub.config[COUNT]
        super().__init__(hub)

    def consume(self, message: Any) -> None:
        """Count a message; the first of any topic shows that the bus is connected."""
        if not self._ready.exists():
            self._ready.write_text("ready\n")
        if not message["topic"].endswith(TOPIC):
            return
        self._count += 1
        if self._count == 1:
            self._first = time.time()
        if self._count == self._wanted_count:
            draft = self._result.with_suffix(".draft")
            draft.write_text(json.dumps({"count": self._count, "first": self._first, "last": time.time()}))
            draft.replace(self._result)


def main() -> None:
    """Run until killed."""
    import moksha.hub

    endpoint, ready, result, count = sys.argv[1:]
    config = {
        "endpoints": {"benchmarks.bus": [endpoint]}, "zmq_enabled": True, "zmq_subscribe_endpoints": endpoint,
        "validate_signatures": False, "benchmarks.enabled": True, READY: ready, RESULT: result, COUNT: int(count),
    }  # fmt: skip
    moksha.hub.main(options=config, consumers=[Counting], framework=False)


if __name__ == "__main__":
    main()
