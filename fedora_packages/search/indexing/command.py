"""``fedora-packages-index``: build the search index, and show how far it is."""

import argparse
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from fedora_packages import connectors, settings
from fedora_packages.errors import INTERRUPTED, IndexLocked, SearchUnavailable, SettingsError, UpstreamError
from fedora_packages.search.indexing.builder import UNCHANGED, Builder, Built
from fedora_packages.search.indexing.context import Progress
from fedora_packages.search.indexing.retry import log_retries

#: Seconds between two lines where there is no terminal to draw a bar on.
LINE_EVERY = 5.0


def main(
    arguments: list[str] | None = None,
    load: Callable[[settings.Settings, str], Mapping[str, Any]] = connectors.load,
    make_builder: Callable[..., Builder] = Builder,
) -> int:
    """Run the command and return its exit status: 0 built, 1 failed, 2 wrong settings, `INTERRUPTED` after Ctrl-C.

    A build that fails or is interrupted leaves the index as it is.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    # Which repositories are not there is worth a word to whoever builds.
    logging.getLogger("fedora_packages.search").setLevel(logging.INFO)
    log_retries()
    # Ended by a service manager, it cleans up as it does after any failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("fedora-packages-index: ended; the index is unchanged"))
    try:
        given = settings.load(options.config)
    except SettingsError as error:
        print(f"fedora-packages-index: {error}", file=sys.stderr)
        return 2
    builder = None
    try:
        with _progress() as progress:
            builder = make_builder(
                given.search.index,
                load(_asking(given, options.concurrency), "index"),
                options.mirror or given.search.mirror,
                concurrency=options.concurrency,
                progress=progress,
                fresh=options.fresh * 3600,
            )
            built = builder.build()
        _tell(built, options.json)
        return 0
    except (UpstreamError, IndexLocked, SearchUnavailable) as error:
        said, status = error.sentence, 1
    except KeyboardInterrupt:
        said, status = "interrupted", INTERRUPTED
    print(f"fedora-packages-index: {said}; {builder.left if builder else UNCHANGED}", file=sys.stderr)
    return status


def _asking(given: settings.Settings, concurrency: int) -> settings.Settings:
    """Return the settings with so many questions at once allowed to each upstream: whoever builds an index says how many."""
    changed = {name: replace(found, concurrency=concurrency) for name, found in given.connectors.items()}
    return replace(given, connectors=changed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fedora-packages-index",
        description="Build the search index anew and swap it in.  Pages are served meanwhile.",
    )
    parser.add_argument("config", metavar="CONFIG.ini", help="the settings, such as production.ini")
    parser.add_argument(
        "--concurrency", type=_concurrency, default=16, metavar="N", help="packages at once (default: %(default)s)"
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
        type=_hours,
        default=24.0,
        metavar="HOURS",
        help="how old a description may be that a build which was ended has left (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON that says what was built")
    return parser


def _concurrency(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:4]) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r:.20} is no number from 1 to 64")
    return int(text)


def _hours(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 24 * 365:
        raise argparse.ArgumentTypeError(f"{text!r:.20} is no number of hours from 0 to {24 * 365}")
    return found


def _mirror(text: str) -> str:
    if not text.startswith(("http://", "https://", "file://")) and not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r:.200} is not a directory, nor an http, https or file URL")
    return text


@contextmanager
def _progress() -> Iterator[Progress]:
    """Give what shows progress: bars on a terminal, a line every few seconds elsewhere."""
    if not sys.stderr.isatty():
        with closing(Lines()) as lines:
            yield lines
        return
    # What is told meanwhile goes above the bars.
    with logging_redirect_tqdm(), closing(Bars()) as bars:
        yield bars


class Bars:
    """Progress as bars, one of each phase, with its rate and the time that is left."""

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
            # Of what an earlier build has read more may be asked for than was known, and of packages more are met in each file.
            bar.total = total
            bar.update(done - bar.n)

    def close(self) -> None:
        """Leave the bars as they are."""
        for bar in self._bars.values():
            bar.close()


class Lines:
    """Progress as lines of text, one of each phase every `LINE_EVERY` seconds, and one at its end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._phases: dict[str, _Phase] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = self._clock()
        with self._lock:
            if phase not in self._phases:
                self._tell_ends(now)
                self._phases[phase] = _Phase(now, done, told=now)
            its = self._phases[phase]
            its.done, its.total = done, total
            if now - its.told >= LINE_EVERY:
                self._tell(phase, its, now)
            else:
                its.is_told = False

    def close(self) -> None:
        """Tell how the phases ended."""
        with self._lock:
            self._tell_ends(self._clock())

    def _tell_ends(self, now: float) -> None:
        # How much there is of a phase is known only when the next begins, or none does.
        for phase, its in self._phases.items():
            if not its.is_told and its.done >= its.total:
                self._tell(phase, its, now)

    def _tell(self, phase: str, its: "_Phase", now: float) -> None:
        its.told, its.is_told = now, True
        rate = (its.done - its.begun_at) / max(now - its.started, 0.001)
        left = (its.total - its.done) / max(rate, 0.001)
        of = _megabytes if phase == "downloads" else str
        print(
            f"{phase}: {of(its.done)} of {of(its.total)}, {of(round(rate))} a second, {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )


@dataclass
class _Phase:
    """How far a phase is: when it began, with how much done, when that was told last, and whether what is done now was."""

    started: float
    begun_at: int
    told: float
    done: int = 0
    total: int = 0
    is_told: bool = False


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _tell(built: Built, as_json: bool) -> None:
    said = asdict(built)
    failed = said.pop("failed")
    if failed:
        names = ", ".join(failed[:10]) + (" ..." if len(failed) > 10 else "")
        print(f"fedora-packages-index: {len(failed)} not described anew: {names}", file=sys.stderr)
    if built.skipped_releases:
        print(
            f"fedora-packages-index: no repositories of {', '.join(built.skipped_releases)}: packages in these releases alone"
            " keep their documents, or have few details",
            file=sys.stderr,
        )
    if as_json:
        print(json.dumps({**said, "failed": len(failed)}))
    else:
        print(
            f"{built.packages} packages ({built.retired} retired) with {built.binaries} binaries"
            f" of {', '.join(built.releases) or 'no release'} in {built.seconds:.1f} s,"
            f" {built.bytes / 1e6:.1f} MB, {built.peak_memory / 1e6:.0f} MB of memory"
        )


if __name__ == "__main__":
    sys.exit(main())
