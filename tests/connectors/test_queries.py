"""What every query there is must be."""

import json
from fnmatch import fnmatchcase

from fedora_packages.messages.event import parse


def test_every_query_is_documented_with_its_source(queries):
    undocumented = [name for name, query in queries.items() if "Source:" not in query.documentation]
    assert undocumented == []


def test_every_query_is_renewed_by_messages_or_on_a_schedule(queries):
    stale = [name for name, query in queries.items() if not query.declaration.rules and not query.declaration.every]
    assert stale == []


def test_every_topic_that_is_listened_to_was_recorded(queries, data):
    topics = {parse(json.loads(path.read_text("utf-8"))).topic for path in (data / "messages").glob("*.json")}
    unheard = {
        pattern
        for query in queries.values()
        for rule in query.declaration.rules
        for pattern in rule.topics
        if not any(fnmatchcase(topic, pattern) for topic in topics)
    }
    # Of these no recording was found (of dist-git's branches: none of the newer form).
    assert unheard == {"pagure.git.branch.creation", "anitya.project.edit", "anitya.project.remove"}
