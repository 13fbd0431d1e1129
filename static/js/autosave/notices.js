// Where a form says whether it is saved. All words stand in components/saved_words.html.

const sameDay = (when) => when.toDateString() === new Date().toDateString();

export function moment(when) {
  const date = new Date(when);
  const time = { hour: "numeric", minute: "2-digit" };
  return sameDay(date)
    ? date.toLocaleTimeString([], time)
    : date.toLocaleString([], { month: "short", day: "numeric", ...time });
}

const words = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");

export function noticesOf(form) {
  const status = form.querySelector("[data-autosave-status]");
  const place = form.querySelector("[data-autosave-notices]");
  const known = document.getElementById("autosave-words")?.dataset ?? {};

  return {
    status(kind, values = {}) {
      if (!status) return;
      status.textContent = kind ? words(known[kind] ?? "", values) : "";
      status.dataset.state = kind;
      if (values.reason) status.textContent += ` — ${values.reason}`;
    },

    // One notice of each kind at a time; actions are [label, what to do] or [label, address].
    show(kind, values = {}, actions = []) {
      if (!place) return;
      const text = words(known[kind] ?? "", values);
      const present = place.querySelector(`[data-kind="${kind}"]`);
      if (present?.dataset.text === text) return;
      const notice = document.createElement("div");
      notice.className = "notice notice-warn";
      notice.dataset.kind = kind;
      notice.dataset.text = text;
      const body = document.createElement("div");
      const paragraph = document.createElement("p");
      paragraph.textContent = text;
      body.append(paragraph);
      if (actions.length) {
        const row = document.createElement("p");
        row.className = "button-row";
        row.append(...actions.map(([label, action]) => control(known[label], action)));
        body.append(row);
      }
      notice.append(icon("triangle"), body);
      present ? present.replaceWith(notice) : place.append(notice);
    },

    hide(...kinds) {
      for (const kind of kinds) place?.querySelector(`[data-kind="${kind}"]`)?.remove();
    },
  };
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  drawing.append(use);
  return drawing;
}

function control(label, action) {
  const link = typeof action === "string";
  const element = document.createElement(link ? "a" : "button");
  element.className = "btn btn-quiet";
  element.textContent = label;
  if (link) {
    element.href = action;
    element.target = "_blank";
    element.rel = "noopener";
  } else {
    element.type = "button";
    element.addEventListener("click", action);
  }
  return element;
}
