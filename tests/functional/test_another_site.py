"""Another site on the same core: the page of a group, with a connector, a query, its messages and a widget of its own.

Nothing of ours is replaced or patched: the cache, the messages, the connectors' base and the worker's parts are those of package
pages.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from fedora_packages.cache.cache import Cache
from fedora_packages.cache.queue import Queue
from fedora_packages.connectors.base import Connector
from fedora_packages.connectors.query import Queries, query
from fedora_packages.connectors.types import Model, Rows, Text
from fedora_packages.monitoring.heartbeat import FreshnessMonitor, write_heartbeat
from fedora_packages.monitoring.metrics import Metrics
from fedora_packages.settings import ConnectorSettings
from fedora_packages.web.loader import Loader
from fedora_packages.widgets.base import Widget
from fedora_packages.widgets.context import PanelContext
from fedora_packages.widgets.panel import panels
from fedora_packages.worker.handler import Handler
from fedora_packages.worker.invalidation import invalidate_and_queue
from fedora_packages.worker.refill import Refiller


class Members(Model):
    """The members of a group."""

    members: Rows(Text(64), 1000)


class AccountsConnector(Connector):
    """Groups and their members, from an account system."""

    name, title = "accounts", "Fedora Accounts"

    @query(version=1)
    def members(self, group) -> Members:
        """Return the members of a group, in order of their names.  Source: ``GET /groups/NAME/members``."""
        return self.parsed(self.get("groups", group, "members"), Members)

    @members.affected("accounts.group.member.*")
    def members_affected(event):
        yield event.body["group"]


class MembersWidget(Widget):
    """The page of a group: who is in it."""

    name, title = "members", "Members"
    queries: Mapping[str, str] = {"members": "accounts.members"}

    def variables(self, context: PanelContext, values: Mapping[str, Any]) -> dict[str, Any]:
        return {"count": len(values["members"]["members"]), "members": values["members"]["members"]}


@dataclass(frozen=True)
class Group:
    """What a page of this site is about."""

    name: str
    branch: str = "-"

    @property
    def source(self) -> str:
        return self.name


class Groups(dict[str, Group]):
    """The groups that exist; what the search index is to package pages."""

    def sources(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        return {name: (name,) for name in names if name in self}


@dataclass(frozen=True)
class Site:
    """A process that reads pages and handles messages."""

    handler: Handler
    refiller: Refiller
    page: Callable[[str], Any]


def make(client, url: str) -> Site:
    """Return the site, made as ``fedora_packages.service`` makes the one of packages."""
    accounts = AccountsConnector(ConnectorSettings(url, timeout=5, concurrency=2), "hub")
    connectors, queries, groups = {"accounts": accounts}, Queries([accounts]), Groups(infra=Group("infra"))
    cache, queue, metrics = Cache(client, "hub"), Queue(client), Metrics(client)
    handler = Handler(
        client, cache, groups, queries, metrics, ["org.example.prod"], partial(invalidate_and_queue, cache, queue)
    )  # fmt: skip
    refiller = Refiller(cache, queue, connectors, queries, groups, list, metrics)
    loader = Loader(cache, queue, connectors, FreshnessMonitor(client), metrics, wait=5)

    def page(name: str) -> Any:
        context = PanelContext(groups[name], queries, groups, SimpleNamespace(), lambda name: [], {}, {})
        return panels([MembersWidget()], context, loader)[0]

    return Site(handler, refiller, page)


# What follows is the test.


@pytest.fixture
def site(client, upstream):
    upstream.says("/groups/infra/members", {"members": ["ralph"]}, {"members": ["pingou", "ralph"]})
    write_heartbeat(client, "worker", time.time(), time.time(), {})
    return make(client, upstream.url)


def message(group: str) -> dict[str, Any]:
    return {
        "topic": "org.example.prod.accounts.group.member.add",
        "id": f"2026-{group}",
        "body": {"group": group, "user": "pingou"},
        "headers": {"sent-at": "2026-11-30T12:00:00+00:00"},
    }


def test_the_page_of_a_group_is_fresh_after_its_message(site, upstream):
    assert site.page("infra").variables == {"count": 1, "members": ["ralph"]}
    assert site.handler.handle(message("infra")) == "handled"
    assert site.refiller.work("accounts") is None
    requests = len(upstream.asked)
    panel = site.page("infra")
    assert (panel.variables["members"], panel.is_fresh) == (["pingou", "ralph"], True)
    assert panel.oldest.cached.stamp.event["topic"] == "accounts.group.member.add"
    assert len(upstream.asked) == requests == 2


def test_a_message_about_an_unknown_group_asks_no_upstream(site, upstream):
    site.page("infra")
    site.handler.handle(message("nobody"))
    assert (site.refiller.work("accounts") is None, len(upstream.asked)) == (False, 1)
