// What may be meant, while it is being typed: makes the search field of a page a combobox with a list of suggestions.
//
// The one thing to know: without this file the field is one of a plain form, and whatever goes wrong here leaves it that.  Nothing is
// said of errors, and after one nothing is asked for a while.  Roles and keys are those of the "editable combobox with list
// autocomplete" of the ARIA Authoring Practices: the focus stays in the field, whose `aria-activedescendant` is the chosen option.
// What is typed and what is answered becomes text, never markup.
"use strict";

{
  // Milliseconds without another letter after which the site is asked.
  const PAUSE = 120;

  // Milliseconds for which it is not asked after an error: where the answer does not say, and at most.
  const REST = 30_000;
  const LONGEST_REST = 300_000;

  // Answers that are kept while the page is open.
  const ANSWERS_KEPT = 200;

  const SVG = "http://www.w3.org/2000/svg";

  // What each kind of row is called, and its icon: lines in a square of 16.
  const KINDS = {
    source: { called: () => "source package", lines: "M2 4.5 8 1.5l6 3v7l-6 3-6-3zm0 0 6 3 6-3M8 7.5v7" },
    binary: { called: (row) => `binary package of ${row.source}`, lines: "M2 5.5h12v8H2zm0 0 2-3h8l2 3M6.5 8.5h3" },
    command: { called: (row) => `command of ${row.package}`, lines: "M1.5 2.5h13v11h-13zM4.5 5.5 7 8l-2.5 2.5M8.5 10.5h3" },
  };

  // What the site has to suggest.  One question at a time: another one ends it, and its answer counts no more.
  class Suggestions {
    #address;
    #kept = new Map();
    #question = null;
    #restsUntil = 0;

    constructor(address) {
      this.#address = address;
    }

    // Return the rows of a text that was asked before, if they are kept.
    known(text) {
      return this.#kept.get(text);
    }

    // Ask for the rows of a text and call `answered` with them: null if there are none to be had.  It is not called if the
    // question was ended meanwhile.
    async ask(text, answered) {
      this.end();
      const question = (this.#question = new AbortController());
      const rows = performance.now() < this.#restsUntil ? null : await this.#fetched(text, question.signal);
      if (question !== this.#question) return;
      this.#question = null;
      if (rows) this.#keep(text, rows);
      answered(rows);
    }

    // End the question that is under way, if any.
    end() {
      this.#question?.abort();
      this.#question = null;
    }

    async #fetched(text, signal) {
      const address = new URL(this.#address, document.baseURI);
      address.searchParams.set("q", text);
      try {
        const answer = await fetch(address, { signal });
        if (answer.ok) return (await answer.json()).completions;
        this.#rest(Number(answer.headers.get("Retry-After")) * 1000);
      } catch {
        // Ended by us, cut off, or no JSON: which of the latter makes no difference.
        if (!signal.aborted) this.#rest();
      }
      return null;
    }

    #rest(asked) {
      this.#restsUntil = performance.now() + Math.min(asked || REST, LONGEST_REST);
    }

    #keep(text, rows) {
      this.#kept.set(text, rows);
      // A map gives its keys in the order in which they came.
      if (this.#kept.size > ANSWERS_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    }
  }

  // A search field with its list of suggestions.
  class Combobox {
    #field;
    #list;
    #status;
    #suggestions;
    #timer = 0;
    // What is in the field, and the number of the chosen option.
    #text;
    #chosen = -1;

    constructor(field) {
      this.#field = field;
      this.#text = typedIn(field);
      this.#suggestions = new Suggestions(field.dataset.completions);
      this.#list = element("div", { id: `${field.id}-list`, class: "suggestions", role: "listbox", hidden: "" });
      this.#list.setAttribute("aria-label", "Suggestions");
      this.#status = element("p", { class: "hidden", role: "status" });
      field.form.append(this.#list, this.#status);
      set(field, {
        role: "combobox",
        "aria-autocomplete": "list",
        "aria-controls": this.#list.id,
        "aria-expanded": "false",
      });
      field.addEventListener("input", (event) => event.isComposing || this.#typed());
      field.addEventListener("compositionend", () => this.#typed());
      field.addEventListener("keydown", (event) => this.#pressed(event));
      field.addEventListener("blur", () => this.#close());
      field.form.addEventListener("submit", () => this.#close());
      // Who comes back is given the page as it was left, with what was typed over what it shows.
      addEventListener("pageshow", (event) => event.persisted && this.#startAgain());
      // The focus stays in the field; a click is that of a link.
      this.#list.addEventListener("mousedown", (event) => event.preventDefault());
      this.#list.addEventListener("click", () => this.#close());
    }

    get #isOpen() {
      return !this.#list.hidden;
    }

    #typed() {
      const text = typedIn(this.#field);
      if (text === this.#text) return;
      this.#text = text;
      this.#wait();
      this.#choose(-1);
      const known = text ? this.#suggestions.known(text) : [];
      if (known) this.#show(known);
      else this.#timer = setTimeout(() => this.#ask(), PAUSE);
    }

    #pressed(event) {
      // What is pressed while a word is composed is for the composing; Safari's last one calls itself 229 only.
      if (event.isComposing || event.keyCode === 229) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      const pressed = {
        ArrowDown: () => (event.altKey ? this.#open(() => {}) : this.#step(1)),
        ArrowUp: () => (event.altKey ? this.#close() : this.#step(-1)),
        Enter: () => this.#enter(),
        Escape: () => this.#escape(),
        Tab: () => this.#close(),
        // These move in the field, and leave the list for it.
        ArrowLeft: () => this.#choose(-1),
        ArrowRight: () => this.#choose(-1),
        Home: () => this.#choose(-1),
        End: () => this.#choose(-1),
      }[event.key];
      // A key that is all ours says so.
      if (pressed?.() === true) event.preventDefault();
    }

    // Choose the next option or the one before; after the last comes the first.  Opens a list that is closed.
    #step(by) {
      const step = () => {
        const count = this.#list.children.length;
        const from = this.#chosen < 0 && by < 0 ? 0 : this.#chosen;
        this.#choose((from + by + count) % count);
      };
      if (!this.#isOpen) return this.#open(step);
      // Whoever steps through a list wants this one, and no other that may come.
      this.#wait();
      step();
      return true;
    }

    #enter() {
      if (this.#chosen < 0) return false;
      this.#list.children[this.#chosen].click();
      return true;
    }

    #escape() {
      if (!this.#isOpen && !this.#field.value) return false;
      if (this.#isOpen) {
        this.#close();
      } else {
        this.#field.value = "";
        this.#typed();
      }
      return true;
    }

    // Open the list for what is in the field, which may have to be asked for first.
    #open(opened) {
      this.#wait();
      const open = () => {
        if (this.#isOpen) opened();
      };
      const known = this.#text ? this.#suggestions.known(this.#text) : [];
      if (known) {
        this.#show(known);
        open();
      } else {
        this.#ask(open);
      }
      return true;
    }

    #ask(shown = () => {}) {
      const text = this.#text;
      this.#suggestions.ask(text, (rows) => {
        this.#show(rows ?? []);
        // Of an error nothing is said.
        if (!rows) this.#status.textContent = "";
        shown();
      });
    }

    // Ask nothing, and wait for no answer.
    #wait() {
      clearTimeout(this.#timer);
      this.#suggestions.end();
    }

    #show(rows) {
      this.#choose(-1);
      this.#list.replaceChildren(...rows.map((row, number) => option(row, this.#text, `${this.#list.id}-${number}`)));
      this.#list.scrollTop = 0;
      this.#list.hidden = rows.length === 0;
      this.#field.setAttribute("aria-expanded", String(this.#isOpen));
      this.#status.textContent = this.#text ? counted(rows.length) : "";
    }

    #close() {
      this.#wait();
      this.#choose(-1);
      this.#list.hidden = true;
      this.#field.setAttribute("aria-expanded", "false");
      this.#status.textContent = "";
    }

    // Be as the page came: its own text in the field, and no list.
    #startAgain() {
      this.#field.value = this.#field.defaultValue;
      this.#text = typedIn(this.#field);
      this.#close();
    }

    // Choose the option of a number; -1 is none.
    #choose(number) {
      this.#list.children[this.#chosen]?.setAttribute("aria-selected", "false");
      this.#chosen = number;
      const chosen = this.#list.children[number];
      if (!chosen) return this.#field.removeAttribute("aria-activedescendant");
      chosen.setAttribute("aria-selected", "true");
      chosen.scrollIntoView({ block: "nearest" });
      this.#field.setAttribute("aria-activedescendant", chosen.id);
    }
  }

  function typedIn(field) {
    return field.value.trim();
  }

  function counted(count) {
    if (count === 0) return "No suggestions";
    return count === 1 ? "1 suggestion" : `${count} suggestions`;
  }

  // Return a row as an option: a link, so that it can be opened in a tab of its own.
  function option(row, text, id) {
    const kind = KINDS[row.kind];
    const called = kind.called(row);
    // Whatever host a proxy makes the site believe that it is, the page is of this one.
    const { pathname } = new URL(row.url);
    const found = element("a", { id, href: pathname, role: "option", tabindex: "-1", "aria-selected": "false" });
    found.setAttribute("aria-label", [row.name, called, row.summary].filter(Boolean).join(", "));
    const name = element("span", { class: "name" }, ...marked(row.name, text));
    const head = element("span", { class: "head" }, name, element("span", { class: "kind" }, called));
    found.append(icon(kind.lines), head, element("span", { class: "what" }, row.summary));
    return found;
  }

  // Return a name in parts, with what of it was typed marked.
  function marked(name, text) {
    const folded = name.toLowerCase();
    // Where folding adds letters, places are not the same any more.
    if (folded.length !== name.length) return [name];
    const isTyped = new Array(name.length).fill(false);
    for (const word of text.toLowerCase().split(/[\s/]+/)) {
      const start = folded.indexOf(word);
      if (start >= 0) isTyped.fill(true, start, start + word.length);
    }
    const parts = [];
    for (let start = 0, end; start < name.length; start = end) {
      for (end = start; end < name.length && isTyped[end] === isTyped[start]; end += 1);
      const part = name.slice(start, end);
      parts.push(isTyped[start] ? element("mark", {}, part) : part);
    }
    return parts;
  }

  function icon(lines) {
    const found = document.createElementNS(SVG, "svg");
    set(found, { viewBox: "0 0 16 16", width: "16", height: "16", "aria-hidden": "true" });
    const path = document.createElementNS(SVG, "path");
    set(path, { d: lines, fill: "none", stroke: "currentColor", "stroke-linejoin": "round", "stroke-linecap": "round" });
    found.append(path);
    return found;
  }

  function element(tag, attributes, ...children) {
    const found = document.createElement(tag);
    set(found, attributes);
    found.append(...children);
    return found;
  }

  function set(target, attributes) {
    for (const [name, value] of Object.entries(attributes)) target.setAttribute(name, value);
  }

  // A slash leads to the search from wherever nothing is being typed.
  function leadBySlash(field) {
    field.setAttribute("aria-keyshortcuts", "/");
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
      event.preventDefault();
      field.focus();
      field.select();
    });
  }

  const fields = [...document.querySelectorAll("input[data-completions]")];
  for (const field of fields) new Combobox(field);
  if (fields.length) leadBySlash(fields[0]);
}
