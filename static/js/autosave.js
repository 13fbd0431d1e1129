// Saves what is typed into form[data-autosave-url] as a draft; docs/decisions/0002 says how and why.
//
// The server part is hstw/draft_views.py. Without this script the forms work as plain forms.

import { fill, read, same } from "./autosave/form_text.js";
import * as local from "./autosave/local_copy.js";
import { moment, noticesOf } from "./autosave/notices.js";

const PAUSE = 1500; // after the last key
const LONGEST = 8000; // while typing goes on
const RETRY = [2000, 4000, 8000, 15000, 30000];
const PATIENCE = 10000; // for one answer

const randomName = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function keep(form) {
  const { autosaveUrl: url, autosaveKey: key, autosaveUser: user } = form.dataset;
  const hidden = (name) => form.elements.namedItem(name);
  const aboutStudent = "aboutStudent" in form.dataset;
  const page = randomName();
  const notices = noticesOf(form);
  const base = hidden("draft-version").value;

  let known = hidden("draft-built-on").value; // the revisions this page has seen
  let number = 0;
  let saved = read(form);
  let dirtySince = null;
  let timer = null;
  let failures = 0;
  let running = null;
  let stopped = false; // nothing more can be saved from here until the person acts
  let leaving = false;
  const recovered = []; // pages whose local copy this form took over

  const remember = (extra = {}) => {
    if (aboutStudent) return;
    local.write(user, key, page, { at: Date.now(), version: base, known, pairs: read(form), ...extra });
  };

  const forget = () => {
    for (const name of [page, ...recovered.splice(0)]) local.drop(user, key, name);
  };

  const later = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(() => save(), delay);
  };

  function changed() {
    if (leaving) return;
    dirtySince ??= Date.now();
    remember();
    if (!stopped && failures === 0) later(Math.max(0, Math.min(PAUSE, dirtySince + LONGEST - Date.now())));
  }

  function save(options = {}) {
    clearTimeout(timer);
    if (running && !options.keepalive) return running;
    running = send(options).finally(() => (running = null));
    return running;
  }

  async function send({ keepalive = false, again = true } = {}) {
    const pairs = read(form);
    const revision = `${page}:${++number}`;
    const since = dirtySince;
    dirtySince = null;
    hidden("draft-built-on").value = `${known} ${revision}`.trim();
    notices.status("saving");
    const body = new URLSearchParams(pairs);
    body.set("draft-version", base);
    body.set("draft-built-on", known);
    body.set("draft-revision", revision);
    body.set("draft-user", user);
    const answer = await ask("POST", body, keepalive);

    if (answer.status === 200 || (answer.status === 409 && answer.problem === "stale")) {
      known = answer.revision;
      hidden("draft-built-on").value = known;
      saved = pairs;
      failures = 0;
      stopped = false;
      if (same(pairs, read(form))) forget();
      notices.status("saved", { time: moment(answer.saved_at) });
      notices.hide("signIn", "person", "tab");
      // The page may show that version already, side by side with this text.
      if (answer.problem && String(answer.version) !== hidden("version").value) {
        const kind = answer.yourself ? "staleYourself" : "stale";
        notices.show(kind, { who: answer.who, time: moment(answer.when) });
      }
      if (dirtySince !== null) changed();
      return true;
    }

    dirtySince = since ?? Date.now();
    remember();
    if (answer.status === 403 && !answer.problem && again) {
      // The token has changed since the page was made: somebody signed in again.
      if (await refresh()) return send({ keepalive, again: false });
      return false;
    }
    explain(answer);
    return false;
  }

  // Why something was not saved, in the words of the page, and what can be done.
  function explain(answer) {
    if (answer.status === 401) {
      notices.status("stopped");
      notices.show("signIn", {}, [["signInLink", answer.sign_in]]);
      tryAgain();
    } else if (answer.problem === "tab") {
      stopped = true;
      notices.status("stopped");
      const take = () => {
        known = `${known} ${answer.revision}`.trim();
        stopped = false;
        save();
      };
      notices.show("tab", { time: moment(answer.when) }, [["tabTake", take]]);
    } else if (answer.problem === "person") {
      notices.status("stopped");
      notices.show("person", { who: answer.who });
      tryAgain();
    } else if ([403, 404, 413].includes(answer.status) && answer.reason) {
      stopped = true;
      notices.status("stopped", { reason: answer.reason });
    } else {
      notices.status("failed");
      tryAgain();
    }
  }

  function tryAgain() {
    later(RETRY[Math.min(failures, RETRY.length - 1)]);
    failures += 1;
  }

  async function ask(method, body, keepalive) {
    const headers = { Accept: "application/json" };
    if (body) headers["X-CSRFToken"] = hidden("csrfmiddlewaretoken").value;
    try {
      const response = await fetch(url, {
        method,
        body,
        headers,
        keepalive,
        credentials: "same-origin",
        redirect: "manual",
        signal: keepalive ? undefined : AbortSignal.timeout(PATIENCE),
      });
      const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
      return { ...(isJson ? await response.json() : {}), status: response.status };
    } catch {
      return { status: 0 };
    }
  }

  // A fresh token for the form, and whether the same person is still signed in.
  async function refresh() {
    const answer = await ask("GET");
    if (answer.status === 200 && answer.user !== user) {
      explain({ status: 409, problem: "person", who: answer.who });
      return false;
    }
    if (answer.status !== 200) {
      explain(answer);
      return false;
    }
    hidden("csrfmiddlewaretoken").value = answer.token;
    return true;
  }

  // Submit only with a live sign-in: otherwise the text would be answered with a sign-in page and be gone.
  async function submit(event) {
    if (leaving) return;
    event.preventDefault();
    if (form.dataset.submitting !== undefined) return;
    form.dataset.submitting = "";
    const submitter = event.submitter;
    clearTimeout(timer);
    await running;
    const ready = await refresh();
    delete form.dataset.submitting;
    if (!ready) {
      dirtySince ??= Date.now();
      return;
    }
    clearTimeout(timer);
    if (submitter?.name === "discard") {
      local.left(user, key).forEach((copy) => local.drop(user, key, copy.page));
    } else if (!same(saved, read(form))) {
      remember({ submitted: true });
    }
    leaving = true;
    form.requestSubmit(submitter);
  }

  // A killed browser may have left text that never reached the server.
  function recover() {
    if (aboutStudent) return;
    const copies = local.left(user, key);
    for (const copy of copies.filter((each) => same(each.pairs, saved))) local.drop(user, key, copy.page);
    const copy = copies.find((each) => !same(each.pairs, saved));
    if (!copy) return;
    const time = moment(copy.at);
    const show = () => {
      fill(form, copy.pairs);
      recovered.push(copy.page);
      notices.hide("local");
      notices.status("restored", { time });
      dirtySince = Date.now();
      remember();
      later(PAUSE);
    };
    const drop = () => {
      local.drop(user, key, copy.page);
      notices.hide("local");
    };
    // Built on exactly what this page shows: put it back. Otherwise there are two texts, and the person chooses.
    if (copy.version === base && copy.known === known && !copy.submitted) show();
    else notices.show("local", { time }, [["localShow", show], ["localDrop", drop]]);
  }

  const flush = () => {
    if (dirtySince !== null && !leaving && !stopped) save({ keepalive: true });
  };
  const soon = () => {
    if (dirtySince !== null && failures > 0 && !leaving && !stopped) save();
  };

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", submit);
  window.addEventListener("pagehide", flush);
  window.addEventListener("pageshow", (event) => event.persisted && (leaving = false));
  window.addEventListener("online", soon);
  window.addEventListener("focus", soon);
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? flush() : soon()));
  recover();
  form.dataset.autosave = "on";
}

const submitted = document.cookie.match(/(?:^|; )hstw-submitted="?([^;"]*)"?/);
if (submitted) {
  local.dropSubmitted(submitted[1]);
  document.cookie = "hstw-submitted=; Max-Age=0; Path=/; SameSite=Lax";
}
// Signed out: what this computer kept is cleared, unless a form in another tab waits for this very sign-in.
if (!document.documentElement.dataset.user && !new URLSearchParams(location.search).has("kept")) local.clearAll();
for (const time of document.querySelectorAll("time[data-local-time]")) time.textContent = moment(time.dateTime);
document.querySelectorAll("form[data-autosave-url]").forEach(keep);
