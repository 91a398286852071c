"""The control addresses, for tests and for the command line: trigger actions, set faults, read the state.  JSON in, JSON out.

An error is ``{"error": sentence}`` with status 400, or 404 for an unknown name.
"""

import asyncio
import json
import math
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from fedora_packages.sandbox.actions.actions import OPTIONS
from fedora_packages.sandbox.actions.publisher import NotPossible
from fedora_packages.sandbox.actions.steps import MAX_DELAY
from fedora_packages.sandbox.expected import expected_package, repository_content
from fedora_packages.sandbox.faults import FaultError
from fedora_packages.sandbox.state import Sandbox
from fedora_packages.sandbox.upstreams.base import UPSTREAMS, WrongParameter, integer
from fedora_packages.sandbox.upstreams.mdapi import repository_names
from fedora_packages.sandbox.world.world import SOFTWARE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: The number of names in one response of ``GET /control/packages``: default and maximum.
NAMES_DEFAULT, NAMES_LIMIT = 1000, 100_000

#: The maximum number of actions in one request.
MAX_ACTIONS = 10_000

ADDRESSES = {
    "GET /control/": "this page",
    "POST /control/trigger": '{"what": "build", "package": "guake", ...}: run an action on a package and publish it',
    "POST /control/trigger (many)": '{"actions": [{"what": ..., "package": ...}, ...]}: run many, one after another',
    "POST /control/publish": '{"topic": "bodhi.update.comment", "msg": {...}} or {"topic": ..., "raw": "any text"}',
    "POST /control/lose": '{"share": 0.2}: lose a share of all messages, for the archive too',
    "POST /control/keep-back": '{"count": 3, "archive": false}: withhold the next messages from the bus',
    "POST /control/hold": '{"hold": true}: hold messages; {"hold": false}: send them all at once',
    "GET /control/steps": "the steps of actions that wait: the end of a push, titles of bugs",
    "POST /control/steps": '{"delay": s} or {"hold": true}: when steps run; {"run": n}: run the next ones, {"run": true}: all',
    "GET /control/upstreams": "the faults of all upstreams",
    "POST /control/upstreams/NAME": '{"delay": s, "fail": 503, "times": n, "invalid": "html", "lag": s} or {"well": true}',
    "POST /control/upstreams/NAME/catch-up": "end its lag",
    "GET /control/software": "what answers as each upstream that different software can be",
    "POST /control/software": '{"mdapi": "metasource", "distgit": "forgejo"}: let other software answer as an upstream',
    "GET /control/requests?since=SERIAL": "the log of requests to the upstreams",
    "GET /control/requests/count": "the number of requests of each upstream",
    "GET /control/requests/seconds": "the total seconds that each upstream took to respond",
    "GET /control/repositories": "the names of mdapi's repositories",
    "GET /control/repositories/NAME": "the packages of a repository, with the fields of rpm",
    "GET /control/packages?limit=&offset=": "names",
    "GET /control/packages/NAME": "the state of a package, as pages must show it",
}


class NotFound(Exception):
    """An unknown name."""


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """Return the control addresses."""
    control = Control(sandbox)
    return [
        web.get("/control", _json(control.home)),
        web.get("/control/", _json(control.home)),
        web.post("/control/trigger", _json(control.trigger)),
        # The former name, still accepted, as is that of the list.
        web.post("/control/happen", _json(control.trigger)),
        web.post("/control/publish", _json(control.publish)),
        web.post("/control/keep-back", _json(control.keep_back)),
        web.post("/control/lose", _json(control.lose)),
        web.post("/control/hold", _json(control.hold)),
        web.get("/control/steps", _json(control.steps)),
        web.post("/control/steps", _json(control.change_steps)),
        web.get("/control/upstreams", _json(control.faults)),
        web.post("/control/upstreams/{name}", _json(control.fault)),
        web.post("/control/upstreams/{name}/catch-up", _json(control.catch_up)),
        web.get("/control/software", _json(control.software)),
        web.post("/control/software", _json(control.switch)),
        web.get("/control/requests", _json(control.requests)),
        web.get("/control/requests/count", _json(control.request_counts)),
        web.get("/control/requests/seconds", _json(control.request_seconds)),
        web.get("/control/repositories", _json(control.repositories)),
        web.get("/control/repositories/{name}", _json(control.repository)),
        web.get("/control/packages", _json(control.names)),
        web.get("/control/packages/{name}", _json(control.package)),
    ]


def _json(answer: Callable[[web.Request], Awaitable[Any]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        try:
            return web.json_response(await answer(request))
        except (NotPossible, FaultError, WrongParameter) as error:
            return web.json_response({"error": str(error)}, status=400)
        except NotFound as error:
            return web.json_response({"error": str(error)}, status=404)

    return handler


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise NotPossible(f"the request is invalid JSON: {error}") from error
    if not isinstance(body, dict):
        raise NotPossible("the request must be a JSON object")
    return body


def _action(body: Any) -> tuple[str, Any, dict[str, Any]]:
    """Return the name of an action, its package, and its options.  Raises `NotPossible`."""
    if not isinstance(body, dict) or not isinstance(body.get("what"), str):
        raise NotPossible(f"'what' must be one of {', '.join(OPTIONS)}")
    options = dict(body)
    return options.pop("what"), options.pop("package", None), options


class Control:
    """The handlers, over one sandbox."""

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox

    async def home(self, _request: web.Request) -> dict[str, Any]:
        """Return the addresses, the actions and the numbers of packages and messages."""
        world = self.sandbox.world
        return {
            "pid": os.getpid(),
            "world": world.catalog.title,
            "endpoint": self.sandbox.bus.endpoint,
            "counts": {
                "packages": len(world.names),
                "binaries": len(world.catalog.builders),
                "messages": len(self.sandbox.bus.archive),
                "changes": world.changes,
            },
            "releases": [release.branch for release in world.releases if release.holds_packages],
            "actions": OPTIONS,
            "addresses": ADDRESSES,
        }

    async def trigger(self, request: web.Request) -> dict[str, Any]:
        """Run an action, or a list of them."""
        body = await _body(request)
        for key in ("actions", "happenings"):
            if key in body:
                return await self._trigger_all(body[key])
        return self.sandbox.actions.trigger(*_action(body))

    async def _trigger_all(self, bodies: Any) -> dict[str, Any]:
        """Run many actions; one that is not possible is returned with its position, and does not stop the others."""
        if not isinstance(bodies, list) or len(bodies) > MAX_ACTIONS:
            raise NotPossible(f"'actions' must be a list of at most {MAX_ACTIONS} actions")
        sent, refused = 0, []
        for number, body in enumerate(bodies):
            try:
                sent += len(self.sandbox.actions.run(*_action(body)))
            except NotPossible as error:
                refused.append({"number": number, "error": str(error)})
            # Let the upstreams answer meanwhile.
            await asyncio.sleep(0)
        return {"messages": sent, "refused": refused}

    async def publish(self, request: web.Request) -> dict[str, Any]:
        """Publish any message."""
        body = await _body(request)
        topic = body.get("topic")
        if not isinstance(topic, str) or not 0 < len(topic) <= 250 or "." not in topic:
            raise NotPossible(f"'topic' must be a string such as bodhi.update.comment, not {topic!r:.80}")
        if isinstance(body.get("raw"), str):
            return {"messages": [self.sandbox.bus.publish_raw(topic, body["raw"])]}
        if "msg" not in body:
            raise NotPossible("'msg' or 'raw' is missing")
        return {"messages": [self.sandbox.bus.publish(topic, body["msg"])]}

    async def keep_back(self, request: web.Request) -> dict[str, Any]:
        """Withhold messages from the bus."""
        body = await _body(request)
        count = body.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 10**9:
            raise NotPossible(f"'count' must be an integer from 0, not {count!r:.80}")
        self.sandbox.bus.keep_back(count, bool(body.get("archive")))
        return {"count": count, "archive": bool(body.get("archive"))}

    async def lose(self, request: web.Request) -> dict[str, Any]:
        """Lose a share of all messages."""
        share = (await _body(request)).get("share")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise NotPossible(f"'share' must be a number from 0 to 1, not {share!r:.80}")
        self.sandbox.bus.lose(share)
        return {"share": share}

    async def hold(self, request: web.Request) -> dict[str, Any]:
        """Hold messages, or send the held ones."""
        body = await _body(request)
        if not isinstance(body.get("hold"), bool):
            raise NotPossible(f"'hold' must be true or false, not {body.get('hold')!r:.80}")
        return {"hold": body["hold"], "messages": self.sandbox.bus.hold(body["hold"])}

    async def steps(self, _request: web.Request) -> dict[str, Any]:
        """Return the steps of actions that wait."""
        steps = self.sandbox.steps
        return {
            "delay": steps.delay,
            "hold": steps.is_held,
            "waiting": [{"due": step.due, "what": step.what, "about": step.about} for step in steps.waiting()],
        }

    async def change_steps(self, request: web.Request) -> dict[str, Any]:
        """Change the delay of steps, hold them or let them go, or run waiting ones; returns the number of those that ran."""
        body = await _body(request)
        if not body or not body.keys() <= {"delay", "hold", "run"}:
            raise NotPossible("use delay, hold or run")
        delay = body.get("delay", 0)
        if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay <= MAX_DELAY:
            raise NotPossible(f"'delay' must be a number of seconds from 0 to {MAX_DELAY:g}, not {delay!r:.80}")
        if not isinstance(body.get("hold", False), bool):
            raise NotPossible(f"'hold' must be true or false, not {body['hold']!r:.80}")
        most = body.get("run", 0)
        if not isinstance(most, int) or most < 0:
            raise NotPossible(f"'run' must be true or a number of steps, not {most!r:.80}")
        steps = self.sandbox.steps
        steps.delay, steps.is_held = body.get("delay", steps.delay), body.get("hold", steps.is_held)
        if not steps.is_held:
            steps.run(time.time())
        ran = steps.run(math.inf, math.inf if most is True else most)
        return {"delay": steps.delay, "hold": steps.is_held, "ran": ran}

    def _upstream(self, request: web.Request) -> str:
        name = request.match_info["name"]
        if name not in UPSTREAMS:
            raise NotFound(f"unknown upstream {name!r}; use one of {', '.join(UPSTREAMS)}")
        return name

    async def faults(self, _request: web.Request) -> Mapping[str, Any]:
        """Return all faults."""
        return {name: fault.as_json() for name, fault in self.sandbox.faults.items()}

    async def fault(self, request: web.Request) -> dict[str, Any]:
        """Change an upstream's fault."""
        name = self._upstream(request)
        self.sandbox.faults[name] = self.sandbox.faults[name].merged(await _body(request))
        return self.sandbox.faults[name].as_json()

    async def catch_up(self, request: web.Request) -> dict[str, Any]:
        """End an upstream's lag."""
        name = self._upstream(request)
        self.sandbox.faults[name] = replace(self.sandbox.faults[name], lag=0.0)
        return self.sandbox.faults[name].as_json()

    async def software(self, _request: web.Request) -> Mapping[str, str]:
        """Return what answers as each upstream."""
        return self.sandbox.world.software

    async def switch(self, request: web.Request) -> Mapping[str, str]:
        """Let other software answer as an upstream."""
        changes = await _body(request)
        for name, software in changes.items():
            if name not in SOFTWARE:
                raise NotPossible(f"{name!r} is always the same software; use one of {', '.join(SOFTWARE)}")
            if software not in SOFTWARE[name]:
                raise NotPossible(f"{name!r} must be one of {', '.join(SOFTWARE[name])}, not {software!r:.80}")
        self.sandbox.world.software.update(changes)
        return self.sandbox.world.software

    async def requests(self, request: web.Request) -> dict[str, Any]:
        """Return the log of requests."""
        since = integer("since", request.query.get("since", "0"), 0, 10**11)
        return {"requests": self.sandbox.log(since)}

    async def request_counts(self, _request: web.Request) -> Mapping[str, int]:
        """Return the number of requests of each upstream."""
        return self.sandbox.request_counts

    async def request_seconds(self, _request: web.Request) -> Mapping[str, float]:
        """Return the total seconds that each upstream took to respond."""
        return self.sandbox.request_seconds

    async def repositories(self, _request: web.Request) -> dict[str, Any]:
        """Return the names of mdapi's repositories."""
        return {"repositories": sorted(repository_names(self.sandbox.world.now()))}

    async def repository(self, request: web.Request) -> dict[str, Any]:
        """Return the packages of a repository."""
        view, name = self.sandbox.world.now(), request.match_info["name"]
        if name not in repository_names(view):
            raise NotFound(f"unknown repository {name!r}; use one of {', '.join(sorted(repository_names(view)))}")
        return {"name": name, "packages": repository_content(view, name)}

    async def names(self, request: web.Request) -> dict[str, Any]:
        """Return names of packages."""
        names = self.sandbox.world.names
        limit = integer("limit", request.query.get("limit", str(NAMES_DEFAULT)), 0, NAMES_LIMIT)
        offset = integer("offset", request.query.get("offset", "0"), 0, 10**9)
        return {"total": len(names), "packages": names[offset : offset + limit]}

    async def package(self, request: web.Request) -> dict[str, Any]:
        """Return the state of a package, as pages must show it."""
        view = self.sandbox.world.now()
        package = view.package(request.match_info["name"])
        if package is None:
            raise NotFound(f"unknown package {request.match_info['name']!r}")
        return expected_package(view, package)
