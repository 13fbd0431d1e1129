// What a form holds, as the pairs it would send, and back again.

// Of the page, not of the person's text.
const OURS = new Set(["csrfmiddlewaretoken", "version", "draft-version", "draft-built-on", "compared"]);

const isText = (element) =>
  element.name &&
  !OURS.has(element.name) &&
  !element.name.startsWith("choice-") &&
  !["file", "password", "submit", "button"].includes(element.type);

export function read(form) {
  const keep = new Set([...form.elements].filter(isText).map((element) => element.name));
  return [...new FormData(form)].filter(([name, value]) => keep.has(name) && typeof value === "string");
}

export function fill(form, pairs) {
  const values = new Map();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  for (const element of form.elements) {
    if (!isText(element) || element.type === "hidden") continue;
    const wanted = values.get(element.name) ?? [];
    if (element.type === "checkbox" || element.type === "radio") {
      element.checked = wanted.includes(element.value);
    } else if (element.type === "select-multiple") {
      for (const option of element.options) option.selected = wanted.includes(option.value);
    } else {
      element.value = wanted.shift() ?? "";
    }
  }
}

// Line ends differ between what was typed and what a page gives back.
const plain = (pairs) => JSON.stringify(pairs.map(([name, value]) => [name, value.replace(/\r\n?/g, "\n").trim()]).sort());

export const same = (some, others) => plain(some) === plain(others);
