"""dist-git as Forgejo: the shape of samples, paging, tokens, and what is missing of the other software."""

import json

import pytest

from tests.sandbox.running import Running

REPO = "/distgit/api/v1/repos/rpms/guake"


@pytest.fixture(scope="module")
def forgejo():
    """A running sandbox whose dist-git is Forgejo."""
    with Running() as running:
        running.post("/control/software", distgit="forgejo")
        yield running


def sample(data, name):
    return json.loads((data / "today" / "upstream" / f"forgejo-{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("version", "/distgit/api/v1/version"),
        ("branches-guake", f"{REPO}/branches"),
        ("contents-guake", f"{REPO}/contents?ref=rawhide"),
        ("contents-guake.spec", f"{REPO}/contents/guake.spec?ref=rawhide"),
        ("commit-dead", f"{REPO}/git/commits/{{head}}"),
    ],
)
def test_an_answer_has_the_fields_of_the_sample(forgejo, data, name, path):
    head = forgejo.expected("guake")["branches"]["rawhide"]["commit"]
    wanted, found = sample(data, name), forgejo.get(path.format(head=head))
    wanted, found = (one[0] if isinstance(one, list) else one for one in (wanted, found))
    assert {key: type(value) for key, value in found.items()} == {key: type(value) for key, value in wanted.items()}


@pytest.mark.parametrize(("name", "path"), [("repo-guake", REPO)])
def test_a_large_answer_has_fields_of_the_sample(forgejo, data, name, path):
    wanted, found = sample(data, name), forgejo.get(path)
    assert {key: type(value) for key, value in found.items()}.items() <= {
        key: type(value) for key, value in wanted.items()
    }.items()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("404-branch", f"{REPO}/branches/f99"),
        ("404-file", f"{REPO}/contents/dead.package?ref=rawhide"),
        ("404-repo", "/distgit/api/v1/repos/rpms/no-such-package"),
        ("401-collaborators", f"{REPO}/collaborators"),
    ],
)
def test_a_refusal_is_that_of_the_sample(forgejo, data, name, path):
    wanted, answer = sample(data, name), forgejo.ask(path)
    assert (answer.status, answer.json.keys()) == (wanted["status"], wanted["body"].keys())
    assert answer.json["url"] == wanted["body"]["url"]


def test_lists_are_paged_and_end_in_an_empty_page(forgejo):
    names = [row["name"] for row in forgejo.get(f"{REPO}/branches", limit=50)]
    first, rest = forgejo.ask(f"{REPO}/branches", limit=2), forgejo.get(f"{REPO}/branches", limit=2, page=2)
    assert [row["name"] for row in [*first.json, *rest]] == names[:4]
    assert int(first.headers["X-Total-Count"]) == len(names)
    assert forgejo.get(f"{REPO}/branches", page=99) == []


def test_a_file_is_the_same_as_in_pagure(forgejo, quiet):
    raw = forgejo.ask(f"{REPO}/raw/guake.spec", ref="f44").body
    assert raw == quiet.ask("/distgit/rpms/guake/raw/f44/f/guake.spec").body
    (entry,) = [row for row in forgejo.get(f"{REPO}/contents", ref="f44") if row["name"] == "guake.spec"]
    assert entry["size"] == len(raw)


def test_each_software_lacks_the_addresses_of_the_other(forgejo, quiet):
    assert quiet.get("/distgit/api/0/version") == {"version": "0.31"}
    for path in ("/distgit/api/0/version", "/distgit/api/0/rpms/guake", "/distgit/extras/pagure_poc.json"):
        assert forgejo.ask(path).status == 404
    for path in ("/distgit/api/v1/version", REPO):
        assert quiet.ask(path).status == 404


def test_dist_git_switches_while_it_runs_and_can_be_neither_meanwhile(live):
    for software, statuses in (("neither", (404, 404)), ("forgejo", (404, 200)), ("pagure", (200, 404))):
        assert live.post("/control/software", distgit=software)["distgit"] == software
        assert (live.ask("/distgit/api/0/version").status, live.ask("/distgit/api/v1/version").status) == statuses
    answer = live.ask("/control/software", b'{"distgit": "gitlab"}')
    assert (answer.status, "pagure, forgejo, neither" in answer.json["error"]) == (400, True)


def test_a_push_is_announced_as_the_sample_one_level_deeper(live, data):
    live.post("/control/software", distgit="forgejo")
    answer = live.trigger("push", "guake", branch="rawhide")
    assert live.topics(answer) == ["git.lookaside.new", "forgejo.push"]
    body = live.envelopes(answer)[-1]["msg"]
    wanted = json.loads((data / "today" / "messages" / "fm-forgejo.push-1.json").read_text("utf-8"))["body"]
    assert body.keys() == wanted.keys()
    assert body["body"].keys() == wanted["body"].keys()
    assert body["body"]["commits"][0].keys() == wanted["body"]["commits"][0].keys()
    assert live.topics(live.trigger("branch", "guake"))[0] == "forgejo.create"
    assert "forgejo.push" in live.topics(live.trigger("retire", "vim"))
    assert live.topics(live.trigger("maintainer", "guake")) == []
