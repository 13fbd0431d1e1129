// A line of text with data-suggest shows what fits while one types. Without this it is a line of text.
const WAIT = 200;
let serial = 0;

function begin(input) {
  const list = document.createElement("datalist");
  list.id = `suggested-${(serial += 1)}`;
  input.after(list);
  input.setAttribute("list", list.id);
  let timer = 0;
  let asked = "";
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const text = input.value.trim();
    if (text.length < 2 || text.includes(" — ")) return;
    timer = setTimeout(async () => {
      asked = text;
      try {
        const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`);
        if (!answer.ok || asked !== text) return;
        const { found } = await answer.json();
        list.replaceChildren(...found.map((value) => Object.assign(document.createElement("option"), { value })));
      } catch {
        // Nobody answers: what is typed is understood when it is sent.
      }
    }, WAIT);
  });
}

const all = (root) => {
  for (const input of root.querySelectorAll("input[data-suggest]:not([list])")) begin(input);
};

all(document);
document.addEventListener("htmx:load", (event) => all(event.target));
