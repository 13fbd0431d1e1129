// Courses can be dragged to another grade or place; the buttons beside them do the same.
let dragged = null;

const lists = () => document.querySelectorAll(".is-editable .courses");

function ready() {
  for (const card of document.querySelectorAll("[data-row]")) card.draggable = true;
}

const clear = () => {
  for (const list of lists()) list.classList.remove("is-over");
};

// The place, from 1 on, at which a card dropped at this height would stand.
function placeIn(list, y) {
  const others = [...list.querySelectorAll("[data-row]")].filter((card) => card !== dragged);
  const before = others.filter((card) => {
    const box = card.getBoundingClientRect();
    return y > box.top + box.height / 2;
  });
  return before.length + 1;
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-row]") ?? null;
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.row);
  dragged.classList.add("is-dragged");
});

document.addEventListener("dragover", (event) => {
  const list = dragged && event.target.closest?.(".is-editable .part")?.querySelector(".courses");
  if (!list) return;
  event.preventDefault();
  clear();
  list.classList.add("is-over");
});

document.addEventListener("drop", (event) => {
  const list = dragged && event.target.closest?.(".is-editable .part")?.querySelector(".courses");
  if (!list) return;
  event.preventDefault();
  const form = document.querySelector("form[data-drop]");
  form.elements.row.value = dragged.dataset.row;
  form.elements.grade.value = list.dataset.grade;
  form.elements.part.value = list.dataset.part;
  form.elements.position.value = placeIn(list, event.clientY);
  form.dispatchEvent(new CustomEvent("dropped"));
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  clear();
});

ready();
document.addEventListener("htmx:load", ready);
