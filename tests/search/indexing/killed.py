"""A build of a small Fedora in a process of its own, which kills itself at a step.

Run as ``python -m tests.search.indexing.killed INDEX SOURCE STEP``: ``SOURCE`` is a mirror's folder or address;
``STEP`` the number of the step (a word on progress, or a transaction of the staging file) at which it is killed, or 0. Prints
how many steps there were.
"""

import os
import signal
import sys

from fedora_packages.search.indexing import staging, writer
from fedora_packages.search.indexing.builder import Builder
from fedora_packages.search.indexing.retry import Retry
from tests.search.fedora import Source, small_fedora


def larger_fedora():
    """Return the small Fedora with some more packages, of which some require others."""
    fedora = small_fedora()
    for number in range(12):
        name = f"package{number}"
        fedora.sources[name] = Source({name: f"Number {number}", f"{name}-libs": "Libraries"})
        fedora.requires[name] = [f"package{number // 2}-libs"]
        fedora.files[name] = [("/usr/bin", name), (f"/usr/share/{name}", "data")]
    return fedora


def main(index, source, step):
    steps = 0

    def count(*_):
        nonlocal steps
        steps += 1
        if steps == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(method):
        def run(self, *arguments):
            count()
            found = method(self, *arguments)
            count()
            return found

        return run

    # Before and after each step that leaves something on the disk.
    staging.Staging.stage = counted(staging.Staging.stage)
    staging.Staging.describe = counted(staging.Staging.describe)
    staging.Staging.arrange = counted(staging.Staging.arrange)
    staging.Staging.remove = counted(staging.Staging.remove)
    writer.Writer.commit = counted(writer.Writer.commit)
    os.replace = lambda *paths, replace=os.replace: (count(), replace(*paths), count())
    Builder(index, larger_fedora().connectors, source, concurrency=2, progress=count, retry=Retry(attempts=1)).build()
    print(steps)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
