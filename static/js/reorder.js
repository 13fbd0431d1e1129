// Parts of a plan are dragged within their list; the buttons beside them do the same without a mouse or scripts.
const form = document.querySelector("form[data-reorder]");
let dragged = null;

function partsOf(list) {
  return [...list.children].filter((child) => child.dataset.part);
}

async function put(part, place) {
  const body = new FormData(form);
  body.set("move", `${part.dataset.part}:to:${place}`);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!answer.ok) window.location.reload();
}

function follow(list) {
  for (const part of partsOf(list)) {
    part.draggable = true;
    part.addEventListener("dragstart", (event) => {
      event.stopPropagation();
      dragged = part;
      part.classList.add("is-dragged");
      event.dataTransfer.effectAllowed = "move";
    });
    part.addEventListener("dragend", () => {
      part.classList.remove("is-dragged");
      dragged = null;
    });
    part.addEventListener("dragover", (event) => {
      if (!dragged || dragged === part || dragged.parentElement !== list) return;
      event.preventDefault();
      event.stopPropagation();
      part.classList.add("drop-here");
    });
    part.addEventListener("dragleave", () => part.classList.remove("drop-here"));
    part.addEventListener("drop", (event) => {
      part.classList.remove("drop-here");
      if (!dragged || dragged === part || dragged.parentElement !== list) return;
      event.preventDefault();
      event.stopPropagation();
      const parts = partsOf(list);
      const place = parts.indexOf(part);
      if (parts.indexOf(dragged) < place) part.after(dragged);
      else part.before(dragged);
      put(dragged, place);
    });
  }
}

if (form) document.querySelectorAll("[data-kind]").forEach(follow);
