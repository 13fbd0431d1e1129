// Take the words selected in the nomination into the citation of the score. Without this, they are copied by hand.
const help = document.querySelector("[data-cite-help]");
const part = document.getElementById("id_cite_part");
const quote = document.getElementById("id_cite_quote");
let kept = null;

function selected() {
  const selection = document.getSelection();
  const words = selection.toString().trim().replace(/\s+/g, " ");
  const node = selection.anchorNode;
  const place = node && (node.nodeType === 1 ? node : node.parentElement).closest("[data-part]");
  return words && place ? { words: words.slice(0, 600), part: place.dataset.part } : null;
}

function cite(found) {
  if (!found) return;
  part.value = found.part;
  quote.value = found.words;
  quote.dispatchEvent(new Event("input", { bubbles: true }));
  quote.focus();
}

if (help && part && quote) {
  help.hidden = false;
  const button = help.querySelector("[data-cite]");
  // Pressing the button would end the selection in some browsers: it is remembered while it is made.
  document.addEventListener("selectionchange", () => { kept = selected() || kept; });
  button.addEventListener("click", () => cite(kept));
}
