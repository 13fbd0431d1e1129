// Light or dark as the person chose; loaded before the page is drawn, so that nothing flashes.
const KEY = "hstw-theme";

function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function apply(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

apply(chosen());

document.addEventListener("DOMContentLoaded", () => {
  const buttons = [...document.querySelectorAll("[data-theme-choice]")];
  const show = () => {
    const now = chosen() ?? "system";
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === now));
  };
  for (const button of buttons) {
    button.closest("[hidden]")?.removeAttribute("hidden");
    button.addEventListener("click", () => {
      try {
        if (button.dataset.themeChoice === "system") localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, button.dataset.themeChoice);
      } catch {
        // Without storage the choice holds for this page.
      }
      apply(button.dataset.themeChoice);
      show();
    });
  }
  show();
});
