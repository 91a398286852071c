"""Entry: where ``fedora-packages-index`` begins, so that Ctrl-C ends it with a sentence from its first moment on.

The one thing to know: the command itself is imported where an interruption is caught, since that takes half a second, in which
people find out that they meant something else.  So nothing else of ours is imported here.
"""

import os
import sys
from contextlib import suppress

#: The exit status of what Ctrl-C ended, as shells have it.
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status, 0; after any other, which is `INTERRUPTED` after Ctrl-C, the process ends."""
    try:
        from fedora_packages.search.indexing import command

        status = command.main(arguments)
    except KeyboardInterrupt:
        print("fedora-packages-index: interrupted; the index is as it was", file=sys.stderr)
        status = INTERRUPTED
    if status:
        _end(status)
    return status


def _end(status: int) -> None:
    """End this process at once, all being said.

    `sys.exit` would wait, in silence, for the threads that ask an upstream yet: seconds, in which Ctrl-C does nothing or leaves
    a traceback.  They only ask: what is staged is committed, and what is temporary was removed on the way here.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
