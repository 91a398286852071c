"""Entry: where ``fedora-packages-index`` begins, so that Ctrl-C ends it with a sentence from its first moment on.

The one thing to know: the command itself is imported where an interruption is caught, since that takes half a second, in which
people find out that they meant something else.  So nothing else of ours is imported here.
"""

import signal
import sys

#: The exit status of what Ctrl-C ended, as shells have it.
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status, which is `INTERRUPTED` after Ctrl-C."""
    try:
        from fedora_packages.search import command

        status = command.main(arguments)
    except KeyboardInterrupt:
        print("fedora-packages-index: interrupted; the index is as it was", file=sys.stderr)
        status = INTERRUPTED
    if status == INTERRUPTED:
        # Python waits for threads that ask an upstream yet.  Who presses again waits no more, and gets no traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return status


if __name__ == "__main__":
    sys.exit(main())
