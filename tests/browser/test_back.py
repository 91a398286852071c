"""The way back to a page that the browser has kept as it was left: what is in the field belongs to what the page shows."""

import pytest

from .conftest import VIM

pytestmark = pytest.mark.xdist_group("browser")

RESULTS = "/s?search=guake"


@pytest.fixture
def results(search):
    """The results of a text, with the text chosen that is in the field: what is typed takes its place."""
    search.visit(RESULTS)
    search.run("window.isKept = true; arguments[0].select()", search.field)
    return search


def go_back(search) -> None:
    search.browser.back()
    search.arrives_at(RESULTS)
    # A page that is made anew would prove nothing.
    assert search.run("return window.isKept") is True


def test_after_the_way_back_from_a_package_the_field_has_the_text_of_the_results(results):
    results.type_and_see("vi")
    results.press("DOWN", "ENTER")
    results.arrives_at("/vim")
    go_back(results)
    assert (results.field.get_property("value"), results.is_open) == ("guake", False)


def test_a_list_that_was_left_open_is_closed_after_the_way_back(results):
    results.type_and_see("vi")
    results.visit("/status")
    go_back(results)
    assert (results.is_open, results.heard) == (False, "")


def test_what_was_about_to_be_asked_is_not_asked_after_the_way_back(results, door):
    # One script: there is no time in which the page asks.
    results.run(
        """
        const [field, elsewhere] = arguments;
        field.value = "vi";
        field.dispatchEvent(new InputEvent("input", {bubbles: true}));
        location.href = elsewhere;
        """,
        results.field,
        f"{door.url}/s?search=vim",
    )
    results.arrives_at("/s?search=vim")
    door.asked.clear()
    go_back(results)
    results.pause()
    assert (door.asked, results.is_open) == ([], False)


def test_what_is_typed_after_the_way_back_is_completed(results, wait_until):
    results.type_and_see("vi")
    results.press("DOWN", "ENTER")
    results.arrives_at("/vim")
    go_back(results)
    results.run("arguments[0].select()", results.field)
    results.type("vi")
    wait_until(lambda: results.options == VIM and results.is_open)
