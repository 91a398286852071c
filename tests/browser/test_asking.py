"""What the site is asked while one types, as it is seen from there."""

import pytest

from .conftest import VIM

pytestmark = pytest.mark.xdist_group("browser")


def test_what_is_typed_without_a_pause_is_asked_once(search, door, wait_until):
    search.type_slowly("guake", every=60)
    wait_until(lambda: search.is_open)
    search.pause()
    assert door.asked == ["guake"]


def test_nothing_is_asked_while_the_text_stays_the_same(search, door, wait_until):
    held = door.hold("gua")
    search.type("gua")
    wait_until(lambda: door.asked == ["gua"])
    search.type(" ")
    search.press("BACKSPACE", "LEFT", "RIGHT")
    search.pause()
    held.set()
    wait_until(lambda: search.is_open)
    assert door.asked == ["gua"]


def test_nothing_is_asked_for_no_text(search, door):
    search.type("  ")
    search.press("DOWN")
    search.pause()
    assert (door.asked, search.is_open) == ([], False)


def test_an_empty_field_has_no_list(search):
    search.type_and_see("v")
    search.press("BACKSPACE")
    assert (search.is_open, search.heard) == (False, "")


def test_what_was_answered_is_not_asked_again(search, door, wait_until):
    search.browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    search.type_and_see("vi")
    search.type("md")
    wait_until(lambda: search.options == ["vimdiff"])
    search.press("BACKSPACE", "BACKSPACE")
    wait_until(lambda: search.options == VIM)
    search.pause()
    assert door.asked == ["vi", "vimd"]


def test_on_the_next_page_the_browser_has_the_answer(search, door):
    search.type_and_see("vi")
    search.visit("/status")
    search.type_and_see("vi")
    assert (search.options, door.asked) == (VIM, ["vi"])


def test_a_question_that_another_overtakes_is_given_up(search, door, wait_until):
    held = door.hold("v")
    search.type("v")
    wait_until(lambda: door.asked == ["v"])
    search.type("imd")
    wait_until(lambda: search.options == ["vimdiff"])
    given_up = wait_until(lambda: search.answered("v"))
    held.set()
    assert (given_up, search.answered("vimd"), door.asked) == ([0], [200], ["v", "vimd"])


def test_an_answer_that_comes_late_is_dropped(search, door, wait_until):
    # As if it had been on its way when it was given up.
    search.run("AbortController.prototype.abort = function () {}")
    held = door.hold("v")
    search.type("v")
    wait_until(lambda: door.asked == ["v"])
    search.type("imd")
    wait_until(lambda: search.options == ["vimdiff"])
    held.set()
    wait_until(lambda: search.answered("v") == [200])
    search.pause()
    assert search.options == ["vimdiff"]


def test_who_steps_through_a_list_keeps_it(search, door, wait_until):
    search.type_and_see("vi")
    held = door.hold("vim")
    search.type("m")
    wait_until(lambda: door.asked == ["vi", "vim"])
    search.press("DOWN")
    held.set()
    search.pause()
    assert (search.chosen, search.is_open) == ("vim", True)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "500 Internal Server Error"])
def test_after_an_error_nothing_is_asked_for_a_while_and_nothing_is_said(search, door, wait_until, status):
    before = search.all("body")[0].text
    search.stop_the_clock()
    door.refuse(status, Retry_After="60")
    search.type("v")
    wait_until(lambda: search.answered("v"))
    search.type("im")
    search.pause()
    assert (door.asked, search.is_open, search.heard, search.all("body")[0].text) == (["v"], False, "", before)
    door.refuse(status)
    search.passes(59_000)
    search.press("DOWN")
    search.pause()
    assert door.asked == ["v"]
    door.open()
    search.passes(1_000)
    search.press("DOWN")
    wait_until(lambda: search.is_open)
    assert door.asked == ["vim"]


def test_an_answer_that_is_none_is_as_an_error(search, door, wait_until):
    door.refuse("200 OK")
    search.type("v")
    wait_until(lambda: search.answered("v"))
    search.type("im")
    search.pause()
    assert (door.asked, search.is_open) == (["v"], False)


def test_a_list_that_would_be_of_another_text_is_not_left_after_an_error(search, door, wait_until):
    search.type_and_see("vi")
    door.refuse("503 Service Unavailable")
    search.type("x")
    wait_until(lambda: search.answered("vix"))
    wait_until(lambda: not search.is_open)


def test_while_a_word_is_composed_nothing_is_asked(search, door, wait_until):
    search.field.click()
    for text in ("v", "vi", "vim"):
        composing = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        search.browser.execute_cdp_cmd("Input.imeSetComposition", composing)
    search.pause()
    assert (search.field.get_attribute("value"), door.asked) == ("vim", [])
    search.browser.execute_cdp_cmd("Input.insertText", {"text": "vim"})
    wait_until(lambda: search.is_open)
    assert door.asked == ["vim"]


def test_enter_while_a_word_is_composed_is_for_the_word(search):
    search.type_and_see("vim")
    search.press("DOWN")
    taken = search.run(
        """
        const pressed = new KeyboardEvent("keydown", {key: "Enter", isComposing: true, cancelable: true, bubbles: true});
        return !document.activeElement.dispatchEvent(pressed);
        """
    )
    assert (taken, search.is_open) == (False, True)
