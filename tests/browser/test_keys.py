"""Going through what is suggested, by keys, mouse and touch."""

import pytest

from .conftest import VIM

pytestmark = pytest.mark.xdist_group("browser")


def test_down_goes_through_the_list_and_begins_anew_after_the_last(search):
    search.type_and_see("vim")
    seen = []
    for _ in range(5):
        search.press("DOWN")
        seen.append(search.chosen)
    assert (seen, search.is_focused) == ([*VIM, "vim"], True)


def test_up_begins_with_the_last(search):
    search.type_and_see("vim")
    seen = []
    for _ in range(5):
        search.press("UP")
        seen.append(search.chosen)
    assert seen == [*reversed(VIM), "vimdiff"]


@pytest.mark.parametrize("key", ["HOME", "END", "LEFT", "RIGHT"])
def test_keys_that_move_in_the_field_leave_the_list_for_it(search, key):
    search.type_and_see("vim")
    search.press("DOWN", key)
    assert (search.chosen, search.is_open) == (None, True)


def test_home_goes_to_the_beginning_of_the_field(search):
    search.type_and_see("vim")
    search.press("DOWN", "HOME")
    search.actions().send_keys("g").perform()
    assert search.field.get_attribute("value") == "gvim"


def test_enter_goes_to_the_page_of_the_chosen_option(search):
    search.type_and_see("vim")
    search.press("DOWN", "DOWN", "ENTER")
    search.arrives_at("/vim-common")


def test_a_command_leads_to_the_package_that_has_it(search):
    search.type_and_see("vimd")
    search.press("DOWN", "ENTER")
    search.arrives_at("/vim-enhanced")


def test_enter_with_nothing_chosen_searches(search):
    search.type_and_see("vim")
    search.press("ENTER")
    search.arrives_at("/s?search=vim")


def test_the_list_closes_while_the_search_is_under_way(search):
    search.run("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())")
    search.type_and_see("vim")
    search.press("ENTER")
    assert search.is_open is False


@pytest.mark.parametrize("held", ["CONTROL", "SHIFT", "META"])
def test_keys_with_others_held_are_not_for_the_list(search, held):
    search.type_and_see("vim")
    search.press_with(held, "DOWN")
    assert search.chosen is None


def test_enter_before_there_is_a_list_searches(search):
    search.type("gua")
    search.press("ENTER")
    search.arrives_at("/s?search=gua")


def test_escape_closes_the_list_and_a_second_one_clears_the_field(search):
    search.type_and_see("vim")
    search.press("DOWN", "ESCAPE")
    assert (search.is_open, search.chosen, search.field.get_attribute("value"), search.heard) == (
        False,
        None,
        "vim",
        "",
    )
    search.press("ESCAPE")
    assert search.field.get_attribute("value") == ""


def test_escape_before_the_answer_is_there_wants_no_list(search, door, wait_until):
    held = door.hold("vim")
    search.type("vim")
    wait_until(lambda: door.asked == ["vim"])
    search.press("ESCAPE")
    held.set()
    search.pause()
    assert search.is_open is False


def test_alt_and_down_open_the_list_again_and_choose_nothing(search):
    search.type_and_see("vim")
    search.press("ESCAPE")
    search.press_with("ALT", "DOWN")
    assert (search.is_open, search.chosen, search.options) == (True, None, VIM)


def test_alt_and_up_close_it(search):
    search.type_and_see("vim")
    search.press_with("ALT", "UP")
    assert search.is_open is False


def test_down_opens_a_closed_list_and_chooses_the_first(search):
    search.type_and_see("vim")
    search.press("ESCAPE", "DOWN")
    assert (search.is_open, search.chosen) == (True, "vim")


def test_down_completes_what_the_page_came_with(search, door, wait_until):
    search.visit("/s?search=gua")
    search.field.click()
    search.press("DOWN")
    wait_until(lambda: search.is_open)
    assert (search.chosen, door.asked) == ("guake", ["gua"])


def test_tab_closes_the_list_and_goes_on(search):
    search.type_and_see("vim")
    search.press("TAB")
    assert (search.is_open, search.is_focused, search.run("return document.activeElement.textContent")) == (
        False,
        False,
        "Search",
    )


def test_an_option_that_is_chosen_is_in_sight(search):
    search.has_screen(800, 400)
    search.type_and_see("many")
    search.press("UP")
    assert search.run(
        """
        const list = document.querySelector("[role=listbox]").getBoundingClientRect();
        const chosen = document.querySelector("[aria-selected=true]").getBoundingClientRect();
        return [list.bottom <= innerHeight, chosen.top >= list.top, chosen.bottom <= list.bottom, list.height > 0];
        """
    ) == [True, True, True, True]


def test_a_slash_leads_to_the_field(search):
    search.run("document.querySelector('#main').focus()")
    search.actions().send_keys("/").perform()
    assert (search.is_focused, search.field.get_attribute("value")) == (True, "")


def test_a_slash_in_the_field_is_a_slash(search):
    search.field.click()
    search.actions().send_keys("/usr").perform()
    assert search.field.get_attribute("value") == "/usr"


# Mouse and touch.


def test_a_click_goes_to_the_page(search):
    search.type_and_see("vim")
    search.all("[role=option]")[2].click()
    search.arrives_at("/vim-enhanced")


def test_a_tap_goes_to_the_page(search):
    search.type_and_see("vim")
    place = search.all("[role=option]")[1].rect
    where = {"x": place["x"] + place["width"] / 2, "y": place["y"] + place["height"] / 2}
    search.emulate("setTouchEmulationEnabled", enabled=True)
    search.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [where]})
    search.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    search.arrives_at("/vim-common")


def test_the_mouse_leaves_the_focus_in_the_field(search):
    search.type_and_see("vim")
    search.actions().click_and_hold(search.all("[role=option]")[1]).perform()
    assert (search.is_focused, search.is_open) == (True, True)
    search.actions().move_to_element(search.field).release().perform()


def test_a_click_elsewhere_closes_the_list(search):
    search.type_and_see("gua")
    search.all("footer")[0].click()
    assert search.is_open is False
