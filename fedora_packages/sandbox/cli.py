"""The command ``fedora-packages-sandbox``: serve a sandbox, trigger an action in one, set an upstream's fault or what serves
dist-git, write repositories.

Only ``serve`` and ``repodata`` import the world.  The other commands send one request to a running sandbox and start quickly.
"""

import argparse
import json
import os
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

ENVIRONMENT = "FEDORA_PACKAGES_SANDBOX"

ACTIONS = ["build", "tag", "untag", "promote", "update", "automatic-update", "bug", "push", "repo", "release", "maintainer",
           "branch", "retire", "new-package", "crash", "upstream-release", "upstream-withdraw", "upstream-edit", "upstream-map",
           "upstream-unmap"]  # fmt: skip

#: What ``fault --help`` prints; `fedora_packages.sandbox.faults` has the faults.
FAULTS = """\
Make an upstream of a running sandbox slow, failing, invalid or late.  The fault lasts until it is reset.
Without a fault: print the current one.

faults, of any upstream; several can be combined, and are added to the current ones:
  delay=SECONDS  wait before each response (at most 600)
  fail=STATUS    return this HTTP status: 500, 502, 503, 504 or 429
  fail=reset     reset the connection
  fail=hang      accept the connection and never respond
  fail=offline   return Koji's fault of an outage, or 503
  invalid=KIND   return 200 with an invalid body: html (a login page), truncated, huge, types (values of other
                 types), empty
  lag=SECONDS    return the state of so many seconds ago, older than the messages on the bus
  times=COUNT    limit delay, fail and invalid to the next COUNT requests
  reset=true     end all faults; faults given with it start from now on
"""

FAULT_EXAMPLES = """\
examples:
  fedora-packages-sandbox fault koji                   print the fault of Koji
  fedora-packages-sandbox fault koji delay=5           Koji responds after five seconds
  fedora-packages-sandbox fault bodhi fail=503         Bodhi is down
  fedora-packages-sandbox fault mdapi invalid=html times=3
  fedora-packages-sandbox fault koji reset=true        Koji works again
"""

#: Former names of commands; still accepted.
FORMER_COMMANDS = {"happen": "trigger", "mood": "fault"}

#: Seconds between an action and what its services do after its message.
STEP_DELAY = 1.0

#: Seconds to wait for a running sandbox.
ANSWER_LIMIT = 60


class CommandError(Exception):
    """The command failed; the message is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "serve")
    words[0] = FORMER_COMMANDS.get(words[0], words[0])
    options = _parser().parse_args(words)
    try:
        return options.run(options)
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output has closed it; the command is done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fedora-packages-sandbox",
        description="A small Fedora on one machine: Koji, Bodhi, Bugzilla, mdapi, dist-git, FAF, Anitya, the mirror, "
        "datagrepper and the bus.",
    )
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="start a sandbox (the default)")
    serve.set_defaults(run=_serve)
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=0, help="the HTTP port (default: any free one)")
    serve.add_argument("--endpoint", help="the endpoint of the bus, tcp://127.0.0.1:PORT (default: any free port)")
    serve.add_argument(
        "--traffic", type=float, default=0, metavar="RATE", help="random actions per second (default: none)"
    )
    serve.add_argument("--busy", dest="traffic", type=float, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    serve.add_argument("--seed", type=int, default=1, help="the seed of --traffic (default: 1)")
    serve.add_argument(
        "--step-delay",
        type=float,
        default=STEP_DELAY,
        metavar="SECONDS",
        help=f"between a message and what Bodhi and Anitya change after it (default: {STEP_DELAY:g})",
    )
    serve.add_argument("--address-file", type=Path, help="a JSON file with the addresses while it runs")
    repodata = commands.add_parser("repodata", help="write the repositories' metadata as the mirror serves it")
    repodata.set_defaults(run=_repodata)
    repodata.add_argument("--out", type=Path, required=True, help="the directory, which must be empty or new")
    repodata.add_argument("--release", action="append", metavar="BRANCH", help="only this release's (can be repeated)")
    for command in (serve, repodata):
        command.add_argument(
            "--world", type=Path, help="the packages, a .jsonl, .jsonl.gz or .toml file (default: a small world)"
        )
    trigger = commands.add_parser(
        "trigger",
        help="run an action on a package and publish its messages (see trigger --help)",
        description="Run an action on a package in a running sandbox, and publish its messages.",
        epilog=textwrap.fill(f"actions: {', '.join(ACTIONS)}", 100, subsequent_indent="  ", break_on_hyphens=False),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    trigger.set_defaults(run=_trigger)
    trigger.add_argument("action", help="one of the actions below")
    trigger.add_argument("package", help="its name, or that of a release")
    trigger.add_argument("details", nargs="*", metavar="key=value", help="options, such as release=f44")
    fault = commands.add_parser(
        "fault",
        help="make an upstream slow, failing, invalid or late, or reset it (see fault --help)",
        description=FAULTS,
        epilog=FAULT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    fault.set_defaults(run=_fault)
    fault.add_argument("upstream", help="koji, bodhi, bugzilla, mdapi, distgit, faf, anitya, mirror or datagrepper")
    fault.add_argument("details", nargs="*", metavar="fault=value", help="one of the faults above")
    switch = commands.add_parser(
        "switch",
        help="let other software answer as an upstream: mdapi as classic or metasource, distgit as pagure, forgejo or neither",
    )
    switch.set_defaults(run=_switch)
    switch.add_argument("upstream", help="mdapi or distgit")
    switch.add_argument(
        "software", help="classic (mdapi 3) or metasource; pagure, forgejo, or neither: all is missing then"
    )
    for command in (trigger, fault, switch):
        command.add_argument(
            "--at", metavar="URL", help=f"the sandbox (default: ${ENVIRONMENT}, or the newest var/*/sandbox.json)"
        )
    return parser


def _serve(options: argparse.Namespace) -> int:
    from fedora_packages.sandbox.process import ServeError, serve

    if not 0 <= options.port <= 65535:
        raise CommandError(f"--port must be a port from 0 to 65535, not {options.port}")
    if not 0 <= options.traffic <= 10_000:
        raise CommandError(f"--traffic must be a rate from 0 to 10000 actions per second, not {options.traffic:g}")
    if not 0 <= options.step_delay <= 3600:
        raise CommandError(f"--step-delay must be from 0 to 3600 seconds, not {options.step_delay:g}")
    try:
        serve(
            host=options.host, port=options.port, endpoint=options.endpoint, world=options.world, traffic=options.traffic,
            seed=options.seed, address_file=options.address_file, step_delay=options.step_delay,
        )  # fmt: skip
    except ServeError as error:
        raise CommandError(str(error)) from error
    return 0


def _repodata(options: argparse.Namespace) -> int:
    from fedora_packages.sandbox.upstreams.mirror import write
    from fedora_packages.sandbox.world.load import WorldError, load
    from fedora_packages.sandbox.world.world import World

    now = int(time.time())
    try:
        world = World(load(options.world, now), now)
        served = {release.branch: release for release in world.releases if release.repositories}
        wanted = options.release or list(served)
        for branch in wanted:
            if branch not in served:
                raise CommandError(f"{branch!r} is not a release with repositories; use one of {', '.join(served)}")
        if options.out.exists() and any(options.out.iterdir()):
            raise CommandError(f"{options.out} is not empty; choose a new directory")
        for folder, packages in write(world.now(), [served[branch] for branch in dict.fromkeys(wanted)], options.out):
            print(f"{folder}  {packages} packages", flush=True)
    except WorldError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"cannot write {options.out}: {error.strerror or error}") from error
    return 0


def _trigger(options: argparse.Namespace) -> int:
    body = {**_details(options.details), "what": options.action, "package": options.package}
    answer = _ask(options.at, "/control/trigger", body)
    for message in answer["messages"]:
        print(f"{message['topic']}  {message['msg_id']}")
    for line in _in_words(answer["facts"]):
        print(line)
    return 0


def _fault(options: argparse.Namespace) -> int:
    changes: dict[str, Any] = {}
    for key, text in _details(options.details).items():
        try:
            changes[key] = json.loads(text)
        except ValueError:
            changes[key] = text
    answer = _ask(options.at, f"/control/upstreams/{options.upstream}", changes)
    current = ", ".join(f"{key} {value}" for key, value in answer.items() if value not in (None, 0))
    print(f"{options.upstream}: {current or 'no fault'}")
    return 0


def _switch(options: argparse.Namespace) -> int:
    answer = _ask(options.at, "/control/software", {options.upstream: options.software})
    print(f"{options.upstream}: {answer[options.upstream]}")
    return 0


def _details(words: Sequence[str]) -> dict[str, str]:
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise CommandError(f"invalid option {word!r}; write key=value")
        found[key] = value
    return found


def _in_words(facts: Mapping[str, Any]) -> list[str]:
    """Return the state of a package, or of a release, as lines of text."""
    if "package" not in facts:
        status = f" ({facts['setting_status']})" if facts["setting_status"] else ""
        return [f"{facts['name']} ({facts['long_name']}) is {facts['state']}{status}"]
    lines = [f"{facts['package']} (owner: {facts['owner']}) has {facts['bugs_open']} open bugs; now:"]
    for branch, held in facts["releases"].items():
        testing = f", {held['testing']} in testing" if held["testing"] else ""
        lines.append(f"  {branch:8} {held['stable'] or 'nothing'}{testing}")
    for build in facts["builds"][:1]:
        lines.append(f"  newest build: {build['nvr']} {build['state']}")
    for update in facts["updates"][:1]:
        lines.append(f"  newest update: {update['alias']} {update['status']}, karma {update['karma']}")
    lines.append(f"  {facts['problems']} problems; upstream has {facts['upstream'] or 'no known version'}")
    return lines


def address(at: str | None) -> str:
    """Return the URL of the running sandbox: the given one, the environment's, or the newest in var/.  Raises `CommandError`."""
    if at or os.environ.get(ENVIRONMENT):
        return (at or os.environ[ENVIRONMENT]).rstrip("/")
    dated = []
    for path in Path().glob("var/*/sandbox.json"):
        try:
            dated.append((path.stat().st_mtime, json.loads(path.read_text("utf-8"))["url"]))
        except (OSError, ValueError, KeyError, TypeError):
            # That sandbox is just ending, or the file is of something else.
            continue
    if not dated:
        raise CommandError(f"no sandbox is running here; give its URL with --at or ${ENVIRONMENT}")
    return str(max(dated)[1])


def _ask(at: str | None, path: str, body: Mapping[str, Any]) -> Any:
    url = address(at)
    if not url.startswith(("http://", "https://")):
        raise CommandError(f"invalid URL {url!r}; use http://127.0.0.1:PORT")
    request = Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=ANSWER_LIMIT) as response:
            return json.load(response)
    except HTTPError as error:
        try:
            message = json.load(error)["error"]
        except (ValueError, KeyError, TypeError):
            message = f"{url} returned HTTP {error.code}; check that it is a sandbox"
        raise CommandError(message) from error
    except (URLError, OSError, ValueError) as error:
        raise CommandError(f"cannot reach a sandbox at {url}: {getattr(error, 'reason', error)}") from error


if __name__ == "__main__":
    sys.exit(main())
