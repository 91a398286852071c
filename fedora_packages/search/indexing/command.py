"""``fedora-packages-index``: build the search index and show the progress."""

import argparse
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from fedora_packages import connectors, settings
from fedora_packages.errors import INTERRUPTED, IndexLocked, SearchUnavailable, SettingsError, UpstreamError
from fedora_packages.messages.text import configure_logs
from fedora_packages.search.indexing.builder import ROLE, UNCHANGED, Builder, Built
from fedora_packages.search.indexing.collect import Progress
from fedora_packages.search.indexing.retry import log_retries

#: Seconds between two lines of progress without a terminal.
LINE_EVERY = 5.0


def main(
    arguments: list[str] | None = None,
    load: Callable[[settings.Settings, str], Mapping[str, Any]] = connectors.load,
    make_builder: Callable[..., Builder] = Builder,
) -> int:
    """Run the command and return its exit status: 0 built, 1 failed, 2 wrong settings, `INTERRUPTED` after Ctrl-C.

    A build that fails or is interrupted leaves the index unchanged.
    """
    options = _parser().parse_args(arguments)
    configure_logs(logging.WARNING, "%(levelname)s %(message)s")
    # The operator wants to know which repositories are missing.
    logging.getLogger("fedora_packages.search").setLevel(logging.INFO)
    log_retries()
    # A service manager's SIGTERM ends the build like any failure, with its cleanup.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("fedora-packages-index: terminated; the index is unchanged"))
    try:
        given = settings.load(options.config, connectors.declared())
    except SettingsError as error:
        print(f"fedora-packages-index: {error}", file=sys.stderr)
        return 2
    # A build makes more requests at a time than the web and the workers.
    upstreams = {name: replace(each, concurrency=options.concurrency) for name, each in given.connectors.items()}
    builder = None
    try:
        with _progress() as progress:
            builder = make_builder(
                given.search.index,
                load(replace(given, connectors=upstreams), ROLE),
                options.mirror or given.search.mirror,
                given.contact,
                concurrency=options.concurrency,
                progress=progress,
                fresh=options.fresh * 3600,
            )
            built = builder.build()
        _print_summary(built, options.json)
        return 0
    except (UpstreamError, IndexLocked, SearchUnavailable) as error:
        reason, status = error.sentence, 1
    except KeyboardInterrupt:
        reason, status = "interrupted", INTERRUPTED
    print(f"fedora-packages-index: {reason}; {builder.left if builder else UNCHANGED}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fedora-packages-index",
        description="Build a new search index and swap it in.  Pages use the old one meanwhile.",
    )
    parser.add_argument("config", metavar="CONFIG.ini", help="the ini file with the settings, such as production.ini")
    parser.add_argument(
        "--concurrency",
        type=_number(int, 1, 64, "a number"),
        default=16,
        metavar="N",
        help="packages described at the same time (default: %(default)s)",
    )
    parser.add_argument(
        "--mirror",
        type=_mirror,
        metavar="DIRECTORY",
        help="directory or URL of the repositories, laid out as on dl.fedoraproject.org/pub"
        " (default: the setting search.mirror)",
    )
    parser.add_argument(
        "--fresh",
        type=_number(float, 0, 24 * 365, "a number of hours"),
        default=24.0,
        metavar="HOURS",
        help="age up to which descriptions of an unfinished build are used again (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON about the new index")
    return parser


def _number(kind: Callable[[str], float], least: int, most: int, what: str) -> Callable[[str], float]:
    """Return the parser of a number within bounds."""

    def parse(text: str) -> float:
        with suppress(ValueError):
            number = kind(text)
            if least <= number <= most:
                return number
        raise argparse.ArgumentTypeError(f"{text!r:.20} is not {what} from {least} to {most}")

    return parse


def _mirror(text: str) -> str:
    if not text.startswith(("http://", "https://", "file://")) and not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r:.200} is not a directory, nor an http, https or file URL")
    return text


@contextmanager
def _progress() -> Iterator[Progress]:
    """Yield what shows progress: bars on a terminal, a line every few seconds elsewhere."""
    if not sys.stderr.isatty():
        with closing(Lines()) as lines:
            yield lines
        return
    # Log lines go above the bars.
    with logging_redirect_tqdm(), closing(Bars()) as bars:
        yield bars


class Bars:
    """Progress as bars, one for each phase, with its rate and the time left."""

    def __init__(self) -> None:
        self._bars: dict[str, tqdm] = {}
        self._lock = threading.Lock()

    def __call__(self, phase: str, done: int, total: int) -> None:
        with self._lock:
            if phase not in self._bars:
                unit = {"unit": "B", "unit_scale": True} if phase == "downloads" else {"unit": ""}
                self._bars[phase] = tqdm(
                    desc=phase, total=total, initial=done, file=sys.stderr, dynamic_ncols=True, **unit
                )
            bar = self._bars[phase]
            # The total grows with each file that is opened.
            bar.total = total
            bar.update(done - bar.n)

    def close(self) -> None:
        """Close the bars, which stay on the terminal."""
        for bar in self._bars.values():
            bar.close()


class Lines:
    """Progress as lines, one for each phase every `LINE_EVERY` seconds, and one at its end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.RLock()
        self._phases: dict[str, _Phase] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        with self._lock:
            if phase not in self._phases:
                # The total of a phase may grow until the next one begins.
                self.close()
                self._phases[phase] = _Phase(phase, self._clock(), done)
            self._phases[phase].show(self._clock(), done, total)

    def close(self) -> None:
        """Print the ends of the phases."""
        with self._lock:
            for phase in self._phases.values():
                if not phase.is_printed and phase.done >= phase.total:
                    phase.print(self._clock())


class _Phase:
    """The progress of a phase since it started, when ``first`` was done."""

    def __init__(self, name: str, started: float, first: int):
        self.name = name
        self.started = self.printed = started
        self.first = self.done = self.total = first
        self.is_printed = False

    def show(self, now: float, done: int, total: int) -> None:
        self.done, self.total, self.is_printed = done, total, False
        if now - self.printed >= LINE_EVERY:
            self.print(now)

    def print(self, now: float) -> None:
        self.printed, self.is_printed = now, True
        rate = (self.done - self.first) / max(now - self.started, 0.001)
        left = (self.total - self.done) / max(rate, 0.001)
        unit = _megabytes if self.name == "downloads" else str
        print(
            f"{self.name}: {unit(self.done)} of {unit(self.total)}, {unit(round(rate))} a second, {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _print_summary(built: Built, as_json: bool) -> None:
    summary = asdict(built)
    failed = summary.pop("failed")
    if failed:
        names = ", ".join(failed[:10]) + (" ..." if len(failed) > 10 else "")
        print(f"fedora-packages-index: {len(failed)} packages could not be described: {names}", file=sys.stderr)
    if built.skipped_releases:
        print(
            f"fedora-packages-index: no readable repositories of {', '.join(built.skipped_releases)}:"
            " packages keep what the previous index has of them, and new ones in these alone have few details",
            file=sys.stderr,
        )
    if as_json:
        print(json.dumps({**summary, "failed": len(failed)}))
    else:
        print(
            f"{built.packages} packages ({built.retired} retired) with {built.binaries} binaries"
            f" of {', '.join(built.releases)} in {built.seconds:.1f} s,"
            f" {built.bytes / 1e6:.1f} MB, {built.peak_memory / 1e6:.0f} MB of memory"
        )


if __name__ == "__main__":
    sys.exit(main())
