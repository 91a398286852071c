"""The control addresses: pages, lists, errors."""

import pytest


def test_the_control_page_lists_actions_and_addresses(quiet):
    answer = quiet.get("/control/")
    assert answer["endpoint"] == quiet.bus.endpoint
    assert answer["counts"]["packages"] == len(quiet.get("/control/packages")["packages"])


def test_names_are_paged(quiet):
    names = quiet.get("/control/packages")["packages"]
    assert quiet.get("/control/packages", limit=3, offset=2)["packages"] == names[2:5]


def test_an_unknown_package_is_not_found_by_the_control(quiet):
    assert quiet.ask("/control/packages/nope").status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/control/trigger", b"{broken"),
        ("/control/trigger", b"[]"),
        ("/control/trigger", b"{}"),
        ("/control/trigger", b'{"actions": {}}'),
        ("/control/publish", b"{}"),
        ("/control/publish", b'{"topic": "x.y"}'),
        ("/control/keep-back", b'{"count": -1}'),
        ("/control/lose", b'{"share": 1.5}'),
        ("/control/hold", b"{}"),
    ],
)
def test_an_invalid_request_is_refused_in_a_sentence(quiet, path, body):
    answer = quiet.ask(path, body)
    assert (answer.status, bool(answer.json["error"])) == (400, True)


def test_a_repository_has_the_fields_of_rpm(quiet):
    content = quiet.get("/control/repositories/rawhide")["packages"]
    (guake,) = [row for row in content if row["name"] == "guake"]
    assert guake["sourcerpm"] == f"guake-{guake['version']}-{guake['release']}.src.rpm"
    assert "vte291 >= 0.60" in guake["relations"]["requires"]
