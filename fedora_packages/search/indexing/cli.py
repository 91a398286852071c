"""Start ``fedora-packages-index``, and end it with one sentence after Ctrl-C, from its start on.

The command takes half a second to import.  People who started it by mistake interrupt it then, so that the import is within
what catches Ctrl-C, and this module imports nothing else that takes time.
"""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from fedora_packages.errors import INTERRUPTED


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status, 0.  After any other status, such as `INTERRUPTED`, the process ends here."""
    # A shell starts background processes with the signal ignored, and that stays.
    is_interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    # Python prints and ignores exceptions of the callbacks that imports run, so that a `KeyboardInterrupt` can get lost there.
    if is_interruptible:
        signal.signal(signal.SIGINT, _interrupted)
    from fedora_packages.search.indexing import command

    if is_interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = command.main(arguments)
    except KeyboardInterrupt:
        print("fedora-packages-index: interrupted; the index is unchanged", file=sys.stderr)
        status = INTERRUPTED
    if status:
        _end(status)
    return status


def _interrupted(number: int, frame: FrameType | None) -> None:
    """End this process at Ctrl-C while modules load."""
    # Streams are not to be used in a signal handler.
    os.write(2, b"fedora-packages-index: interrupted; the index is unchanged\n")
    os._exit(INTERRUPTED)


def _end(status: int) -> None:
    """End this process without waiting for threads.

    `sys.exit` would wait for those that still read an upstream: seconds in which Ctrl-C does nothing or prints a traceback.
    What is staged is committed by now, and temporary files are removed.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
