"""The sandbox behind a server of the test's own, which sees each request and can change each answer."""

import json
import re
import xmlrpc.client
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from fedora_packages import settings
from fedora_packages.connectors import declared, load
from fedora_packages.connectors.query import Queries
from fedora_packages.errors import UpstreamError
from tests.sandbox.running import Running
from tests.upstream import Answer, Asked, Upstream, connector_strings


class Sabotaged:
    """The sandbox behind a server that changes what it returns: ``change`` gets each answer, decoded.

    ``asked`` are the requests that came, ``keys`` the names of the fields of all answers.  ``others`` are other settings.
    """

    def __init__(self, upstream: Upstream, sandbox: Running, **others: str):
        self.asked = upstream.asked
        self.change: Callable[[Any], Any] = lambda answer: answer
        self.keys: dict[str, None] = {}
        self._sandbox = sandbox
        self._answers: dict[Any, Any] = {}
        upstream.answer = self._answer
        strings = {
            **connector_strings(upstream.url),
            **{
                f"connectors.{kind.name}.url": f"{upstream.url}/{kind.name}"
                for kind in declared()
                if kind.url_setting is None
            },
            "connectors.koji.url": f"{upstream.url}/kojihub",
            "cache.url": "redis://127.0.0.1:9/0",
            "search.index": "/nowhere",
            "worker.topic_prefix": "org.fedoraproject.dev",
            **others,
        }
        loaded = settings.from_strings(strings, declared(), {})
        self.connectors = load(loaded, "test", lambda: self.releases)
        self.queries = Queries(self.connectors.values())
        self.releases = self.queries["bodhi.releases"].fetch("*")["releases"]

    def value(self, name: str) -> Any:
        """Return the value of a query about its sample; None if it cannot be read."""
        query = self.queries[name]
        sample = "*" if query.subject == "nothing" else query.declaration.sample
        try:
            return query.fetch(sample, "rawhide" if query.by_release else "")
        except UpstreamError:
            return None

    def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        accept = asked.headers["Accept"]
        key = (asked.path, repr(asked.params), asked.body, accept)
        if key not in self._answers:
            found = self._sandbox.ask(
                quote(asked.path), asked.body or None, asked.method, accept=accept, **asked.params
            )
            self._answers[key] = found
        found = self._answers[key]
        kind = found.headers["Content-Type"]
        if found.status != 200 or not re.match("application/json|text/xml", kind):
            return Answer(found.body, found.status, kind)
        if kind.startswith("text/xml"):
            (decoded,), _ = xmlrpc.client.loads(found.body, use_builtin_types=True)
            self.keys |= dict.fromkeys(names_in(decoded))
            dumped = xmlrpc.client.dumps((self.change(decoded),), methodresponse=True, allow_none=True)
            return Answer(dumped.encode(), content_type=kind)
        decoded = json.loads(found.body)
        self.keys |= dict.fromkeys(names_in(decoded))
        return Answer(json.dumps(self.change(decoded)).encode(), content_type=kind)


def names_in(answer: Any) -> Iterator[str]:
    """Yield the names of all fields in an answer, but for those of branches, which are no fields."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield name
            if name != "branches":
                yield from names_in(value)
    elif isinstance(answer, list):
        for row in answer:
            yield from names_in(row)
