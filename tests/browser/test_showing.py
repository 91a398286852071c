"""What is suggested, as it is seen and heard; and a browser without scripts."""

import pytest

from .conftest import HOSTILE, VIM

pytestmark = pytest.mark.xdist_group("browser")


def test_what_is_typed_is_completed_and_the_list_says_how_many_there_are(search, wait_until):
    search.field.send_keys("vim")
    wait_until(lambda: search.options == VIM)
    assert (search.is_open, search.chosen, search.heard) == (True, None, "4 suggestions")


def test_one_suggestion_and_none_are_said_too(search, wait_until):
    search.type("gua")
    wait_until(lambda: search.heard == "1 suggestion")
    search.type("xyz")
    wait_until(lambda: search.heard == "No suggestions")
    assert (search.is_open, search.options) == (False, [])


def test_what_was_typed_is_marked_in_a_name_and_the_name_is_whole(search, wait_until):
    search.type("COMMON vi")
    wait_until(lambda: search.options == ["vim-common"])
    marks = search.run("return [...document.querySelectorAll('[role=option] mark')].map(mark => mark.textContent)")
    assert marks == ["vi", "common"]


def test_text_of_a_package_is_text(search):
    search.type_and_see("mark")
    (what,) = search.all("[role=option] .what")
    assert (what.text, search.all("[role=listbox] img"), search.browser.title) == (HOSTILE, [], "Fedora Packages")


def test_text_that_is_typed_is_text(search, wait_until):
    search.type("vim <b>")
    wait_until(lambda: search.heard)
    assert search.all("form[role=search] b") == []


def test_each_kind_is_told_in_words_and_has_an_icon_of_its_own(search):
    search.type_and_see("vim")
    kinds = [kind.text for kind in search.all("[role=option] .kind")]
    icons = [path.get_attribute("d") for path in search.all("[role=option] svg path")]
    assert kinds == [
        "source package",
        "binary package of vim",
        "binary package of vim",
        "command of vim-enhanced",
    ]
    assert (len(icons), len(set(icons))) == (4, 3)


@pytest.mark.parametrize("width", [320, 400, 1100])
@pytest.mark.parametrize("text", ["many", "xxx"])
def test_the_list_fits_the_screen(search, width, text):
    search.has_screen(width, 700)
    search.type_and_see(text)
    assert search.run(
        """
        const list = document.querySelector("[role=listbox]");
        const place = list.getBoundingClientRect();
        const inside = place.left >= 0 && place.right <= innerWidth && place.bottom <= innerHeight;
        return [inside, list.scrollWidth <= list.clientWidth, document.documentElement.scrollWidth <= innerWidth];
        """
    ) == [True, True, True]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_of_the_list_can_be_read(search, scheme):
    search.emulate("setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    search.type_and_see("vim")
    search.press("DOWN")
    contrasts = search.run(
        """
        const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const light = (colour) => parts(colour).slice(0, 3).map((part) => part / 255)
          .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
          .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
        const behind = (element) => {
          const colour = getComputedStyle(element).backgroundColor;
          return parts(colour)[3] === 0 ? behind(element.parentElement) : colour;
        };
        return [...document.querySelectorAll("[role=option] span, [role=option] mark")].map((element) => {
          const [more, less] = [getComputedStyle(element).color, behind(element)].map(light).sort((a, b) => b - a);
          return (more + .05) / (less + .05);
        });
        """
    )
    assert (len(contrasts) > 12, min(contrasts) >= 4.5) == (True, True)


# What those hear who cannot see it.


def test_field_list_and_options_are_told_as_what_they_are(search):
    search.type_and_see("vimd")
    search.press("DOWN")
    told = {found["role"]: found for found in search.accessible() if found["role"] in ("combobox", "listbox", "option")}
    field, shown, option = told["combobox"], told["listbox"], told["option"]
    assert (field["name"], field["expanded"], field["hasPopup"], field["autocomplete"], field["focused"]) == (
        "Search packages",
        True,
        "listbox",
        "list",
        True,
    )
    assert (shown["name"], shown["orientation"]) == ("Suggestions", "vertical")
    assert (option["name"], option["selected"]) == (
        "vimdiff, command of vim-enhanced, A version of the VIM editor",
        True,
    )


def test_a_closed_list_is_told_of_by_nothing_but_the_field(search):
    told = [found["role"] for found in search.accessible()]
    assert (told.count("combobox"), told.count("listbox"), told.count("option")) == (1, 0, 0)


def test_what_is_referred_to_is_there_and_ids_are_of_one_element_each(search):
    search.type_and_see("vim")
    search.press("DOWN")
    field = search.field
    (shown,) = search.all(f"#{field.get_attribute('aria-controls')}")
    (option,) = search.all(f"#{field.get_attribute('aria-activedescendant')}")
    ids = search.run("return [...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert (shown.aria_role, option.aria_role, len(ids), field.get_attribute("autocomplete")) == (
        "listbox",
        "option",
        len(set(ids)),
        "off",
    )


def test_the_status_is_polite_and_there_before_it_says_anything(search):
    (status,) = search.all("[role=status]")
    assert (status.get_attribute("textContent"), status.get_attribute("aria-live")) in [("", None), ("", "polite")]


def test_nothing_of_it_is_against_the_policy_of_the_site(search):
    search.browser.get_log("browser")
    search.visit("/status")
    search.type_and_see("vim")
    search.press("DOWN", "ESCAPE")
    assert search.browser.get_log("browser") == []


# Without it.


def test_without_javascript_it_is_a_plain_form(search, door):
    search.emulate("setScriptExecutionDisabled", value=True)
    search.visit("/")
    assert search.field.get_attribute("role") is None
    search.field.send_keys("gua")
    search.press("ENTER")
    search.arrives_at("/s?search=gua")
    assert ([link.text for link in search.all("main h2 a")], door.asked) == (["guake"], [])
