"""Calls over XML-RPC: what a hub answers beside values."""

import pytest

from fedora_packages.errors import InvalidResponse, UpstreamUnavailable
from tests.upstream import Answer


def test_a_fault_of_one_call_is_an_error_whose_text_is_for_the_log(queries, upstream):
    upstream.koji_says([[1], {"faultCode": 1000, "faultString": "No such package"}])
    with pytest.raises(InvalidResponse, match="fault 1000: 'No such package'") as caught:
        queries["koji.builds"].fetch("guake")
    assert caught.value.sentence == "Koji: listBuilds('guake') returned fault 1000"


def test_a_hub_that_is_switched_off_is_unavailable(queries, upstream):
    body = (
        "<?xml version='1.0'?><methodResponse><fault><value><struct>"
        "<member><name>faultCode</name><value><int>1014</int></value></member>"
        "<member><name>faultString</name><value><string>outage</string></value></member>"
        "</struct></value></fault></methodResponse>"
    )
    upstream.answers["/"] = Answer(body.encode(), content_type="text/xml")
    with pytest.raises(UpstreamUnavailable, match="outage"):
        queries["koji.builds"].fetch("guake")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"<methodResponse>", b"{}", b"\0", b"<?xml version='1.0'?><methodResponse></methodResponse>"],
)
def test_what_is_no_xml_rpc_is_a_lie(queries, upstream, body):
    upstream.answers["/"] = Answer(body, content_type="text/xml")
    with pytest.raises(InvalidResponse):
        queries["koji.builds"].fetch("guake")
