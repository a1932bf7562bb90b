// An editable combobox with a listbox (WAI-ARIA Authoring Practices, "Combobox With List Autocomplete"): suggestions come
// while somebody types, and nothing is taken that was not chosen. Without this the field is a plain one.

const PAUSE_MS = 150;

suggestIn(document);

/** Of what has come into the page since it was loaded, too. */
export function suggestIn(place) {
  for (const input of place.querySelectorAll("[data-suggest]")) suggestTo(input);
}

function suggestTo(input) {
  const listbox = openListbox(input);
  const look = openLook(input, listbox);
  input.addEventListener("input", look.soon);
  input.addEventListener("blur", look.stop);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (listbox.isOpen()) listbox.move(step);
      else void look.now();
    } else if (event.key === "Enter" && listbox.active()) {
      // Chosen, not sent.
      event.preventDefault();
      choose(listbox.active());
    } else if (event.key === "Escape" && listbox.isOpen()) {
      event.preventDefault();
      look.stop();
    }
  });
  // A pointer on the list must not take the focus, or the list would be gone before the click.
  listbox.list.addEventListener("pointerdown", (event) => event.preventDefault());
  listbox.list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });

  function choose(option) {
    input.value = option.dataset.value;
    look.stop();
    input.focus();
  }
}

function openListbox(input) {
  const list = element("ul", { id: `${input.id}-list`, role: "listbox", ariaLabel: "Suggestions", hidden: true });
  const said = element("p", { className: "unseen", role: "status" });
  input.after(list, said);
  const wires = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(wires)) input.setAttribute(name, value);

  const options = () => [...list.children];
  const active = () => options().find((option) => option.ariaSelected === "true");
  return {
    list,
    active,
    isOpen: () => !list.hidden,
    show(users) {
      list.replaceChildren(...users.map((user, index) => optionOf(user, `${list.id}-${index}`)));
      list.hidden = users.length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
      input.removeAttribute("aria-activedescendant");
    },
    move(step) {
      const all = options();
      const from = all.indexOf(active());
      const to = all[from < 0 && step < 0 ? all.length - 1 : (from + step + all.length) % all.length];
      for (const option of all) option.ariaSelected = String(option === to);
      input.setAttribute("aria-activedescendant", to.id);
      to.scrollIntoView({ block: "nearest" });
    },
    // Why there are none is to be seen, too.
    say(text, isSeen = false) {
      said.className = isSeen ? "hint" : "unseen";
      said.textContent = text;
    },
  };
}

function openLook(input, { show, say }) {
  let timer;
  let asked = new AbortController();

  function stop() {
    clearTimeout(timer);
    asked.abort();
    show([]);
    say("");
  }

  async function now() {
    stop();
    const prefix = input.value.trim();
    if (prefix === "") return;
    asked = new AbortController();
    const { signal } = asked;
    const { users, message } = await ask(input.dataset.suggest, prefix, signal);
    if (signal.aborted) return;
    show(users ?? []);
    if (users) say(users.length === 0 ? "No suggestions" : `${users.length} suggestions`);
    else say(`No suggestions: ${message}`, true);
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(now, PAUSE_MS);
  }
  return { stop, now, soon };
}

async function ask(address, prefix, signal) {
  try {
    const answer = await fetch(`${address}?${new URLSearchParams({ prefix })}`, { signal });
    return await answer.json();
  } catch {
    return { message: "the host does not answer" };
  }
}

function optionOf({ name, fullName, email }, id) {
  const option = element("li", { id, role: "option", ariaSelected: "false" });
  option.dataset.value = name;
  option.append(element("span", { textContent: name }));
  const more = [fullName, email].filter(Boolean).join(", ");
  if (more !== "") option.append(element("small", { textContent: more }));
  return option;
}

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
