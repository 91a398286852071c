// Suggestions for the search field: turns it into a combobox with a list of completions.
//
// Without this file, and after any error in it, the field works as part of a plain form.  Errors are silent, and pause the requests for
// a while.  Roles and keys follow the "editable combobox with list autocomplete" of the ARIA Authoring Practices: the focus stays in
// the field, and its `aria-activedescendant` is the chosen option.  Input and responses become text, never markup.
"use strict";

{
  // Milliseconds without input before a request.
  const PAUSE = 120;

  // Milliseconds without requests after an error: the default, and the maximum for Retry-After.
  const PAUSE_AFTER_ERROR = 30_000;
  const MAX_PAUSE_AFTER_ERROR = 300_000;

  // Responses that are cached while the page is open.
  const MAX_CACHED = 200;

  const SVG = "http://www.w3.org/2000/svg";

  // The label of each kind of row, and its icon: lines in a square of 16.
  const KINDS = {
    source: { label: () => "source package", lines: "M2 4.5 8 1.5l6 3v7l-6 3-6-3zm0 0 6 3 6-3M8 7.5v7" },
    binary: { label: (row) => `binary package of ${row.source}`, lines: "M2 5.5h12v8H2zm0 0 2-3h8l2 3M6.5 8.5h3" },
    command: { label: (row) => `command of ${row.package}`, lines: "M1.5 2.5h13v11h-13zM4.5 5.5 7 8l-2.5 2.5M8.5 10.5h3" },
  };

  // Fetches suggestions, one request at a time: a new request aborts the previous one.
  class Suggestions {
    #url;
    #cached = new Map();
    #request = null;
    #pausedUntil = 0;

    constructor(url) {
      this.#url = url;
    }

    // Return the cached rows of a text, if any.
    cached(text) {
      return this.#cached.get(text);
    }

    // Fetch the rows of a text and call `done` with them, or with null after an error.  It is not called after an abort.
    async fetch(text, done) {
      this.abort();
      const request = (this.#request = new AbortController());
      const rows = performance.now() < this.#pausedUntil ? null : await this.#load(text, request.signal);
      if (request !== this.#request) return;
      this.#request = null;
      if (rows) this.#keep(text, rows);
      done(rows);
    }

    // Abort the current request, if any.
    abort() {
      this.#request?.abort();
      this.#request = null;
    }

    async #load(text, signal) {
      const url = new URL(this.#url, document.baseURI);
      url.searchParams.set("q", text);
      try {
        const response = await fetch(url, { signal });
        if (response.ok) return (await response.json()).completions;
        this.#pause(Number(response.headers.get("Retry-After")));
      } catch {
        // Aborted by us, disconnected, or invalid JSON; the latter two are the same here.
        if (!signal.aborted) this.#pause();
      }
      return null;
    }

    #pause(seconds) {
      this.#pausedUntil = performance.now() + Math.min(seconds * 1000 || PAUSE_AFTER_ERROR, MAX_PAUSE_AFTER_ERROR);
    }

    #keep(text, rows) {
      this.#cached.set(text, rows);
      // A map keeps the order of insertion.
      if (this.#cached.size > MAX_CACHED) this.#cached.delete(this.#cached.keys().next().value);
    }
  }

  // A search field with its list of suggestions.
  class Combobox {
    #field;
    #list;
    #status;
    #suggestions;
    #timer = 0;
    // The text in the field, and the number of the chosen option.
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
      // A page from the back-forward cache has the typed text, which does not match its content.
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
      this.#cancel();
      this.#choose(-1);
      const rows = text ? this.#suggestions.cached(text) : [];
      if (rows) this.#show(rows);
      else this.#timer = setTimeout(() => this.#request(), PAUSE);
    }

    #pressed(event) {
      // Keys during composition belong to the input method; Safari's last one only has the code 229.
      if (event.isComposing || event.keyCode === 229) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      const pressed = {
        ArrowDown: () => (event.altKey ? this.#open(() => {}) : this.#step(1)),
        ArrowUp: () => (event.altKey ? this.#close() : this.#step(-1)),
        Enter: () => this.#enter(),
        Escape: () => this.#escape(),
        Tab: () => this.#close(),
        // These keys move the cursor, and leave the list.
        ArrowLeft: () => this.#choose(-1),
        ArrowRight: () => this.#choose(-1),
        Home: () => this.#choose(-1),
        End: () => this.#choose(-1),
      }[event.key];
      // A handler that uses up the key returns true.
      if (pressed?.() === true) event.preventDefault();
    }

    // Choose the next or previous option, cyclically; opens a closed list.
    #step(by) {
      const step = () => {
        const count = this.#list.children.length;
        const from = this.#chosen < 0 && by < 0 ? 0 : this.#chosen;
        this.#choose((from + by + count) % count);
      };
      if (!this.#isOpen) return this.#open(step);
      // A reader who steps through the list must not get another one.
      this.#cancel();
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

    // Open the list for the text in the field, after a request if needed.
    #open(opened) {
      this.#cancel();
      const open = () => {
        if (this.#isOpen) opened();
      };
      const rows = this.#text ? this.#suggestions.cached(this.#text) : [];
      if (rows) {
        this.#show(rows);
        open();
      } else {
        this.#request(open);
      }
      return true;
    }

    #request(shown = () => {}) {
      const text = this.#text;
      this.#suggestions.fetch(text, (rows) => {
        this.#show(rows ?? []);
        // Errors are silent.
        if (!rows) this.#status.textContent = "";
        shown();
      });
    }

    // Cancel pending requests.
    #cancel() {
      clearTimeout(this.#timer);
      this.#suggestions.abort();
    }

    #show(rows) {
      this.#choose(-1);
      this.#list.replaceChildren(...rows.map((row, number) => option(row, this.#text, `${this.#list.id}-${number}`)));
      this.#list.scrollTop = 0;
      this.#list.hidden = rows.length === 0;
      this.#field.setAttribute("aria-expanded", String(this.#isOpen));
      this.#status.textContent = this.#text ? countLabel(rows.length) : "";
    }

    #close() {
      this.#cancel();
      this.#choose(-1);
      this.#list.hidden = true;
      this.#field.setAttribute("aria-expanded", "false");
      this.#status.textContent = "";
    }

    // Restore the text of the page, and close the list.
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

  function countLabel(count) {
    if (count === 0) return "No suggestions";
    return count === 1 ? "1 suggestion" : `${count} suggestions`;
  }

  // Return a row as an option: a link, which can be opened in a new tab.
  function option(row, text, id) {
    const kind = KINDS[row.kind];
    const label = kind.label(row);
    // A proxy can change the host in URLs: keep the current one.
    const { pathname } = new URL(row.url);
    const found = element("a", { id, href: pathname, role: "option", tabindex: "-1", "aria-selected": "false" });
    found.setAttribute("aria-label", [row.name, label, row.summary].filter(Boolean).join(", "));
    const name = element("span", { class: "name" }, ...marked(row.name, text));
    const head = element("span", { class: "head" }, name, element("span", { class: "kind" }, label));
    found.append(icon(kind.lines), head, element("span", { class: "what" }, row.summary));
    return found;
  }

  // Return a name in parts, with the typed parts marked.
  function marked(name, text) {
    const folded = name.toLowerCase();
    // Folding can add letters, and then positions differ.
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

  // The key / focuses the search field, except while typing.
  function focusOnSlash(field) {
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
  if (fields.length) focusOnSlash(fields[0]);
}
