"""Parts: an index written by several processes, each its own part, which are then made one.

The one thing to know: the parts are joined in their order, so that what is written first still comes first.  A process ends
with who began it, even where that was killed: it may neither read nor write what another build has begun with since.
"""

import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeVar

import xapian

from fedora_packages.errors import FedoraPackagesError, SearchUnavailable

T = TypeVar("T")
R = TypeVar("R")

#: Documents between two words of a process on its progress.
TOLD_EVERY = 50

#: Writes a part into a folder, which it makes, and tells how much is done of it.
Write = Callable[[Path, T, Callable[[int], None]], R]


def most_parts() -> int:
    """Return how many parts can be written at once: two, or one where there is one processor or no process may be begun."""
    # More would each hold as much in memory, and what they write has to be made one.
    return 1 if (os.cpu_count() or 1) < 2 or multiprocessing.current_process().daemon else 2


def in_parts(write: Write[T, R], folder: Path, parts: Sequence[T], progress: Callable[[int], None]) -> list[R]:
    """Write an index in parts, all at once, and return what each ``write`` returned.

    One part is written by this process, several by processes of their own, which ``write`` must be fit to be given to.
    Raises what that raises of our own errors, and `SearchUnavailable` if a process dies.
    """
    folders = [folder.with_name(f"{folder.name}.part{number}") for number in range(len(parts))]
    try:
        at_once = _at_once if len(parts) > 1 else _here
        results = at_once(write, folders, parts, progress)
        join(folders, folder)
        return results
    finally:
        for each in folders:
            shutil.rmtree(each, ignore_errors=True)


def _here(write: Write[T, R], folders: Sequence[Path], parts: Sequence[T], progress: Callable[[int], None]) -> list[R]:
    return [write(folder, part, progress) for folder, part in zip(folders, parts, strict=True)]


def _at_once(
    write: Write[T, R], folders: Sequence[Path], parts: Sequence[T], progress: Callable[[int], None]
) -> list[R]:
    # A fork would copy threads' locks, held as they are.
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        told = []
        for folder, part in zip(folders, parts, strict=True):
            ours, its = context.Pipe(duplex=False)
            told.append(stack.enter_context(ours))
            process = context.Process(target=_run, args=(write, folder, part, its), daemon=True)
            with its, uninterrupted():
                process.start()
                stack.callback(process.join)
                stack.callback(process.kill)
        return _results(told, progress)


def _run(write: Write[Any, Any], folder: Path, part: Any, told: Connection) -> None:
    end_with_parent()
    count = 0

    def tell(done: int) -> None:
        nonlocal count
        count = done
        if done % TOLD_EVERY == 0:
            told.send((done, None))

    try:
        result = write(folder, part, tell)
        told.send((count, None))
        told.send((None, result))
    except FedoraPackagesError as error:
        told.send((None, error))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Have a process that is begun meanwhile not interrupted by Ctrl-C, from its beginning on.

    Who interrupts from a terminal interrupts all of its processes; one of them says so, and ends the others.
    """
    # Python's tracker of shared resources, which the first process brings about, would lift the block when it is begun.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """End this process, which `multiprocessing` has begun, as soon as the one that began it is gone: nobody else would."""
    parent = multiprocessing.parent_process()

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, name="end-with-parent", daemon=True).start()


def _results(told: Sequence[Connection], progress: Callable[[int], None]) -> list[Any]:
    """Return what each part comes to, and add up their progress."""
    done = dict.fromkeys(told, 0)
    results: dict[Connection, Any] = {}
    while len(results) < len(told):
        for connection in wait([each for each in told if each not in results]):
            try:
                count, result = connection.recv()
            except EOFError as error:
                raise SearchUnavailable("a process that wrote a part of the search index has died") from error
            if isinstance(result, FedoraPackagesError):
                raise result
            if count is None:
                results[connection] = result
            else:
                done[connection] = count
                progress(sum(done.values()))
    return [results[connection] for connection in told]


def join(parts: Sequence[Path], folder: Path) -> None:
    """Make one index of several, in their order and without the gaps that commits leave: it is half as large.

    Raises `SearchUnavailable`.
    """
    try:
        whole = xapian.Database()
        for part in parts:
            whole.add_database(xapian.Database(str(part)))
        whole.compact(str(folder))
        whole.close()
    except xapian.Error as error:
        raise SearchUnavailable(f"the search index {folder} cannot be written: {error}") from error
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
