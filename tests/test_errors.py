"""Errors of upstreams: the title, the request and the reason, and nothing of the response but in the log."""

import pytest

from fedora_packages.errors import InvalidResponse, ReleaseNotServed, UpstreamUnavailable


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            UpstreamUnavailable("koji", "listBuilds('guake')", "HTTP 503 (temporary)", title="Koji"),
            "Koji: listBuilds('guake') failed: HTTP 503 (temporary)",
        ),
        (
            InvalidResponse("mdapi", "GET /f45/pkg/guake", "invalid JSON (text/html)", b"<html>"),
            "mdapi: GET /f45/pkg/guake returned invalid JSON (text/html)",
        ),
        (
            ReleaseNotServed("mdapi", "GET /eln/pkg/guake", "no repositories of eln"),
            "mdapi: GET /eln/pkg/guake failed: no repositories of eln",
        ),
    ],
)
def test_a_sentence_has_the_title_the_request_and_the_reason(error, sentence):
    assert error.sentence == sentence


def test_only_the_message_for_the_log_has_the_beginning_of_the_response():
    error = InvalidResponse("mdapi", "GET /", "invalid JSON (text/html)", b"<html>" * 50)
    assert ("<html>" in str(error), "<html>" in error.sentence, len(error.excerpt)) == (True, False, 80)
