"""``fedora-packages-index``: build the search index, and show how far it is."""

import argparse
import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

from tqdm import tqdm

from fedora_packages import connectors, settings
from fedora_packages.errors import IndexLocked, SearchUnavailable, SettingsError, UpstreamError
from fedora_packages.search.builder import Builder, Built

#: Seconds between two lines where there is no terminal to draw a bar on.
LINE_EVERY = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0 built, 1 failed (the old index is as it was), 2 wrong settings."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    # Ended by a service manager, it cleans up as it does after any failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("fedora-packages-index: ended; the index is as it was"))
    try:
        given = settings.load(options.config)
    except SettingsError as error:
        print(f"fedora-packages-index: {error}", file=sys.stderr)
        return 2
    try:
        with _progress() as progress:
            loaded = connectors.load(_asking(given, options.concurrency), "index")
            built = Builder(given.search.index, loaded, options.concurrency, progress=progress).build()
    except (UpstreamError, IndexLocked, SearchUnavailable) as error:
        print(f"fedora-packages-index: {error}; the index is as it was", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fedora-packages-index: interrupted; the index is as it was", file=sys.stderr)
        return 1
    _tell(built, options.json)
    return 0


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
    parser.add_argument("--json", action="store_true", help="end with one line of JSON that says what was built")
    return parser


def _concurrency(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:4]) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r:.20} is no number from 1 to 64")
    return int(text)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Give what shows progress: a bar on a terminal, a line every few seconds elsewhere."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    with tqdm(desc="packages", unit="", file=sys.stderr, dynamic_ncols=True) as bar:

        def draw(done: int, total: int) -> None:
            if bar.total is None:
                # The rate is that of packages; the lists of them took their time before.
                bar.reset(total)
            bar.update(done - bar.n)

        yield draw


class Lines:
    """Progress as lines of text, one every `LINE_EVERY` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._started: float | None = None
        self._told = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = self._clock()
        if self._started is None:
            self._started = self._told = now
        if now - self._told < LINE_EVERY and done < total:
            return
        self._told = now
        rate = done / max(now - self._started, 0.001)
        left = (total - done) / max(rate, 0.001)
        print(f"packages: {done} of {total}, {rate:.0f} a second, {left:.0f} s left", file=sys.stderr, flush=True)


def _tell(built: Built, as_json: bool) -> None:
    said = asdict(built)
    failed = said.pop("failed")
    if failed:
        names = ", ".join(failed[:10]) + (" ..." if len(failed) > 10 else "")
        print(f"fedora-packages-index: {len(failed)} not described anew: {names}", file=sys.stderr)
    if as_json:
        print(json.dumps({**said, "failed": len(failed)}))
    else:
        print(
            f"{built.packages} packages ({built.retired} retired) with {built.binaries} binaries"
            f" in {built.seconds:.1f} s, {built.bytes / 1e6:.1f} MB"
        )


if __name__ == "__main__":
    sys.exit(main())
