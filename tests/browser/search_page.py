"""A page as somebody uses it who searches: what is typed and pressed, and what is seen and heard then."""

from typing import Any
from urllib.parse import quote_plus

from tests.conftest import wait_until

from .door import COMPLETIONS, Door

#: Milliseconds that are longer than the script waits for another letter.
PAUSE = 200


class SearchPage:
    """A page in a browser.  ``browser`` is selenium's driver of it."""

    def __init__(self, browser: Any, door: Door):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        self.browser, self.door = browser, door
        self.keys, self.actions = Keys, lambda: ActionChains(browser)

    def visit(self, path: str) -> None:
        self.browser.get(self.door.url + path)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a script returns in the page."""
        return self.browser.execute_script(script, *arguments)

    def all(self, selector: str) -> list[Any]:
        return self.browser.find_elements("css selector", selector)

    def emulate(self, command: str, **how: Any) -> None:
        """Make the browser another one for the rest of a test: a command of the protocol's Emulation."""
        self.browser.execute_cdp_cmd(f"Emulation.{command}", how)

    def has_screen(self, width: int, height: int) -> None:
        self.emulate("setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    # What is done.

    @property
    def field(self) -> Any:
        return self.all("input[name=search]")[0]

    def type(self, text: str) -> None:
        """Type into the field, all at once: however slow the machine is, there is no pause between the letters."""
        self.run("arguments[0].focus()", self.field)
        self.browser.execute_cdp_cmd("Input.insertText", {"text": text})

    def type_slowly(self, text: str, every: int) -> None:
        """Put letters into the field, one every so many milliseconds of the page's own clock."""
        self.browser.execute_async_script(
            """
            const [field, letters, every, done] = arguments;
            const next = (number) => {
              if (number === letters.length) return done();
              field.value += letters[number];
              field.dispatchEvent(new InputEvent("input", {bubbles: true}));
              setTimeout(next, every, number + 1);
            };
            field.focus();
            next(0);
            """,
            self.field,
            text,
            every,
        )

    def press(self, *names: str) -> None:
        """Press keys by name (``DOWN``), one after the other, where the focus is."""
        for name in names:
            self.actions().send_keys(getattr(self.keys, name)).perform()

    def press_with(self, modifier: str, name: str) -> None:
        """Press a key while another one is held."""
        held = getattr(self.keys, modifier)
        self.actions().key_down(held).send_keys(getattr(self.keys, name)).key_up(held).perform()

    def type_and_see(self, text: str) -> None:
        """Type, and wait for the list."""
        self.type(text)
        wait_until(lambda: self.is_open)

    def stop_the_clock(self) -> None:
        """Let no time pass in the page but that of `passes`; its timers go on."""
        self.run("window.hour = performance.now(); performance.now = () => window.hour")

    def passes(self, milliseconds: int) -> None:
        self.run("window.hour += arguments[0]", milliseconds)

    def pause(self) -> None:
        """Return when the page has had the time in which it asks, if it does.

        Its timers end in the order of their times, and what they have asked is asked before what is asked now.
        """
        self.browser.execute_async_script(
            "const done = arguments[1]; setTimeout(() => fetch('/_heartbeat').then(() => done()), arguments[0])", PAUSE
        )

    # What is seen.

    @property
    def is_open(self) -> bool:
        """Whether the list is to be seen; the field says the same of it."""
        (shown,) = self.all("[role=listbox]")
        seen, said = shown.is_displayed(), self.field.get_attribute("aria-expanded")
        return seen and said == "true"

    @property
    def options(self) -> list[str]:
        """The names that are offered."""
        return self.run("return [...document.querySelectorAll('[role=option] .name')].map(name => name.textContent)")

    @property
    def chosen(self) -> str | None:
        """The name of the option that is chosen; the field and the option itself must say the same."""
        return self.run(
            """
            const field = document.querySelector("input[name=search]");
            const id = field.getAttribute("aria-activedescendant");
            const selected = [...document.querySelectorAll("[role=option][aria-selected=true]")];
            const agreed = selected.length === (id ? 1 : 0) && selected.every((option) => option.id === id);
            if (!agreed) return `${id} is not ${selected.map((option) => option.id)}`;
            return id ? selected[0].querySelector(".name").textContent : null;
            """
        )

    @property
    def heard(self) -> str:
        """What the page says of its list to those who cannot see it."""
        (status,) = self.all("[role=status]")
        return status.get_attribute("textContent")

    @property
    def is_focused(self) -> bool:
        return self.run("return document.activeElement === document.querySelector('input[name=search]')")

    def answered(self, text: str) -> list[int]:
        """Return the status of each question for a text that is at its end in the page; 0 of what was given up."""
        return self.run(
            "return performance.getEntriesByName(arguments[0]).map(entry => entry.responseStatus)",
            f"{self.door.url}{COMPLETIONS}?q={quote_plus(text)}",
        )

    def arrives_at(self, path: str) -> None:
        """Wait until the browser is somewhere."""
        wait_until(lambda: self.browser.current_url == self.door.url + path)

    def accessible(self) -> list[dict[str, Any]]:
        """Return what assistive technology is told of the page: role, name and properties of each thing in it."""
        nodes = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [
            {
                "role": node["role"]["value"],
                "name": node.get("name", {}).get("value", ""),
                **{found["name"]: found["value"].get("value") for found in node.get("properties", [])},
            }
            for node in nodes
            if not node["ignored"]
        ]
