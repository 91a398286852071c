"""Threads that stop before each step that others can see, until a test lets them take it.

An `Actor` runs real code in a thread of its own, one step at a time: a command to Redis (each of a pipeline's is one), or
a call of `gate` in the test's upstream and archive.  At every gate the test lets it go on, fail, or die.  So one thread runs at
any time, and the test decides the order.

A step is over when Redis has answered: a command that was only sent could come before or after the next actor's.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import redis

#: The commands at a gate: go on; fail before the step; do the step and lose its reply; die before the step.
GO, FAIL, LOSE_REPLY, DIE = "go", "fail", "lose reply", "die"

#: Seconds after which a step that does not end is a failure of the test.
STEP_LIMIT = 60.0

_actors = threading.local()


class Killed(BaseException):
    """The actor's process has died.  No error that anybody may handle."""


class Actor:
    """Code in a thread that runs only while `step` does."""

    def __init__(self, name: str, code: Callable[[], Any]):
        self.name = name
        self.at = "its beginning"
        self.is_done = False
        self.is_cut = False  # its next command finds the connection closed
        self.error: Exception | None = None
        self._code = code
        self._command = GO
        self._may_go, self._has_stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"{self.name} at {self.at}"

    def step(self, command: str = GO) -> str:
        """Let it run to its next gate or its end, and return what it did."""
        did, self._command = self.at, command
        self._may_go.release()
        if not self._has_stopped.acquire(timeout=STEP_LIMIT):
            raise AssertionError(f"{self!r} did not end its step within {STEP_LIMIT:g} s")
        if self.is_done:
            self._thread.join(STEP_LIMIT)
        if self.error is not None:
            raise self.error
        return did

    def stop(self, at: str) -> str:
        """Wait, in the actor's thread, for what to do next; raises `Killed`."""
        if self._command == DIE:
            # What a dying process cleans up, another cannot see.
            raise Killed
        self.at = at
        self._has_stopped.release()
        self._may_go.acquire()
        if self._command == DIE:
            raise Killed
        return self._command

    def _run(self) -> None:
        _actors.current = self
        self._may_go.acquire()
        try:
            if self._command != DIE:
                self._code()
        except Killed:
            pass
        except Exception as error:
            self.error = error
        finally:
            self.is_done = True
            self._has_stopped.release()


def gate(at: str) -> str:
    """Stop until the actor gets a command, and return it; at once in a thread without an actor."""
    actor = getattr(_actors, "current", None)
    return GO if actor is None else actor.stop(at)


class _Commands(list):
    """The packed commands of a pipeline, each one item."""


class SteppedConnection(redis.Connection):
    """A connection to Redis on which each command is a step of the actor that sends it."""

    def __init__(self, *arguments: Any, **named: Any):
        super().__init__(*arguments, **named)
        self._is_greeting = False
        self._answers: deque[Any] = deque()

    def on_connect_check_health(self, *arguments: Any, **named: Any) -> None:
        self._is_greeting = True
        try:
            super().on_connect_check_health(*arguments, **named)
        finally:
            self._is_greeting = False

    def pack_commands(self, commands: Any) -> list[bytes]:
        return _Commands(b"".join(self._command_packer.pack(*command)) for command in commands)

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        actor = getattr(_actors, "current", None)
        if actor is None or self._is_greeting:
            super().send_packed_command(command, check_health)
            return
        commands = command if isinstance(command, _Commands) else [b"".join(command)]
        if commands[0].startswith(b"*1\r\n$5\r\nMULTI"):
            steps = [(b"".join(commands), len(commands))]
        else:
            steps = [(single, 1) for single in commands]
        self._answers.clear()
        try:
            for data, answers in steps:
                self._step(actor, data, answers)
        except BaseException:
            self._answers.clear()
            raise

    def read_response(self, *arguments: Any, **named: Any) -> Any:
        if not self._answers:
            return super().read_response(*arguments, **named)
        answer = self._answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _step(self, actor: Actor, data: bytes, answers: int) -> None:
        command = actor.stop(_readable(data))
        if actor.is_cut or command == FAIL:
            actor.is_cut = False
            raise redis.ConnectionError("the test cut the connection before a command")
        super().send_packed_command([data])
        came = [self._answer() for _ in range(answers)]
        if command == LOSE_REPLY:
            raise redis.ConnectionError("the test cut the connection before an answer")
        self._answers.extend(came)

    def _answer(self) -> Any:
        try:
            return super().read_response()
        except redis.ResponseError as error:
            return error


#: The key that says which run of Redis this is: a test that makes a server look restarted writes another.
RUN_KEY = "test:run"


class SteppedRedis(redis.Redis):
    """A client whose commands are steps of the actors that send them, and whose server can be made to look restarted."""

    def info(self, *sections: str) -> dict[str, str]:
        return {"run_id": (self.get(RUN_KEY) or b"").decode().partition(":")[2]}


def stepped_client(url: str) -> SteppedRedis:
    """Return such a client."""
    return SteppedRedis(
        connection_pool=redis.ConnectionPool.from_url(
            url, connection_class=SteppedConnection, socket_timeout=STEP_LIMIT, socket_connect_timeout=STEP_LIMIT
        )
    )


def _readable(data: bytes) -> str:
    """Return the beginning of a packed command as one can read it."""
    words = [word for word in data[:400].split(b"\r\n") if not word.startswith((b"*", b"$"))]
    return " ".join(word.decode("utf-8", "replace")[:60] for word in words[:6])
