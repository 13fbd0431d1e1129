// Text that has not reached the server yet, kept on this computer: per person, form and open page.
// Never of forms about a student; all of it is cleared on pages served to nobody (signed out).

const PREFIX = "hstw-draft:";

const names = () => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));

const attempt = (work, otherwise) => {
  try {
    return work();
  } catch {
    return otherwise; // storage is full or switched off: the server's copy remains
  }
};

export const write = (user, key, page, copy) =>
  attempt(() => localStorage.setItem(`${PREFIX}${user}:${key}#${page}`, JSON.stringify(copy)));

export const drop = (user, key, page) => attempt(() => localStorage.removeItem(`${PREFIX}${user}:${key}#${page}`));

// The copies that other pages of this form left behind, newest first.
export function left(user, key) {
  const start = `${PREFIX}${user}:${key}#`;
  return attempt(
    () =>
      names()
        .filter((name) => name.startsWith(start))
        .map((name) => ({ page: name.slice(start.length), ...JSON.parse(localStorage.getItem(name)) }))
        .sort((one, other) => other.at - one.at),
    [],
  );
}

export function clearAll() {
  attempt(() => names().forEach((name) => localStorage.removeItem(name)));
}

// What was on its way when the person submitted, once the server has said that it arrived.
export function dropSubmitted(key) {
  attempt(() => {
    for (const name of names()) {
      if (name.slice(PREFIX.length).replace(/^[^:]*:/, "").split("#")[0] !== key) continue;
      if (JSON.parse(localStorage.getItem(name)).submitted) localStorage.removeItem(name);
    }
  });
}
