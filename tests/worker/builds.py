"""Builds that end in one way or another.  A process imports this for each, so it imports little."""

import os
import signal
import threading


def succeed(settings, told):
    """Build."""


def say(settings, told):
    """Fail, and say why."""
    told.send("koji does not answer")
    raise SystemExit("no")


def fall(settings, told):
    """Fail, and say nothing."""
    raise SystemExit(3)


def die(settings, told):
    """Be killed, as by a system without memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def be_interrupted(settings, told):
    """Be interrupted, as Ctrl-C in a terminal does with all processes of a command."""
    os.kill(os.getpid(), signal.SIGINT)


def go_on(settings, told):
    """Build for long."""
    threading.Event().wait(60)
